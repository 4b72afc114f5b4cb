"""Calls of builtins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from dryfit.semantic import (
    containers,
    counts,
    flow,
    kept_states,
    lengths,
    objects,
    reflection,
    vocabulary,
)
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.heap import DictObject, Entry, GeneratorObject, Instance, ListObject
from dryfit.semantic.values import (
    BATCHES,
    PLAIN,
    UNKNOWN,
    ClassValue,
    ConstantValue,
    External,
    ParameterValue,
    Ref,
    SuperValue,
    TensorValue,
    TupleValue,
    Value,
    constant,
)

if TYPE_CHECKING:
    from dryfit.semantic.calls import Passed

_NUMBERS = frozenset("float int bool str".split())


def call(ev: Evaluator, name: str, passed: Passed) -> Value:
    """Call a builtin."""
    handler = _BUILTINS.get(name) or reflection.BUILTINS.get(name)
    if handler is not None:
        return handler(ev, name, passed)
    if name in vocabulary.INERT_BUILTINS:
        return _inert(ev, name, passed)
    return ev.unknown_call(None, passed.values())


def _inert(ev: Evaluator, name: str, passed: Passed) -> Value:
    first = passed.positional[0] if passed.positional else None
    if name == "float" and isinstance(first, TensorValue):
        return TensorValue(through=first.through, tag="number", history=flow.cut(ev, first, passed.node.span, "float"))
    if counts.is_kept(name, passed):
        return BATCHES
    if name == "range":
        return ev.new(passed.node, "range", Instance(External("builtins.range"), passed.pairs()))
    if name in ("int", "float", "str", "bool") and isinstance(first, ConstantValue):
        kinds: dict[str, Callable[[object], object]] = {"int": int, "float": float, "str": str, "bool": bool}  # type: ignore[dict-item]
        try:
            return constant(kinds[name](first.value))
        except (ValueError, TypeError, OverflowError):
            return UNKNOWN
    if name == "len" and first is not None:
        items = containers.elements(ev, first)
        length = len(items) if items is not None else lengths.of(ev, first)
        return constant(length) if length is not None else BATCHES if counts.is_loader(ev, first) else PLAIN
    for value in passed.values():
        thing = ev.get(value)
        if isinstance(thing, GeneratorObject) and isinstance(value, Ref):
            used = True if name in ("max", "min") else UNKNOWN
            ev.put(value, replace(thing, used=used, used_at=ev.site(passed.node.span)))
    if name in ("abs", "max", "min") and isinstance(first, TensorValue):
        return objects.combined(ev, passed.values())
    return PLAIN if name in _NUMBERS or all(flow.is_plain(ev, v) for v in passed.values()) else UNKNOWN


def _sequence(ev: Evaluator, name: str, passed: Passed) -> Value:
    kind = "list" if name == "sorted" else name
    if not passed.positional:
        return TupleValue(()) if name == "tuple" else ev.new(passed.node, kind, ListObject(kind=kind))
    first = passed.positional[0]
    if first is UNKNOWN or isinstance(ev.get(first), Instance):
        items = containers.elements(ev, first)
        if items is None:
            length = None if kind == "set" else lengths.of(ev, first)
            return ev.new(
                passed.node, kind, ListObject(rest=containers.element_of(ev, first), kind=kind, length=length)
            )
    if name == "tuple":
        items = containers.elements(ev, first)
        if items is not None:
            return TupleValue(items, containers.element_sites(ev, first))
    return containers.as_list(ev, passed.node, first, kind)


def new_dict(ev: Evaluator, name: str, passed: Passed) -> Value:
    if len(passed.values()) == 1 and kept_states.is_state(ev.instance(passed.values()[0])):
        return passed.values()[0]
    ref = ev.new(passed.node, "dict", DictObject())
    if passed.positional:
        containers.update(ev, ref, passed.positional[0])
    thing = ev.get(ref)
    assert isinstance(thing, DictObject)
    for key, value in passed.keywords.items():
        name_site, value_site, _ = passed.keyword_sites[key]
        thing = thing.with_entry(Entry(constant(key), value, name_site, value_site))
    ev.put(ref, replace(thing, is_open=thing.is_open or passed.open_keywords or passed.open_positional))
    return ref


def _filter(ev: Evaluator, name: str, passed: Passed) -> Value:
    if len(passed.positional) != 2:
        return ev.unknown_call(None, passed.values())
    source = passed.positional[1]
    thing = ev.get(source)
    used = thing.used if isinstance(thing, GeneratorObject) else False
    element = containers.weakened(containers.element_of(ev, source))
    containers.consume(ev, source, passed.node.span)
    return containers.iterator(ev, passed.node, element, "filter", used)


def _map(ev: Evaluator, name: str, passed: Passed) -> Value:
    from dryfit.semantic import calls

    if len(passed.positional) == 2 and not isinstance(passed.positional[0], External):
        function, source = passed.positional
        element = containers.element_of(ev, source)
        containers.consume(ev, source, passed.node.span)
        inner = calls.Passed(passed.node, [element], [None])
        result = calls.call(ev, function, inner)
        return containers.iterator(ev, passed.node, result, "map")
    for value in passed.positional:
        containers.consume(ev, value, passed.node.span)
    return ev.unknown_call(None, passed.values())


def _super(ev: Evaluator, name: str, passed: Passed) -> Value:
    """`super()`, and `super(Class, self)`, whose class may be one further up: what lies between is then skipped."""
    frame = ev.frame
    if frame.receiver is None or frame.owner is None:
        return UNKNOWN
    if len(passed.positional) == 2 and isinstance(passed.positional[0], ClassValue):
        return SuperValue(passed.positional[0], passed.positional[1])
    return SuperValue(frame.owner, frame.receiver)


def _zip(ev: Evaluator, name: str, passed: Passed) -> Value:
    if passed.open_positional:
        return UNKNOWN
    return containers.zipped(ev, passed.node, tuple(passed.positional))


def _enumerate(ev: Evaluator, name: str, passed: Passed) -> Value:
    return containers.enumerated(ev, passed.node, passed.positional[0]) if passed.positional else UNKNOWN


def _sum(ev: Evaluator, name: str, passed: Passed) -> Value:
    if not passed.positional:
        return UNKNOWN
    element = containers.element_of(ev, passed.positional[0])
    items = containers.elements(ev, passed.positional[0])
    containers.consume(ev, passed.positional[0], passed.node.span)
    if items and all(isinstance(i, TensorValue) for i in items):
        return objects.combined(ev, items)
    return TensorValue() if isinstance(element, (TensorValue, ParameterValue)) else UNKNOWN


def _isinstance(ev: Evaluator, name: str, passed: Passed) -> Value:
    if len(passed.positional) != 2:
        return UNKNOWN
    known = objects.is_instance(ev, *passed.positional)
    return UNKNOWN if known is None else constant(known)


def _iterated(ev: Evaluator, name: str, passed: Passed) -> Value:
    """`iter(x)`, `reversed(x)`: an iterator of the same elements; `next(x)`: one of them."""
    first = passed.positional[0] if passed.positional else UNKNOWN
    thing = ev.get(first)
    element = containers.element_of(ev, first)
    if name == "next":
        if isinstance(thing, GeneratorObject) and isinstance(first, Ref):
            ev.put(first, replace(thing, used=UNKNOWN, element=containers.weakened(thing.element)))
        return containers.weakened(element)
    if isinstance(thing, GeneratorObject):
        return first
    return containers.iterator(ev, passed.node, element, name)


def _everything_may_change(ev: Evaluator, name: str, passed: Passed) -> Value:
    """`exec` and the like: no variable is certain any more."""
    variables = ev.now.environments[ev.frame.index]
    for key, value in variables.items():
        ev.escape(value)
        variables[key] = UNKNOWN
    return ev.unknown_call(None, passed.values())


_BUILTINS: dict[str, Callable[[Evaluator, str, Passed], Value]] = {
    "list": _sequence,
    "tuple": _sequence,
    "set": _sequence,
    "sorted": _sequence,
    "dict": new_dict,
    "filter": _filter,
    "map": _map,
    "super": _super,
    "zip": _zip,
    "enumerate": _enumerate,
    "sum": _sum,
    "isinstance": _isinstance,
    "iter": _iterated,
    "reversed": _iterated,
    "next": _iterated,
    "exec": _everything_may_change,
    "eval": _everything_may_change,
    "locals": _everything_may_change,
    "globals": _everything_may_change,
    "__import__": _everything_may_change,
}
