"""Heap objects: what Python can mutate. They are replaced in the heap, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from dryfit.semantic.values import (
    UNKNOWN,
    ClassValue,
    ConstantValue,
    External,
    ParameterValue,
    Ref,
    Site,
    Unknown,
    Value,
    gather,
    join,
    join_optional,
)


@dataclass(frozen=True, slots=True)
class ListObject:
    """A list or set: `items` is its certain beginning, `rest` what any further element is (None: there is none).

    `sites[i]`: where item i was written. `rest_site`: where the elements of the rest were, if at one place.
    `length`: how many elements there are, where that is known although they are not.
    """

    items: tuple[Value, ...] = ()
    sites: tuple[Site | None, ...] = ()
    rest: Value | None = None
    kind: str = "list"
    rest_site: Site | None = None
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a dict with its value, and where both were written."""

    key: ConstantValue
    value: Value
    key_site: Site | None = None
    value_site: Site | None = None


@dataclass(frozen=True, slots=True)
class DictObject:
    """`is_open`: it may have other keys."""

    entries: tuple[Entry, ...] = ()
    is_open: bool = False

    def find(self, key: Value) -> Entry | None:
        for entry in self.entries:
            if entry.key == key:
                return entry
        return None

    def with_entry(self, new: Entry) -> DictObject:
        """The same with `new` in it, at the end, instead of an older entry of that key."""
        return DictObject((*[e for e in self.entries if e.key != new.key], new), self.is_open)

    def without(self, key: Value) -> DictObject:
        return DictObject(tuple([e for e in self.entries if e.key != key]), self.is_open)


@dataclass(frozen=True, slots=True)
class GeneratorObject:
    """An iterator: what each element is, and whether it was already run to its end.

    `origin` names what made it: parameters, named_parameters, filter, chain, "generator expression", ...
    `made_at`: the expression that made it; `used_at`: what ran it to its end, if one place did.
    """

    element: Value
    used: bool | Unknown = False
    origin: str = ""
    made_at: Site | None = None
    used_at: Site | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class.

    `attributes` are those seen; `is_open`: others may exist. `escaped`: unknown code has held it, so nothing absent may
    be claimed. `frozen`: `requires_grad` of all its own parameters was switched off. `lazy`: the class whose
    constructed attributes are fetched one by one when they are read. `initialised`: the framework's constructor ran.
    `holds`: of an optimizer, the parameters it was given. `made_at`, `frozen_at`: where it was made, and switched off.
    `training`: the mode of a module, and `mode_at` where it was set. `held`: of an optimizer, the modules that it was
    given with all that was registered below them then; None if that is not known.
    """

    cls: ClassValue | External | Unknown
    arguments: tuple[tuple[int | str, Value], ...] = ()
    attributes: Mapping[str, Value] = field(default_factory=dict)
    is_open: bool = False
    escaped: bool = False
    frozen: bool | Unknown = False
    lazy: ClassValue | None = None
    initialised: bool | Unknown = False
    holds: ParameterValue | None = None
    made_at: Site | None = None
    frozen_at: Site | None = None
    training: bool | Unknown = True
    mode_at: Site | None = None
    held: frozenset[Ref] | None = None


HeapObject: TypeAlias = "ListObject | DictObject | GeneratorObject | Instance"
Heap: TypeAlias = "dict[Ref, HeapObject]"

ANYTHING = Instance(UNKNOWN, is_open=True, escaped=True)


def join_objects(a: HeapObject, b: HeapObject) -> HeapObject:
    """What holds of both objects."""
    if a is b or a == b:
        return a
    if isinstance(a, ListObject) and isinstance(b, ListObject):
        return _join_lists(a, b)
    if isinstance(a, DictObject) and isinstance(b, DictObject):
        return _join_dicts(a, b)
    if isinstance(a, GeneratorObject) and isinstance(b, GeneratorObject):
        used = a.used if a.used == b.used else UNKNOWN
        return GeneratorObject(
            join(a.element, b.element),
            used,
            a.origin if a.origin == b.origin else "",
            a.made_at if a.made_at == b.made_at else None,
            a.used_at if a.used_at == b.used_at else None,
        )
    if isinstance(a, Instance) and isinstance(b, Instance):
        return _join_instances(a, b)
    return ANYTHING


def _join_lists(a: ListObject, b: ListObject) -> ListObject:
    common = 0
    while common < min(len(a.items), len(b.items)) and a.items[common] == b.items[common]:
        common += 1
    rest = join_optional(a.rest, b.rest)
    for item in a.items[common:] + b.items[common:]:
        rest = gather(rest, item) if rest is None else join(rest, item)
    sites = tuple([x if x == y else None for x, y in zip(a.sites[:common], b.sites[:common], strict=True)])
    length = a.length if a.length == b.length else None
    rest_site = a.rest_site if a.rest_site == b.rest_site else None
    return ListObject(a.items[:common], sites, rest, a.kind, rest_site, length)


def _join_dicts(a: DictObject, b: DictObject) -> DictObject:
    entries = []
    for x in a.entries:
        y = b.find(x.key)
        if y is not None:
            sites = (
                x.key_site if x.key_site == y.key_site else None,
                x.value_site if x.value_site == y.value_site else None,
            )
            entries.append(Entry(x.key, join(x.value, y.value), *sites))
    same_keys = len(entries) == len(a.entries) == len(b.entries)
    return DictObject(tuple(entries), a.is_open or b.is_open or not same_keys)


def _join_instances(a: Instance, b: Instance) -> Instance:
    attributes: dict[str, Value] = {}
    for name in (*a.attributes, *[n for n in b.attributes if n not in a.attributes]):
        x, y = a.attributes.get(name), b.attributes.get(name)
        if x is None or y is None:
            # An attribute of a lazy object was there before it was read, on one way only; `*` of a container stands for
            # any number of things, none among them.
            present = x if y is None else y
            is_kept = a.lazy is not None or name == "*"
            attributes[name] = present if is_kept and present is not None else UNKNOWN
        else:
            attributes[name] = join(x, y)
    cls = join(a.cls, b.cls)
    return Instance(
        cls if isinstance(cls, (ClassValue, External)) else UNKNOWN,
        a.arguments if a.arguments == b.arguments else (),
        attributes,
        a.is_open or b.is_open,
        a.escaped or b.escaped,
        a.frozen if a.frozen == b.frozen else UNKNOWN,
        a.lazy,
        a.initialised if a.initialised == b.initialised else UNKNOWN,
        _join_holds(a.holds, b.holds),
        a.made_at if a.made_at == b.made_at else None,
        a.frozen_at if a.frozen_at == b.frozen_at else None,
        a.training if a.training == b.training else UNKNOWN,
        a.mode_at if a.mode_at == b.mode_at else None,
        a.held if a.held == b.held else None,
    )


def _join_holds(a: ParameterValue | None, b: ParameterValue | None) -> ParameterValue | None:
    if a is None or b is None:
        return None
    joined = join(a, b)
    return joined if isinstance(joined, ParameterValue) else None
