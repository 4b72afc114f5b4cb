"""Typing as people do it: places in a text, and what is typed, pasted and deleted there, one key at a time."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dryfit.rulekit import Span

KINDS = ("top", "class", "method", "long function")
LONG = 40  # lines

STATEMENT = 'optimizer = torch.optim.Adam([{"params": model.parameters()}, model.parameters()], lr=1e-3)'
BRACKETS = 'values = [(1, {"a": print(2, [3, 4])}), nn.Linear(2, 2)]'
STRING = 'text = """open\n    def on_fit(\nclosed"""'
LOOP = """for batch in loader:
    loss = F.cross_entropy(torch.softmax(model(batch), dim=1), batch)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()"""
FUNCTION = """def configure_optimizers(self):
    optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
    return [optimizer, torch.optim.lr_scheduler.StepLR(optimizer, 3)]"""
PASTED = """class Pasted(nn.Module):
    size = 4

    def __init__(self):
        self.layers = [nn.Linear(4, 4) for _ in range(3)]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return torch.softmax(x, 1)


net = Pasted()
optimizer = torch.optim.SGD(net.parameters, lr=0.1)
for batch in loader:
    F.cross_entropy(net(batch), batch).backward()
    optimizer.step()"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new line can be written: before `line`, indented by `indent`, behind a statement of a file."""

    line: int
    indent: str
    kind: str


@dataclass(frozen=True, slots=True)
class Key:
    """One edit. `is_pause`: the typist stops to think behind it; `is_complete`: the text parses again."""

    span: Span
    text: str
    is_pause: bool = False
    is_complete: bool = False


def places(text: str, count: int) -> list[Place]:
    """Up to `count` places of each kind, spread over the text."""
    lines = text.split("\n")
    found: dict[str, list[Place]] = {kind: [] for kind in KINDS}
    for node, kinds in _statements(ast.parse(text).body, ("top",)):
        line = lines[node.lineno - 1]
        indent = line[: len(line) - len(line.lstrip())]
        if len(indent) == node.col_offset and node.end_lineno is not None and node.end_lineno < len(lines):
            for kind in kinds:
                found[kind].append(Place(node.end_lineno, indent, kind))
    chosen = {place.line: place for all_of_kind in found.values() for place in _spread(all_of_kind, count)}
    return [chosen[line] for line in sorted(chosen)]


def keys(text: str, place: Place) -> Iterator[Key]:
    """What is typed at a place; the text is the same again before the last two keys, and behind them."""
    cursor = _Cursor(place.line)
    yield cursor.write(f"{place.indent}\n", is_pause=True)
    cursor.typed = place.indent
    for snippet in (STATEMENT, BRACKETS, STRING, LOOP, FUNCTION):
        yield from cursor.by_hand(snippet, place.indent)
        yield from cursor.back(5)
        yield from cursor.by_hand(snippet[-5:], place.indent)
        yield cursor.write(f"\n{place.indent}", is_pause=True, is_complete=True)
    yield cursor.write(PASTED.replace("\n", f"\n{place.indent}"), is_pause=True, is_complete=True)
    yield from cursor.back(PASTED[::-1].index("\n") - 4)
    yield cursor.write(f"\n{place.indent}", is_pause=True, is_complete=True)
    yield Key(Span(place.line, 0, cursor.span.line + 1, 0), "", is_pause=True, is_complete=True)
    line = place.line - 1
    yield Key(Span(line, 0, line + 1, 0), "", is_pause=True)
    yield Key(Span(line, 0, line, 0), text.split("\n")[line] + "\n", is_pause=True, is_complete=True)


class _Cursor:
    """Stands behind what was typed since the beginning of a line."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.typed = ""

    @property
    def span(self) -> Span:
        line, column = self._position(self.typed)
        return Span(line, column, line, column)

    def write(self, text: str, is_pause: bool = False, is_complete: bool = False) -> Key:
        key = Key(self.span, text, is_pause, is_complete)
        self.typed += text
        return key

    def by_hand(self, text: str, indent: str) -> Iterator[Key]:
        """One key for each character; the editor indents."""
        lines = text.split("\n")
        for i, line in enumerate(lines):
            words = line.lstrip() if i else line
            if i:
                yield self.write(f"\n{indent}{line[: len(line) - len(words)]}", is_pause=True)
            for character in words:
                yield self.write(character, is_pause=character == " ")

    def back(self, count: int) -> Iterator[Key]:
        """Backspace, so many times."""
        for _ in range(count):
            end = self._position(self.typed)
            self.typed = self.typed[:-1]
            yield Key(Span(*self._position(self.typed), *end), "")

    def _position(self, text: str) -> tuple[int, int]:
        return self.line + text.count("\n"), len(text) - text.rfind("\n") - 1


def _statements(body: Sequence[ast.stmt], kinds: tuple[str, ...]) -> Iterator[tuple[ast.stmt, tuple[str, ...]]]:
    """Every statement with the kinds of place behind it."""
    for statement in body:
        yield statement, kinds
        inner = kinds
        if isinstance(statement, ast.ClassDef):
            inner = ("class",)
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            is_long = (statement.end_lineno or 0) - statement.lineno >= LONG
            inner = (
                *(["method"] if "class" in kinds or "method" in kinds else []),
                *(["long function"] if is_long else []),
            )
        for field in ("body", "orelse", "finalbody", "handlers"):
            for item in getattr(statement, field, ()):
                if isinstance(item, ast.ExceptHandler):
                    yield from _statements(item.body, inner)
                elif isinstance(item, ast.stmt):
                    yield from _statements([item], inner)


def _spread(items: Sequence[Place], count: int) -> list[Place]:
    """So many of them at most, at equal distances."""
    if len(items) <= count:
        return list(items)
    return [items[i * (len(items) - 1) // max(1, count - 1)] for i in range(count)]
