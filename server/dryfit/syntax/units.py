"""Cut a text into units: small runs of whole statements that can be parsed on their own.

A unit is a run of small simple statements, a function or another compound statement with all that is in it, the
header of a class (with its docstring), or a member of a class. The texts of the units, joined, are always the text,
whatever stands in it: the cutter never fails, it only leaves units that do not parse.

Where a unit ends depends on its own text and on the statement after it, on nothing before it: after an edit, cutting
can begin two units above and stop at the first border that was there before.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import NamedTuple

from dryfit.syntax import tree
from dryfit.syntax.logical_lines import LogicalLine, OpenStringError, logical_lines, scan

_FULL = 16  # lines in a run of simple statements
_HALF_FULL = 8  # from here on a blank line ends it
_ALONE = re.compile(r"@|(?:def|if|for|while|with|try|class)\b|async[ \t]")
_CLAUSE = re.compile(r"(?:else|elif|except|finally)\b")
_CLASS = re.compile(r"class\b")
_STRING = re.compile(r"[rRuU]?[\"']")


class Unit:
    """A piece of a document. Spans in `statements` are relative to the unit's first line.

    `is_header`: a class without its members, which are units of their own; its Class has at most a docstring as body.
    `parsed`: the present text parses; if not, `statements` are the last good ones, () if there were none.
    `is_closed`: every bracket and long string in it is closed.
    `lines`: how many lines end in it.
    """

    __slots__ = ("has_docstring", "indent", "is_closed", "is_header", "lines", "parsed", "statements", "text")

    def __init__(self, text: str, piece: Piece) -> None:
        self.text = text
        self.lines = text.count("\n")
        self.indent = piece.indent
        self.is_header = piece.is_header
        self.has_docstring = piece.has_docstring
        self.is_closed = piece.is_closed
        self.statements: tuple[tree.Statement, ...] = ()
        self.parsed = False

    def __repr__(self) -> str:
        return f"Unit({self.text!r})"

    @property
    def key(self) -> tuple[str, bool]:
        """What its statements depend on."""
        return (self.text, self.is_header)


class Piece(NamedTuple):
    """Where a unit begins and ends, in offsets, and what it is."""

    start: int
    end: int
    indent: str
    is_header: bool
    has_docstring: bool
    is_closed: bool


def cut(text: str) -> list[Unit]:
    """The units of a whole file, not yet parsed."""
    return [Unit(text[piece.start : piece.end], piece) for piece in _pieces(text, iter(logical_lines(text)))]


def begins_alone(text: str) -> bool:
    """Does a unit's text begin, in its first line, with what always begins a unit?"""
    return _ALONE.match(text, len(text) - len(text.lstrip(" \t\f"))) is not None


def cut_until(text: str, borders: Container[int], is_end_of_file: bool) -> list[Unit] | None:
    """The units from the beginning of a part of a file up to the first border that is one of `borders`.

    None if there is no such border, or if it cannot be told from this part alone.
    """
    units = []
    try:
        for piece in _pieces(text, scan(text, is_end_of_file)):
            units.append(Unit(text[piece.start : piece.end], piece))
            if piece.end in borders:
                return units
    except OpenStringError:
        return None
    return units if is_end_of_file else None


class _Statement(NamedTuple):
    start: int
    end: int
    code: int
    width: int
    is_simple: bool
    is_header: bool
    has_docstring: bool
    is_closed: bool


def _pieces(text: str, lines: Iterator[LogicalLine]) -> Iterator[Piece]:
    """Statements as pieces, runs of simple ones gathered. What stands before the first belongs to it."""
    first: _Statement | None = None  # of the run that is being gathered
    last: _Statement | None = None
    gathered = 0
    are_closed = True
    begin = 0
    for statement in _statements(text, lines):
        if statement is None:
            if first and last:
                yield _piece(text, begin, first, last, are_closed)
                first, begin, gathered, are_closed = None, last.end, 0, True
            continue
        size = text.count("\n", statement.start, statement.end)
        if first and last and not _belongs(text, first, last, statement, gathered, size):
            yield _piece(text, begin, first, last, are_closed)
            first, begin, gathered, are_closed = None, statement.start, 0, True
        first, last = first or statement, statement
        gathered += size
        are_closed = are_closed and statement.is_closed
    if first and last:
        yield _piece(text, begin, first, last, are_closed)
    elif text:
        yield Piece(0, len(text), "", False, False, True)


def _belongs(text: str, first: _Statement, last: _Statement, new: _Statement, gathered: int, size: int) -> bool:
    """Does a statement go into the same unit as those before it?"""
    if not (last.is_simple and new.is_simple) or first.width != new.width or gathered + size > _FULL:
        return False
    return gathered < _HALF_FULL or not text.startswith("\n\n", new.start - 2)


def _piece(text: str, begin: int, first: _Statement, last: _Statement, are_closed: bool) -> Piece:
    indent = text[first.start : first.code]
    return Piece(begin, last.end, indent, first.is_header, first.has_docstring, are_closed)


def _statements(text: str, lines: Iterator[LogicalLine]) -> Iterator[_Statement | None]:
    """Logical lines gathered to statements: each with its decorators, its clauses and all that stands further right.

    Of a class only the header, if its body stands on lines of its own. Before a statement that is not simple there is
    a None, which spares reading all of it to know that. The lines may stop before the end of the text: a statement
    that may go on is left out.
    """
    line = next(lines, None)
    while line is not None and line.width >= 0:
        first = line
        is_compound = _ALONE.match(text, line.code) is not None
        if is_compound:
            yield None
        is_closed = line.is_closed
        following = next(lines, None)
        while following is not None and following.width == first.width and text.startswith("@", line.code):
            line, following = following, next(lines, None)
            is_closed = is_closed and line.is_closed
        is_header = has_docstring = False
        if following is not None and following.width > first.width and _CLASS.match(text, line.code):
            is_header = True
            has_docstring = _STRING.match(text, following.code) is not None
            if has_docstring:
                is_closed = is_closed and following.is_closed
                following = next(lines, None)
        else:
            while following is not None and _continues(text, first, following, is_compound):
                is_compound = True
                is_closed = is_closed and following.is_closed
                following = next(lines, None)
        if following is None:
            return
        end = following.start
        yield _Statement(
            first.start, end, first.code, first.width, not is_compound, is_header, has_docstring, is_closed
        )
        line = following


def _continues(text: str, first: LogicalLine, line: LogicalLine, is_compound: bool) -> bool:
    if line.width == first.width:
        return is_compound and _CLAUSE.match(text, line.code) is not None
    return line.width > first.width
