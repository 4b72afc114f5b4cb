"""Torch modules and the methods of framework objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from dryfit.semantic import (
    classes,
    containers,
    events,
    flow,
    frozen_later,
    kept_states,
    lightning,
    modes,
    module_containers,
    objects,
    optimizers,
    schedulers,
    tensors,
    unused,
    vocabulary,
)
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.facts import FrameworkCall, TrainerCall
from dryfit.semantic.heap import DictObject, Entry, GeneratorObject, Instance, ListObject
from dryfit.semantic.history import ANYTHING, NOTHING, Cut, History
from dryfit.semantic.values import (
    NONE,
    PARAMETER_NAME,
    PLAIN,
    UNKNOWN,
    ClassValue,
    ConstantValue,
    External,
    Method,
    OneOf,
    ParameterValue,
    Ref,
    SuperValue,
    TensorValue,
    TupleValue,
    Value,
    constant,
    options,
)
from dryfit.text.span import Span

if TYPE_CHECKING:
    from dryfit.semantic.calls import Passed

CONTAINERS = module_containers.CONTAINERS
TRAINER = objects.TRAINER

_OF_DATA = vocabulary.KEEPS_TAG | vocabulary.OF_ONE_TENSOR | frozenset({"long", "int", "bool", "squeeze", "view"})
_GENERATORS = {"parameters": False, "named_parameters": True}
_RECURRENT: dict[str, Callable[[TensorValue], Value]] = {  # and what comes beside the output
    "torch.nn.LSTM": lambda made: TupleValue((made, made)),
    "torch.nn.GRU": lambda made: made,
    "torch.nn.RNN": lambda made: made,
    "torch.nn.MultiheadAttention": lambda made: UNKNOWN,
}
_TAGS = {"torch.nn.Softmax": "softmax", "torch.nn.LogSoftmax": "log_softmax", "torch.nn.Sigmoid": "sigmoid"}


# ---------------------------------------------------------------------------------------------------- making
def new_module(ev: Evaluator, path: str, passed: Passed) -> Ref:
    """An instance of a module class of torch."""
    attributes: dict[str, Value] = {}
    is_open = False
    if path in CONTAINERS:
        attributes, is_open = module_containers.children(ev, path, passed)
    else:
        for i, value in enumerate(passed.values()):
            if isinstance(value, Ref) and objects.is_module(ev, value):
                attributes[f"({i})"] = value  # handed to a framework class: reachable through it
    is_open = is_open or path.startswith("torch.nn.Transformer")
    return ev.new(
        passed.node,
        path.rsplit(".", 1)[-1],
        Instance(External(path), passed.pairs(), attributes, is_open, initialised=True),
    )


# --------------------------------------------------------------------------------------------------- calling
def call_module(ev: Evaluator, ref: Ref, thing: Instance, passed: Passed) -> Value:
    """`module(...)`: runs its forward."""
    since = (len(ev.module_calls), len(ev.watch.asking))
    ev.watch.forwards += 1
    value = _forward(ev, ref, thing, passed)
    ev.watch.forwards -= 1
    if ev.watch.forwards == 0 and ev.state is not None:
        modes.called(ev, ref, passed, since)
    return value


def _forward(ev: Evaluator, ref: Ref, thing: Instance, passed: Passed) -> Value:
    from dryfit.semantic import calls

    ev.record("forward", passed.node.span, ref)
    behind = frozenset(r for v in passed.values() if isinstance(v, TensorValue) for r in v.through)
    ev.module_calls.append((ref, behind, ev.reported(passed.node.span)))
    if isinstance(thing.cls, ClassValue):
        found = ev.program.member(thing.cls, "forward")
        if found is not None and found.function is not None and ev.program.member(thing.cls, "__call__") is None:
            return calls.inline(ev, found.function, passed, ref, found.owner)
        return ev.unknown_call(ref, passed.values())
    path = objects.class_name(thing)
    if "Loss" in path and ev.program.frameworks.is_subclass(path, "torch.nn.Module"):
        return events.loss_called(ev, passed, path.rsplit(".", 1)[-1])
    given = [v for value in passed.values() for v in (value.items if isinstance(value, TupleValue) else (value,))]
    result = objects.combined(ev, given)
    through = result.through | {ref}
    sources = result.sources if ev.no_grad else result.sources | {ref}
    made = TensorValue(sources, through, _TAGS.get(path, ""), None, _history_of_call(ev, ref, thing, passed, result))
    if path == "torch.nn.Sequential":
        return _call_sequential(ev, ref, thing, passed, made)
    if path in CONTAINERS:
        return UNKNOWN
    if path in _RECURRENT:
        return TupleValue((made, _RECURRENT[path](made)))
    if not ev.program.frameworks.is_subclass(path, classes.MODULE):
        return UNKNOWN
    return made


def _history_of_call(ev: Evaluator, ref: Ref, thing: Instance, passed: Passed, result: TensorValue) -> History:
    """Where a backward leads from what a module of torch puts out: through its weights, if it has any."""
    if flow.is_off(ev):
        return History(NOTHING, Cut(ev.reported(passed.node.span), "no_grad"))
    history, program = result.history, ev.program
    if program.frameworks.has_parameters(objects.class_name(thing)) is False and not thing.attributes:
        return history
    inside = objects.submodules(program, ev.now.heap, ref).values()
    if any(objects.has_own_parameters(program, t) and t.frozen is False and not t.escaped for t in inside):
        name = "/".join((*ev.label(passed.node, "call"), str(ev.watch.passes)))
        return History(ANYTHING, history.cut, None, history.calls | {name}, history.spent)
    return History(ANYTHING, history.cut, None, history.calls, history.spent)


def _call_sequential(ev: Evaluator, ref: Ref, thing: Instance, passed: Passed, result: TensorValue) -> Value:
    """Gradients reach the members that are plain torch modules; with project classes inside, nothing is certain."""
    parts = list(thing.attributes.values())
    if thing.is_open or "*" in thing.attributes or not parts:
        return replace(result, tag="")
    members = [ev.instance(p) for p in parts]
    if any(m is None or not isinstance(m.cls, External) for m in members):
        return UNKNOWN
    last = objects.class_name(members[-1])
    return replace(result, tag=_TAGS.get(last, ""))


# --------------------------------------------------------------------------------------------------- methods
def method(ev: Evaluator, base: Value, name: str, passed: Passed) -> Value:
    """A method of something that is not project code, or not known."""
    thing = ev.get(base)
    if isinstance(base, Method) and base.name == "param_groups" and name in ("append", "extend", "insert"):
        position = 1 if name == "insert" else 0
        group = passed.get(position, "object")
        site = passed.site_of(position, "object")
        optimizers.groups_changed(ev, passed.node.span, base.receiver, name, group, site, passed.node)
        return NONE
    if isinstance(thing, ListObject) and isinstance(base, Ref):
        site = passed.positional_sites[-1] if passed.positional_sites else None
        return containers.list_method(ev, passed.node, base, thing, name, tuple(passed.positional), site)
    if isinstance(thing, DictObject) and isinstance(base, Ref):
        keywords = DictObject(tuple([Entry(constant(k), v) for k, v in passed.keywords.items()]), passed.open_keywords)
        return containers.dict_method(ev, passed.node, base, thing, name, tuple(passed.positional), keywords)
    if isinstance(base, SuperValue):
        return _super_method(ev, base, name, passed)
    if isinstance(base, OneOf) and any(isinstance(option, TensorValue) for option in base.options):
        return events.backward(ev, base, passed) if name == "backward" else _unknown_method(ev, base, name, passed)
    if isinstance(base, TensorValue):
        return tensors.method(ev, base, name, passed)
    if isinstance(base, ParameterValue):
        return _parameter_method(ev, base, name, passed)
    if isinstance(thing, Instance) and isinstance(base, Ref) and thing.cls is not UNKNOWN:
        found = _instance_method(ev, base, thing, name, passed)
        if found is not None:
            return found
    if base == PLAIN and (name in _OF_DATA or all(flow.is_plain(ev, v) for v in passed.values())):
        return PLAIN
    if isinstance(base, External) and base != PLAIN:
        return _class_method(ev, base, name, passed)
    return _unknown_method(ev, base, name, passed)


def method_of_one(ev: Evaluator, base: OneOf, name: str) -> None:
    """A method of one of several objects, it is not known of which: what it would change is not certain any more."""
    if name in ("train", "eval"):
        modes.unsettle(ev)
        ev.record("train", Span(0, 0, 0, 0), None)
    for option in base.options:
        if kept_states.is_state(ev.get(option)) and name not in kept_states.READING:
            ev.escape(option)


def _unknown_method(ev: Evaluator, base: Value, name: str, passed: Passed) -> Value:
    """A method of an object that is not known: any of the things that such a name could do is provided for."""
    if name == "__init__":
        initialise(ev, ev.frame.receiver)  # perhaps that of a class above
    if name == "zero_grad":
        ev.record("zero_grad", passed.node.span, None)
    if name == "backward":
        # Whatever it is, gradients are not what they were.
        ev.barrier()
        ev.now.gradients.filled = True
        ev.record("backward", passed.node.span, None)
    if name in ("train", "eval"):
        modes.unsettle(ev)
        ev.record("train", passed.node.span, None)
    if name in vocabulary.INERT:
        if isinstance(ev.get(base), GeneratorObject):
            ev.escape(base, freezes=False)
        for value in passed.values():
            ev.escape(value, freezes=False)
        return UNKNOWN
    return ev.unknown_call(base, passed.values())


def _super_method(ev: Evaluator, base: SuperValue, name: str, passed: Passed) -> Value:
    """A method of the framework classes above."""
    thing = ev.instance(base.receiver)
    if name == "__init__":
        initialise(ev, base.receiver)
        return NONE
    if name in ("__setattr__", "setup", "forward", "train", "eval", "on_load_checkpoint", "on_save_checkpoint"):
        return NONE
    if thing is not None and isinstance(base.receiver, Ref):
        found = _instance_method(ev, base.receiver, thing, name, passed)
        if found is not None:
            return found
    return ev.unknown_call(base.receiver, passed.values())


def initialise(ev: Evaluator, receiver: Value | None) -> None:
    """The framework's constructor ran for this object."""
    thing = ev.instance(receiver)
    if thing is not None and receiver is not None:
        ev.put(receiver, replace(thing, initialised=True))


