"""Places in a text: lines and columns count from zero, columns count code points."""

from typing import NamedTuple


class Span(NamedTuple):
    """A half-open range of a text, or of a unit of it: from (line, column) up to (end_line, end_column)."""

    line: int
    column: int
    end_line: int
    end_column: int

    def moved(self, lines: int) -> "Span":
        """The same range, `lines` further down."""
        return Span(self.line + lines, self.column, self.end_line + lines, self.end_column)

    @property
    def at_start(self) -> "Span":
        """The empty range where this one begins."""
        return Span(self.line, self.column, self.line, self.column)

    @property
    def at_end(self) -> "Span":
        """The empty range where this one ends."""
        return Span(self.end_line, self.end_column, self.end_line, self.end_column)

    def to(self, other: "Span") -> "Span":
        """From the start of this one to the end of `other`."""
        return Span(self.line, self.column, other.end_line, other.end_column)

    def overlaps(self, other: "Span") -> bool:
        """Do the two share text? Ranges that only touch do not."""
        return self[:2] < other[2:] and other[:2] < self[2:]
