"""Edits of a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dryfit.text.edit import OverlappingEdits, TextEdit, apply_edits
from dryfit.text.span import Span

TEXT = "ab\n\U0001f600c\r\u2028d\n"


def insert(line: int, column: int, new_text: str) -> TextEdit:
    return TextEdit(Span(line, column, line, column), new_text)


def test_edits_are_made_in_the_text_as_it_was() -> None:
    edits = [TextEdit(Span(1, 1, 2, 0), "x"), TextEdit(Span(0, 0, 0, 1), "long"), insert(1, 0, "\n")]
    assert apply_edits(TEXT, edits) == "longb\n\n\U0001f600x"


def test_inserts_at_one_place_keep_their_order() -> None:
    edits = [insert(0, 1, "1"), insert(0, 1, "2"), insert(0, 1, "3")]
    assert apply_edits("ab", edits) == "a123b"


def test_an_insert_comes_before_what_replaces_the_text_there() -> None:
    replacement = TextEdit(Span(0, 1, 0, 2), "X")
    assert apply_edits("abc", [replacement, insert(0, 1, "1")]) == "a1Xc"
    assert apply_edits("abc", [replacement, insert(0, 2, "1")]) == "aX1c"


@pytest.mark.parametrize(
    "edits",
    [
        [TextEdit(Span(0, 0, 0, 2), ""), TextEdit(Span(0, 1, 0, 3), "")],
        [TextEdit(Span(0, 0, 0, 2), "x"), TextEdit(Span(0, 0, 0, 2), "x")],
        [TextEdit(Span(0, 0, 0, 2), "x"), insert(0, 1, "y")],
        [TextEdit(Span(0, 0, 0, 3), "x"), TextEdit(Span(0, 0, 0, 1), "y"), insert(0, 3, "z")],
    ],
)
def test_overlapping_edits_are_refused(edits: list[TextEdit]) -> None:
    with pytest.raises(OverlappingEdits) as caught:
        apply_edits("abcd", edits)
    assert {caught.value.first, caught.value.second} <= set(edits)


@pytest.mark.parametrize("span", [Span(0, 3, 0, 3), Span(2, 0, 2, 0), Span(0, -1, 0, 0), Span(1, 0, 0, 0)])
def test_places_outside_the_text_are_refused(span: Span) -> None:
    with pytest.raises(ValueError, match=r"not in the text|ends before"):
        apply_edits("ab\nc", [TextEdit(span, "x")])


@given(st.text("ab\n\U0001f600\r\u2028"), st.data())
def test_replacing_by_the_same_changes_nothing(text: str, data: st.DataObject) -> None:
    begin, end = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    places = [(text[:at].count("\n"), at - text[:at].rfind("\n") - 1) for at in (begin, end)]
    assert apply_edits(text, [TextEdit(Span(*places[0], *places[1]), text[begin:end])]) == text
    assert apply_edits(text, [TextEdit(Span(*places[0], *places[1]), "")]) == text[:begin] + text[end:]
    assert apply_edits(text, []) == text