def _class_method(ev: Evaluator, base: External, name: str, passed: Passed) -> Value:
    """`Class.method(...)` of a framework class."""
    if base.path == TRAINER:
        ev.emit(_trainer_call(ev, base, name, passed))
    elif name == "__init__" and passed.positional:
        initialise(ev, passed.positional[0])
        return NONE
    return ev.unknown_call(None, passed.values())


def _instance_method(ev: Evaluator, base: Ref, thing: Instance, name: str, passed: Passed) -> Value | None:
    """A method of a framework object, or one that a project object inherits; None if it is not modelled."""
    if kept_states.is_state(thing):
        return kept_states.method(ev, base, name, passed)
    path = _framework_class(ev, thing)
    bases = ev.program.bases(path) if path else ()
    value: Value | None = None
    if classes.OPTIMIZER in bases:
        value = optimizers.optimizer_method(ev, base, thing, name, passed)
    elif classes.SCHEDULER in bases:
        value = schedulers.scheduler_method(ev, base, path, name, passed)
    elif classes.PARAMETER in bases or path == classes.PARAMETER:
        value = _parameter_object_method(ev, base, thing, name, passed)
    elif classes.MODULE in bases:
        value = _module_method(ev, base, thing, path, name, passed)
    elif tensors.DISTRIBUTED in thing.attributes:
        value = tensors.of_distribution(ev, thing, name, passed)
    elif path == TRAINER:
        ev.emit(_trainer_call(ev, base, name, passed))
        if name == "fit":
            lightning.asked_for_loaders(ev, passed)
        value = ev.unknown_call(None, passed.values())
    elif path == "torch.cuda.amp.GradScaler" or path == "torch.amp.GradScaler":
        value = optimizers.scaler_method(ev, base, name, passed)
    if path and not ev.silence:
        site = ev.reported(passed.node.span)
        result = ev.operand(UNKNOWN if value is None else value, site)
        sure = ev.branches == 0 and not any(frame.left_early for frame in ev.frames)
        ev.emit(FrameworkCall(site, f"{path}.{name}", passed.for_rules(ev), ev.operand(base, site), result, sure))
    return value


