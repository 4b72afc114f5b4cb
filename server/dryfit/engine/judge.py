"""The one guard around rules: a rule that crashes costs its own findings only, and is reported by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dryfit.engine.errors import described
from dryfit.rulekit import Finding, Rule, SemanticModel, Site


@dataclass(frozen=True, slots=True)
class Found:
    """A rule's finding."""

    rule: Rule
    finding: Finding


@dataclass(frozen=True, slots=True)
class RuleCrash:
    """A rule that raised; `error` says what and where."""

    rule: str
    error: str

    @property
    def message(self) -> str:
        return f"rule `{self.rule}` crashed and was left out here: {self.error}"


Judgement: TypeAlias = Found | RuleCrash
Judge: TypeAlias = Callable[[SemanticModel], "tuple[Judgement, ...]"]
EnabledRules: TypeAlias = Callable[[str], "Sequence[Rule]"]  # module -> its rules


def judge_with(enabled: EnabledRules, guard: bool = True, breathe: Callable[[], None] = lambda: None) -> Judge:
    """What a Program calls for each root: all rules that are on for the file, in their order.

    `guard`: False lets a rule's exception through, as tests want it. `breathe` is called before each rule.
    """

    def judge(model: SemanticModel) -> tuple[Judgement, ...]:
        judgements: list[Judgement] = []
        for rule in enabled(model.module):
            breathe()
            if guard:
                judgements.extend(_guarded(rule, model))
            else:
                judgements.extend(Found(rule, finding) for finding in rule.check(model))
        return tuple(judgements)

    return judge


def _guarded(rule: Rule, model: SemanticModel) -> list[Judgement]:
    """The findings up to the end, or nothing but the crash: half of a rule's answer is no answer."""
    try:
        return [Found(rule, finding) for finding in rule.check(model)]
    except Exception as error:
        return [RuleCrash(rule.name, described(error))]


def sift(found: tuple[Judgement, ...], said_at: Callable[[Site], tuple[Judgement, ...]]) -> tuple[Judgement, ...]:
    """Without what happens in a function of another file, whoever calls it: that is said there."""
    return tuple(j for j in found if not (isinstance(j, Found) and _is_said_inside(j, said_at)))


def _is_said_inside(found: Found, said_at: Callable[[Site], tuple[Judgement, ...]]) -> bool:
    inside = found.finding.site.inside
    if inside is None:
        return False
    return any(
        isinstance(other, Found) and other.rule is found.rule and inside.holds(other.finding.site)
        for other in said_at(inside)
    )
