"""Spans."""

from dryfit.text.span import Span


def test_moved_and_joined() -> None:
    span = Span(1, 2, 3, 4)
    assert span.moved(-1) == Span(0, 2, 2, 4)
    assert span.at_start == Span(1, 2, 1, 2)
    assert span.at_end == Span(3, 4, 3, 4)
    assert span.to(Span(5, 0, 6, 1)) == Span(1, 2, 6, 1)


def test_spans_that_touch_do_not_overlap() -> None:
    span = Span(1, 2, 3, 4)
    assert span.overlaps(Span(3, 3, 9, 9))
    assert span.overlaps(Span(2, 0, 2, 0))
    assert not span.overlaps(Span(3, 4, 5, 0))
    assert not span.overlaps(span.at_start)
    assert not span.overlaps(span.at_end)