def _framework_class(ev: Evaluator, thing: Instance) -> str:
    return "" if thing.cls is UNKNOWN else classes.nearest_framework_class(ev.program, thing.cls)


def _trainer_call(ev: Evaluator, base: Value, name: str, passed: Passed) -> TrainerCall:
    site = ev.reported(passed.node.span)
    name_site = schedulers.method_name_site(ev, passed.node, site)
    return TrainerCall(site, name_site, name, passed.for_rules(ev), ev.operand(base, site), ev.expecting > 0)


# -------------------------------------------------------------------------------------------- torch.nn.Module
def _module_method(ev: Evaluator, base: Ref, thing: Instance, path: str, name: str, passed: Passed) -> Value | None:
    first = passed.positional[0] if passed.positional else None
    if name in _GENERATORS:
        recurse = passed.get(1, "recurse")
        whole = frozenset({base}) if recurse is None or recurse == ConstantValue(True, "bool") else frozenset()
        element: Value = ParameterValue(frozenset({base}), False, whole)
        if _GENERATORS[name]:
            element = TupleValue((PARAMETER_NAME, element))
        return containers.iterator(ev, passed.node, element, name)
    if name in vocabulary.MODULE_GENERATORS:
        return containers.iterator(ev, passed.node, _any_module(ev, base, name), name)
    if name == "requires_grad_":
        value = passed.get(0, "requires_grad")
        off = False if value is None else not value.value if isinstance(value, ConstantValue) else UNKNOWN
        ev.freeze([base], off)
        frozen_later.switched(ev, [base], value, ev.reported(passed.node.span))
        return base
    if name in ("train", "eval"):
        mode = ConstantValue(name == "train", "bool") if name == "eval" else passed.get(0, "mode")
        is_on = True if mode is None else bool(mode.value) if isinstance(mode, ConstantValue) else UNKNOWN
        modes.set_mode(ev, base, is_on, ev.reported(passed.node.span))
        ev.record("train" if name == "train" and is_on is not False else "eval", passed.node.span, base)
        (ev.evaluating.add if name == "eval" and not passed.values() else ev.evaluating.discard)(base)
    if name in vocabulary.FLUENT:
        return base
    if name == "zero_grad":
        events.cleared(ev, base, passed)
        return NONE
    if name in ("add_module", "register_module", "register_parameter"):
        key, value = passed.get(0, "name"), passed.get(1, "module") or passed.get(1, "param")
        if isinstance(key, ConstantValue) and value is not None:
            ev.put(base, objects.with_attribute(thing, str(key.value), value))
        else:
            ev.put(base, replace(thing, is_open=True))
        return NONE
    if name == "state_dict" and not passed.values():
        return kept_states.taken(ev, base, passed)
    if name == "load_state_dict":
        given = passed.get(0, "state_dict")
        unused.replaced(ev, base, name, passed)
        kept_states.used(ev, base, given, passed)
        if any(kept_states.is_state(ev.get(option)) for option in options(given or NONE)):
            return UNKNOWN
    if path in CONTAINERS:
        return module_containers.method(ev, base, thing, name, passed)
    if name == "manual_backward" and first is not None:
        return events.backward(ev, first, passed)
    if name in ("optimizers", "lr_schedulers") and path == classes.LIGHTNING_MODULE:
        return UNKNOWN
    if name in ("freeze", "unfreeze") and path == classes.LIGHTNING_MODULE:
        ev.freeze([base], name == "freeze")
        return NONE
    if name in vocabulary.MODULE_INERT:
        for value in () if name.startswith("log") else passed.values():  # what is logged stays as it is
            ev.escape(value, freezes=False)
        return UNKNOWN
    return ev.unknown_call(base, passed.values())


