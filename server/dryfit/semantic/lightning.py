"""What a LightningModule hands to its Trainer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from dryfit.semantic.classes import kind_of
from dryfit.semantic.facts import Fact, FunctionEnded, HookDefined, OptimizersReturned
from dryfit.semantic.lightning_facts import schedulers_in
from dryfit.semantic.values import ClassValue, Ref, Value, constant
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.calls import Passed
    from dryfit.semantic.evaluator import Evaluator


def optimizers_returned(hook: HookDefined, found: Iterable[Fact]) -> Iterator[OptimizersReturned]:
    """One fact for each return with a value; none if the walk of the hook did not come to its end."""
    is_asked = (hook.kind, hook.name) == ("module", "configure_optimizers") and not hook.owner.is_driven_by_hand
    for fact in found:
        if isinstance(fact, FunctionEnded) and is_asked and hook.is_plain:
            for returned in fact.returns:
                if returned.value is not None:
                    schedulers = tuple(schedulers_in(returned.value))
                    yield OptimizersReturned(returned.site, hook, returned.value, schedulers)


def asked_for_loaders(ev: Evaluator, passed: Passed) -> None:
    """What `trainer.fit(...)` calls before the first batch of a datamodule, or of a module that has its own loader.

    Source: lightning 2.6.6, `lightning.pytorch.trainer.connectors.data_connector`.
    """
    for value in (passed.get(3, "datamodule"), passed.get(0, "model")):
        thing = ev.instance(value)
        if thing is None or not isinstance(value, Ref) or not isinstance(thing.cls, ClassValue) or ev.silence:
            continue
        if kind_of(ev.program, thing.cls) in ("datamodule", "lightning_module"):
            given: tuple[tuple[str, tuple[Value, ...]], ...] = (
                ("setup", (constant("fit"),)),
                ("train_dataloader", ()),
            )
            if ev.program.member(thing.cls, "train_dataloader") is None:
                continue
            for name, arguments in given:
                _call_hook(ev, value, thing.cls, name, arguments, passed)


def _call_hook(
    ev: Evaluator, receiver: Ref, cls: ClassValue, name: str, arguments: tuple[Value, ...], passed: Passed
) -> None:
    from dryfit.semantic import calls

    found = ev.program.member(cls, name)
    if found is not None and found.function is not None:
        node = tree.Call(passed.node.func, (), passed.node.span)
        inner = calls.Passed(node, list(arguments), [None] * len(arguments))
        calls.inline(ev, found.function, inner, receiver, found.owner)
