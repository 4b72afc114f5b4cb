"""Places are carried along with edits."""

from __future__ import annotations

import pytest

from dryfit.engine.carry import carried
from dryfit.text.span import Span

OLD = "a = 1\nb = f(x)\nc = 2\n"
X = Span(1, 6, 1, 7)


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (OLD, X),
        ("\n" + OLD, X.moved(1)),
        (OLD + "print((\n", X),
        (OLD.replace("b =", "long ="), Span(1, 9, 1, 10)),
        (OLD.replace("b = f(", "b =\n f("), Span(2, 3, 2, 4)),
        (OLD.replace("f(x)", "f(x"), X),
        (OLD.replace("f(x)", "f(y)"), None),
        ("", None),
    ],
)
def test_carried(new: str, expected: Span | None) -> None:
    assert carried(X, OLD, new) == expected
