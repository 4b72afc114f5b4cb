"""Texts follow the client through any edits: what is told to the rest of Dryfit is the same text with LF line ends."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lsprotocol.types import Position, Range

from dryfit.lsp.encoding import Encoding
from dryfit.lsp.texts import Text
from dryfit.text.edit import TextEdit, apply_edits
from dryfit.text.span import Span

LINE_END = re.compile(r"\r\n|\r|\n")
PIECES = st.lists(st.sampled_from(["a", "bc", "\n", "\r", "\r\n", "é", "😀", "\u2028", "\x0c"]), max_size=8).map(
    "".join
)
RELAXED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PLACES = st.tuples(st.integers(0, 6), st.integers(0, 6))


def test_only_line_feeds_and_carriage_returns_end_lines() -> None:
    text = Text("a\u2028b\x0cc\x85d\ne\r\nf\rg", Encoding.UTF16)
    assert [text.line(number) for number in range(text.last_line + 1)] == ["a\u2028b\x0cc\x85d", "e", "f", "g"]


def test_positions_outside_the_text_are_moved_into_it() -> None:
    text = Text("ab\ncd", Encoding.UTF16)
    assert text.span_of(Range(Position(0, 99), Position(99, 99))) == Span(0, 2, 1, 2)
    assert text.span_of(Range(Position(1, 1), Position(0, 1))) == Span(0, 1, 1, 1)


def test_half_a_character_is_replaced_and_takes_its_place() -> None:
    text = Text("x = '\ud83d'", Encoding.UTF16)
    assert str(text) == "x = '\ufffd'"
    assert text.range_of(Span(0, 0, 0, 7)) == Range(Position(0, 0), Position(0, 7))


def test_a_line_knows_how_it_ends() -> None:
    assert Text("a\r\nb", Encoding.UTF16).line_end(1) == "\r\n"
    assert Text("a", Encoding.UTF16).line_end(0) == "\n"


def test_what_is_equal_is_not_edited_when_the_whole_text_comes_anew() -> None:
    text = Text("a\nb\nc\nd\n", Encoding.UTF16)
    assert text.replace("a\nx\ny\nc\nd\n") == (Span(1, 0, 2, 0), "x\ny\n")


@RELAXED
@given(PIECES, st.lists(st.tuples(PLACES, PLACES, PIECES), max_size=4), st.sampled_from(list(Encoding)))
def test_edits_in_the_clients_units(
    start: str, edits: list[tuple[tuple[int, int], tuple[int, int], str]], encoding: Encoding
) -> None:
    truth, text, known = start, Text(start, encoding), _with_line_feeds(start)
    for begin, end, new in edits:
        first, last = sorted((_offset(truth, begin, encoding), _offset(truth, end, encoding)))
        truth = truth[:first] + new + truth[last:]
        known = apply_edits(known, [TextEdit(*text.edit(Range(Position(*begin), Position(*end)), new))])
        assert known == str(text) == _with_line_feeds(truth)
        assert [text.line(number) for number in range(text.last_line + 1)] == LINE_END.split(truth)


@RELAXED
@given(PIECES, PIECES)
def test_the_whole_text_anew(old: str, new: str) -> None:
    text = Text(old, Encoding.UTF16)
    edit = text.replace(new)
    assert apply_edits(_with_line_feeds(old), [TextEdit(*edit)]) == str(text) == _with_line_feeds(new)


def _with_line_feeds(text: str) -> str:
    return LINE_END.sub("\n", text)


def _offset(text: str, place: tuple[int, int], encoding: Encoding) -> int:
    """Where a client's position is in the text, worked out the slow way."""
    line, units = place
    starts = [0, *(match.end() for match in LINE_END.finditer(text))]
    lines = LINE_END.split(text)
    if line >= len(lines):
        return len(text)
    column = 0
    codec = {Encoding.UTF8: ("utf-8", 1), Encoding.UTF16: ("utf-16-le", 2), Encoding.UTF32: ("utf-32-le", 4)}[encoding]
    while column < len(lines[line]) and len(lines[line][: column + 1].encode(codec[0])) // codec[1] <= units:
        column += 1
    return starts[line] + column
