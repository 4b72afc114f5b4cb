"""Edits of a text: each replaces a span, and together they refuse to overlap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from dryfit.text.span import Span


@dataclass(frozen=True, slots=True)
class TextEdit:
    """Put `new_text` in the place of what stands at the span; an empty span inserts."""

    span: Span
    new_text: str


class OverlappingEdits(ValueError):  # noqa: N818
    """Two edits want the same text; `first` and `second` say which."""

    def __init__(self, first: TextEdit, second: TextEdit) -> None:
        super().__init__(f"edits overlap: {first} and {second}")
        self.first = first
        self.second = second


def apply_edits(text: str, edits: Iterable[TextEdit]) -> str:
    r"""The text with all edits made; their spans are those of the text as it is, with lines that end in `\n`.

    Inserts at one place keep their order, and come before what replaces the text from there on. Raises
    OverlappingEdits, and ValueError for a span that is not in the text.
    """
    ordered = sorted(edits, key=lambda edit: (edit.span[:2], edit.span[2:]))
    for first, second in pairwise(ordered):
        if first.span.overlaps(second.span):
            raise OverlappingEdits(first, second)
    lines = text.split("\n")
    starts = [0]
    for characters in lines:
        starts.append(starts[-1] + len(characters) + 1)
    parts = []
    done = 0
    for edit in ordered:
        line, column, end_line, end_column = edit.span
        begin, end = _offset(lines, starts, line, column), _offset(lines, starts, end_line, end_column)
        if end < begin:
            raise ValueError(f"the span ends before it begins: {edit.span}")
        parts += [text[done:begin], edit.new_text]
        done = end
    return "".join([*parts, text[done:]])


def _offset(lines: list[str], starts: list[int], line: int, column: int) -> int:
    if not (0 <= line < len(lines) and 0 <= column <= len(lines[line])):
        raise ValueError(f"line {line}, column {column} is not in the text")
    return starts[line] + column
