"""Attributes: of instances, classes, modules and framework names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dryfit.semantic import classes, events
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.facts import AttributeSet, TrainerAttribute
from dryfit.semantic.heap import ANYTHING, Heap, HeapObject, Instance
from dryfit.semantic.values import (
    UNKNOWN,
    BoundMethod,
    ClassValue,
    ConstantValue,
    External,
    FunctionValue,
    Method,
    OneOf,
    ParameterValue,
    Ref,
    SuperValue,
    TensorValue,
    TupleValue,
    Value,
    join,
    options,
)
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.program import Program

TRAINER = "lightning.pytorch.Trainer"
MAX_LABEL = 8  # attributes of attributes of unknown objects are followed this far
_OPTIMIZERS_OF_SELF = "optimizers()"


# ------------------------------------------------------------------------------------------------ questions
def class_name(thing: HeapObject | None) -> str:
    """Canonical name of the framework class an object was made from; "" for anything else."""
    return thing.cls.path if isinstance(thing, Instance) and isinstance(thing.cls, External) else ""


def is_instance_of(program: Program[Any], thing: HeapObject | None, name: str) -> bool:
    """Certainly an instance of a framework class."""
    if not isinstance(thing, Instance) or thing.cls is UNKNOWN:
        return False
    return name in classes.framework_bases(program, thing.cls)


def is_module(ev: Evaluator, value: Value) -> bool:
    return is_instance_of(ev.program, ev.get(value), classes.MODULE)


def is_module_object(program: Program[Any], thing: HeapObject | None) -> bool:
    return is_instance_of(program, thing, classes.MODULE)


def is_optimizer(ev: Evaluator, value: Value) -> bool:
    return is_instance_of(ev.program, ev.get(value), classes.OPTIMIZER)


def switches_gradients_off(ev: Evaluator, value: Value) -> bool:
    """A context in which no gradient is recorded."""
    thing = ev.get(value)
    name = class_name(thing)
    if name in ("torch.no_grad", "torch.inference_mode"):
        return True
    if name == "torch.set_grad_enabled" and isinstance(thing, Instance):
        return dict(thing.arguments).get(0) == ConstantValue(False, "bool")
    return False


def submodules(program: Program[Any], heap: Heap, ref: Ref, found: dict[Ref, Instance] | None = None) -> dict[Ref, Instance]:
    """The module and all registered below it. What lies in plain containers is not registered."""
    found = {} if found is None else found
    thing = heap.get(ref)
    if ref in found or len(found) > 500 or not isinstance(thing, Instance):
        return found
    found[ref] = thing
    for value in thing.attributes.values():
        for option in options(value):
            if isinstance(option, Ref) and is_module_object(program, heap.get(option)):
                submodules(program, heap, option, found)
    return found


def parameter_owners(program: Program[Any], heap: Heap, refs: Iterable[Ref]) -> frozenset[Ref]:
    """What certainly owns a parameter in or below these: torch modules with weights, and Parameter objects."""
    found: set[Ref] = set()
    for top in refs:
        if is_instance_of(program, heap.get(top), classes.PARAMETER):
            found.add(top)
        for ref, thing in submodules(program, heap, top).items():
            if program.frameworks.has_parameters(class_name(thing)) is True:
                found.add(ref)
            found.update(
                v
                for v in thing.attributes.values()
                if isinstance(v, Ref) and is_instance_of(program, heap.get(v), classes.PARAMETER)
            )
    return frozenset(found)


def is_empty(program: Program[Any], heap: Heap, ref: Ref) -> bool:
    """Is certainly no parameter registered in or below this module?"""
    for below, thing in submodules(program, heap, ref).items():
        if thing.is_open or thing.escaped or thing.lazy is not None:
            return False
        name = class_name(thing)
        if name and program.frameworks.has_parameters(name) is not False:
            return False
        if isinstance(thing.cls, ClassValue) and classes.framework_bases(program, thing.cls) != (classes.MODULE,):
            return False
        for value in thing.attributes.values():
            for option in options(value):
                if not _registers_nothing(program, heap, option) or option == below:
                    return False
    return True


def _registers_nothing(program: Program[Any], heap: Heap, value: Value) -> bool:
    """Setting this as an attribute of a module registers no parameter, but for modules, which are looked at below."""
    thing = heap.get(value) if isinstance(value, Ref) else None
    if isinstance(thing, Instance):
        return thing.cls is not UNKNOWN and not is_instance_of(program, thing, classes.PARAMETER)
    return thing is not None or isinstance(value, ConstantValue | TensorValue | TupleValue)


def with_attribute(thing: Instance, name: str, value: Value) -> Instance:
    return replace(thing, attributes={**thing.attributes, name: value})


def combined(ev: Evaluator, values: Iterable[Value], tag: str = "") -> TensorValue:
    """A tensor computed from these: gradients reach whatever they reach for any of them."""
    tensors = [v for v in values if isinstance(v, TensorValue)]
    through = frozenset(r for v in tensors for r in v.through)
    if ev.no_grad:
        return TensorValue(frozenset(), through, tag)
    return TensorValue(frozenset(r for v in tensors for r in v.sources), through, tag)


def imported(program: Program[Any], node: tree.ImportFrom, name: str) -> Value:
    """What `from module import name` binds; a relative import leads into the project, which is not known here."""
    if node.level:
        return UNKNOWN
    return External(program.frameworks.canonical(f"{node.module}.{name}"))


# -------------------------------------------------------------------------------------------------- reading
def attribute(ev: Evaluator, node: tree.Attribute | tree.Call, base: Value, name: str) -> Value:
    """`base.name`."""
    if isinstance(base, OneOf):
        found = {attribute(ev, node, option, name) for option in options(base)}
        return found.pop() if len(found) == 1 else UNKNOWN
    if name == "grad":
        ev.record("grad", node.span, None)
    if isinstance(base, External):
        return _external_attribute(ev, node, base, name)
    if isinstance(base, Ref):
        return _instance_attribute(ev, node, base, name)
    if isinstance(base, ClassValue):
        return _class_attribute(ev, base, name)
    if isinstance(base, SuperValue):
        found_member = ev.program.member(base.owner, name, after=True)
        if found_member is not None and found_member.function is not None:
            return BoundMethod(base.receiver, found_member.function, found_member.owner)
        return Method(base, name)
    if isinstance(base, TensorValue):
        if name == "data":
            return TensorValue(through=base.through)
        return UNKNOWN if name in ("shape", "dtype", "device", "grad", "grad_fn", "requires_grad") else Method(base, name)
    if isinstance(base, ParameterValue):
        return UNKNOWN if name in ("grad", "shape", "requires_grad", "device", "dtype") else Method(base, name)
    if isinstance(base, FunctionValue | BoundMethod):
        return UNKNOWN
    return Method(base, name)


def _external_attribute(ev: Evaluator, node: tree.Attribute | tree.Call, base: External, name: str) -> Value:
    if base.path.startswith("builtins."):
        return Method(UNKNOWN, name)
    if base.path == TRAINER:
        _trainer_attribute(ev, node, name, on_class=True)
        return Method(base, name)
    if ev.program.frameworks.bases(base.path):
        return Method(base, name)
    return External(ev.program.frameworks.canonical(f"{base.path}.{name}"))


def _trainer_attribute(ev: Evaluator, node: tree.Attribute | tree.Call, name: str, *, on_class: bool) -> None:
    if isinstance(node, tree.Attribute):
        site = ev.reported(node.span)
        name_site = site._replace(span=node.name_span) if site.span == node.span else site
        ev.emit(TrainerAttribute(site, name_site, name, on_class))


def _instance_attribute(ev: Evaluator, node: tree.Attribute | tree.Call, base: Ref, name: str) -> Value:
    thing = ev.get(base)
    if not isinstance(thing, Instance):
        return Method(base, name)
    if name in thing.attributes:
        return thing.attributes[name]
    if thing.lazy is not None:
        value = _lazy_attribute(ev, base, thing, thing.lazy, name)
        if value is not None:
            return value
    if isinstance(thing.cls, ClassValue):
        return _member_of(ev, base, thing, thing.cls, name)
    if thing.cls is UNKNOWN:
        return _unknown_attribute(ev, base, thing, name)
    if class_name(thing) == TRAINER:
        _trainer_attribute(ev, node, name, on_class=False)
    return Method(base, name)


def _lazy_attribute(ev: Evaluator, base: Ref, thing: Instance, lazy: ClassValue, name: str) -> Value | None:
    value: Value | None
    value, heap = ev.program.ask("self_attribute", lazy.module, lazy.path, name)
    if value is None:
        return None
    ev.thaw(heap)
    if thing.escaped:
        ev.escape(value)
    now = ev.instance(base)
    if now is not None:
        ev.put(base, with_attribute(now, name, value))
    return value


def _member_of(ev: Evaluator, base: Ref, thing: Instance, cls: ClassValue, name: str) -> Value:
    found = ev.program.member(cls, name)
    if found is None:
        return Method(base, name)
    if found.function is not None:
        return BoundMethod(base, found.function, found.owner)
    ev.thaw(found.heap)
    return found.value


def _unknown_attribute(ev: Evaluator, base: Ref, thing: Instance, name: str) -> Value:
    """An attribute of an unknown object is one unknown object: reading it twice gives the same."""
    part = Ref((*base.label, f".{name}"))
    if len(part.label) > MAX_LABEL:
        return UNKNOWN
    if part not in ev.now.heap:
        ev.put(part, ANYTHING)
    ev.put(base, with_attribute(thing, name, part))
    return part


def _class_attribute(ev: Evaluator, base: ClassValue, name: str) -> Value:
    found = ev.program.member(base, name)
    if found is None:
        return Method(base, name)
    if found.function is None:
        ev.thaw(found.heap)
        return found.value
    return BoundMethod(base, found.function, found.owner) if found.is_class_method else found.function


# -------------------------------------------------------------------------------------------------- writing
def set_attribute(
    ev: Evaluator, node: tree.Attribute | tree.Call, base: Value, value: Value, source: tree.Expression | None, name: str = ""
) -> None:
    """`base.name = value`."""
    name = name or (node.name if isinstance(node, tree.Attribute) else "")
    if name == "grad":
        ev.now.gradients.taken = None
        ev.now.gradients.cleared.clear()
        ev.record("zero_grad", node.span, None)
    several = isinstance(base, OneOf)
    for option in options(base):
        thing = ev.instance(option)
        if thing is not None and isinstance(option, Ref):
            _set_on_instance(ev, node, option, thing, name, value, source, several)
        elif isinstance(option, ParameterValue):
            if name == "requires_grad":
                ev.freeze(_certain(option, several), _switched_off(value))
                if option.of - _certain(option, several):
                    ev.freeze(option.of - _certain(option, several), UNKNOWN)
        else:
            if name == "requires_grad" and option is UNKNOWN:
                freeze_anything(ev)
            ev.escape(value)


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
    source: tree.Expression | None,
    several: bool,
) -> None:
    site = ev.reported(node.span)
    is_framework_object = thing.cls is not UNKNOWN
    if is_framework_object and not ev.silence:
        to = ev.operand(value, ev.site(source.span) if source is not None else site)
        ev.emit(AttributeSet(site, ev.operand(ref, site), name, to, thing.initialised))
    if name == "requires_grad":
        if is_instance_of(ev.program, thing, classes.PARAMETER):
            off = UNKNOWN if several else _switched_off(value)
            ev.put(ref, replace(thing, frozen=off, frozen_at=site if off is True else None))
            return
        if thing.cls is UNKNOWN:
            freeze_anything(ev)
            return
        if is_module_object(ev.program, thing):
            return
    if isinstance(value, Ref) and thing.initialised is False and is_module_object(ev.program, thing):
        events.registered_early(ev, ref, thing, name, value, site)
    present = thing.attributes.get(name, UNKNOWN)
    ev.put(ref, with_attribute(thing, name, join(present, value) if several else value))


def _switched_off(value: Value) -> Any:
    if isinstance(value, ConstantValue):
        return not value.value
    return UNKNOWN


def freeze_anything(ev: Evaluator) -> None:
    """`requires_grad` of something unknown was set: it may belong to anything."""
    for ref, thing in list(ev.now.heap.items()):
        if isinstance(thing, Instance) and thing.cls is not UNKNOWN and thing.frozen is False:
            ev.put(ref, replace(thing, frozen=UNKNOWN, frozen_at=None))
