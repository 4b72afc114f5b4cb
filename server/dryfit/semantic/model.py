"""The semantic model a rule is given: what one function (or class, or module body) does, with all that it calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from dryfit.frameworks import Frameworks
from dryfit.semantic.facts import Fact, FrameworkCall

F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class SemanticModel:
    """The facts of one root, in the order in which they happened, and what the frameworks accept."""

    module: str
    root: str
    found: tuple[Fact, ...]
    frameworks: Frameworks

    def facts(self, kind: type[F]) -> Iterator[F]:
        """The facts of one kind."""
        for fact in self.found:
            if isinstance(fact, kind):
                yield fact

    def calls_to(self, *names: str) -> Iterator[FrameworkCall]:
        """Calls of framework functions, classes or methods by canonical name, methods by the class that was made."""
        for fact in self.found:
            if isinstance(fact, FrameworkCall) and fact.name in names:
                yield fact
