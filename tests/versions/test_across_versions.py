"""What is reported of one project under the tables of seven versions of Lightning, against what those versions do."""

from __future__ import annotations

import pytest
from across_versions import VERSIONS, by_use, expected, project, text_of

from dryfit.engine.check import check
from dryfit.engine.packs import load_packs
from dryfit.engine.settings import Settings
from dryfit.frameworks import Frameworks, bundled
from dryfit.frameworks.bundled import bundled_table

RULES = load_packs().rules


def frameworks(version: str) -> Frameworks:
    lightning = bundled_table("lightning", version)
    assert lightning is not None
    return Frameworks(bundled().torch, lightning, bundled().torch.version, version)


def test_the_project_uses_everything() -> None:
    assert {name: len(uses) for name, uses in project().items()} == {
        "module.py": 115,
        "callback.py": 63,
        "datamodule.py": 21,
        "trainer.py": 66,
        "trainer_methods.py": 28,
        "trainer_fit.py": 7,
        "trainer_validate.py": 7,
        "trainer_test.py": 7,
        "trainer_predict.py": 6,
        "strategies.py": 26,
        "accelerators.py": 13,
        "precisions.py": 18,
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_exactly_what_the_version_refuses(version: str) -> None:
    installed = frameworks(version)
    found, wanted = {}, {}
    for name, uses in project().items():
        result = check(text_of(uses), name, RULES, Settings(), installed, guard=False)
        lines = [(d.span.line, d.rule, d.severity.value) for d in result.diagnostics]
        found |= by_use(uses, lines)
        wanted |= expected(uses, version)
    assert {use: rules for use, rules in found.items() if rules != wanted.get(use)} == {}
    assert {use: rules for use, rules in wanted.items() if use not in found} == {}
