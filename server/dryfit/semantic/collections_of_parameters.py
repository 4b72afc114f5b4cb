"""Whose parameters a list, an iterator or a group holds, as far as is certain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dryfit.semantic.heap import DictObject, GeneratorObject, Instance, ListObject
from dryfit.semantic.values import ConstantValue, ParameterValue, Ref, TupleValue, Value

if TYPE_CHECKING:
    from dryfit.semantic.operand import Operand

MAX_DEPTH = 4


def is_empty(operand: Operand, depth: int = 0) -> bool:
    """Certainly empty: an empty list, or the parameters of modules in which nothing is registered."""
    value, thing = operand.value, _thing(operand)
    if depth > MAX_DEPTH:
        return False
    if isinstance(value, ParameterValue):
        return not value.is_open and bool(value.of) and all(_is_empty_module(operand, ref) for ref in value.of)
    if isinstance(thing, Instance):
        return operand.is_a("torch.nn.Module") and isinstance(value, Ref) and _is_empty_module(operand, value)
    if isinstance(thing, GeneratorObject):
        return thing.used is False and is_empty(_part(operand, thing.element), depth + 1)
    if isinstance(thing, DictObject):
        found = thing.find(ConstantValue("params", "str"))
        return found is not None and is_empty(_part(operand, found.value), depth + 1)
    if isinstance(value, TupleValue) or isinstance(thing, ListObject):
        return all(is_empty(part, depth + 1) for part in _parts(operand))
    return False


def whole(operand: Operand, depth: int = 0) -> Iterator[Ref]:
    """Modules (or single Parameter objects) all of whose parameters are certainly in it."""
    value, thing = operand.value, _thing(operand)
    if depth > MAX_DEPTH:
        return
    if isinstance(value, ParameterValue):
        yield from value.whole
    elif isinstance(value, Ref) and operand.kind == "parameter":
        yield value
    elif isinstance(thing, GeneratorObject) and thing.used is False:
        yield from whole(_part(operand, thing.element), depth + 1)
    elif isinstance(thing, DictObject):
        found = thing.find(ConstantValue("params", "str"))
        if found is not None:
            yield from whole(_part(operand, found.value), depth + 1)
    elif isinstance(value, TupleValue) and len(value.items) == 2 and isinstance(value.items[1], ParameterValue):
        yield from value.items[1].whole  # ("name", parameter)
    else:
        for part in _parts(operand):
            yield from whole(part, depth + 1)


def _thing(operand: Operand) -> object:
    return operand.heap.get(operand.value) if isinstance(operand.value, Ref) else None


def _part(operand: Operand, value: Value) -> Operand:
    return type(operand)(value, operand.site, operand.heap, operand.classes)


def _parts(operand: Operand) -> tuple[Operand, ...]:
    return (*operand.known_elements, *([operand.any_element] if operand.any_element else []))


def _is_empty_module(operand: Operand, ref: Ref) -> bool:
    return operand.classes.is_empty_module(operand.heap, ref)
