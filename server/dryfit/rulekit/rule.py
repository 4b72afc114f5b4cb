"""A rule: one mistake, with everything about it in one file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dryfit.rulekit.example import Argued, Example
from dryfit.rulekit.finding import Finding, Severity
from dryfit.semantic.model import SemanticModel

Check = Callable[[SemanticModel], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule is known by its name alone: the bad pattern, kebab-case, the file's name with dashes.

    `check` is a pure function of the model of one root; its module's docstring is the documentation.
    `near_misses`: programs that look alike and are right; each must stay silent.
    """

    name: str
    severity: Severity
    check: Check
    examples: tuple[Example, ...]
    near_misses: tuple[str, ...] = ()
    is_fixable: bool = False

    @property
    def family(self) -> str:
        """The folder it lies in."""
        return self.check.__module__.split(".")[-2]

    @property
    def documentation(self) -> str:
        """The docstring of the rule's file."""
        return (sys.modules[self.check.__module__].__doc__ or "").strip()

    @property
    def summary(self) -> str:
        """The first sentence of the documentation."""
        return self.documentation.split("\n", 1)[0]

    @property
    def is_default(self) -> bool:
        """On unless asked: only what was shown by running it."""
        return any(not isinstance(example.witness, Argued) for example in self.examples)
