"""The state at one point of a walk: variables, heap, and what was done to gradients on the way there."""

from __future__ import annotations

from dataclasses import dataclass, field

from dryfit.semantic.heap import Heap, join_objects
from dryfit.semantic.values import UNKNOWN, Ref, Site, Unknown, Value, join


@dataclass(slots=True)
class Gradients:
    """What happened to gradients on every way to this point.

    `filled`: a backward certainly ran. `cleared`: whose gradients were certainly cleared after it, and where.
    `taken`: results of `torch.autograd.grad` that nothing has put into `.grad` yet: the call and whose they are.
    `stepped`: optimizers that took a step (True on every way, Unknown on some); absent: none did.
    `clear_sites`: who was cleared last on every way, and where, backward or not. `frozen`: optimizers some of whose
    parameters were frozen after a step on some way here, where, and where their gradients were set to zero since;
    None if on some way they have none.
    """

    filled: bool = False
    cleared: dict[Ref, Site] = field(default_factory=dict)
    taken: tuple[Site, frozenset[Ref]] | None = None
    stepped: dict[Ref, bool | Unknown] = field(default_factory=dict)
    clear_sites: dict[Ref, Site] = field(default_factory=dict)
    frozen: dict[Ref, tuple[Site, Site | None] | None] = field(default_factory=dict)

    def copy(self) -> Gradients:
        copies = (dict(self.cleared), self.taken, dict(self.stepped), dict(self.clear_sites), dict(self.frozen))
        return Gradients(self.filled, *copies)

    def forget(self) -> None:
        """Unknown code ran: it may have called backward."""
        self.cleared.clear()
        self.settle()
        self.taken = None

    def settle(self) -> None:
        """Whatever was frozen has no gradient any more, or that cannot be told."""
        for ref in self.frozen:
            self.frozen[ref] = None


@dataclass(slots=True)
class State:
    """`environments[i]`: the variables of the i-th active frame. `is_leaving`: a loop is left here, by `break`."""

    environments: list[dict[str, Value]]
    heap: Heap
    gradients: Gradients = field(default_factory=Gradients)
    is_leaving: bool = False

    def copy(self) -> State:
        return State([dict(e) for e in self.environments], dict(self.heap), self.gradients.copy())


def join_states(a: State | None, b: State | None) -> State | None:
    """What holds on both ways; None is a point that cannot be reached. `a` may be reused for the answer."""
    if a is None or a is b:
        return b
    if b is None:
        return a
    for mine, theirs in zip(a.environments, b.environments, strict=False):
        if mine != theirs:
            for name, value in theirs.items():
                # What is bound on one way only stays: any use of it proves that it was that way.
                present = mine.setdefault(name, value)
                if present is not value:
                    mine[name] = join(present, value)
    heap = a.heap
    take_over = heap.setdefault
    for ref, thing in b.heap.items():
        known = take_over(ref, thing)
        if known is not thing:
            heap[ref] = join_objects(known, thing)
    if a.gradients != b.gradients:
        a.gradients = _join_gradients(a.gradients, b.gradients)
    return a


def _join_gradients(a: Gradients, b: Gradients) -> Gradients:
    stepped: dict[Ref, bool | Unknown] = {}
    for ref in (*a.stepped, *b.stepped):
        stepped[ref] = True if a.stepped.get(ref) is True and b.stepped.get(ref) is True else UNKNOWN
    return Gradients(
        a.filled and b.filled,
        {ref: site for ref, site in a.cleared.items() if ref in b.cleared},
        a.taken if a.taken == b.taken else None,
        stepped,
        {ref: site for ref, site in a.clear_sites.items() if ref in b.clear_sites},
        {**b.frozen, **a.frozen, **{ref: None for g in (a, b) for ref, at in g.frozen.items() if at is None}},
    )
