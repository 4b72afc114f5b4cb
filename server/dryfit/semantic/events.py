"""What happens to gradients, optimizers and schedulers, and the facts about it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dryfit.semantic import classes, containers, objects
from dryfit.semantic.evaluator import Evaluator, Recorder
from dryfit.semantic.facts import (
    Backward,
    BaseNotInitialised,
    FrozenHeld,
    GradientsCleared,
    GradientsTaken,
    GroupAdded,
    LossCall,
    OptimizerBuilt,
    OptimizerStep,
    SchedulerBuilt,
    SchedulerCall,
    TrainingLoop,
)
from dryfit.semantic.heap import DictObject, GeneratorObject, Heap, Instance, ListObject
from dryfit.semantic.operand import Operand
from dryfit.semantic.state import Gradients, State
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

MAX_GROUP_DEPTH = 5


# ------------------------------------------------------------------------------------------------- optimizers
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
    made = Instance(External(path), passed.pairs(), {}, holds.is_open, holds=holds, made_at=site)
    ev.put(ref, made)
    _consume_groups(ev, parameters, passed.node.span)
    _report_frozen(ev, holds, site)
    return ref


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
    if isinstance(thing, ListObject | GeneratorObject):
        return [p for item in inner for option in options(item) for p in _parts(ev, option, depth + 1)]
    return [value]


def _is_name(value: Value) -> bool:
    return value == PARAMETER_NAME or (isinstance(value, ConstantValue) and value.type == "str")


def _report_frozen(ev: Evaluator, holds: ParameterValue, site: Site) -> None:
    """Parameters that their own module's code switched off one by one, so that none of the module's own moves."""
    if ev.silence:
        return
    for ref in sorted(holds.whole, key=lambda r: r.label):
        for module in objects.submodules(ev.program, ev.now.heap, ref).values():
            own = {
                name: ev.instance(v)
                for name, v in module.attributes.items()
                if objects.is_instance_of(ev.program, ev.get(v), classes.PARAMETER)
            }
            if own and not module.escaped and all(p is not None and p.frozen is True and p.frozen_at for p in own.values()):
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
        if node is not None and isinstance(node.func, tree.Attribute) and site.span == span:
            inner = node.func.value
            if method == "add_param_group":
                tail = ev.site(node.func.value.span.at_end.to(node.func.span))
            elif isinstance(inner, tree.Attribute):
                tail = ev.site(inner.value.span.at_end.to(node.func.span))
        held = frozenset() if thing.holds is None else thing.holds.whole
        owned = [ev.program.parameter_owners(ev.now.heap, refs) for refs in (held, added.whole)]
        repeats = bool(owned[0] & owned[1])
        operand: Operand | None | Unknown = None
        if group is not None:
            operand = ev.operand(group, group_site if group_site is not None and site.span == span else site)
        ev.emit(GroupAdded(site, method, ev.operand(receiver, site), operand, tail, repeats))
    holds = gather(thing.holds, added) if thing.holds is not None else added
    assert isinstance(holds, ParameterValue) and isinstance(receiver, Ref)
    ev.put(receiver, replace(thing, holds=holds, is_open=thing.is_open or added.is_open))
    _consume_groups(ev, group, span)


def _consume_groups(ev: Evaluator, value: Value | None, span: Span) -> None:
    """An optimizer runs the iterators in its groups to their ends."""
    if value is None:
        return
    for part in (value, *(containers.elements(ev, value) or ())):
        thing = ev.get(part)
        entry = thing.find(ConstantValue("params", "str")) if isinstance(thing, DictObject) else None
        containers.consume(ev, part if entry is None else entry.value, span)


def optimizer_method(ev: Evaluator, base: Ref, thing: Instance, name: str, passed: Passed) -> Value | None:
    if name == "zero_grad":
        cleared(ev, base, passed)
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
    site = ev.reported(passed.node.span)
    if given or passed.open_positional:
        for value in given:
            ev.escape(value)
        ev.barrier()
        gradients.filled = False
        ev.record("zero_grad", passed.node.span, None)
    else:
        place = gradients.cleared.get(base) or _cleared_through_modules(gradients, thing)
        ev.emit(OptimizerStep(site, ev.operand(base, site), place))
        is_empty = not gradients.filled or place is not None
        if is_empty and gradients.taken is not None and thing.holds is not None and gradients.taken[1] & thing.holds.of:
            ev.emit(GradientsTaken(gradients.taken[0], ev.operand(base, site), site))
    gradients.cleared.pop(base, None)
    gradients.stepped[base] = True
    ev.record("step", passed.node.span, base)
    return UNKNOWN


def _cleared_through_modules(gradients: Gradients, thing: Instance) -> Site | None:
    """`net.zero_grad()` cleared all that this optimizer holds."""
    if thing.holds is None or thing.holds.is_open or not thing.holds.of:
        return None
    places = [gradients.cleared.get(module) for module in sorted(thing.holds.of, key=lambda r: r.label)]
    return places[0] if all(places) else None


# -------------------------------------------------------------------------------------------------- gradients
def cleared(ev: Evaluator, base: Ref, passed: Passed) -> None:
    """`zero_grad()` of an optimizer or module. Before any backward it is a harmless idiom."""
    site = ev.reported(passed.node.span)
    gradients = ev.now.gradients
    if gradients.filled:
        gradients.cleared[base] = site
    gradients.clear_sites[base] = site
    ev.record("zero_grad", passed.node.span, base)
    if not ev.silence:
        ev.emit(GradientsCleared(site, ev.operand(base, site)))


def backward(ev: Evaluator, loss: Value, passed: Passed) -> Value:
    """Gradients arrive: whatever was cleared before is filled again."""
    site = ev.reported(passed.node.span)
    if not ev.silence:
        ev.emit(Backward(site, ev.operand(loss, site)))
    gradients = ev.now.gradients
    gradients.filled = True
    gradients.cleared.clear()
    gradients.taken = None
    ev.record("backward", passed.node.span, loss)
    return NONE


def gradients_taken(ev: Evaluator, passed: Passed) -> Value:
    """`torch.autograd.grad(outputs, inputs)`: returns gradients, and puts none into `.grad`."""
    inputs = passed.get(1, "inputs")
    holds = held_parameters(ev, inputs)
    _consume_groups(ev, inputs, passed.node.span)
    if holds.of and not holds.is_open:
        ev.now.gradients.taken = (ev.reported(passed.node.span), holds.of)
    ev.record("grad", passed.node.span, None)
    return ev.new(passed.node, "gradients", ListObject(rest=TensorValue(tag="gradient"), kind="tuple"))


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


def loss_called(ev: Evaluator, passed: Passed, name: str) -> Value:
    """A loss of torch."""
    if not ev.silence:
        arguments = passed.for_rules(ev)
        ev.emit(LossCall(arguments.site, name, arguments.get(0, "input"), arguments.get(1, "target")))
    return objects.combined(ev, passed.values(), "loss")


# ------------------------------------------------------------------------------------------------- schedulers
def scheduler_built(ev: Evaluator, path: str, passed: Passed) -> Ref:
    """`torch.optim.lr_scheduler.X(optimizer, ...)`. It takes its own first step, which counts for nobody."""
    ref = ev.new(passed.node, path.rsplit(".", 1)[-1], Instance(External(path), passed.pairs()))
    if not ev.silence:
        arguments = passed.for_rules(ev)
        site = arguments.site
        ev.emit(SchedulerBuilt(site, path, arguments, arguments.get(0, "optimizer"), ev.operand(ref, site)))
    return ref


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
    return ref.label[: len(ev.frames[0].label)] == ev.frames[0].label


def method_name_site(ev: Evaluator, node: tree.Call, site: Site) -> Site:
    """The name of the method alone, if the call stands where it is reported."""
    if isinstance(node.func, tree.Attribute) and site.span == node.span:
        return site._replace(span=node.func.name_span)
    return site


# ------------------------------------------------------------------------------------------------------ loops
def loop_ended(
    ev: Evaluator, node: tree.For | tree.While, recorder: Recorder, entering: Gradients, after: State | None
) -> None:
    """The fact about a loop that trains, if it is the innermost one that steps or runs backward."""
    own = [recorder.events[i] for i in recorder.own]
    if not recorder.repeats or not any(event.kind in ("step", "backward") for event in own):
        return
    step = next((e for e in own if e.kind == "step" and e.is_certain), None)
    certain_backward = any(e.kind == "backward" and e.is_certain for e in own)
    head = node.iter if isinstance(node, tree.For) else node.test
    site = ev.reported(node.span.to(head.span))
    heap = after.heap if after is not None else ev.now.heap if ev.state is not None else {}
    clears = _clears(recorder, step.subject if step else None, heap)
    before: Site | None = None
    if step is not None and step.subject is not None and isinstance(step.subject.value, Ref):
        before = entering.clear_sites.get(step.subject.value)
    ev.emit(
        TrainingLoop(site, tuple(recorder.events), clears, step, step is not None and certain_backward, before)
    )


def _clears(recorder: Recorder, optimizer: Operand | None, heap: Heap) -> bool | Unknown:
    """Does the loop clear gradients? False only if everything in it is seen and nothing could."""
    kinds = {event.kind for event in recorder.events}
    if any(event.kind == "zero_grad" and event.is_certain and event.subject is not None for event in recorder.events):
        return True
    if "zero_grad" in kinds or "grad" in kinds or recorder.is_opaque or optimizer is None:
        return UNKNOWN
    thing = heap.get(optimizer.value) if isinstance(optimizer.value, Ref) else None
    if not isinstance(thing, Instance) or thing.escaped or thing.holds is None or thing.holds.is_open:
        return UNKNOWN
    if optimizer.value in recorder.made:
        return UNKNOWN  # a new one on each pass
    for module in thing.holds.of:
        made = heap.get(module)
        if module in recorder.made or not isinstance(made, Instance) or made.escaped or made.cls is UNKNOWN:
            return UNKNOWN
    return False


# ------------------------------------------------------------------------------------------------ constructors
def registered_early(ev: Evaluator, ref: Ref, thing: Instance, name: str, value: Ref, site: Site) -> None:
    """`self.layer = nn.Linear(...)` in a constructor that has not called the base's yet."""
    root = ev.frames[0]
    is_registered = objects.is_module(ev, value) or objects.is_instance_of(ev.program, ev.get(value), classes.PARAMETER)
    if ev.silence or not is_registered or len(ev.frames) != 1 or root.receiver != ref or thing.is_open:
        return
    node = root.node
    if not isinstance(node, tree.Function) or node.name != "__init__" or any(isinstance(f, BaseNotInitialised) for f in ev.facts):
        return
    body = node.body
    if body and isinstance(body[0], tree.ExpressionStatement) and isinstance(body[0].value, tree.Constant) and len(body) > 1:
        body = body[1:]
    later = any(
        isinstance(n, tree.Attribute) and n.name == "__init__" for statement in body for n in tree.walk(statement)
    )
    first = ev.site(body[0].span)
    takes_arguments = root.owner is None or _constructor_takes_arguments(ev, root.owner)
    ev.emit(BaseNotInitialised(site, name, ev.site(node.name_span), first, later, takes_arguments))


def _constructor_takes_arguments(ev: Evaluator, owner: ClassValue) -> bool:
    """Does the constructor above this class have parameters without defaults?"""
    found = ev.program.member(owner, "__init__", after=True)
    if found is not None:
        node = ev.program.definition(found.function) if found.function is not None else None
        if node is None:
            return True
        return any(p.default is None and p.kind not in ("*", "**") for p in node.parameters[1:])
    signature = ev.program.frameworks.signature(classes.nearest_framework_class(ev.program, owner))
    return signature is None or bool(signature.required)
