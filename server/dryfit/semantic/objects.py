"""Attributes: of instances, classes, modules and framework names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dryfit.semantic import classes, flow
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.heap import Heap, HeapObject, Instance
from dryfit.semantic.values import (
    UNKNOWN,
    ClassValue,
    ConstantValue,
    External,
    OneOf,
    Ref,
    TensorValue,
    TupleValue,
    Value,
    options,
)

if TYPE_CHECKING:
    from dryfit.semantic.program import Program

TRAINER = "lightning.pytorch.Trainer"


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


def is_instance(ev: Evaluator, value: Value, wanted: Value) -> bool | None:
    """Is a value an instance of a class, or of one of a tuple of classes? None if that is not certain."""
    classes_wanted = wanted.items if isinstance(wanted, TupleValue) else (wanted,)
    thing = ev.get(value)
    if isinstance(value, OneOf):
        answers = {is_instance(ev, option, wanted) for option in value.options}
        return answers.pop() if len(answers) == 1 else None
    if not isinstance(thing, Instance) or thing.cls is UNKNOWN:
        return None
    mro = ev.program.mro(thing.cls)[0] if isinstance(thing.cls, ClassValue) else (thing.cls,)
    names = set(classes.framework_bases(ev.program, thing.cls))
    for c in classes_wanted:
        if c in mro or (isinstance(c, External) and c.path in names):
            return True
    known = all(
        isinstance(c, ClassValue) or (isinstance(c, External) and ev.program.bases(c.path)) for c in classes_wanted
    )
    is_open = ev.program.ancestry(thing.cls)[1]
    return False if known and not is_open and not (thing.escaped and thing.made_at is None) else None


def switches_gradients_off(ev: Evaluator, value: Value) -> bool:
    """A context in which no gradient is recorded."""
    thing = ev.get(value)
    name = class_name(thing)
    if name == "torch.no_grad" or (name == "torch.inference_mode" and not getattr(thing, "arguments", ())):
        return True
    if name == "torch.set_grad_enabled" and isinstance(thing, Instance):
        return dict(thing.arguments).get(0) == ConstantValue(False, "bool")
    return False


def may_switch_gradients_on(ev: Evaluator, value: Value) -> bool:
    """A context in which gradients are recorded, or may be, whatever holds around it."""
    name = class_name(ev.get(value))
    return name in ("torch.enable_grad", "torch.set_grad_enabled", "torch.inference_mode")


def submodules(
    program: Program[Any], heap: Heap, ref: Ref, found: dict[Ref, Instance] | None = None
) -> dict[Ref, Instance]:
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


def has_own_parameters(program: Program[Any], thing: HeapObject | None) -> bool:
    """Does a torch layer certainly register parameters that nothing else has? Not if its weight was replaced."""
    if not isinstance(thing, Instance) or not thing.attributes.keys().isdisjoint(("weight", "bias")):
        return False
    return program.frameworks.has_parameters(class_name(thing)) is True


def parameter_owners(program: Program[Any], heap: Heap, refs: Iterable[Ref]) -> frozenset[Ref]:
    """What certainly owns a parameter in or below these: torch modules with weights, and Parameter objects."""
    found: set[Ref] = set()
    for top in refs:
        if is_instance_of(program, heap.get(top), classes.PARAMETER):
            found.add(top)
        for ref, thing in submodules(program, heap, top).items():
            if has_own_parameters(program, thing):
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
    return thing is not None or isinstance(value, (ConstantValue, TensorValue, TupleValue))


def with_attribute(thing: Instance, name: str, value: Value) -> Instance:
    return replace(thing, attributes={**thing.attributes, name: value})


def combined(ev: Evaluator, values: Iterable[Value], tag: str = "") -> TensorValue:
    """A tensor computed from these: gradients reach whatever they reach for any of them."""
    values = list(values)
    tensors = [v for v in values if isinstance(v, TensorValue)]
    through = frozenset(r for v in tensors for r in v.through)
    history = flow.computed_from(ev, values)
    if ev.no_grad:
        return TensorValue(frozenset(), through, tag, None, history)
    return TensorValue(frozenset(r for v in tensors for r in v.sources), through, tag, None, history)
