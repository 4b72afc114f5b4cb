"""Calls that are made to see them fail."""

from __future__ import annotations

from textwrap import dedent

import pytest
from facts_of import facts_of

from dryfit.semantic.facts import TrainerCall


@pytest.mark.parametrize(
    ("text", "is_expected"),
    [
        ("L.Trainer().fit(m)", False),
        ("with pytest.raises(RuntimeError):\n    L.Trainer().fit(m)", True),
        ("with suppress(ValueError):\n    L.Trainer().fit(m)", True),
        ("with open('x') as f:\n    L.Trainer().fit(m)", False),
        ("try:\n    L.Trainer().fit(m)\nexcept Exception as error:\n    print(error)", True),
        ("try:\n    L.Trainer().fit(m)\nexcept Exception as error:\n    print(error)\n    raise", False),
        ("try:\n    L.Trainer().fit(m)\nexcept KeyboardInterrupt:\n    pass", False),
        ("try:\n    L.Trainer().fit(m)\nfinally:\n    print('done')", False),
        ("try:\n    pass\nexcept Exception:\n    L.Trainer().fit(m)", False),
        ("def fit():\n    L.Trainer().fit(m)\ndef test():\n    with pytest.raises(ValueError):\n        fit()", None),
    ],
)
def test_is_expected_to_fail(text: str, is_expected: bool | None) -> None:
    found = {call.is_expected_to_fail for call in facts_of("m = Net()\n" + dedent(text), TrainerCall)}
    assert found == ({True, False} if is_expected is None else {is_expected})
