"""The arguments of a call as a rule sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from dryfit.semantic.operand import Operand
from dryfit.semantic.values import UNKNOWN, Site, Unknown, constant
from dryfit.syntax import tree
from dryfit.text.span import Span


@dataclass(frozen=True, slots=True)
class KeywordArgument:
    """`name=value`. `argument` is its written form in the call, None if it came from `**mapping`."""

    name: str
    value: Operand
    name_site: Site
    argument: tree.Argument | None

    @property
    def key(self) -> Operand:
        """The name as a value: in `**mapping`, a key of it."""
        return replace(self.value, value=constant(self.name), site=self.name_site)


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of a call, with `*sequences` and `**mappings` unpacked as far as they are known.

    `is_expected_to_fail`: the code around the call waits for an exception, or is not reached with these values.
    """

    call: tree.Call
    site: Site
    positional: tuple[Operand, ...] = ()
    keywords: Mapping[str, KeywordArgument] = field(default_factory=dict)
    has_unknown_positional: bool = False
    has_unknown_keywords: bool = False
    is_expected_to_fail: bool = False

    def get(self, position: int | None, name: str) -> Operand | Unknown | None:
        """The argument at a position or of a name; None if it is certainly not given; Unknown if it may be."""
        if position is not None and position < len(self.positional):
            return self.positional[position]
        if name in self.keywords:
            return self.keywords[name].value
        if self.has_unknown_keywords or (position is not None and self.has_unknown_positional):
            return UNKNOWN
        return None

    def known(self, position: int | None, name: str) -> Operand | None:
        """The argument if it is certainly given, else None; ask `get` to tell "not given" from "cannot tell"."""
        found = self.get(position, name)
        return found if isinstance(found, Operand) else None

    def written(self, name: str) -> tree.Argument | None:
        """The keyword argument of this name as it stands in the call; None if it is given in another way, or not."""
        keyword = self.keywords.get(name)
        return None if keyword is None else keyword.argument

    @property
    def are_complete(self) -> bool:
        """Everything that is passed is known."""
        return not (self.has_unknown_keywords or self.has_unknown_positional)

    def site_of(self, span: Span) -> Site:
        """A place inside the call; the call that is reported for it, if it stands in another file."""
        return self.site if self.site.inside is not None else self.site._replace(span=span)
