"""Optimizers: what they hold, and their steps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dryfit.semantic import classes, containers, frozen_later, kept_states, objects, unused
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.facts import (
    FrozenHeld,
    GradientsTaken,
    GroupAdded,
    OptimizerBuilt,
    OptimizerStep,
)
from dryfit.semantic.heap import DictObject, GeneratorObject, Instance, ListObject
from dryfit.semantic.operand import Operand
from dryfit.semantic.state import Gradients
from dryfit.semantic.values import (
    NONE,
    PARAMETER_NAME,
    UNKNOWN,
    ClassValue,
    ConstantValue,
    External,
    ParameterValue,
    Ref,
    Site,
    TensorValue,
    TupleValue,
    Unknown,
    Value,
    gather,
    join,
    options,
)
from dryfit.syntax import tree
from dryfit.text.span import Span

if TYPE_CHECKING:
    from dryfit.semantic.calls import Passed

from dryfit.semantic import events

MAX_GROUP_DEPTH = 5


def optimizer_built(ev: Evaluator, path: str, passed: Passed) -> Ref:
    """`torch.optim.X(params, ...)`."""
    parameters = passed.get(0, "params")
    previous = ev.instance(Ref(ev.label(passed.node, path.rsplit(".", 1)[-1])))
    ref = ev.new(passed.node, path.rsplit(".", 1)[-1], Instance(External(path), passed.pairs()))
    site = ev.reported(passed.node.span)
    if not ev.silence:
        arguments = passed.for_rules(ev)
        ev.emit(OptimizerBuilt(site, path, arguments, arguments.get(0, "params"), ev.operand(ref, site)))
    holds = held_parameters(ev, parameters)
    if previous is not None and previous.holds is not None:
        # The same place makes one optimizer a pass: what it stands for holds what any of them does.
        both = join(previous.holds, holds)
        holds = both if isinstance(both, ParameterValue) else holds
    held = _held_now(ev, holds) if previous is None else None
    made = Instance(External(path), passed.pairs(), {}, holds.is_open, holds=holds, made_at=site, held=held)
    ev.put(ref, made)
    consume_groups(ev, parameters, passed.node.span)
    _report_frozen(ev, holds, site)
    if not ev.silence and not holds.is_open:
        unused.tensors_not_held(ev, holds, site)
    return ref


def _held_now(ev: Evaluator, holds: ParameterValue) -> frozenset[Ref] | None:
    """The modules that these parameters are of, with all that is registered below them at this moment."""
    found: set[Ref] = set(holds.of)
    for ref in holds.of:
        for below, thing in objects.submodules(ev.program, ev.now.heap, ref).items():
            if thing.is_open or thing.escaped or thing.lazy is not None:
                return None
            found.add(below)
    return frozenset(found)


def held_parameters(ev: Evaluator, value: Value | None) -> ParameterValue:
    """What an optimizer holds that is given this: bounds from above and below."""
    found: Value = ParameterValue(frozenset())
    for option in options(value) if value is not None else ():
        for part in _parts(ev, option, 0):
            if isinstance(part, ParameterValue):
                found = gather(found, part) or found
            elif isinstance(part, Ref) and objects.is_instance_of(ev.program, ev.get(part), classes.PARAMETER):
                found = gather(found, ParameterValue(frozenset({part}), False, frozenset({part}))) or found
            else:
                found = gather(found, ParameterValue(frozenset(), True)) or found
    assert isinstance(found, ParameterValue)
    if len(options(value) if value is not None else ()) > 1:
        return replace(found, whole=frozenset())
    return found


def _parts(ev: Evaluator, value: Value, depth: int) -> list[Value]:
    """The parameters in groups, lists and iterators; Unknown for what cannot be told."""
    thing = ev.get(value)
    if depth > MAX_GROUP_DEPTH:
        return [UNKNOWN]
    if isinstance(value, TupleValue):
        if len(value.items) == 2 and _is_name(value.items[0]):
            return _parts(ev, value.items[1], depth + 1)  # an element of `named_parameters()`
        return [p for item in value.items for p in _parts(ev, item, depth + 1)]
    if isinstance(thing, DictObject):
        entry = thing.find(ConstantValue("params", "str"))
        return [UNKNOWN] if entry is None else _parts(ev, entry.value, depth + 1)
    inner: tuple[Value, ...] = ()
    if isinstance(thing, ListObject):
        inner = thing.items if thing.rest is None else (*thing.items, thing.rest)
    elif isinstance(thing, GeneratorObject):
        inner = (thing.element if thing.used is False else containers.weakened(thing.element),)
    if isinstance(thing, (ListObject, GeneratorObject)):
        return [p for item in inner for option in options(item) for p in _parts(ev, option, depth + 1)]
    return [value]


def _is_name(value: Value) -> bool:
    return value == PARAMETER_NAME or (isinstance(value, ConstantValue) and value.type == "str")


def _report_frozen(ev: Evaluator, holds: ParameterValue, site: Site) -> None:
    """Parameters that their own module's code switched off one by one, so that none of the module's own moves."""
    if ev.silence:
        return
    for ref in sorted(holds.whole, key=str):
        for module in objects.submodules(ev.program, ev.now.heap, ref).values():
            own = {
                name: ev.instance(v)
                for name, v in module.attributes.items()
                if objects.is_instance_of(ev.program, ev.get(v), classes.PARAMETER)
            }
            if (
                own
                and not module.escaped
                and all(p is not None and p.frozen is True and p.frozen_at for p in own.values())
            ):
                for name, parameter in own.items():
                    if parameter is not None and parameter.frozen_at is not None:
                        owner = module.cls.path if isinstance(module.cls, ClassValue) else ""
                        ev.emit(FrozenHeld(parameter.frozen_at, f"{owner}.{name}" if owner else name, site))


def groups_changed(
    ev: Evaluator,
    span: Span,
    receiver: Value,
    method: str,
    group: Value | None,
    group_site: Site | None,
    node: tree.Call | None,
) -> None:
    """`add_param_group(group)`, or `param_groups` changed by hand."""
    thing = ev.instance(receiver)
    if thing is None or not objects.is_optimizer(ev, receiver):
        ev.escape(group)
        return
    added = held_parameters(ev, group)
    site = ev.reported(span)
    if not ev.silence:
        tail: Site | None = None
        if node is not None and isinstance(node.func, tree.Attribute) and site.inside is None:
            inner = node.func.value
            if method == "add_param_group":
                tail = ev.site(node.func.value.span.at_end.to(node.func.span))
            elif isinstance(inner, tree.Attribute):
                tail = ev.site(inner.value.span.at_end.to(node.func.span))
        held = frozenset() if thing.holds is None else thing.holds.whole
        owned = [ev.program.parameter_owners(ev.now.heap, refs) for refs in (held, added.whole)]
        repeats = bool(owned[0] & owned[1] & (owned[0] if thing.held is None else thing.held))
        operand: Operand | Unknown | None = None
        if group is not None:
            is_visible = group_site is not None and group_site.module == site.module
            operand = ev.operand(group, group_site if is_visible else site)
        ev.emit(GroupAdded(site, method, ev.operand(receiver, site), operand, tail, repeats))
    holds = gather(thing.holds, added) if thing.holds is not None else added
    assert isinstance(holds, ParameterValue)
    assert isinstance(receiver, Ref)
    more = _held_now(ev, added)
    all_held = None if thing.held is None or more is None else thing.held | more
    ev.put(receiver, replace(thing, holds=holds, is_open=thing.is_open or added.is_open, held=all_held))
    consume_groups(ev, group, span)


def consume_groups(ev: Evaluator, value: Value | None, span: Span) -> None:
    """An optimizer runs the iterators in its groups to their ends."""
    if value is None:
        return
    for part in (value, *(containers.elements(ev, value) or ())):
        thing = ev.get(part)
        entry = thing.find(ConstantValue("params", "str")) if isinstance(thing, DictObject) else None
        containers.consume(ev, part if entry is None else entry.value, span)


def optimizer_method(ev: Evaluator, base: Ref, thing: Instance, name: str, passed: Passed) -> Value | None:
    if name == "zero_grad":
        events.cleared(ev, base, passed)
        return NONE
    if name == "step":
        return stepped(ev, base, thing, passed, passed.values())
    if name == "add_param_group":
        group, group_site = passed.get(0, "param_group"), passed.site_of(0, "param_group")
        groups_changed(ev, passed.node.span, base, name, group, group_site, passed.node)
        return NONE
    if name == "load_state_dict":
        ev.now.gradients.stepped[base] = UNKNOWN
    if name in ("state_dict", "load_state_dict"):
        return UNKNOWN
    if name in ("train", "eval"):
        return NONE
    return ev.unknown_call(base, passed.values())


def stepped(ev: Evaluator, base: Ref, thing: Instance, passed: Passed, given: list[Value]) -> Value:
    """`optimizer.step()`; with a closure, what the closure does is part of it and nothing is claimed."""
    gradients = ev.now.gradients
    kept_states.stepped(ev, thing)
    ev.watch.train_here()
    site = ev.reported(passed.node.span)
    if given or passed.open_positional:
        for value in given:
            ev.escape(value)
        ev.barrier()
        gradients.filled = False
        ev.record("zero_grad", passed.node.span, None)
    else:
        frozen_later.stepped(ev, base, thing, site)
        place = gradients.cleared.get(base) or _cleared_through_modules(gradients, thing)
        if _is_frozen(ev, thing):
            place = None  # cleared on purpose: a gradient that is left over moves a frozen weight
        ev.emit(OptimizerStep(site, ev.operand(base, site), place))
        is_empty = not gradients.filled or place is not None
        if is_empty and gradients.taken is not None and thing.holds is not None and gradients.taken[1] & thing.holds.of:
            ev.emit(GradientsTaken(gradients.taken[0], ev.operand(base, site), site))
    gradients.cleared.pop(base, None)
    gradients.stepped[base] = True
    ev.record("step", passed.node.span, base)
    return UNKNOWN


def _is_frozen(ev: Evaluator, thing: Instance) -> bool:
    """May something that the optimizer holds be switched off?"""
    held = [ev.instance(ref) for ref in (thing.holds.of if thing.holds is not None else ())]
    return any(part is not None and part.frozen is not False for part in held)


def _cleared_through_modules(gradients: Gradients, thing: Instance) -> Site | None:
    """`net.zero_grad()` cleared all that this optimizer holds."""
    if thing.holds is None or thing.holds.is_open or not thing.holds.of:
        return None
    places = [gradients.cleared.get(module) for module in sorted(thing.holds.of, key=str)]
    return places[0] if all(places) else None


def scaler_method(ev: Evaluator, base: Ref, name: str, passed: Passed) -> Value | None:
    """`GradScaler`: `scaler.step(optimizer)` is the optimizer's step, `scaler.scale(loss)` the loss."""
    first = passed.get(0, "optimizer") or UNKNOWN
    thing = ev.instance(first)
    if name == "step" and isinstance(first, Ref) and thing is not None and objects.is_optimizer(ev, first):
        return stepped(ev, first, thing, passed, passed.values()[1:])
    if name == "scale":
        return first if isinstance(first, TensorValue) else UNKNOWN
    if name == "unscale_":
        ev.record("unscale", passed.node.span, first)
        return NONE
    if name in ("update", "get_scale", "state_dict", "load_state_dict", "is_enabled"):
        return UNKNOWN
    return ev.unknown_call(base, passed.values())
