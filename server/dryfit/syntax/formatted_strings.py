"""The texts of f-strings, and where their expressions stand: Python's own parser knows that from 3.12 on only."""

import ast
import re
from collections.abc import Iterator

_LITERAL = re.compile(
    r"""
    (?P<prefix>[A-Za-z]*)
    (?: (?P<long>\"\"\"|''')(?P<long_text>(?:[^\\]|\\.)*?)(?P=long)
      | (?P<short>["'])(?P<short_text>(?:[^\\]|\\.)*?)(?P=short) )
    """,
    re.VERBOSE | re.DOTALL,
)
_BETWEEN = re.compile(r"(?:[ \t\f\n]|\\\n|#[^\n]*)*")
_INNER_STRING = re.compile(r"\"\"\".*?\"\"\"|'''.*?'''|\"[^\"]*\"|'[^']*'", re.DOTALL)


def replacement_fields(literals: str) -> Iterator[tuple[int, int]]:
    """The ranges of the expressions between braces, in a run of string literals of which some are f-strings.

    Follows the grammar before Python 3.12: a literal ends at the first quote of its kind, and no backslash stands
    between braces. What stands in format specifications is left out.
    """
    at = 0
    while True:
        at = _end_of(_BETWEEN, literals, at)
        literal = _LITERAL.match(literals, at)
        if literal is None:
            return
        if "f" in literal["prefix"].lower():
            group = "long_text" if literal["long"] else "short_text"
            is_raw = "r" in literal["prefix"].lower()
            yield from _fields(literals, literal.start(group), literal.end(group), is_raw)
        at = literal.end()


def _fields(text: str, at: int, end: int, is_raw: bool) -> Iterator[tuple[int, int]]:
    while at < end:
        character = text[at]
        if character == "\\" and not is_raw:
            if text.startswith("\\N{", at):
                at = text.index("}", at)
            elif text[at + 1] not in "{}":
                at += 1
            at += 1
        elif character in "{}" and text.startswith(character, at + 1):
            at += 2
        elif character == "{":
            stop = _end_of_expression(text, at + 1, end)
            yield at + 1, stop
            at = _end_of_field(text, stop, end)
        else:
            at += 1


def _end_of_expression(text: str, at: int, end: int) -> int:
    """The place of the `=`, `!`, `:` or `}` that ends the expression which starts at `at`."""
    depth = 0
    while at < end:
        character = text[at]
        if character in "\"'":
            at = _end_of(_INNER_STRING, text, at)
            continue
        if character in "([{":
            depth += 1
        elif depth and character in ")]}":
            depth -= 1
        elif not depth:
            if character in "=!<>" and text.startswith("=", at + 1):
                at += 2
                continue
            if character in "=!:}":
                return at
        at += 1
    return end


def _end_of_field(text: str, at: int, end: int) -> int:
    """The place after the brace that closes a field, given the end of its expression."""
    while at < end and text[at] not in ":}":
        at += 1
    while at < end and text[at] != "}":
        if text[at] == "{":
            at = _end_of_field(text, _end_of_expression(text, at + 1, end), end)
        else:
            at += 1
    return at + 1


def _end_of(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at + 1


def texts_around(node: ast.JoinedStr) -> tuple[str, ...]:
    """What stands around the fields of an f-string; empty if one has a conversion or a format specification."""
    texts = [""]
    for part in node.values:
        if isinstance(part, ast.Constant):
            texts[-1] += str(part.value)
        elif isinstance(part, ast.FormattedValue) and part.conversion == -1 and part.format_spec is None:
            texts.append("")
        else:
            return ()
    return tuple(texts)
