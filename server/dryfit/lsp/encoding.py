"""Columns in the client's units and in code points: the only place that counts in UTF-8 or UTF-16."""

from __future__ import annotations

from enum import Enum


class Encoding(Enum):
    """The position encodings of the protocol; a column is a number of code units of a line."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"

    def column_to_client(self, line: str, column: int) -> int:
        """Code units before the `column`-th code point; beyond the end of the line, its length."""
        if self is Encoding.UTF32 or line.isascii():
            return min(column, len(line))
        before = line[:column]
        if self is Encoding.UTF16:
            return len(before) + sum(character > "\uffff" for character in before)
        return len(before.encode(errors="surrogatepass"))

    def column_from_client(self, line: str, units: int) -> int:
        """Code points in the first `units` code units; a position inside a character stands before it."""
        if self is Encoding.UTF32 or line.isascii():
            return min(units, len(line))
        column = used = 0
        for column, character in enumerate(line):
            used += self._units_of(character)
            if used > units:
                return column
        return column + 1 if line else 0

    def _units_of(self, character: str) -> int:
        if self is Encoding.UTF16:
            return 2 if character > "\uffff" else 1
        return len(character.encode(errors="surrogatepass"))
