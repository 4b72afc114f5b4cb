"""Where the nodes of a libcst tree stand.

libcst's nodes have no positions. They are found while the tree is written back to text, token by token: each node
says when it begins and when it ends, so one walk that notes the number of the token is enough, and is several times
cheaper than libcst's metadata. The class that is extended for it is not public; if a later libcst has it no more, the
metadata take over.
"""

from __future__ import annotations

from bisect import bisect_right
from types import TracebackType
from typing import Any, Protocol

import libcst
from libcst.metadata import MetadataWrapper, PositionProvider

from dryfit.text.span import Span

try:
    from libcst._nodes.internal import CodegenState
except ImportError:  # pragma: no cover
    CodegenState = None  # type: ignore[assignment, misc]


class Places(Protocol):
    """The spans of nodes, with lines counted from the first of the module."""

    text: str

    def span(self, node: libcst.CSTNode) -> Span:
        """Without the parentheses around an expression."""

    def in_parentheses(self, node: libcst.CSTNode) -> Span:
        """With the innermost parentheses around it, its own or those of a call."""

    def past_comma(self, node: libcst.CSTNode) -> Span:
        """With the comma after it."""

    def trimmed(self, node: libcst.CSTNode) -> Span:
        """Without white space and comments at its ends."""


def places_of(module: libcst.Module, text: str) -> Places:
    """The places of a module's nodes in the text it was parsed from.

    Raises ValueError if libcst does not give back that text: a backslash before the first statement gets lost.
    """
    places = MetadataPlaces(module) if CodegenState is None else TokenPlaces(module)
    if places.text != text:
        raise ValueError("libcst does not give back the text")
    return places


class TokenPlaces:
    """Places by numbers of tokens."""

    __slots__ = ("_marks", "_tokens", "_where", "text")

    def __init__(self, module: libcst.Module) -> None:
        state = _state_class()(module.default_indent, module.default_newline)
        self._marks: dict[int, tuple[int, int]] = {}
        state.marks = self._marks
        module._codegen(state)
        self._tokens: list[str] = state.tokens
        self._where = _starts_of(state.tokens)
        self.text = "".join(state.tokens)

    def span(self, node: libcst.CSTNode) -> Span:
        begin, end = self._marks[id(node)]
        return Span(*self._where[begin], *self._where[end])

    def in_parentheses(self, node: libcst.CSTNode) -> Span:
        begin, end = self._marks[id(node)]
        tokens = self._tokens
        begin -= 1
        while tokens[begin] != "(":
            begin -= 1
        while tokens[end] != ")":
            end += 1
        return Span(*self._where[begin], *self._where[end + 1])

    def past_comma(self, node: libcst.CSTNode) -> Span:
        begin, end = self._marks[id(node)]
        while self._tokens[end] != ",":
            end += 1
        return Span(*self._where[begin], *self._where[end + 1])

    def trimmed(self, node: libcst.CSTNode) -> Span:
        begin, end = self._marks[id(node)]
        while begin < end and _is_trivia(self._tokens[begin]):
            begin += 1
        while begin < end and _is_trivia(self._tokens[end - 1]):
            end -= 1
        return Span(*self._where[begin], *self._where[end])


def _is_trivia(token: str) -> bool:
    return token.startswith("#") or not token.strip(" \t\f\n\\")


def _starts_of(tokens: list[str]) -> list[tuple[int, int]]:
    """Line and column of each token, and of the end."""
    where = [(0, 0)]
    line = column = 0
    for token in tokens:
        if "\n" in token:
            line += token.count("\n")
            column = len(token) - token.rfind("\n") - 1
        else:
            column += len(token)
        where.append((line, column))
    where.append((line, column))  # libcst takes back a last newline that the text does not have
    return where


class _Mark:
    """Notes at which token a node begins and ends."""

    __slots__ = ("begin", "node", "state")

    def __init__(self, state: Any, node: libcst.CSTNode) -> None:
        self.state = state
        self.node = node

    def __enter__(self) -> None:
        self.begin = len(self.state.tokens)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.state.marks[id(self.node)] = (self.begin, len(self.state.tokens))


if CodegenState is not None:

    class _MarkingState(CodegenState):
        __slots__ = ("marks",)

        marks: dict[int, tuple[int, int]]

        def record_syntactic_position(  # type: ignore[override]
            self, node: libcst.CSTNode, *, start_node: object = None, end_node: object = None
        ) -> _Mark:
            return _Mark(self, node)


def _state_class() -> Any:
    return _MarkingState


class MetadataPlaces:
    """Places by libcst's public means; punctuation is searched in the text, past comments that hold none of it."""

    def __init__(self, module: libcst.Module) -> None:
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        self._ranges = wrapper.resolve(PositionProvider)
        self.text = module.code
        self._starts = [0]
        for line in self.text.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    def span(self, node: libcst.CSTNode) -> Span:
        found = self._ranges[node]
        return Span(found.start.line - 1, found.start.column, found.end.line - 1, found.end.column)

    def in_parentheses(self, node: libcst.CSTNode) -> Span:
        begin, end = self._offsets(node)
        return self._between(self.text.rindex("(", 0, begin), self.text.index(")", end) + 1)

    def past_comma(self, node: libcst.CSTNode) -> Span:
        begin, end = self._offsets(node)
        return self._between(begin, self.text.index(",", end) + 1)

    def trimmed(self, node: libcst.CSTNode) -> Span:
        begin, end = self._offsets(node)
        inner = self.text[begin:end]
        begin = end - len(inner.lstrip(" \t\f\n\\"))
        return self._between(begin, begin + len(inner.strip(" \t\f\n\\")))

    def _offsets(self, node: libcst.CSTNode) -> tuple[int, int]:
        line, column, end_line, end_column = self.span(node)
        return self._starts[line] + column, self._starts[end_line] + end_column

    def _between(self, begin: int, end: int) -> Span:
        line, end_line = (bisect_right(self._starts, offset) - 1 for offset in (begin, end))
        return Span(line, begin - self._starts[line], end_line, end - self._starts[end_line])
