"""What assignments do."""

from __future__ import annotations

from dataclasses import replace

from dryfit.semantic import attributes, containers, expressions, flow, kept_states, module_containers
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.heap import DictObject, Entry, Instance, ListObject
from dryfit.semantic.values import (
    UNKNOWN,
    ClassValue,
    ConstantValue,
    Ref,
    TensorValue,
    Value,
)
from dryfit.syntax import tree


def assign(ev: Evaluator, target: tree.Expression, value: Value, source: tree.Expression | None = None) -> None:
    """Bind a target to a value; `source` is the expression it came from."""
    if isinstance(target, tree.Name):
        bind(ev, target.id, value)
    elif isinstance(target, tree.Attribute):
        base = expressions.evaluate(ev, target.value)
        attributes.set_attribute(ev, target, base, value, source)
    elif isinstance(target, tree.Sequence):
        _assign_sequence(ev, target, value)
    elif isinstance(target, tree.Subscript):
        _assign_item(ev, target, value, source)
    elif isinstance(target, tree.Starred):
        assign(ev, target.value, UNKNOWN)


def bind(ev: Evaluator, name: str, value: Value) -> None:
    """Give a variable of the innermost function a value; one declared global belongs to the module's body."""
    frame = ev.frame
    if isinstance(value, Ref) and len(ev.frames) == 1:
        ev.names.setdefault(value, name)
    if name in frame.global_names:
        root = ev.frames[0]
        if root.node is None and root.module == frame.module:
            ev.now.environments[0][name] = value
        return
    ev.now.environments[frame.index][name] = value


def _assign_sequence(ev: Evaluator, target: tree.Sequence, value: Value) -> None:
    items = containers.elements(ev, value)
    has_star = any(isinstance(item, tree.Starred) for item in target.items)
    if items is not None and not has_star and len(items) == len(target.items):
        for item, part in zip(target.items, items, strict=True):
            assign(ev, item, part)
        return
    part = containers.element_of(ev, value)
    if isinstance(value, TensorValue):
        part = replace(value, tag="", length=None)
    for item in target.items:
        assign(ev, item, UNKNOWN if isinstance(item, tree.Starred) else part)


def _assign_item(ev: Evaluator, target: tree.Subscript, value: Value, source: tree.Expression | None) -> None:
    base, index = expressions.evaluate(ev, target.value), expressions.evaluate(ev, target.index)
    thing = ev.get(base)
    flow.written(ev, base, value)
    if isinstance(thing, DictObject):
        if isinstance(index, ConstantValue):
            site = None if source is None else ev.site(source.span)
            ev.put(base, thing.with_entry(Entry(index, value, ev.site(target.index.span), site)))
        else:
            ev.put(base, DictObject(is_open=True))
    elif isinstance(thing, ListObject):
        if isinstance(index, ConstantValue) and isinstance(index.value, int) and 0 <= index.value < len(thing.items):
            i = index.value
            site = None if source is None else ev.site(source.span)
            ev.put(
                base,
                ListObject(
                    (*thing.items[:i], value, *thing.items[i + 1 :]),
                    (*thing.sites[:i], site, *thing.sites[i + 1 :]),
                    thing.rest,
                    thing.kind,
                ),
            )
        else:
            ev.put(base, ListObject(rest=UNKNOWN, kind=thing.kind))
    elif isinstance(thing, Instance) and module_containers.is_container(thing):
        module_containers.set_item(ev, base, thing, index, value)
    elif isinstance(thing, Instance) and thing.cls is not UNKNOWN:
        ev.unknown_call(base, [value], is_project=isinstance(thing.cls, ClassValue))
    else:
        if kept_states.is_state(thing):
            ev.escape(base)
        ev.escape(value)
