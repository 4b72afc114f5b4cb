"""What a tensor was computed from, as autograd sees it.

A history says three things, each with its own bound. `reach` is an upper bound: nothing further away than that can get
a gradient from here. `calls` and `spent` are lower bounds: what is in them is certainly part of the graph.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dryfit.semantic.values import Site

ANYTHING: Final = 0
LEAF: Final = 1  # a tensor made by torch with `requires_grad=True`, and no parameter of a module
NOTHING: Final = 2


@dataclass(frozen=True, slots=True)
class Cut:
    """Where the output of a network stopped to take part in autograd, and by what (`item`, `detach`, `no_grad` ...)."""

    site: Site
    how: str


@dataclass(frozen=True, slots=True)
class Spent:
    """A backward that has run through a graph and freed it.

    `carried`: the variable that brought the graph from one pass of a loop into the next; "" if none did.
    """

    site: Site
    carried: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """Where a backward from a tensor leads.

    `cut`: some part of it was an output of a network that lost its graph on some way here. `dropped`: such a part was
    added as a plain number, so that the rest is what it would be without it. `calls`: calls of modules with weights
    whose graph is certainly in it. `spent`: a backward certainly ran through one of these already.
    """

    reach: int = ANYTHING
    cut: Cut | None = None
    dropped: Cut | None = None
    calls: frozenset[str] = frozenset()
    spent: Spent | None = None

    @property
    def without_graph(self) -> History:
        """The same, of another tensor of which no call is certain."""
        return replace(self, calls=frozenset(), spent=None) if self.calls or self.spent else self


OPEN: Final = History()
CLOSED: Final = History(NOTHING)


def joined(a: History, b: History) -> History:
    """What holds of both, where two ways meet."""
    if a is b or a == b:
        return a
    spent = a.spent if a.spent is not None and b.spent is not None else None
    dropped = a.dropped if a.dropped == b.dropped else None
    return History(min(a.reach, b.reach), a.cut or b.cut, dropped, a.calls & b.calls, spent)


def computed(parts: Iterable[History]) -> History:
    """That of a tensor computed from these."""
    reach, cut, spent = NOTHING, None, None
    calls: frozenset[str] = frozenset()
    for part in parts:
        reach = min(reach, part.reach)
        cut = cut or part.cut
        spent = spent or part.spent
        calls |= part.calls
    if reach == NOTHING:
        return History(reach, cut)
    return History(reach, cut, None, calls, spent)
