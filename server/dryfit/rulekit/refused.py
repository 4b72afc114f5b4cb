"""Arguments whose values a constructor of torch certainly refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dryfit.frameworks import Domain, Frameworks
from dryfit.semantic.arguments import Arguments
from dryfit.semantic.operand import Operand
from dryfit.semantic.values import UNKNOWN


@dataclass(frozen=True, slots=True)
class Refused:
    """`name` is "lr" or, of one number in a sequence, "betas[1]"; `error` is the exception and its text."""

    name: str
    value: Operand
    domain: Domain
    error: str

    @property
    def message(self) -> str:
        """The first half of what there is to say: what is given."""
        return f"`{self.name}` is " + (f'"{self._given}"' if isinstance(self._given, str) else repr(self._given))

    @property
    def wanted(self) -> str:
        """The second half: what is accepted."""
        is_number = isinstance(self._given, (int, float)) or self.domain.choices or self.domain.type
        return self.domain.text if is_number else f"a number, {self.domain.text}"

    @property
    def _given(self) -> object:
        return next(option.literal for option in self.value.options)


def refused_arguments(frameworks: Frameworks, path: str, arguments: Arguments) -> Iterator[Refused]:
    """Those that are refused, whichever of its possible values the argument has."""
    if arguments.is_expected_to_fail:
        return
    signature = frameworks.signature(path)
    for name, domains in frameworks.domains(path).items():
        positional = () if signature is None else signature.positional
        value = arguments.known(positional.index(name) if name in positional else None, name)
        if value is None:
            continue
        if len(domains) == 1:
            yield from _refused(name, value, domains[0])
        elif (parts := value.elements) is not UNKNOWN and len(parts) == len(domains):
            for i, (part, domain) in enumerate(zip(parts, domains, strict=True)):
                yield from _refused(f"{name}[{i}]", part, domain)


def _refused(name: str, value: Operand, domain: Domain) -> Iterator[Refused]:
    errors = [domain.refusal(option.literal) if option.is_constant else None for option in value.options]
    if errors and all(error is not None for error in errors):
        yield Refused(name, value, domain, errors[0] or "")
