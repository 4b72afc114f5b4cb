"""Attributes: reading and writing them, on instances, classes, tensors and framework names."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dryfit.semantic import (
    classes,
    configurations,
    counts,
    events,
    flow,
    frozen_later,
    imports,
    members,
    objects,
    questions,
    unused,
)
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.facts import AttributeSet, TrainerAttribute
from dryfit.semantic.heap import ANYTHING, Instance
from dryfit.semantic.values import (
    BATCHES,
    PLAIN,
    UNKNOWN,
    BoundMethod,
    ClassValue,
    ConstantValue,
    External,
    FunctionValue,
    Method,
    ModuleValue,
    OneOf,
    ParameterValue,
    Ref,
    SuperValue,
    TensorValue,
    Value,
    join,
    options,
)
from dryfit.syntax import tree

if TYPE_CHECKING:
    pass

MAX_LABEL = 8  # attributes of attributes of unknown objects are followed this far
_REGISTRIES = frozenset({"_modules", "_parameters", "_buffers", "__dict__"})
_WITH_WEIGHT = re.compile(
    r"torch\.nn\.(Linear|Bilinear|Conv\w+|Embedding|EmbeddingBag|BatchNorm\w+|LayerNorm|GroupNorm|PReLU)"
)
_WITHOUT_BIAS = re.compile(r"torch\.nn\.(Embedding|EmbeddingBag|PReLU)")


# -------------------------------------------------------------------------------------------------- reading
def attribute(ev: Evaluator, node: tree.Attribute | tree.Call, base: Value, name: str) -> Value:
    """`base.name`."""
    if isinstance(base, OneOf) and name == "backward":
        return Method(base, name)
    if isinstance(base, OneOf) and not flow.is_plain(ev, base):
        found = {attribute(ev, node, option, name) for option in options(base)}
        return found.pop() if len(found) == 1 else UNKNOWN
    if name == "grad":
        ev.record("grad", node.span, None)
    base = PLAIN if isinstance(base, OneOf) else base
    if counts.is_count(ev, base, name):
        return BATCHES
    if isinstance(base, External):
        return _external_attribute(ev, node, base, name)
    if isinstance(base, ModuleValue):
        return _module_attribute(ev, base, name)
    if isinstance(base, Ref):
        return _instance_attribute(ev, node, base, name)
    if isinstance(base, ClassValue):
        return _class_attribute(ev, base, name)
    if isinstance(base, SuperValue):
        return _inherited(ev, node, base, name)
    if isinstance(base, TensorValue):
        if name == "data":
            return TensorValue(through=base.through, length=base.length, history=flow.cut(ev, base, node.span, "data"))
        return (
            UNKNOWN
            if name in ("grad", "grad_fn")
            else PLAIN
            if name in ("dtype", "device", "requires_grad")
            else Method(base, name)
        )
    if isinstance(base, ParameterValue):
        return UNKNOWN if name in ("grad", "shape", "requires_grad", "device", "dtype") else Method(base, name)
    if isinstance(base, (FunctionValue, BoundMethod)):
        return UNKNOWN
    return Method(base, name)


def _inherited(ev: Evaluator, node: tree.Attribute | tree.Call, base: SuperValue, name: str) -> Value:
    """`super().name`: looked up behind the method's class, in the order of the receiver's class."""
    thing = ev.instance(base.receiver)
    cls = thing.cls if thing is not None and isinstance(thing.cls, ClassValue) else base.receiver
    if not isinstance(cls, ClassValue) or base.owner not in ev.program.mro(cls)[0]:
        cls = base.owner
    if name == "__init__" and ev.program.ask("constructor", cls.module, cls.path, base.owner) is not None:
        return Method(base, name)
    found = ev.program.member(cls, name, after=base.owner)
    if found is not None and found.function is not None:
        return BoundMethod(base.receiver, found.function, found.owner)
    if found is not None and found.getter is not None and isinstance(base.receiver, Ref):
        return members.property_value(ev, node, base.receiver, found, name)
    return Method(base, name) if found is None else UNKNOWN


def _module_attribute(ev: Evaluator, base: ModuleValue, name: str) -> Value:
    """A global of another file; the functions that are walked here may change what is in it."""
    value, heap = imports.member(ev.program, base, name)
    if isinstance(value, Ref) and value in heap:
        files = sorted({ev.frame.module, ev.frames[0].module})
        if any(ev.program.ask("is_changed", file, (name,)) for file in files):
            heap = {**heap, value: questions.of_unknown_content(heap[value])}
    ev.thaw(heap)
    return value


def _external_attribute(ev: Evaluator, node: tree.Attribute | tree.Call, base: External, name: str) -> Value:
    if base.path.startswith("builtins."):
        return Method(PLAIN if base == PLAIN else UNKNOWN, name)
    if base.path == objects.TRAINER:
        _trainer_attribute(ev, node, name, on_class=True)
        return Method(base, name)
    if ev.program.frameworks.bases(base.path):
        return Method(base, name)
    return External(ev.program.frameworks.canonical(f"{base.path}.{name}"))


def _trainer_attribute(ev: Evaluator, node: tree.Attribute | tree.Call, name: str, *, on_class: bool) -> None:
    if isinstance(node, tree.Attribute):
        site = ev.reported(node.span)
        name_site = site._replace(span=node.name_span) if site.inside is None else site
        ev.emit(TrainerAttribute(site, name_site, name, on_class))


def _instance_attribute(ev: Evaluator, node: tree.Attribute | tree.Call, base: Ref, name: str) -> Value:
    thing = ev.get(base)
    if not isinstance(thing, Instance):
        return Method(base, name)
    if configurations.is_kept_in_dict(thing) or name == "__dict__":
        kept = configurations.read(ev, base, thing, name)
        if kept is not None:
            return kept
    if name in thing.attributes:
        if isinstance(thing.cls, External) and thing.cls.path.startswith("torch.optim."):
            unused.own_attribute_read(ev, base, node, name)
        return thing.attributes[name]
    if name in _REGISTRIES:
        ev.put(base, replace(thing, is_open=True, escaped=True))  # whatever is done with it, it may register
        return UNKNOWN
    if thing.lazy is not None:
        value = _lazy_attribute(ev, base, thing, thing.lazy, name)
        if value is not None:
            return value
    if isinstance(thing.cls, ClassValue):
        return _member_of(ev, node, base, thing, thing.cls, name)
    if thing.cls is UNKNOWN:
        return _unknown_attribute(ev, base, thing, name)
    path = objects.class_name(thing)
    if path == objects.TRAINER:
        _trainer_attribute(ev, node, name, on_class=False)
    if (
        objects.is_module_object(ev.program, thing)
        and path.startswith("torch.nn.")
        and ev.program.frameworks.signature(f"{path}.{name}") is None
    ):
        return _parameter_of_layer(ev, base, thing, path, name)
    return Method(base, name)


def _parameter_of_layer(ev: Evaluator, base: Ref, thing: Instance, path: str, name: str) -> Value:
    """`layer.weight`: a parameter, where the class registers it without a doubt."""
    given = dict(thing.arguments)
    plain = not any(key in given for key in ("bias", "affine", "elementwise_affine", "**"))
    if name in ("weight", "bias") and plain and _WITH_WEIGHT.fullmatch(path):
        if ev.program.frameworks.has_parameters(path) is True and (
            name == "weight" or not _WITHOUT_BIAS.fullmatch(path)
        ):
            return ParameterValue(frozenset({base}))
    return UNKNOWN


def _lazy_attribute(ev: Evaluator, base: Ref, thing: Instance, lazy: ClassValue, name: str) -> Value | None:
    value: Value | None
    value, heap = ev.program.ask("self_attribute", lazy.module, lazy.path, name)
    if value is None:
        return None
    ev.thaw(heap)
    value = flow.faded(value)
    if thing.escaped:
        ev.escape(value)
    now = ev.instance(base)
    if now is not None:
        ev.put(base, objects.with_attribute(now, name, value))
    return value


def _member_of(
    ev: Evaluator, node: tree.Attribute | tree.Call, base: Ref, thing: Instance, cls: ClassValue, name: str
) -> Value:
    found = ev.program.member(cls, name)
    if found is None:
        return Method(base, name)
    if found.function is not None:
        return BoundMethod(base, found.function, found.owner)
    if found.getter is not None:
        return members.property_value(ev, node, base, found, name)
    value = UNKNOWN if members.may_be_hidden(ev, thing, cls) else members.shared_value(ev, cls, found, name)
    return BoundMethod(base, value, found.owner) if isinstance(value, FunctionValue) else value


def _unknown_attribute(ev: Evaluator, base: Ref, thing: Instance, name: str) -> Value:
    """An attribute of an unknown object is one unknown object: reading it twice gives the same."""
    part = base.part(f".{name}")
    if part.depth > MAX_LABEL:
        return UNKNOWN
    if part not in ev.now.heap:
        ev.put(part, ANYTHING)
    ev.put(base, objects.with_attribute(thing, name, part))
    return part


def _class_attribute(ev: Evaluator, base: ClassValue, name: str) -> Value:
    found = ev.program.member(base, name)
    is_written = name != "__init__" or ev.program.ask("constructor", base.module, base.path, None) is None
    if found is None or not is_written:
        return Method(base, name)
    if found.function is None:
        return members.shared_value(ev, base, found, name)
    return BoundMethod(base, found.function, found.owner) if found.is_class_method else found.function


# -------------------------------------------------------------------------------------------------- writing
def set_attribute(
    ev: Evaluator,
    node: tree.Attribute | tree.Call,
    base: Value,
    value: Value,
    source: tree.Expression | None,
    name: str = "",
) -> None:
    """`base.name = value`."""
    name = name or (node.name if isinstance(node, tree.Attribute) else "")
    if name in ("grad", "_grad"):
        ev.now.gradients.taken = None
        ev.now.gradients.cleared.clear()
        ev.now.gradients.settle()
        ev.record("zero_grad", node.span, None)
    several = isinstance(base, OneOf)
    if (
        not several
        and not ev.silence
        and (isinstance(base, (TensorValue, ParameterValue)) or _is_plain_owner(ev, base, name))
    ):
        _emit_attribute(ev, node, base, name, value, source)
    for option in options(base):
        thing = ev.instance(option)
        if thing is not None and isinstance(option, Ref):
            if _has_setter(ev, thing, name):
                ev.unknown_call(option, [value], is_project=True)
                configurations.unsettle(ev, option)
            elif configurations.set_attribute(ev, option, name, value, source, several):
                continue
            else:
                _set_on_instance(ev, node, option, thing, name, value, several)
        elif isinstance(option, ParameterValue):
            if name == "data":
                ev.freeze(option.of, UNKNOWN)
            if name == "requires_grad":
                frozen_later.switched(ev, option.of, value, ev.reported(node.span))
                ev.freeze(_certain(option, several), _switched_off(value))
                if option.of - _certain(option, several):
                    ev.freeze(option.of - _certain(option, several), UNKNOWN)
        else:
            if name == "requires_grad" and option is UNKNOWN:
                freeze_anything(ev)
            if isinstance(option, ClassValue):
                ev.class_writes.add((option, name))
            flow.unsettle(ev, option)
            ev.escape(value)


def _is_plain_owner(ev: Evaluator, base: Value, name: str) -> bool:
    """An object of a known class that takes the attribute as it is."""
    thing = ev.instance(base)
    return thing is not None and thing.cls is not UNKNOWN and not _has_setter(ev, thing, name)


def _has_setter(ev: Evaluator, thing: Instance, name: str) -> bool:
    """Does assigning the attribute run code of the project?"""
    cls = thing.cls
    return isinstance(cls, ClassValue) and bool(ev.program.ask("has_setter", cls.module, cls.path, name))


def _emit_attribute(
    ev: Evaluator,
    node: tree.Attribute | tree.Call,
    base: Value,
    name: str,
    value: Value,
    source: tree.Expression | None,
) -> None:
    site = ev.reported(node.span)
    thing = ev.instance(base)
    to = ev.operand(value, ev.site(source.span) if source is not None else site)
    initialised = UNKNOWN if thing is None else thing.initialised
    is_plain = isinstance(node, tree.Attribute) and site.inside is None
    name_site = site._replace(span=node.name_span) if is_plain and isinstance(node, tree.Attribute) else None
    ev.emit(AttributeSet(site, ev.operand(base, site), name, to, initialised, name_site))


def _certain(value: ParameterValue, several: bool) -> frozenset[Ref]:
    """Whose parameters an operation on each element certainly reaches."""
    return frozenset() if several else value.whole


def _set_on_instance(
    ev: Evaluator,
    node: tree.Attribute | tree.Call,
    ref: Ref,
    thing: Instance,
    name: str,
    value: Value,
    several: bool,
) -> None:
    site = ev.reported(node.span)
    if name == "requires_grad":
        if objects.is_instance_of(ev.program, thing, classes.PARAMETER):
            off = UNKNOWN if several else _switched_off(value)
            ev.put(ref, replace(thing, frozen=off, frozen_at=site if off is True else None))
            return
        if thing.cls is UNKNOWN:
            freeze_anything(ev)
            return
        if objects.is_module_object(ev.program, thing):
            return
    if isinstance(value, Ref) and thing.initialised is False and objects.is_module_object(ev.program, thing):
        events.registered_early(ev, ref, thing, name, value, site)
    present = thing.attributes.get(name, UNKNOWN)
    ev.put(ref, objects.with_attribute(thing, name, join(present, value) if several else value))


def _switched_off(value: Value) -> Any:
    if isinstance(value, ConstantValue):
        return not value.value
    return UNKNOWN


def freeze_anything(ev: Evaluator) -> None:
    """`requires_grad` of something unknown was set: it may belong to anything."""
    for ref, thing in list(ev.now.heap.items()):
        if isinstance(thing, Instance) and thing.cls is not UNKNOWN and thing.frozen is False:
            ev.put(ref, replace(thing, frozen=UNKNOWN, frozen_at=None))
