"""What a LightningModule hands to its Trainer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dryfit.semantic.facts import Fact, FunctionEnded, HookDefined, OptimizersReturned
from dryfit.semantic.operand import Operand


def optimizers_returned(hook: HookDefined, found: Iterable[Fact]) -> Iterator[OptimizersReturned]:
    """One fact for each return with a value; none if the walk of the hook did not come to its end."""
    is_asked = (hook.kind, hook.name) == ("module", "configure_optimizers") and not hook.owner.is_driven_by_hand
    for fact in found:
        if isinstance(fact, FunctionEnded) and is_asked and hook.is_plain:
            for returned in fact.returns:
                if returned.value is not None:
                    schedulers = tuple(_schedulers(returned.value))
                    yield OptimizersReturned(returned.site, hook, returned.value, schedulers)


def _schedulers(value: Operand) -> Iterator[tuple[Operand, Operand | None]]:
    """The second of two lists, or what stands under `lr_scheduler` in a dict or in a list of dicts.

    Source: lightning 2.6.6, `lightning.pytorch.core.optimizer._configure_optimizers`.
    """
    parts = value.known_elements
    if len(parts) == 2 and parts[0].kind == "list":
        yield from ((scheduler, None) for scheduler in _listed(parts[1]))
        return
    for config in parts or (value,):
        scheduler = config.entry("lr_scheduler")
        if isinstance(scheduler, Operand):
            yield scheduler, config


def _listed(part: Operand) -> tuple[Operand, ...]:
    return part.known_elements if part.kind == "list" else (part,)
