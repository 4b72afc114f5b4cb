"""The semantic model a rule is given: what one function (or class, or module body) does, with all that it calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from dryfit.frameworks import Frameworks
from dryfit.semantic.facts import Fact, FrameworkCall
from dryfit.semantic.names import dotted_name
from dryfit.semantic.values import Site
from dryfit.syntax import tree

F = TypeVar("F")


@dataclass(frozen=True, slots=True, eq=False)
class SemanticModel:
    """The facts of one root, in the order in which they happened, and what the frameworks accept."""

    module: str
    root: str
    found: tuple[Fact, ...]
    frameworks: Frameworks
    _by_kind: dict[type, list[Fact]] = field(init=False, repr=False, default_factory=dict)
    _calls: dict[str, list[FrameworkCall]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        for fact in self.found:
            self._by_kind.setdefault(type(fact), []).append(fact)
            if isinstance(fact, FrameworkCall):
                self._calls.setdefault(fact.name, []).append(fact)

    def facts(self, kind: type[F]) -> Iterator[F]:
        """The facts of one kind."""
        return iter(self._by_kind.get(kind, ()))  # type: ignore[arg-type]

    def name_of(self, package: str, near: Site) -> str:
        """What the code of that unit calls a package, as in `nn.Linear(...)`; "" if it is not seen to."""
        for call in self.facts(FrameworkCall):
            function = call.arguments.call.func
            if isinstance(function, tree.Attribute) and call.name == f"{package}.{function.name}":
                if call.site[:2] == near[:2]:
                    return dotted_name(function.value)
        return ""

    def calls_to(self, *names: str) -> Iterator[FrameworkCall]:
        """Calls of framework functions, classes or methods by canonical name, methods by the class that was made.

        In the order in which they happened for one name; name by name for several.
        """
        for name in names:
            yield from self._calls.get(name, ())
