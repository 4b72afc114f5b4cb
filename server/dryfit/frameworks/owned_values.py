"""The values that are followed through a constructor: constants, and whether they hold parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Owns(Enum):
    """What a value brings along when a module registers it."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Value:
    """`constant` is a 1-tuple where the value is known; `owns`: does it hold parameters, or is it one?"""

    owns: Owns = Owns.NO
    constant: tuple[Any, ...] = ()

    @property
    def truth(self) -> bool | None:
        return bool(self.constant[0]) if self.constant else (True if self.owns is Owns.YES else None)


PLAIN = Value()
OWNER = Value(Owns.YES)
UNKNOWN = Value(Owns.UNKNOWN)


def both(first: Owns, second: Owns) -> Owns:
    """Two things that happen one after the other."""
    if Owns.YES in (first, second):
        return Owns.YES
    return Owns.UNKNOWN if Owns.UNKNOWN in (first, second) else Owns.NO


def together(values: Sequence[Value]) -> Value:
    """A container of these values, as far as parameters are concerned."""
    owns = Owns.NO
    for value in values:
        owns = both(owns, value.owns)
    return Value(owns)


def either(first: Value, second: Value) -> Value:
    """One of the two, it is not known which."""
    if first == second:
        return first
    return Value(first.owns if first.owns is second.owns else Owns.UNKNOWN)


def joined_names(states: Sequence[Mapping[str, Value]]) -> dict[str, Value]:
    joined = dict(states[0])
    for state in states[1:]:
        for name in joined.keys() | state.keys():
            joined[name] = either(joined.get(name, PLAIN), state.get(name, PLAIN))
    return joined
