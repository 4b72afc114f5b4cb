"""The guard around rules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dryfit.engine.judge import Found, RuleCrash, judge_with
from dryfit.frameworks import bundled
from dryfit.rulekit import Finding, Rule, SemanticModel, Severity, Site, Span

FINDING = Finding(Site("x.py", "<top>", Span(0, 0, 0, 1)), "message", "note", "help")


def fine(model: SemanticModel) -> Iterator[Finding]:
    yield FINDING


def crashing(model: SemanticModel) -> Iterator[Finding]:
    yield FINDING
    raise ZeroDivisionError("no\nway")


def rules() -> tuple[Rule, Rule]:
    return (
        Rule(name="crashing", severity=Severity.ERROR, check=crashing, examples=()),
        Rule(name="fine", severity=Severity.ERROR, check=fine, examples=()),
    )


def model() -> SemanticModel:
    return SemanticModel("x.py", "<module>", (), bundled())


def test_a_crashing_rule_costs_its_own_findings_only() -> None:
    bad, good = rules()
    crash, found = judge_with(lambda module: (bad, good))(model())
    assert found == Found(good, FINDING)
    assert isinstance(crash, RuleCrash)
    assert crash.rule == "crashing"
    assert crash.error == "ZeroDivisionError: no"
    assert crash.where.startswith("test_judge.py:")
    assert "rule `crashing` crashed" in crash.message


def test_without_the_guard_it_is_heard() -> None:
    with pytest.raises(ZeroDivisionError):
        judge_with(lambda module: rules(), guard=False)(model())


def test_the_rules_are_those_of_the_file() -> None:
    assert judge_with(lambda module: ())(model()) == ()
