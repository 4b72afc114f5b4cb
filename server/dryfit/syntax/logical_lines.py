"""Where the logical lines of a text begin: brackets, long strings and backslashes join several lines to one.

One regular expression walks the text and stops only at strings, comments, brackets and beginnings of lines, so a text
that does not parse has logical lines all the same.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

# It begins with a plain set of characters, which lets the search skip all others at full speed.
_TOKEN = re.compile(
    r"""
    ["'\#()\[\]{}\\\n]
    (?: (?<=") (?: ""(?: [^"\\]* (?: (?:\\.|"(?!"")) [^"\\]* )* \"{3} )?  # three quotes alone: never closed
                 | [^"\\\n]* (?: \\. [^"\\\n]* )* "? )
      | (?<=') (?: ''(?: [^'\\]* (?: (?:\\.|'(?!'')) [^'\\]* )* \'{3} )?
                 | [^'\\\n]* (?: \\. [^'\\\n]* )* '? )
      | (?<=\#) [^\n]*
      | (?<=\\) \n
      | (?<=\n) [ \t\f]* (?=[^ \t\f\n\#])  # the end of a line, before a line with code on it
      | (?<=[()\[\]{}])
    )
    """,
    re.DOTALL | re.VERBOSE,
)
_LEADING = re.compile(r"(?:[ \t\f]*(?:\#[^\n]*)?\n)*[ \t\f]*(?:\#[^\n]*)?")
# No expression has a line that begins so: inside brackets it proves that one was never closed.
_NEVER_IN_BRACKETS = re.compile(
    r"(?:def|class|import|return|with|while|try|except|finally|raise|del|pass|break|continue|global|nonlocal|assert)\b"
    r"|from[ \t]+[.\w]+[ \t]+import\b|async[ \t]+(?:def|with)\b"
)
_DEFINITION = re.compile(r"^([ \t]*)(?:async[ \t]+def|def|class|import|from[ \t]+[.\w]+[ \t]+import|@\w)", re.MULTILINE)
_MOST_RUNAWAYS = 5


class LogicalLine(NamedTuple):
    """`start` is the offset of its first column, `code` that of its first token, `width` the columns of indentation.

    The last one stands at the end of the text, with a width of -1. `is_closed`: no bracket and no long string is
    left open in it.
    """

    start: int
    code: int
    width: int
    is_closed: bool


class OpenStringError(Exception):
    """A long string that runs to the end of the text."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


def logical_lines(text: str) -> list[LogicalLine]:
    """The logical lines of a whole file.

    A bracket that is never closed ends with its line; so does a long string, where another one shows that it was
    meant to be closed.
    """
    runaways: set[int] = set()
    while True:
        try:
            return list(scan(text, True, runaways))
        except OpenStringError as error:
            may_search = len(runaways) < _MOST_RUNAWAYS
            runaways.add(_runaway(text, runaways, error.offset) if may_search else error.offset)


def scan(text: str, is_end_of_file: bool, runaways: set[int] | None = None) -> Iterator[LogicalLine]:
    """The logical lines, one by one; `runaways` are the offsets of long strings that end with their first line.

    If a bracket is open at the end and the file goes on, what its line is cannot be said: the last ones are missing.
    Raises OpenStringError.
    """
    code = _end_of_leading(text)
    start = text.rfind("\n", 0, code) + 1
    depth = 0
    is_closed = True
    inside: list[tuple[int, int, int]] = []  # depth, start, code of lines in brackets that are open still
    tokens = _TOKEN.finditer(text, code)
    while (token := next(tokens, None)) is not None:
        first = text[token.start()]
        if first == "\n":
            if not depth:
                yield _line(text, start, code, is_closed)
            elif _NEVER_IN_BRACKETS.match(text, token.end()):
                yield from _unclosed(text, start, code, inside)
                depth = 0
                inside.clear()
            else:
                inside.append((depth, token.start() + 1, token.end()))
                continue
            start, code, is_closed = token.start() + 1, token.end(), True
        elif first in "([{":
            depth += 1
        elif first in ")]}":
            while inside and inside[-1][0] >= depth:
                inside.pop()
            depth = max(0, depth - 1)
        elif runaways and token.start() in runaways:
            is_closed = False
            tokens = _TOKEN.finditer(text, _end_of_line(text, token.start()))
        elif token.group() in ('"""', "'''"):
            raise OpenStringError(token.start())
    if depth:
        if not is_end_of_file:
            return
        yield from _unclosed(text, start, code, inside)
    elif code < len(text):
        yield _line(text, start, code, is_closed)
    yield LogicalLine(len(text), len(text), -1, True)


@lru_cache(maxsize=256)
def width_of(indent: str) -> int:
    """The columns that Python counts for an indentation: tabs stop at every eighth, a form feed begins anew."""
    return len(indent.rpartition("\f")[2].expandtabs(8))


def _line(text: str, start: int, code: int, is_closed: bool) -> LogicalLine:
    return LogicalLine(start, code, width_of(text[start:code]) if code > start else 0, is_closed)


def _unclosed(text: str, start: int, code: int, inside: list[tuple[int, int, int]]) -> Iterator[LogicalLine]:
    """The lines of a logical line whose outermost bracket is never closed: each for itself."""
    yield _line(text, start, code, False)
    for _, next_start, next_code in inside:
        yield _line(text, next_start, next_code, False)


def _runaway(text: str, known: set[int], unclosed: int) -> int:
    """The long string that was most likely meant to be closed: the first that swallows a definition.

    A definition in a docstring stands further right than the line with the quotes.
    """
    for token in _TOKEN.finditer(text):
        if token.start() >= unclosed:
            break
        if not token.group().startswith(('"""', "'''")) or token.start() in known:
            continue
        line = text[text.rfind("\n", 0, token.start()) + 1 : token.start()]
        opening = width_of(line[: len(line) - len(line.lstrip(" \t\f"))])
        if any(width_of(found[1]) <= opening for found in _DEFINITION.finditer(text, token.start() + 3, token.end())):
            return token.start()
    return unclosed


def _end_of_leading(text: str) -> int:
    match = _LEADING.match(text)
    return match.end() if match else 0


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
