"""The text of an open document as the client sees it: lines end at LF, CRLF and CR, and nowhere else.

Edits come in as ranges in the client's units and go out as spans in code points of a text whose lines all end in LF,
which is how the rest of Dryfit knows it. Line and column numbers are the same in both.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lsprotocol import types

from dryfit.lsp.encoding import Encoding
from dryfit.text.newlines import normalised
from dryfit.text.span import Span

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Edit(NamedTuple):
    """`new_text`, with LF line ends, takes the place of `span` in the text with LF line ends."""

    span: Span
    new_text: str


class Text:
    """The lines of one document, each with its own end; the last one has none."""

    def __init__(self, text: str, encoding: Encoding) -> None:
        self.encoding = encoding
        self._lines = _split(_whole_characters(text))

    def __str__(self) -> str:
        """With LF line ends."""
        return normalised("".join(self._lines))

    def line(self, number: int) -> str:
        """A line without its end; empty beyond the last one."""
        return _content(self._lines[number]) if number < len(self._lines) else ""

    @property
    def last_line(self) -> int:
        return len(self._lines) - 1

    def line_end(self, number: int) -> str:
        """What ends the line; for the last one, what ends the line before it."""
        for line in (self._lines[number], self._lines[number - 1]):
            if len(line) > len(content := _content(line)):
                return line[len(content) :]
        return "\n"

    # -- Positions

    def span_of(self, range_: types.Range) -> Span:
        """The client's range in code points, within the text."""
        start, end = self._place(range_.start), self._place(range_.end)
        return Span(*start, *end) if start <= end else Span(*end, *start)

    def range_of(self, span: Span) -> types.Range:
        """The span in the client's units."""
        return types.Range(
            types.Position(span.line, self.client_column(span.line, span.column)),
            types.Position(span.end_line, self.client_column(span.end_line, span.end_column)),
        )

    def client_column(self, line: int, column: int) -> int:
        """The column in the client's units; only this line is looked at."""
        return self.encoding.column_to_client(self.line(line), column)

    def _place(self, position: types.Position) -> tuple[int, int]:
        if position.line > self.last_line:
            return self.last_line, len(self._lines[-1])
        return position.line, self.encoding.column_from_client(self.line(position.line), position.character)

    # -- Changes

    def edit(self, range_: types.Range, new_text: str) -> Edit:
        """Put `new_text` in place of the range."""
        span = self.span_of(range_)
        new_text = _whole_characters(new_text)
        rest = self._lines[span.end_line][span.end_column :]
        # Text between a CR and a LF can come and go: what was two line ends becomes one, and the other way round.
        above = self._lines[span.line - 1] if span.line and not span.column else ""
        if above.endswith("\r") and (new_text + rest).startswith("\n"):
            span = span._replace(line=span.line - 1, column=len(above) - 1)
            new_text = "\r" + new_text
        if new_text.endswith("\r") and rest.startswith("\n"):
            span = span._replace(end_line=span.end_line + 1, end_column=0)
            new_text += "\n"
        before = self._lines[span.line][: span.column]
        after = self._lines[span.end_line][span.end_column :]
        lines = _split(before + new_text + after)
        if span.end_line < self.last_line:
            lines.pop()  # empty: the text ended in a line end
        self._lines[span.line : span.end_line + 1] = lines
        return Edit(span, normalised(new_text))

    def replace(self, text: str) -> Edit:
        """Take the whole text anew; the edit covers the lines that differ, and the last line if none does."""
        old, new = self._lines, _split(_whole_characters(text))
        # The last line is compared from the end only: it is the one that no line end closes.
        shorter = min(len(old), len(new)) - 1
        head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
        tail = next((i for i in range(shorter - head) if old[-1 - i] != new[-1 - i]), shorter - head)
        end = len(old) - tail
        span = Span(head, 0, end, 0) if tail else Span(head, 0, end - 1, len(old[-1]))
        self._lines = new
        return Edit(span, normalised("".join(new[head : len(new) - tail])))


def _split(text: str) -> list[str]:
    if "\r" not in text:
        lines = [line + "\n" for line in text.split("\n")]
        lines[-1] = lines[-1][:-1]
        return lines
    lines = _LINE.findall(text)
    lines.append(text[sum(map(len, lines)) :])
    return lines


def _content(line: str) -> str:
    return line.rstrip("\r\n")


def _whole_characters(text: str) -> str:
    """Half a surrogate pair, which JSON can spell, becomes the replacement character; columns stay as they are."""
    return text if text.isascii() else _SURROGATE.sub("�", text)
