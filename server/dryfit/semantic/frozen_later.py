"""Parameters that are frozen while an optimizer that has stepped still holds them: do they stand still?

A parameter without a gradient is passed over by every optimizer. One whose gradient is zero is not: momentum and weight
decay go on moving it. `zero_grad(set_to_none=False)` leaves a zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dryfit.semantic import objects
from dryfit.semantic.facts import FrozenStillMoves
from dryfit.semantic.heap import Instance
from dryfit.semantic.values import ConstantValue, Ref, Site, Value

if TYPE_CHECKING:
    from dryfit.semantic.calls import Passed
    from dryfit.semantic.evaluator import Evaluator

_WITH_MEMORY = frozenset("Adam AdamW NAdam RAdam Adamax".split())  # they move what has a zero gradient, by themselves
_OFF = ConstantValue(False, "bool")


def switched(ev: Evaluator, owners: Iterable[Ref], value: Value | None, site: Site) -> None:
    """`requires_grad` of parameters of these modules is set to `value` (None: to True)."""
    frozen = ev.now.gradients.frozen
    stepped = [ref for ref in ev.now.gradients.stepped if ref in frozen or value == _OFF]
    if not stepped:
        return
    below = {r for ref in owners for r in objects.submodules(ev.program, ev.now.heap, ref)}
    for ref in stepped:
        thing = ev.instance(ref)
        if thing is None or thing.holds is None:
            continue
        if below & {r for held in thing.holds.of for r in objects.submodules(ev.program, ev.now.heap, held)}:
            if value == _OFF:
                frozen[ref] = (site, None)
            else:
                frozen[ref] = None


def cleared(ev: Evaluator, base: Ref, passed: Passed) -> None:
    """`zero_grad()`, with or without a zero that is left, of an optimizer or of a module."""
    frozen = ev.now.gradients.frozen
    if not frozen:
        return
    leaves_zero = passed.get(0, "set_to_none") == _OFF
    thing = ev.instance(base)
    mine = [base] if thing is not None and thing.holds is not None else list(frozen)
    for ref in mine:
        at = frozen.get(ref)
        if at is not None and not leaves_zero:
            frozen[ref] = None
        elif at is not None and thing is not None and thing.holds is not None:
            frozen[ref] = (at[0], ev.reported(passed.node.span))


def stepped(ev: Evaluator, base: Ref, thing: Instance, site: Site) -> None:
    """The optimizer takes a step with the zeros."""
    at = ev.now.gradients.frozen.get(base)
    by = _goes_on(thing) if at is not None and not ev.silence else ""
    if at is not None and at[1] is not None and by:
        ev.emit(FrozenStillMoves(at[1], at[0], objects.class_name(thing).rpartition(".")[2], by, site))


def _goes_on(thing: Instance) -> str:
    """By what an optimizer certainly moves a parameter whose gradient is zero; "" if that is not certain."""
    name, given = objects.class_name(thing).rpartition(".")[2], dict(thing.arguments)
    for option in ("momentum", "weight_decay"):
        value = given.get(option)
        if isinstance(value, ConstantValue) and isinstance(value.value, (int, float)) and value.value > 0:
            return "weight decay" if option == "weight_decay" else option
    return "its running mean of gradients" if name in _WITH_MEMORY else ""
