"""Work that is put down and taken up again."""

from __future__ import annotations

import threading

import pytest

from dryfit.engine.slices import Slices


def counting(slices: Slices, seen: list[int]) -> None:
    for number in range(3):
        slices.breathe()
        seen.append(number)


def test_work_goes_on_where_it_was_put_down() -> None:
    slices, seen = Slices(), list[int]()
    states = []
    while slices.run(lambda: counting(slices, seen), 0.0):
        states.append((list(seen), slices.is_put_down))
    assert states == [([], True), ([0], True), ([0, 1], True)]
    assert seen == [0, 1, 2]
    assert not slices.is_put_down


def test_work_with_time_is_not_put_down() -> None:
    slices, seen = Slices(), list[int]()
    assert not slices.run(lambda: counting(slices, seen), 60.0)
    assert seen == [0, 1, 2]


def test_work_that_is_not_wanted_ends_without_a_trace() -> None:
    slices, seen, cleaned = Slices(), list[int](), list[str]()

    def work() -> None:
        try:
            counting(slices, seen)
        except Exception:
            cleaned.append("caught")
        finally:
            cleaned.append("left")

    slices.abandon()  # there is none
    assert slices.run(work, 0.0)
    slices.abandon()
    assert (seen, cleaned, slices.is_put_down) == ([], ["left"], False)
    slices.run(lambda: counting(slices, seen), 60.0)
    assert seen == [0, 1, 2]
    assert threading.active_count() == 1


def test_an_error_reaches_whoever_waits() -> None:
    slices = Slices()

    def work() -> None:
        slices.breathe()
        raise ValueError("wrong")

    assert slices.run(work, 0.0)
    with pytest.raises(ValueError, match="wrong"):
        slices.run(work, 60.0)
    assert not slices.is_put_down
