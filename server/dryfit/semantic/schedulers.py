"""Learning rate schedulers, and whether their optimizer has stepped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dryfit.semantic import classes, objects, paces
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.facts import (
    SchedulerBuilt,
    SchedulerCall,
)
from dryfit.semantic.heap import Instance
from dryfit.semantic.values import (
    UNKNOWN,
    External,
    Ref,
    Site,
    Unknown,
    Value,
)
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.calls import Passed

_LAMBDA = "torch.optim.lr_scheduler.LambdaLR"
WITH_WARMUP = tuple(
    f"transformers.{package}get_{curve}schedule_with_warmup"
    for package in ("", "optimization.")
    for curve in ("linear_", "cosine_", "cosine_with_hard_restarts_", "polynomial_decay_")
)


def scheduler_built(ev: Evaluator, path: str, passed: Passed) -> Ref:
    """`torch.optim.lr_scheduler.X(optimizer, ...)`. It takes its own first step, which counts for nobody."""
    ref = ev.new(passed.node, path.rsplit(".", 1)[-1], Instance(External(path), passed.pairs()))
    paces.built(ev, ref, path, passed)
    if not ev.silence:
        arguments = passed.for_rules(ev)
        site = arguments.site
        ev.emit(SchedulerBuilt(site, path, arguments, arguments.get(0, "optimizer"), ev.operand(ref, site)))
    return ref


def schedule_with_warmup(ev: Evaluator, passed: Passed) -> Ref:
    """`get_linear_schedule_with_warmup(optimizer, num_warmup_steps, num_training_steps)` and its like: a `LambdaLR`.

    Source: transformers 5.23, `transformers.optimization`.
    """
    optimizer, steps = passed.get(0, "optimizer"), passed.get(2, "num_training_steps")
    given = (("optimizer", optimizer or UNKNOWN), ("num_training_steps", steps or UNKNOWN))
    made_at = ev.reported(passed.node.span)
    return ev.new(passed.node, "LambdaLR", Instance(External(_LAMBDA), given, made_at=made_at))


def scheduler_method(ev: Evaluator, base: Ref, path: str, name: str, passed: Passed) -> Value | None:
    key = (ev.frame.label, passed.node.span)
    has_stepped = ev.first_seen.setdefault(key, _has_stepped(ev, base))
    if not ev.silence:
        site = ev.reported(passed.node.span)
        owner = ev.frames[0].owner
        inside = owner is not None and classes.kind_of(ev.program, owner) == "scheduler"
        ev.emit(
            SchedulerCall(
                site,
                method_name_site(ev, passed.node, site),
                path,
                name,
                passed.for_rules(ev),
                ev.operand(base, site),
                has_stepped,
                inside,
            )
        )
    if name == "step":
        ev.record("scheduler_step", passed.node.span, base)
        paces.stepped(ev, base, path, passed)
    optimizer = _optimizer_of(ev, base)
    if name == "load_state_dict" and isinstance(optimizer, Ref):
        ev.now.gradients.stepped[optimizer] = UNKNOWN
    return UNKNOWN


def _optimizer_of(ev: Evaluator, scheduler: Ref) -> Value | None:
    thing = ev.instance(scheduler)
    given = {} if thing is None else dict(thing.arguments)
    return given.get(0, given.get("optimizer"))


def _has_stepped(ev: Evaluator, scheduler: Ref) -> bool | Unknown:
    optimizer = _optimizer_of(ev, scheduler)
    made = ev.instance(optimizer)
    if made is None or not isinstance(optimizer, Ref) or not objects.is_optimizer(ev, optimizer):
        return UNKNOWN
    if optimizer in ev.now.gradients.stepped:
        return ev.now.gradients.stepped[optimizer]
    return UNKNOWN if made.escaped or made.made_at is None or not _made_in_this_walk(ev, optimizer) else False


def _made_in_this_walk(ev: Evaluator, ref: Ref) -> bool:
    """Not taken over from another function's world, where it may have been used."""
    return ref.is_below(ev.frames[0].label)


def method_name_site(ev: Evaluator, node: tree.Call, site: Site) -> Site:
    """The name of the method alone, if the call stands where it is reported."""
    if isinstance(node.func, tree.Attribute) and site.inside is None:
        return site._replace(span=node.func.name_span)
    return site
