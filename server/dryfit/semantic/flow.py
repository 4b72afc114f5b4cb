"""Where gradients flow: the histories of values, and what a backward, a detach or a write does to those of others.

Tensors have no name in the heap, so what happens to one of them happens to every value with the same history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING

from dryfit.semantic.heap import DictObject, GeneratorObject, HeapObject, Instance, ListObject
from dryfit.semantic.history import CLOSED, LEAF, NOTHING, OPEN, Cut, History, Spent, computed, joined
from dryfit.semantic.values import (
    BATCHES,
    PLAIN,
    ConstantValue,
    External,
    Method,
    OneOf,
    Ref,
    Site,
    TensorValue,
    TupleValue,
    Value,
)
from dryfit.syntax import tree
from dryfit.text.span import Span

if TYPE_CHECKING:
    from dryfit.semantic.evaluator import Evaluator, Frame
    from dryfit.semantic.state import State

MAX_NESTING = 3
_INERT_CLASSES = frozenset({"torch.device", "torch.Generator", "builtins.range"})


def of(ev: Evaluator, value: Value | None, depth: int = 0) -> History:
    """The history of a value that something is computed with."""
    if isinstance(value, TensorValue):
        return value.history
    if isinstance(value, ConstantValue) or value in (PLAIN, BATCHES):
        return CLOSED
    if depth >= MAX_NESTING or value is None:
        return OPEN
    if isinstance(value, OneOf):  # a constant is the way on which there was nothing yet
        parts = [of(ev, option, depth + 1) for option in value.options if not isinstance(option, ConstantValue)]
        return reduce(joined, parts) if parts else CLOSED
    if isinstance(value, TupleValue):
        return computed([of(ev, item, depth + 1) for item in value.items])
    if isinstance(value, Method):
        return CLOSED if value.name == "shape" else OPEN
    if isinstance(value, External):
        return CLOSED if value.path.startswith("torch.") else OPEN  # a dtype, a layout
    return _of_object(ev, ev.get(value), depth)


def _of_object(ev: Evaluator, thing: HeapObject | None, depth: int) -> History:
    if isinstance(thing, ListObject):
        items = thing.items if thing.rest is None else (*thing.items, thing.rest)
        return computed([of(ev, item, depth + 1) for item in items])
    if isinstance(thing, DictObject) and not thing.is_open:
        return computed([of(ev, entry.value, depth + 1) for entry in thing.entries])
    if isinstance(thing, GeneratorObject):
        return of(ev, thing.element, depth + 1)
    if isinstance(thing, Instance) and isinstance(thing.cls, External) and thing.cls.path in _INERT_CLASSES:
        return CLOSED
    return OPEN


def computed_from(ev: Evaluator, values: Iterable[Value]) -> History:
    """The history of a tensor that is computed from these, here."""
    found = computed([of(ev, value) for value in values])
    return History(NOTHING, found.cut) if is_off(ev) else found


def is_plain(ev: Evaluator, value: Value) -> bool:
    """Certainly no tensor: a number, a text, data as it comes from a loader."""
    if isinstance(value, OneOf):
        return all(is_plain(ev, option) for option in value.options)
    return isinstance(value, ConstantValue) or value in (PLAIN, BATCHES)


def is_off(ev: Evaluator) -> bool:
    """Is autograd certainly off at this point?"""
    return ev.no_grad > ev.watch.regained and not any(_records(ev, frame) for frame in ev.frames)


def _records(ev: Evaluator, frame: Frame) -> bool:
    """Is the function of this frame decorated with `torch.enable_grad()`?"""
    decorators = frame.node.decorators if isinstance(frame.node, tree.Function) else ()
    return any(ev.program.ask("dotted_path", frame.module, d) == "torch.enable_grad" for d in decorators)


def cut(ev: Evaluator, base: TensorValue, span: Span, how: str) -> History:
    """That of what comes of a tensor when it leaves autograd at `span`."""
    lost = Cut(ev.reported(span), how) if base.sources else base.history.cut
    return History(NOTHING, lost)


def arithmetic(ev: Evaluator, op: str, a: Value, b: Value, result: TensorValue) -> TensorValue:
    """`a op b`, of which `result` is known: is it a number, and was a number added where a tensor was meant?"""
    if all(is_plain(ev, v) or is_number(v) for v in (a, b)):
        return replace(result, tag="number")
    dropped: Cut | None = None
    for one, other in ((a, b), (b, a)):
        if isinstance(one, TensorValue):
            is_linear = op in "+-" or (op in ("*", "/") and (is_plain(ev, other) or is_number(other)))
            dropped = dropped or (one.history.dropped if is_linear else None)
            if op in "+-" and one.sources and isinstance(other, TensorValue) and is_number(other):
                dropped = dropped or other.history.cut
    return replace(result, history=replace(result.history, dropped=dropped)) if dropped is not None else result


def is_number(value: Value) -> bool:
    """Certainly the Python number of a tensor, and what is computed with it."""
    if isinstance(value, OneOf):
        return all(is_number(option) or isinstance(option, ConstantValue) for option in value.options)
    return isinstance(value, TensorValue) and value.tag == "number"


# ------------------------------------------------------------------------------------------------- other values
def rewrite(ev: Evaluator, change: Callable[[TensorValue], TensorValue]) -> None:
    """Put `change(tensor)` for each tensor that a variable, an attribute or a container holds."""

    def changed(value: Value) -> Value:
        if isinstance(value, TensorValue):
            return change(value)
        if isinstance(value, TupleValue):
            items = tuple([changed(item) for item in value.items])
            return value if items == value.items else replace(value, items=items)
        if isinstance(value, OneOf):
            options = frozenset([changed(option) for option in value.options])
            return value if options == value.options else OneOf(options)
        return value

    for variables in ev.now.environments:
        for name, value in variables.items():
            if value.__class__ in _HOLDERS:
                variables[name] = changed(value)
    for ref, thing in list(ev.now.heap.items()):
        if isinstance(thing, Instance):
            fresh = {n: c for n, v in thing.attributes.items() if v.__class__ in _HOLDERS and (c := changed(v)) != v}
            if fresh:
                ev.put(ref, replace(thing, attributes={**thing.attributes, **fresh}))
        elif isinstance(thing, ListObject) and any(item.__class__ in _HOLDERS for item in (*thing.items, thing.rest)):
            rest = None if thing.rest is None else changed(thing.rest)
            ev.put(ref, replace(thing, items=tuple([changed(item) for item in thing.items]), rest=rest))
        elif isinstance(thing, GeneratorObject) and thing.element.__class__ in _HOLDERS:
            ev.put(ref, replace(thing, element=changed(thing.element)))
        elif isinstance(thing, DictObject) and any(e.value.__class__ in _HOLDERS for e in thing.entries):
            ev.put(ref, replace(thing, entries=tuple([replace(e, value=changed(e.value)) for e in thing.entries])))


_HOLDERS = frozenset({TensorValue, TupleValue, OneOf})


def unsettle(ev: Evaluator, value: Value) -> None:
    """A tensor was written to, or may have been: nothing is certain of it any more, whoever holds it."""
    for option in value.options if isinstance(value, OneOf) else (value,):
        if isinstance(option, TensorValue) and option.history != OPEN:
            rewrite(ev, _forgetting(option.history))


def made_leaf(ev: Evaluator, base: TensorValue) -> TensorValue:
    """`base.requires_grad_()`: what had no gradient may have one now, and goes no further.

    What a network put out and is made a leaf may be handed back to it by its gradient: nothing is certain of that.
    """
    old = base.history
    new = OPEN if old.cut is not None else replace(old, reach=min(old.reach, LEAF))
    rewrite(ev, lambda tensor: replace(tensor, history=new) if tensor.history == old else tensor)
    return replace(base, history=new)


def _forgetting(history: History) -> Callable[[TensorValue], TensorValue]:
    return lambda tensor: replace(tensor, history=OPEN) if tensor.history == history else tensor


def written(ev: Evaluator, base: Value, value: Value) -> None:
    """`base[i] = value`, `base.add_(value)`: part of a tensor has the history of another one now."""
    if isinstance(base, (TensorValue, OneOf)) and of(ev, value).reach < of(ev, base).reach:
        unsettle(ev, base)


def detached_in_place(ev: Evaluator, base: Value) -> None:
    """`base.detach_()`: whoever holds it, or a part of it, holds something else now."""
    calls = of(ev, base).calls

    def change(tensor: TensorValue) -> TensorValue:
        history = tensor.history
        is_meant = bool(history.calls & calls) if calls else bool(history.calls)
        return replace(tensor, history=history.without_graph) if is_meant else tensor

    rewrite(ev, change)


def spend(ev: Evaluator, loss: Value, site: Site) -> None:
    """A backward runs through the graph of `loss` and frees it: of all that share a call with it."""
    calls = of(ev, loss).calls
    if not calls:
        return

    def change(tensor: TensorValue) -> TensorValue:
        history = tensor.history
        if history.spent is None and history.calls & calls:
            return replace(tensor, history=replace(history, spent=Spent(site)))
        return tensor

    rewrite(ev, change)


def carry_over(ev: Evaluator, after: State | None, bound: frozenset[str]) -> None:
    """At the head of a loop: what a pass has certainly spent is spent on the way into the next one.

    `after`: the state at the end of a pass. Only what variables and attributes of named objects hold is carried; an
    object that comes out of a collection may be another one on each pass, and so may what the loop binds (`bound`).
    """
    if after is None:
        return
    collected = {
        part
        for thing in after.heap.values()
        if isinstance(thing, (ListObject, GeneratorObject))
        for part in ((thing.rest,) if isinstance(thing, ListObject) else (thing.element,))
        if isinstance(part, Ref)
    }
    seen: set[Ref] = set(collected)
    for index, variables in enumerate(after.environments):
        mine = ev.now.environments[index]
        for name, value in variables.items():
            if name in bound and index == ev.frame.index:
                continue
            if _is_spent(value) and name in mine:
                mine[name] = _grafted(mine[name], value, name)
            elif isinstance(value, Ref):
                _carry_attributes(ev, after, value, name, seen)


def _carry_attributes(ev: Evaluator, after: State, ref: Ref, path: str, seen: set[Ref]) -> None:
    thing, now = after.heap.get(ref), ev.get(ref)
    if ref in seen or not isinstance(thing, Instance) or not isinstance(now, Instance) or path.count(".") > MAX_NESTING:
        return
    seen.add(ref)
    fresh: dict[str, Value] = {}
    for name, value in thing.attributes.items():
        if _is_spent(value) and name in now.attributes:
            fresh[name] = _grafted(now.attributes[name], value, f"{path}.{name}")
        elif isinstance(value, Ref):
            _carry_attributes(ev, after, value, f"{path}.{name}", seen)
    if fresh:
        ev.put(ref, replace(now, attributes={**now.attributes, **fresh}))


def _is_spent(value: Value) -> bool:
    if isinstance(value, TensorValue):
        return value.history.spent is not None
    if isinstance(value, TupleValue):
        return any(_is_spent(item) for item in value.items)
    return isinstance(value, OneOf) and any(_is_spent(option) for option in value.options)


def _grafted(now: Value, after: Value, path: str) -> Value:
    """The value at the head of the loop, spent where that at the end of a pass is."""
    if isinstance(now, TensorValue) and isinstance(after, TensorValue) and after.history.spent is not None:
        spent = Spent(after.history.spent.site, after.history.spent.carried or path)
        return replace(now, history=replace(now.history, spent=spent))
    if isinstance(now, TupleValue) and isinstance(after, TupleValue) and len(now.items) == len(after.items):
        pairs = zip(now.items, after.items, strict=True)
        return replace(now, items=tuple([_grafted(a, b, path) for a, b in pairs]))
    if isinstance(now, OneOf):
        ends = after.options if isinstance(after, OneOf) else (after,)
        kinds = {type(end): end for end in ends if _is_spent(end)}
        return OneOf(frozenset([_grafted(o, kinds[type(o)], path) if type(o) in kinds else o for o in now.options]))
    return now


def faded(value: Value) -> Value:
    """A value from the world of another function, which may have been written to since."""
    if isinstance(value, TensorValue):
        return value if value.history == OPEN else replace(value, history=OPEN)
    if isinstance(value, TupleValue):
        return replace(value, items=tuple([faded(item) for item in value.items]))
    if isinstance(value, OneOf):
        return OneOf(frozenset([faded(option) for option in value.options]))
    return value


__all__ = ["LEAF", "OPEN", "computed_from", "cut", "faded", "is_off", "is_plain", "of", "rewrite", "spend", "unsettle"]
