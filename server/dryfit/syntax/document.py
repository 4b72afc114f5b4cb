"""A file kept as units: an edit costs what it touches, not what the file weighs."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict

from dryfit.syntax.inheritance import Statements, inherit
from dryfit.syntax.parsing import Parser, lower_unit
from dryfit.syntax.units import Unit, begins_alone, cut, cut_until
from dryfit.text.newlines import normalised
from dryfit.text.span import Span

_ABOVE = 2  # units above an edit whose ends it can move
_FARTHEST = 200  # lines below an edit that are searched for a border
_REMEMBERED_LINES = 4_000


class Document:
    r"""The text of a file, its units, and the line that each of them starts at.

    Lines end with `\n` in here, whatever they end with in the file; nothing else ends a line. A unit whose text does
    not parse keeps the statements that it had. A unit stays the same object as long as its text or its statements
    do, and `statements` the same tuple as long as they are equal.

    `parser` is asked first: "ast" is fast, "libcst" is for files that are being edited.
    """

    __slots__ = ("_has_unclosed", "_is_dirty", "_memory", "starts", "units")

    def __init__(self, text: str, parser: Parser = "ast") -> None:
        self._memory = _Memory(parser)
        self._is_dirty = self._has_unclosed = False
        self.units: list[Unit] = []
        self.starts: list[int] = []
        units = cut(normalised(text))
        # An open quote swallows what is below it; when it is closed, none of that is to be lowered again.
        self._memory.limit = max(_REMEMBERED_LINES, 2 * sum([unit.lines for unit in units]))
        self._replace(0, 0, units)

    @property
    def text(self) -> str:
        return "".join([unit.text for unit in self.units])

    @property
    def is_dirty(self) -> bool:
        """May a fresh cut set other borders? `resync` makes it good."""
        return self._is_dirty

    def index_at(self, line: int) -> int:
        """The index of the unit that a line belongs to, the last one for a line below the end; -1 without units."""
        return max(bisect_right(self.starts, line) - 1, min(0, len(self.units) - 1))

    def unit_at(self, line: int) -> Unit | None:
        """The unit that a line belongs to, the last one for a line below the end; None without units."""
        return self.units[self.index_at(line)] if self.units else None

    def edit(self, span: Span, new_text: str) -> None:
        """Replace what stands at the span; a column beyond the end of its line means the end."""
        self._is_dirty = self._is_dirty or self._has_unclosed
        new_text = normalised(new_text)
        if not self.units:
            self._replace(0, 0, cut(new_text))
            self._is_dirty = self._has_unclosed
            return
        first, last = self.index_at(span.line), self.index_at(max(span.line, span.end_line))
        old = "".join([unit.text for unit in self.units[first : last + 1]])
        begin = _offset(old, span.line - self.starts[first], span.column)
        end = max(begin, _offset(old, span.end_line - self.starts[first], span.end_column))
        body = old[:begin] + new_text + old[end:]
        low = first
        if span.line <= self.starts[first] or not begins_alone(self.units[first].text):
            low = max(0, first - _ABOVE)
        if not self._cut_again(low, first, last, body, begin):
            self._keep_borders(first, last, body)
        self._is_dirty = self._is_dirty or self._has_unclosed

    def resync(self) -> bool:
        """Cut the whole text again if borders may be wrong; True if any unit or its statements changed.

        For idle time: an edit that leaves a bracket or a string open keeps the borders below it for the moment.
        """
        if not self._is_dirty:
            return False
        self._is_dirty = self._has_unclosed = False
        before = [(id(unit), id(unit.statements), unit.parsed) for unit in self.units]
        kept_alive = [(unit, unit.statements) for unit in self.units]
        self._replace(0, len(self.units), cut(self.text))
        after = [(id(unit), id(unit.statements), unit.parsed) for unit in self.units]
        del kept_alive
        return before != after

    def _cut_again(self, low: int, first: int, last: int, body: str, begin: int) -> bool:
        """Cut the touched units and their neighbours; False if no border from before is met within reach."""
        units = self.units
        while not all([unit.is_closed for unit in units[low:first]]):
            low += 1
        text = "".join([unit.text for unit in units[low:first]])
        place = len(text) + begin
        text += body
        borders: dict[int, int] = {}
        high, step = last + 1, 1
        limit = text.count("\n") + _FARTHEST
        while True:
            for unit in units[high : high + step]:
                borders[len(text)] = high
                text += unit.text
                high += 1
            is_end_of_file = high == len(units)
            if is_end_of_file:
                borders[len(text)] = high
            fresh = cut_until(text, borders, is_end_of_file)
            if fresh is not None:
                end = sum([len(unit.text) for unit in fresh])
                self._replace(low, borders[end], fresh, units[first], place)
                return True
            if is_end_of_file or text.count("\n") > limit:
                return False
            step *= 2

    def _keep_borders(self, first: int, last: int, body: str) -> None:
        """Only the touched units bear that something was left open: they become one, which does not parse."""
        if last + 1 < len(self.units) and not body.endswith("\n"):
            last += 1
            body += self.units[last].text
        unit = self.units[first]
        unit.text, unit.lines = body, body.count("\n")
        unit.parsed = unit.is_closed = False
        self.units[first : last + 1] = [unit] if body else []
        self._place(first)
        self._has_unclosed = self._is_dirty = True

    def _replace(self, low: int, high: int, fresh: list[Unit], touched: Unit | None = None, place: int = 0) -> None:
        units = inherit(self.units[low:high], fresh, self._memory.lower, touched, place)
        self.units[low:high] = units
        self._has_unclosed = self._has_unclosed or not all([unit.is_closed for unit in units])
        self._place(low)

    def _place(self, low: int) -> None:
        """Set the starts of the units from `low` on."""
        starts = self.starts
        line = starts[low - 1] + self.units[low - 1].lines if low else 0
        del starts[low:]
        for unit in self.units[low:]:
            starts.append(line)
            line += unit.lines


class _Memory:
    """Lowers units and remembers what it lowered last, so that going back in an edit costs nothing."""

    __slots__ = ("_lines", "_lowered", "_parser", "limit")

    def __init__(self, parser: Parser) -> None:
        self._parser: Parser = parser
        self._lines = 0
        self.limit = _REMEMBERED_LINES
        self._lowered: OrderedDict[tuple[str, bool], Statements | None] = OrderedDict()

    def lower(self, unit: Unit) -> Statements | None:
        """The statements of the unit's text, None if it does not parse."""
        key = unit.key
        if key in self._lowered:
            self._lowered.move_to_end(key)
            return self._lowered[key]
        statements = self._lowered[key] = lower_unit(unit, self._parser)
        self._lines += unit.lines + 1
        while self._lines > self.limit and len(self._lowered) > 1:
            (text, _), _ = self._lowered.popitem(last=False)
            self._lines -= text.count("\n") + 1
        return statements


def _offset(text: str, line: int, column: int) -> int:
    """The offset of a place in a text; what lies outside is moved to the nearest place inside."""
    if line < 0:
        return 0
    start = 0
    for _ in range(line):
        start = text.find("\n", start) + 1
        if not start:
            return len(text)
    end = text.find("\n", start)
    return min(start + max(0, column), len(text) if end < 0 else end)
