"""Names and literals in libcst's tree."""

from __future__ import annotations

import ast
import unicodedata
from collections.abc import Iterator
from typing import Any

import libcst as cst

NAMED_CONSTANTS = {"None": None, "True": True, "False": False}


def string_value(literal: str) -> Any:
    quote = literal[-1]
    if "\\" in literal or literal[0] != quote:
        return ast.literal_eval(literal)
    width = 3 if len(literal) >= 6 and literal[1] == quote == literal[2] else 1
    return literal[width:-width]


def names_bound(pattern: cst.CSTNode) -> Iterator[str]:
    """The names that a pattern binds; what it compares with are expressions."""
    if isinstance(pattern, cst.MatchAs | cst.MatchStar) and pattern.name is not None:
        yield identifier(pattern.name)
    if isinstance(pattern, cst.MatchMapping) and pattern.rest is not None:
        yield identifier(pattern.rest)
    for child in pattern.children:
        if not isinstance(child, cst.BaseExpression):
            yield from names_bound(child)


def identifier(node: cst.Name) -> str:
    """A name as Python reads it: full-width letters and the like are normalised."""
    return node.value if node.value.isascii() else unicodedata.normalize("NFKC", node.value)


def dotted(node: Any) -> str:
    if node.__class__ is cst.Attribute:
        return f"{dotted(node.value)}.{identifier(node.attr)}"
    return identifier(node)


def literals(n: Any) -> Iterator[Any]:
    """The literals that Python joins to one string."""
    while n.__class__ is cst.ConcatenatedString:
        yield n.left
        n = n.right
    yield n


def texts(parts: list[Any]) -> tuple[str, ...]:
    """What stands around the fields of an f-string; empty if one has a conversion or a format specification."""
    found = [""]
    for part in parts:
        if part.__class__ is cst.SimpleString:
            found[-1] += string_value(part.value)
            continue
        prefix, quote = part.start.rstrip("'\"").lower().replace("f", ""), part.end
        for piece in part.parts:
            if piece.__class__ is cst.FormattedStringText:
                text = piece.value.replace("{{", "{").replace("}}", "}")
                tail = "\\" * ((len(text) - len(text.rstrip("\\"))) % 2)  # `\{x}`: it escapes nothing
                text = text.removesuffix(tail)
                if "\\" in text:  # a space keeps a quote at its end from those that close the literal
                    text = string_value(f"{prefix}{quote}{text} {quote}")[:-1]
                found[-1] += text + tail
            elif piece.conversion is None and piece.format_spec is None and piece.equal is None:
                found.append("")
            else:
                return ()
    return tuple(found)
