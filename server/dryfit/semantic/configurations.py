"""Configurations: namespaces and what parsers of the command line make of it.

A namespace keeps its attributes in a dict, the one that `vars` returns: it is changed through either. It is found in
the instance's arguments, so that code which holds the instance is not taken to hold the dict.

What the user types is not known: of `parser.parse_args()` the names are certain, the values are not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from dryfit.semantic import classes, objects, records
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.heap import DictObject, Entry, Instance, ListObject
from dryfit.semantic.values import (
    UNKNOWN,
    ClassValue,
    External,
    Ref,
    TupleValue,
    Value,
    constant,
    join,
)
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.calls import Passed

NAMESPACES = frozenset({"argparse.Namespace", "types.SimpleNamespace"})
_DICT = "__dict__"
_MAX_NESTED = 4


# ------------------------------------------------------------------------------------------------- namespaces
def namespace(ev: Evaluator, node: object, path: str, attributes: DictObject) -> Ref:
    """A new namespace with these attributes."""
    ref = ev.new(node, path.rpartition(".")[2], Instance(External(path), is_open=True))
    return _keep_in_dict(ev, ref, Instance(External(path), is_open=True), attributes)


def _keep_in_dict(ev: Evaluator, ref: Ref, thing: Instance, attributes: DictObject) -> Ref:
    part = ref.part(_DICT)
    ev.put(part, attributes)
    ev.put(ref, replace(thing, arguments=((_DICT, part),), is_open=True))
    return ref


def is_kept_in_dict(thing: Instance) -> bool:
    """Is it an object whose attributes are kept in a dict, or was it?"""
    return is_namespace(thing) or (bool(thing.arguments) and thing.arguments[0][0] == _DICT)


def read(ev: Evaluator, ref: Ref, thing: Instance, name: str) -> Value | None:
    """`namespace.name`, `obj.__dict__`; None if that is to be looked up as on any other object."""
    if name == _DICT:
        if objects.is_module_object(ev.program, thing):
            return None
        return variables(ev, ref)
    found = attributes_of(ev, thing)
    entry = None if found is None else found[1].find(constant(name))
    if entry is not None:
        return entry.value
    return UNKNOWN if is_namespace(thing) else None


def attributes_of(ev: Evaluator, thing: Instance | None) -> tuple[Ref, DictObject] | None:
    """The dict in which an object keeps its attributes, if it is one that does and that dict is known."""
    if thing is not None and thing.arguments and thing.arguments[0][0] == _DICT:
        ref = thing.arguments[0][1]
        kept = ev.get(ref)
        if isinstance(ref, Ref) and isinstance(kept, DictObject):
            return ref, kept
    return None


def is_namespace(thing: Instance) -> bool:
    return isinstance(thing.cls, External) and thing.cls.path in NAMESPACES


def set_attribute(
    ev: Evaluator, owner: Ref, name: str, value: Value, source: tree.Expression | None, several: bool
) -> bool:
    """`namespace.name = value`; False if it is none."""
    thing = ev.instance(owner)
    found = attributes_of(ev, thing)
    site = None if source is None else ev.site(source.span)
    if thing is None or found is None:
        if thing is not None and thing.escaped and owner.part(_DICT) in ev.now.heap:
            ev.put(owner.part(_DICT), DictObject(is_open=True))  # on some ways it is the one that is changed
        return thing is not None and is_namespace(thing)
    ref, kept = found
    key = constant(name)
    before = kept.find(key)
    if several and before is None:
        ev.put(ref, replace(kept, is_open=True))
    else:
        ev.put(ref, kept.with_entry(Entry(key, join(before.value, value) if several and before else value, None, site)))
    return True


def delete_attribute(ev: Evaluator, value: Value, name: str) -> None:
    """`del value.name`; "" for a name that is not known."""
    thing = ev.instance(value)
    found = attributes_of(ev, thing)
    if found is not None:
        ref, kept = found
        ev.put(ref, kept.without(constant(name)) if name else DictObject(is_open=True))
    elif thing is not None and isinstance(value, Ref):
        left = {k: v for k, v in thing.attributes.items() if name and k != name}
        ev.put(value, replace(thing, attributes=left, is_open=True, escaped=True))


def forget(ev: Evaluator, value: Value, *, may_delete: bool, depth: int = 0) -> None:
    """Code of the project that is not walked holds this value: its attributes may have other values, or be gone."""
    thing = ev.instance(value)
    if thing is None or depth > _MAX_NESTED:
        return
    found = attributes_of(ev, thing)
    if found is not None:
        ref, kept = found
        entries = [replace(e, value=UNKNOWN, value_site=None) for e in kept.entries if not may_delete]
        ev.put(ref, DictObject(tuple(entries), True))
    elif isinstance(thing.cls, ClassValue) and _is_plain(ev, thing.cls) and isinstance(value, Ref):
        for part in thing.attributes.values():
            forget(ev, part, may_delete=may_delete, depth=depth + 1)
        unsettle(ev, value)


def unsettle(ev: Evaluator, owner: Ref) -> None:
    """Code that is not walked sets attributes of an object: what is no object itself may be another value."""
    thing = ev.instance(owner)
    if thing is not None:
        values = {k: v if isinstance(v, Ref) else UNKNOWN for k, v in thing.attributes.items()}
        ev.put(owner, replace(thing, attributes=values, escaped=True))


def _is_plain(ev: Evaluator, cls: ClassValue) -> bool:
    """A class without bases that could bring attributes of their own."""
    return all(isinstance(c, ClassValue) or classes.is_empty_base(c.path) for c in ev.program.mro(cls)[0])


# ----------------------------------------------------------------------------------------------- objects as dicts
def variables(ev: Evaluator, value: Value) -> Value:
    """`vars(value)`, `value.__dict__`."""
    thing = ev.instance(value)
    if thing is None or not isinstance(value, Ref):
        return UNKNOWN
    found = attributes_of(ev, thing)
    if found is not None:
        ref, kept = found
        if thing.escaped and not kept.is_open:
            ev.put(ref, replace(kept, is_open=True))
        return ref
    known = _all_attributes(ev, value, thing)
    if known is None:
        ev.put(value, replace(thing, is_open=True, escaped=True))
        return UNKNOWN
    # From here on the object may be changed through the dict.
    hidden = replace(thing, attributes=dict.fromkeys(thing.attributes, UNKNOWN), escaped=True)
    _keep_in_dict(ev, value, hidden, _as_dict(known))
    return value.part(_DICT)


def _all_attributes(ev: Evaluator, value: Value, thing: Instance) -> dict[str, Value] | None:
    """Every attribute of a plain object; None if that cannot be told: one is there on some ways only, perhaps."""
    if not isinstance(thing.cls, ClassValue) or thing.is_open or thing.escaped or thing.lazy is not None:
        return None
    if not _is_plain(ev, thing.cls) or ev.program.mro(thing.cls)[1] or ev.program.member(thing.cls, "__slots__"):
        return None
    fields = {name for name, _ in records.field_values(ev, value) or ()}
    if any(v is UNKNOWN and name not in fields for name, v in thing.attributes.items()):
        return None
    return dict(thing.attributes)


def _as_dict(values: dict[str, Value]) -> DictObject:
    return DictObject(tuple([Entry(constant(name), value) for name, value in values.items()]))


def _asdict(ev: Evaluator, passed: Passed) -> Value:
    """`dataclasses.asdict(obj)`."""
    if len(passed.positional) != 1 or passed.keywords or passed.open_keywords:
        return UNKNOWN
    return _copied(ev, passed.positional[0], Ref(ev.label(passed.node, "asdict")), 0)


def _copied(ev: Evaluator, value: Value, ref: Ref, depth: int) -> Value:
    """A copy with all dataclasses in it as dicts, under this name."""
    thing = ev.get(value)
    fields = records.field_values(ev, value)
    if depth > _MAX_NESTED:
        return UNKNOWN
    if fields is not None:
        inner = {name: _copied(ev, part, ref.part(name), depth + 1) for name, part in fields}
        ev.put(ref, _as_dict(inner))
        return ref
    if isinstance(thing, DictObject):
        entries = [replace(e, value=_copied(ev, e.value, ref.part(str(e.key)), depth + 1)) for e in thing.entries]
        ev.put(ref, DictObject(tuple(entries), thing.is_open))
        return ref
    if isinstance(thing, ListObject) and thing.rest is None:
        items = [_copied(ev, item, ref.part(str(i)), depth + 1) for i, item in enumerate(thing.items)]
        ev.put(ref, replace(thing, items=tuple(items)))
        return ref
    if isinstance(value, TupleValue):
        return TupleValue(tuple([_copied(ev, item, ref.part(str(i)), depth + 1) for i, item in enumerate(value.items)]))
    return UNKNOWN if isinstance(value, Ref) else value


def _new_namespace(path: str) -> Callable[[Evaluator, Passed], Value]:
    def handler(ev: Evaluator, passed: Passed) -> Value:
        given = [Entry(constant(k), v, *passed.keyword_sites[k][:2]) for k, v in passed.keywords.items()]
        is_open = passed.open_keywords or passed.open_positional or bool(passed.positional)
        return namespace(ev, passed.node, path, DictObject(tuple(given), is_open))

    return handler


def _ordered(ev: Evaluator, passed: Passed) -> Value:
    from dryfit.semantic import builtin_functions

    return builtin_functions.new_dict(ev, "OrderedDict", passed)


FUNCTIONS: dict[str, Callable[[Evaluator, Passed], Value]] = {
    "argparse.Namespace": _new_namespace("argparse.Namespace"),
    "types.SimpleNamespace": _new_namespace("types.SimpleNamespace"),
    "dataclasses.asdict": _asdict,
    "dataclasses.replace": records.replaced,
    "collections.OrderedDict": _ordered,
}
