"""What a function accepts, and the compact text under which the tables keep it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SEPARATOR = "\n"  # between the parameters of a signature's text; a default never holds a line break


@dataclass(frozen=True, slots=True)
class Parameter:
    """`kind`: posonly, pos, kw, *, **; `default` is the source text of the default, None if there is none."""

    name: str
    kind: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """The parameters in order, `self` and `cls` left out."""

    parameters: tuple[Parameter, ...]

    def accepts(self, keyword: str) -> bool:
        """Can an argument be given under this name?"""
        return any(p.kind == "**" or (p.name == keyword and p.kind in ("pos", "kw")) for p in self.parameters)

    def parameter(self, name: str) -> Parameter | None:
        return next((p for p in self.parameters if p.name == name), None)

    @property
    def positional(self) -> tuple[str, ...]:
        """Names that can be given by position, in order; what `*args` takes is not among them."""
        return tuple(p.name for p in self.parameters if p.kind in ("posonly", "pos"))

    @property
    def required(self) -> tuple[str, ...]:
        """Names without a default, in order."""
        return tuple(p.name for p in self.parameters if p.default is None and p.kind in ("posonly", "pos", "kw"))

    @property
    def has_var_positional(self) -> bool:
        return any(p.kind == "*" for p in self.parameters)

    @property
    def has_var_keyword(self) -> bool:
        return any(p.kind == "**" for p in self.parameters)


def signature_text(parameters: Iterable[Parameter]) -> str:
    """`params`, `lr=0.001`, `*`, `foreach=None`, `**kwargs`, one a line; `/` ends the positional-only ones."""
    lines: list[str] = []
    kinds = [""]
    for parameter in parameters:
        if kinds[-1] == "posonly" and parameter.kind != "posonly":
            lines.append("/")
        if parameter.kind == "kw" and not {"kw", "*"} & set(kinds):
            lines.append("*")
        stars = parameter.kind if parameter.kind in ("*", "**") else ""
        lines.append(stars + parameter.name + ("" if parameter.default is None else f"={parameter.default}"))
        kinds.append(parameter.kind)
    if kinds[-1] == "posonly":
        lines.append("/")
    return SEPARATOR.join(lines)


def parse_signature(text: str) -> Signature:
    """The inverse of `signature_text`."""
    lines = text.split(SEPARATOR) if text else []
    kind = "posonly" if "/" in lines else "pos"
    parameters: list[Parameter] = []
    for line in lines:
        if line == "/":
            kind = "pos"
        elif line == "*":
            kind = "kw"
        elif line.startswith("**"):
            parameters.append(Parameter(line[2:], "**"))
        elif line.startswith("*"):
            parameters.append(Parameter(line[1:], "*"))
            kind = "kw"
        else:
            name, equals, default = line.partition("=")
            parameters.append(Parameter(name, kind, default if equals else None))
    return Signature(tuple(parameters))
