"""The order in which Python looks for a member: a class, then its ancestors."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

C = TypeVar("C", bound=Hashable)


def linearised(name: str, bases_of: Callable[[str], Sequence[str]]) -> tuple[str, ...]:
    """The method resolution order, the class first.

    Where a base is not known any more (its `bases_of` is empty) the order ends there. A set of bases that Python
    would refuse comes out depth first.
    """
    return tuple(_linearised(name, bases_of, frozenset()))


def _linearised(name: str, bases_of: Callable[[str], Sequence[str]], seen: frozenset[str]) -> list[str]:
    bases = [base for base in bases_of(name) if base not in seen and base != name]
    orders = [_linearised(base, bases_of, seen | {name}) for base in bases]
    return [name, *merged([*orders, bases])]


def merged(orders: Sequence[Sequence[C]]) -> list[C]:
    """The C3 merge of the bases' orders and the bases themselves; depth first where Python would refuse.

    Source: Python documentation, "The Python 2.3 Method Resolution Order".
    """
    found: list[C] = []
    left = [list(order) for order in orders if order]
    while left:
        heads = [order[0] for order in left]
        free = [head for head in heads if not any(head in order[1:] for order in left)]
        chosen = (free or heads)[0]
        found.append(chosen)
        left = [rest for order in left if (rest := [item for item in order if item != chosen])]
    return found
