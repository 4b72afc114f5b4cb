"""Every rule of the built-in pack: name, documentation, wording, examples, fixes, near misses."""

from __future__ import annotations

import pytest

from dryfit.testing import Case, cases
from dryfit_rules import RULES


@pytest.mark.parametrize("case", cases(RULES), ids=str)
def test_rule(case: Case) -> None:
    case.run()
