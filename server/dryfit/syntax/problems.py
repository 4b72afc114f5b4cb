"""What Python's own parser says about a text that is not Python."""

from __future__ import annotations

import ast
import warnings
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

from dryfit.syntax.parsing import is_known_to_ast, lower_unit
from dryfit.syntax.units import cut
from dryfit.text.newlines import normalised

_MOST_NEWER_PARTS = 10


@dataclass(frozen=True, slots=True)
class SyntaxProblem:
    """The first place where a text is not Python; line and column count from zero."""

    line: int
    column: int
    message: str


def syntax_problem(text: str) -> SyntaxProblem | None:
    """The first syntax error of a whole text, None if there is none.

    Syntax newer than the running Python is no error: where `ast` refuses a part that libcst knows, the rest of the
    text is judged without it.
    """
    text = normalised(text)
    if "\0" in text:
        return _odd_character(text, "NUL character")
    problem = first = _refusal(text)
    for _ in range(_MOST_NEWER_PARTS):
        if problem is None:
            return None
        without = _without_newer_part(text, problem.line)
        if without is None:
            return problem
        text, problem = without, _refusal(without)
    return first


def _refusal(text: str) -> SyntaxProblem | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        last = text.count("\n")
        line = min(max((error.lineno or 1) - 1, 0), last)
        column = min(max((error.offset or 1) - 1, 0), len(text.split("\n")[line]))
        return SyntaxProblem(line, column, error.msg)
    except ValueError as error:
        return _odd_character(text, str(error))
    except (RecursionError, MemoryError):
        return SyntaxProblem(0, 0, "nested too deeply for Python's parser")
    return None


def _odd_character(text: str, message: str) -> SyntaxProblem:
    """The NUL or lone surrogate that `ast` refuses without saying where it is."""
    for line, characters in enumerate(text.split("\n")):
        for column, character in enumerate(characters):
            if character == "\0":
                return SyntaxProblem(line, column, "NUL character")
            if "\ud800" <= character <= "\udfff":
                return SyntaxProblem(line, column, "lone surrogate, which no encoding can write")
    return SyntaxProblem(0, 0, message)


def _without_newer_part(text: str, line: int) -> str | None:
    """The text without the unit at a line, if that is what `ast` refuses and libcst knows; else None."""
    units = cut(text)
    starts = list(accumulate([unit.lines for unit in units], initial=0))
    index = min(bisect_right(starts, line), len(units)) - 1
    unit = units[index]
    if not unit.is_closed or is_known_to_ast(unit) or lower_unit(unit, "ast") is None:
        return None
    has_members = unit.is_header and index + 1 < len(units) and len(units[index + 1].indent) > len(unit.indent)
    instead = unit.indent + ("if 1:" if has_members else "pass") + "\n" * max(1, unit.lines)
    texts = [other.text for other in units]
    return "".join([*texts[:index], instead, *texts[index + 1 :]])
