"""Code frames: a diagnostic with the lines it speaks about, as rustc and ruff print them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

from dryfit.cli.styled import Line, Piece
from dryfit.engine.diagnostic import Diagnostic
from dryfit.text.span import Span

TAB = 4
MAX_COLUMNS = 120  # terminal columns of source text; longer lines are cut around the finding

LinesOf = Callable[[str], "Sequence[str] | None"]


def frame(path: str, diagnostic: Diagnostic, lines_of: LinesOf) -> list[Line]:
    """The diagnostic as text; `lines_of` gives the lines of a file, None if it cannot be read."""
    numbers = [diagnostic.span.line, *(place.span.line for place in diagnostic.related)]
    width = len(str(max(numbers) + 1))
    margin = " " * width
    severity = diagnostic.severity.value

    head: Line = [Piece(f"{severity}[{diagnostic.rule}]", severity), Piece(f": {diagnostic.message}", "strong")]
    frame_lines = [head, _arrow(margin, "-->", path, diagnostic.span)]
    frame_lines += _excerpt(lines_of(path), diagnostic.span, width, "^", severity, "")
    for place in diagnostic.related:
        frame_lines.append(_arrow(margin, ":::", place.path, place.span))
        frame_lines += _excerpt(lines_of(place.path), place.span, width, "-", "quiet", place.message)
    for label, text in (("note", diagnostic.note), ("help", diagnostic.help)):
        if text:
            frame_lines.append([Piece(f"{margin} = ", "quiet"), Piece(label, "strong"), Piece(f": {text}")])
    return [*frame_lines, []]


def position(path: str, span: Span) -> str:
    """`path:line:column`, counted from one."""
    return f"{path}:{span.line + 1}:{span.column + 1}"


def _arrow(margin: str, arrow: str, path: str, span: Span) -> Line:
    return [Piece(f"{margin}{arrow} ", "quiet"), Piece(position(path, span))]


def _excerpt(lines: Sequence[str] | None, span: Span, width: int, mark: str, style: str, label: str) -> list[Line]:
    """The first line of a span with marks under it; three dots behind the marks if it goes on below."""
    bar = Piece(f"{' ' * width} | ", "quiet")
    if lines is None or span.line >= len(lines):
        return [[bar, Piece(label, style)]] if label else []
    text = lines[span.line].rstrip("\r\n")
    goes_on = span.end_line > span.line
    end = len(text) if goes_on else min(span.end_column, len(text))
    shown, start, length = _window(text, min(span.column, len(text)), end)
    marks = " " * start + mark * max(1, length) + ("..." if goes_on else "")
    number = Piece(f"{span.line + 1:>{width}} | ", "quiet")
    return [[bar], [number, Piece(shown)], [bar, Piece(f"{marks} {label}".rstrip(), style)]]


def _window(text: str, start: int, end: int) -> tuple[str, int, int]:
    """The part of a line that is shown, and the terminal columns where the marks begin and how many there are."""
    drawn = _drawn(text)
    widths = [_cells(cell) for cell in drawn]
    if sum(widths) <= MAX_COLUMNS:
        first, last = 0, len(drawn)
    else:
        first = start
        room = MAX_COLUMNS // 3
        while first > 0 and room >= widths[first - 1]:
            first -= 1
            room -= widths[first]
        last, room = first, MAX_COLUMNS
        while last < len(drawn) and room >= widths[last]:
            room -= widths[last]
            last += 1
    before, after = ("..." if first else ""), ("..." if last < len(drawn) else "")
    column = len(before) + sum(widths[first:start])
    return before + "".join(drawn[first:last]) + after, column, sum(widths[start : min(end, last)])


def _drawn(text: str) -> list[str]:
    """What is printed for each code point: tabs as blanks, control characters as their pictures."""
    drawn: list[str] = []
    column = 0
    for character in text:
        if character == "\t":
            cell = " " * (TAB - column % TAB)
        elif ord(character) < 32:
            cell = chr(0x2400 + ord(character))
        elif unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in _BIDIRECTIONAL:
            cell = "\N{REPLACEMENT CHARACTER}"
        else:
            cell = character
        drawn.append(cell)
        column += _cells(cell)
    return drawn


# These turn the order of what follows on the screen, and could make a line look like another one.
_BIDIRECTIONAL = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))


def _cells(cell: str) -> int:
    """How many terminal columns it takes."""
    if cell.isascii():
        return len(cell)
    if unicodedata.combining(cell) or unicodedata.category(cell) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(cell) in ("W", "F") else 1
