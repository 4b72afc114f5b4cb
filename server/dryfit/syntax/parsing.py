"""Lower one unit alone: which parser is asked, and what its text needs around it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, TypeAlias

from dryfit.syntax import lower_ast, tree
from dryfit.syntax.logical_lines import width_of
from dryfit.syntax.units import Unit

Parser: TypeAlias = Literal["ast", "libcst"]
Lower: TypeAlias = Callable[[str, int], "tuple[tree.Statement, ...]"]

# libcst is about seven times slower than `ast`. Above the first size it takes longer than a keystroke may; above the
# second it is not even asked about what `ast` refuses.
_MOST_CHARACTERS = 900
_MOST_CHARACTERS_REFUSED = 4_000
# libcst's parser recurses without a limit of its own and takes the process with it.
_MOST_BRACKETS_OPEN = 30
_BRACKET = re.compile(r"[()\[\]{}]")


def lower_unit(unit: Unit, parser: Parser) -> tuple[tree.Statement, ...] | None:
    """The statements of the unit's text, None if it does not parse; never raises.

    What one parser refuses the other is asked: libcst may know newer syntax than the running Python.
    """
    if "\0" in unit.text:  # libcst lets it pass in a string
        return None
    text, first_line = _standing_alone(unit)
    if parser == "libcst" and is_quick(text):
        statements = _by_libcst(text, first_line)
        if statements is None:
            statements = _by_ast(text, first_line)
    else:
        statements = _by_ast(text, first_line)
        if statements is None and len(text) <= _MOST_CHARACTERS_REFUSED and is_shallow(text):
            statements = _by_libcst(text, first_line)
    if statements is None or first_line == 1:
        return statements
    match statements:
        case (tree.If(body=body, orelse=()),):
            return body
    return None


def load_libcst() -> Lower:
    """Import what takes longer than checking a file does; who only reads files with `ast` never needs it."""
    from dryfit.syntax import lower_libcst

    return lower_libcst.lower


def is_known_to_ast(unit: Unit) -> bool:
    """Does the running Python parse the unit?"""
    return _by_ast(*_standing_alone(unit)) is not None


def is_quick(text: str) -> bool:
    """Can libcst be asked at a keystroke?"""
    return len(text) <= _MOST_CHARACTERS and is_shallow(text)


def is_shallow(text: str) -> bool:
    """Can libcst be asked at all?"""
    depth = 0
    for bracket in _BRACKET.finditer(text):
        depth += 1 if bracket.group() in "([{" else -1
        if depth > _MOST_BRACKETS_OPEN:
            return False
    return True


def _standing_alone(unit: Unit) -> tuple[str, int]:
    """A text that parses on its own, and which of its lines, counted from one, is the unit's first."""
    text, first_line = unit.text, 1
    if unit.is_header and not unit.has_docstring:
        text += f"{unit.indent} pass\n"
    if width_of(unit.indent):
        text, first_line = "if 1:\n" + text, 2
    return text, first_line


def _by_ast(text: str, first_line: int) -> tuple[tree.Statement, ...] | None:
    try:
        return lower_ast.lower(text, first_line)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _by_libcst(text: str, first_line: int) -> tuple[tree.Statement, ...] | None:
    lower = load_libcst()
    try:
        return lower(text, first_line)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a panic of libcst's native parser is no Exception
        return None
