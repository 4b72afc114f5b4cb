"""Where a place of a text is after the text was edited."""

from __future__ import annotations

from dryfit.text.span import Span


def carried(span: Span, old: str, new: str) -> Span | None:
    """The span of the old text in the new one; None if the difference between the two touches it.

    The difference is what lies between the longest common beginning and the longest common end.
    """
    if old == new:
        return span
    start, end = _offset(old, span.line, span.column), _offset(old, span.end_line, span.end_column)
    head = _common(old, new)
    if end <= head:
        return span
    tail = _common(old[head:][::-1], new[head:][::-1])
    if start < len(old) - tail:
        return None
    added = len(new) - len(old)
    return Span(*_position(new, start + added), *_position(new, end + added))


def _common(a: str, b: str) -> int:
    """How many characters the two have in common at their beginnings."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _offset(text: str, line: int, column: int) -> int:
    at = 0
    for _ in range(line):
        at = text.find("\n", at) + 1
    return at + column


def _position(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset), offset - (text.rfind("\n", 0, offset) + 1)
