"""Rule packs: a bad one costs itself only, a name claimed twice is refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from types import ModuleType

import pytest

from dryfit.engine.packs import GROUP, PackError, load_packs
from dryfit.rulekit import Finding, Rule, SemanticModel, Severity


def check(model: SemanticModel) -> Iterator[Finding]:
    yield from ()


check.__module__ = "pack.family.rule"


def rule(name: str) -> Rule:
    return Rule(name=name, severity=Severity.ERROR, check=check, examples=())


def pack(monkeypatch: pytest.MonkeyPatch, name: str, rules: object) -> EntryPoint:
    module = ModuleType(f"pack_{name}")
    module.RULES = rules  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return EntryPoint(name, module.__name__, GROUP)


def test_rules_of_all_packs_in_the_order_of_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [pack(monkeypatch, "b", [rule("x-b")]), pack(monkeypatch, "a", [rule("z-a"), rule("y-a")])]
    packs = load_packs(points)
    assert [r.name for r in packs.rules] == ["x-b", "y-a", "z-a"]
    assert packs.problems == ()


def test_a_pack_that_fails_is_reported_and_the_others_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [pack(monkeypatch, "good", [rule("a-b")]), EntryPoint("acme", "acme_rules_that_are_not_there", GROUP)]
    packs = load_packs(points)
    assert [r.name for r in packs.rules] == ["a-b"]
    assert packs.problems == (
        "rule pack `acme` was not loaded, the others were: "
        "ModuleNotFoundError: No module named 'acme_rules_that_are_not_there'",
    )


def test_something_that_is_no_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    packs = load_packs([pack(monkeypatch, "odd", ["a rule"])])
    assert packs.problems == (
        "rule pack `odd` was not loaded, the others were: TypeError: RULES holds 'str', not Rule",
    )


def test_a_rule_without_a_family(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "__module__", "alone")
    packs = load_packs([pack(monkeypatch, "odd", [rule("a-b")])])
    assert packs.problems[0].endswith("ValueError: rule `a-b` lies in no folder, so it has no family")


def test_a_name_claimed_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [pack(monkeypatch, "one", [rule("a-b")]), pack(monkeypatch, "two", [rule("a-b")])]
    with pytest.raises(PackError, match="rule `a-b` is claimed by two packs, `one` and `two`"):
        load_packs(points)


def test_the_same_entry_point_listed_twice_is_one_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    point = pack(monkeypatch, "one", [rule("a-b")])
    assert [r.name for r in load_packs([point, point]).rules] == ["a-b"]
