"""Containers of modules: `Sequential`, `ModuleList`, `ModuleDict` and those of parameters.

What is in them are the attributes of the instance, in order. `*` stands for any number of further ones; a name in
parentheses for one that is certainly there, but not certainly under which index.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dryfit.semantic import containers, lengths, objects
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.heap import DictObject, Instance
from dryfit.semantic.values import NONE, UNKNOWN, ConstantValue, External, Ref, TupleValue, Value, constant, gather

if TYPE_CHECKING:
    from dryfit.semantic.calls import Passed

SEQUENCES = frozenset({"torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ParameterList"})
DICTS = frozenset({"torch.nn.ModuleDict", "torch.nn.ParameterDict"})
CONTAINERS = SEQUENCES | DICTS
MORE = "*"


def children(ev: Evaluator, path: str, passed: Passed) -> tuple[dict[str, Value], bool]:
    """What a container is made of, by name; may there be more?"""
    first = passed.positional[0] if passed.positional else None
    thing = ev.get(first)
    if path == "torch.nn.Sequential" and not (isinstance(thing, DictObject) and not passed.open_positional):
        if not passed.open_positional:
            return {str(i): value for i, value in enumerate(passed.positional)}, False
        found = {f"({i})": value for i, value in enumerate(passed.positional)}
        return {**found, MORE: passed.hidden[0]}, passed.hidden[0] is UNKNOWN
    if first is None:
        return {}, passed.open_positional or bool(passed.keywords) or passed.open_keywords
    items = containers.elements(ev, first)
    one = containers.element_of(ev, first)
    containers.consume(ev, first, passed.node.span)
    if isinstance(thing, DictObject):
        return {str(e.key.value): e.value for e in thing.entries}, thing.is_open
    if items is not None and path in SEQUENCES:
        return {str(i): value for i, value in enumerate(items)}, False
    pairs = containers.pairs(ev, first) if path in DICTS else None
    if pairs is not None:
        return {str(key.value): value for key, value in pairs}, False
    return {MORE: one}, one is UNKNOWN or path in DICTS


def known(thing: Instance) -> tuple[Value, ...] | None:
    """Everything that is in a container, in order; None if that is not known."""
    parts = tuple(thing.attributes.values())
    if thing.is_open or thing.escaped or any(name == MORE or name.startswith("(") for name in thing.attributes):
        return None
    return None if UNKNOWN in parts else parts  # one that is unknown may be there on some ways only


def item(ev: Evaluator, node: object, thing: Instance, index: Value, *, is_slice: bool) -> Value:
    """`container[index]`."""
    path = objects.class_name(thing)
    if path in DICTS:
        name = index.value if isinstance(index, ConstantValue) else None
        found = thing.attributes.get(name) if isinstance(name, str) and not thing.is_open else None
        return UNKNOWN if found is None else found
    parts = known(thing)
    if is_slice:
        bounds = lengths.slice_of(ev, node)
        if parts is None or bounds is None:
            return UNKNOWN
        chosen = list(thing.attributes.items())[bounds]
        if path != "torch.nn.Sequential":
            chosen = [(str(i), value) for i, (_, value) in enumerate(chosen)]
        return ev.new(node, "slice", Instance(thing.cls, (), dict(chosen), initialised=True))
    if isinstance(index, ConstantValue) and isinstance(index.value, int):
        certain = parts
        if certain is None and index.value >= 0 and not (thing.is_open or thing.escaped):
            names = list(thing.attributes)
            certain = tuple([thing.attributes[n] for i, n in enumerate(names) if n == str(i)])
        if certain is not None and -len(certain) <= index.value < len(certain):
            return certain[index.value]
    return UNKNOWN if thing.is_open else containers.weakened(_any(thing))


def set_item(ev: Evaluator, ref: Value, thing: Instance, index: Value, value: Value) -> None:
    """`container[index] = value`."""
    name = index.value if isinstance(index, ConstantValue) else None
    is_there = isinstance(name, str) and objects.class_name(thing) in DICTS
    if isinstance(name, int) and objects.class_name(thing) in SEQUENCES:
        name = list(thing.attributes)[name] if known(thing) is not None and name < len(thing.attributes) else None
        is_there = name is not None
    if is_there and isinstance(name, str):
        ev.put(ref, objects.with_attribute(thing, name, value))
        return
    before = {name: value for name, value in thing.attributes.items() if name != MORE}
    if objects.class_name(thing) in SEQUENCES:
        before = {}  # any of them may be replaced
        value = gather(_any(thing), value) or value if thing.attributes else value
    _add(ev, ref, replace(thing, attributes=before), thing.attributes.get(MORE), value)


def _add(ev: Evaluator, ref: Value, thing: Instance, more: Value | None, value: Value | None) -> None:
    together = gather(more, value)
    if together is not None:
        now = objects.with_attribute(thing, MORE, together)
        ev.put(ref, replace(now, is_open=thing.is_open or together is UNKNOWN))


def _any(thing: Instance) -> Value:
    found: Value | None = None
    for value in thing.attributes.values():
        found = gather(found, value)
    return UNKNOWN if found is None else found


def extend(ev: Evaluator, ref: Value, thing: Instance, value: Value, passed: Passed | None = None) -> None:
    """`container.extend(value)`, `container += value`."""
    items = containers.elements(ev, value)
    one = containers.element_of(ev, value)
    containers.consume(ev, value, None if passed is None else passed.node.span)
    for part in (one,) if items is None else items:
        now = ev.instance(ref)
        assert now is not None
        _append(ev, ref, now, part, is_one=items is not None)


def _append(ev: Evaluator, ref: Value, thing: Instance, value: Value, *, is_one: bool = True) -> None:
    if is_one and not ev.is_repeated and known(thing) is not None:
        ev.put(ref, objects.with_attribute(thing, str(len(thing.attributes)), value))
    else:
        _add(ev, ref, thing, thing.attributes.get(MORE), value)


def method(ev: Evaluator, base: Ref, thing: Instance, name: str, passed: Passed) -> Value | None:
    """A method of a container."""
    value = passed.get(0, "module") or UNKNOWN
    parts = known(thing)
    if name == "append":
        _append(ev, base, thing, value)
        return base
    if name == "extend":
        extend(ev, base, thing, value, passed)
        return base
    if name == "insert" and len(passed.positional) == 2:
        moved = {f"({i})": part for i, part in enumerate((*thing.attributes.values(), passed.positional[1]))}
        more = thing.attributes.get(MORE)
        ev.put(base, replace(thing, attributes=moved if more is None else {**moved, MORE: more}))
        return NONE
    if name == "update" and isinstance(given := ev.get(value), DictObject) and not given.is_open:
        added = {str(entry.key.value): entry.value for entry in given.entries}
        ev.put(base, replace(thing, attributes={**thing.attributes, **added}))
        return NONE
    if name in ("keys", "items", "values", "forward"):
        if parts is not None and name != "forward":
            rows = [(constant(key), part) for key, part in thing.attributes.items()]
            if name == "items":
                return TupleValue(tuple([TupleValue(row) for row in rows]))
            return TupleValue(tuple([key if name == "keys" else part for key, part in rows]))
        if name == "values" and not thing.is_open:
            return containers.iterator(ev, passed.node, _any(thing), "values")
        return UNKNOWN
    return ev.unknown_call(base, passed.values())


def is_container(thing: object) -> bool:
    """A container of torch, not one that the project derives from it."""
    return isinstance(thing, Instance) and isinstance(thing.cls, External) and thing.cls.path in CONTAINERS
