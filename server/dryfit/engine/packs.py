"""Rule packs: every installed distribution with an entry point in the group `dryfit.rules`, ours included.

A pack is a module with `RULES`, a sequence of Rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from dryfit.rulekit import Rule

GROUP = "dryfit.rules"


@dataclass(frozen=True, slots=True)
class Packs:
    """The rules of all packs by name, and what went wrong while loading them (one line each)."""

    rules: tuple[Rule, ...]
    problems: tuple[str, ...] = ()


class PackError(Exception):
    """Two packs claim the same rule name: which one is meant cannot be told."""


def load_packs(points: Iterable[EntryPoint] | None = None) -> Packs:
    """The rules of the packs in the order of the packs' names.

    A pack that cannot be imported is skipped and reported. Raises PackError if a rule name is claimed twice.
    """
    points = entry_points(group=GROUP) if points is None else points
    owners: dict[str, tuple[str, Rule]] = {}
    problems: list[str] = []
    # An editable install can list the same entry point twice.
    for name, value in sorted({(point.name, point.value) for point in points}):
        try:
            rules = _rules_of(EntryPoint(name, value, GROUP))
        except Exception as error:
            text = str(error).split("\n", 1)[0]
            problems.append(f"rule pack `{name}` was not loaded, the others were: {type(error).__name__}: {text}")
            continue
        for rule in rules:
            owner, known = owners.setdefault(rule.name, (name, rule))
            if known is not rule:
                raise PackError(
                    f"rule `{rule.name}` is claimed by two packs, `{owner}` and `{name}`; remove one of them"
                )
    return Packs(tuple(sorted((rule for _, rule in owners.values()), key=lambda rule: rule.name)), tuple(problems))


def _rules_of(point: EntryPoint) -> tuple[Rule, ...]:
    rules = tuple(getattr(point.load(), "RULES"))  # noqa: B009 - whatever the entry point leads to
    for rule in rules:
        if not isinstance(rule, Rule):
            raise TypeError(f"RULES holds {type(rule).__name__!r}, not Rule")
        if "." not in rule.check.__module__:
            raise ValueError(f"rule `{rule.name}` lies in no folder, so it has no family")
    return rules
