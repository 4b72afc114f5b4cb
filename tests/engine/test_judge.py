"""The guard around rules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dryfit.engine.check import CheckResult, check
from dryfit.engine.judge import Found, Judgement, RuleCrash, judge_with
from dryfit.engine.settings import Settings
from dryfit.frameworks import bundled
from dryfit.rulekit import Finding, Rule, SemanticModel, Severity, Site, Span
from dryfit.semantic.program import Program

FINDING = Finding(Site("x.py", "<top>", Span(0, 0, 0, 1)), "message", "note", "help")


def fine(model: SemanticModel) -> Iterator[Finding]:
    yield FINDING


def crashing(model: SemanticModel) -> Iterator[Finding]:
    yield FINDING
    raise ZeroDivisionError("no\nway")


for _check in (fine, crashing):
    _check.__module__ = "pack.family.rule"


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
    assert crash.message.startswith(
        "rule `crashing` crashed and was left out here: ZeroDivisionError: no (test_judge.py:"
    )


def test_without_the_guard_it_is_heard() -> None:
    with pytest.raises(ZeroDivisionError):
        judge_with(lambda module: rules(), guard=False)(model())


def test_the_rules_are_those_of_the_file() -> None:
    assert judge_with(lambda module: ())(model()) == ()


def test_an_error_of_ours_costs_one_function() -> None:
    def check_text(text: str, guard: bool = True) -> CheckResult:
        return check(text, "x.py", rules()[1:], Settings(select=("all",)), bundled(), guard)

    patch = pytest.MonkeyPatch()
    original = Program.judgement

    def fail(self: Program[Judgement], module: str, root: str) -> tuple[Judgement, ...]:
        if root == "f":
            raise RecursionError("too deep")
        return original(self, module, root)

    patch.setattr(Program, "judgement", fail)
    try:
        result = check_text("def f():\n    pass\n")
        assert result.problems[0].startswith("`f` was left out: internal error: RecursionError: too deep (")
        with pytest.raises(RecursionError):
            check_text("def f():\n    pass\n", guard=False)
    finally:
        patch.undo()
