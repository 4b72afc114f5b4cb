"""Suppression comments: `# dryfit: ignore[rule-or-family, ...] reason` and `# dryfit: ignore-file[...]`.

One on a statement's first line holds for the whole statement (of a compound statement: its header), one on another
line for the findings that touch that line. Only comments count: the same words in a string silence nothing.
"""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dryfit.engine.diagnostic import Diagnostic
from dryfit.text.span import Span

MARK = "dryfit:"
MAX_RESTARTS = 100
_COMMENT = re.compile(
    r"#\s*dryfit:\s*(?P<kind>ignore-file|ignore)\b(?P<list>\s*\[(?P<names>[^\]#]*)\])?(?P<reason>[^#]*)"
)
_NOT_CODE = (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


class Name(NamedTuple):
    """A rule or family that is named; `removal` is its text with the comma that belongs to it."""

    text: str
    span: Span
    removal: Span


class Suppression(NamedTuple):
    """One suppression comment; it holds for the lines from `first_line` to `last_line`, or for the whole file.

    `removal` is what goes when the comment goes: with the blanks before it, and with its line if that is all there is.
    """

    names: tuple[Name, ...]
    span: Span
    removal: Span
    first_line: int
    last_line: int
    is_file: bool

    def moved(self, lines: int) -> Suppression:
        """The same, `lines` further down."""
        names = tuple(Name(n.text, n.span.moved(lines), n.removal.moved(lines)) for n in self.names)
        first, last = self.first_line + lines, self.last_line + lines
        return Suppression(names, self.span.moved(lines), self.removal.moved(lines), first, last, self.is_file)

    def silences(self, diagnostic: Diagnostic) -> Name | None:
        """The name by which this comment silences the diagnostic, if it does."""
        if self.is_file or (self.first_line <= diagnostic.span.end_line and diagnostic.span.line <= self.last_line):
            for name in self.names:
                if name.text in (diagnostic.rule, diagnostic.family):
                    return name
        return None


def suppressions_in(text: str) -> tuple[Suppression, ...]:
    """The suppression comments of a text, in order. Costs one search for a word where there is none."""
    if MARK not in text:
        return ()
    lines = [line + "\n" for line in text.split("\n")]
    return tuple(
        _suppression(match, line, column, last, lines)
        for line, column, last, comment in _comments(lines)
        for match in _COMMENT.finditer(comment)
    )


def silence(
    diagnostics: Sequence[Diagnostic], suppressions: Sequence[Suppression]
) -> tuple[list[Diagnostic], set[tuple[Suppression, Name]]]:
    """What is still to be said, and which names of which comments were of use."""
    kept: list[Diagnostic] = []
    used: set[tuple[Suppression, Name]] = set()
    for diagnostic in diagnostics:
        uses = {(s, name) for s in suppressions if (name := s.silences(diagnostic)) is not None}
        used |= uses
        if not uses:
            kept.append(diagnostic)
    return kept, used


def _comments(lines: Sequence[str]) -> Iterator[tuple[int, int, int, str]]:
    """(line, column, last line it holds for, text) of every comment that carries the mark."""
    pending: list[tuple[int, int, str]] = []  # comments of the logical line that is being read
    first = -1
    for token in _tokens(lines):
        line = token.start[0] - 1
        if token.type == tokenize.COMMENT:
            if MARK in token.string:
                pending.append((line, token.start[1], token.string))
        elif token.type not in _NOT_CODE and first < 0:
            first = line
        if token.type in (tokenize.NEWLINE, tokenize.ENDMARKER) or (token.type == tokenize.NL and first < 0):
            for at, column, comment in pending:
                yield at, column, line if at == first else at, comment
            pending, first = [], -1
    for at, column, comment in pending:
        yield at, column, at, comment


def _tokens(lines: Sequence[str]) -> Iterator[tokenize.TokenInfo]:
    """The tokens of a text that need not be correct: after an error, go on behind the line it was found in."""
    start = 0
    for _ in range(MAX_RESTARTS):
        reached = start
        try:
            for token in tokenize.generate_tokens(iter(lines[start:]).__next__):
                moved = token._replace(start=(token.start[0] + start, token.start[1]))
                reached = max(reached, moved.start[0])
                yield moved
            return
        except (tokenize.TokenError, SyntaxError):
            start = reached + 1 if reached == start else reached
            if start >= len(lines):
                return


def _suppression(match: re.Match[str], line: int, column: int, last: int, lines: Sequence[str]) -> Suppression:
    text = lines[line]
    begin, end = column + match.start(), column + match.end()
    visible_end = begin + len(match.group().rstrip())
    line_end = len(text.rstrip("\r\n"))
    before = text[:begin].rstrip(" \t\f")
    if not before and end >= line_end:
        removal = Span(line, 0, line + 1, 0) if line + 1 < len(lines) else Span(line, 0, line, line_end)
    elif end >= line_end:
        removal = Span(line, len(before), line, line_end)
    else:
        removal = Span(line, begin, line, end)
    names = _names(match.group("names") or "", line, column + match.start("names")) if match.group("list") else ()
    is_file = match.group("kind") == "ignore-file"
    return Suppression(names, Span(line, begin, line, visible_end), removal, line, last, is_file)


def _names(listing: str, line: int, column: int) -> tuple[Name, ...]:
    parts: list[tuple[str, int, int]] = []
    at = 0
    for part in listing.split(","):
        stripped = part.strip()
        if stripped:
            start = column + at + part.index(stripped)
            parts.append((stripped, start, start + len(stripped)))
        at += len(part) + 1
    names = []
    for index, (text, start, end) in enumerate(parts):
        if index + 1 < len(parts):
            removal = Span(line, start, line, parts[index + 1][1])
        else:
            removal = Span(line, parts[index - 1][2] if index else start, line, end)
        names.append(Name(text, Span(line, start, line, end), removal))
    return tuple(names)