def _any_module(ev: Evaluator, base: Ref, name: str) -> Value:
    """What `children()` and `modules()` yield: some module below, of which nothing more is known."""
    return TupleValue((UNKNOWN, UNKNOWN)) if name.startswith("named") else UNKNOWN


# ----------------------------------------------------------------------------------------------- parameters
def _parameter_method(ev: Evaluator, base: ParameterValue, name: str, passed: Passed) -> Value:
    """A method of some element of `net.parameters()`."""
    if name == "requires_grad_":
        value = passed.get(0, "requires_grad")
        off = False if value is None else not value.value if isinstance(value, ConstantValue) else UNKNOWN
        frozen_later.switched(ev, base.of, value, ev.reported(passed.node.span))
        ev.freeze(base.whole, off)
        if base.of - base.whole:
            ev.freeze(base.of - base.whole, UNKNOWN)
        return base
    if name.endswith("_"):
        ev.freeze(base.of, UNKNOWN)  # written by hand
    return UNKNOWN


def _parameter_object_method(ev: Evaluator, base: Ref, thing: Instance, name: str, passed: Passed) -> Value | None:
    """A method of `nn.Parameter(...)` itself."""
    if name == "requires_grad_":
        value = passed.get(0, "requires_grad")
        off = False if value is None else not value.value if isinstance(value, ConstantValue) else UNKNOWN
        ev.put(base, replace(thing, frozen=off, frozen_at=ev.reported(passed.node.span) if off is True else None))
        return base
    reached = not ev.no_grad and thing.frozen is False and name not in vocabulary.DETACHING
    return TensorValue(frozenset({base}) if reached else frozenset())


Handler = Callable[[Evaluator, Ref, Instance, str, "Passed"], "Value | None"]
__all__ = ["OneOf", "call_module", "initialise", "method", "new_module"]
