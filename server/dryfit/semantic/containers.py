"""Lists, tuples, dicts and iterators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from dryfit.semantic import classes, lengths, module_containers
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.heap import DictObject, Entry, GeneratorObject, Instance, ListObject
from dryfit.semantic.values import (
    NONE,
    PLAIN,
    UNKNOWN,
    ClassValue,
    ConstantValue,
    External,
    Method,
    OneOf,
    ParameterValue,
    Ref,
    Site,
    TensorValue,
    TupleValue,
    Unknown,
    Value,
    constant,
    gather,
    join_optional,
)
from dryfit.syntax import tree
from dryfit.text.span import Span

_PLAIN_SOURCES = frozenset({"builtins.range", "torch.utils.data.DataLoader"})


# ---------------------------------------------------------------------------------------------------- reading
def elements(ev: Evaluator, value: Value) -> tuple[Value, ...] | None:
    """All elements in order; None if they are not all known."""
    if isinstance(value, TupleValue):
        return value.items
    thing = ev.get(value)
    if isinstance(thing, ListObject) and thing.rest is None and thing.kind != "set":
        return thing.items
    if isinstance(thing, DictObject) and not thing.is_open:
        return tuple([entry.key for entry in thing.entries])
    if isinstance(thing, Instance) and _is_module_sequence(thing):
        return module_containers.known(thing)
    if isinstance(thing, Instance) and module_containers.is_container(thing):
        return None if module_containers.known(thing) is None else tuple([constant(name) for name in thing.attributes])
    return None


def element_sites(ev: Evaluator, value: Value) -> tuple[Site | None, ...]:
    """Where the elements were written, for those of `elements`."""
    thing = ev.get(value)
    if isinstance(value, TupleValue):
        return value.sites or (None,) * len(value.items)
    if isinstance(thing, ListObject):
        return thing.sites
    return (None,) * len(elements(ev, value) or ())


def element_of(ev: Evaluator, value: Value) -> Value:
    """What any one element is."""
    thing = ev.get(value)
    if isinstance(value, OneOf):
        found: Value | None = None
        for option in value.options:
            found = join_optional(found, element_of(ev, option))
        return UNKNOWN if found is None else found
    if isinstance(thing, GeneratorObject):
        return thing.element
    parts: tuple[Value, ...] = ()
    rest: Value | None = None
    if isinstance(value, TupleValue):
        parts = value.items
    elif isinstance(thing, ListObject):
        parts, rest = thing.items, thing.rest
    elif isinstance(thing, Instance) and _is_module_sequence(thing) and not thing.is_open:
        parts = tuple(thing.attributes.values())
    elif isinstance(value, TensorValue):
        return replace(value, tag="", length=None)
    elif value == PLAIN or (
        isinstance(thing, Instance) and isinstance(thing.cls, External) and thing.cls.path in _PLAIN_SOURCES
    ):
        return PLAIN
    for part in parts:
        rest = gather(rest, part)
    return UNKNOWN if rest is None else rest


def _is_module_sequence(thing: Instance) -> bool:
    return isinstance(thing.cls, External) and thing.cls.path in module_containers.SEQUENCES


def item(ev: Evaluator, node: object, base: Value, index: Value, *, is_slice: bool) -> Value:
    """`base[index]`."""
    thing = ev.get(base)
    if isinstance(thing, Instance) and module_containers.is_container(thing):
        return module_containers.item(ev, node, thing, index, is_slice=is_slice)
    if isinstance(thing, Instance) and isinstance(thing.cls, ClassValue):
        return _item_of_object(ev, node, base, thing.cls, index)
    if isinstance(index, ConstantValue):
        if isinstance(thing, DictObject):
            entry = thing.find(index)
            return UNKNOWN if entry is None else entry.value
        if isinstance(thing, ListObject) and isinstance(index.value, int) and 0 <= index.value < len(thing.items):
            return thing.items[index.value]
        items = elements(ev, base)
        if items is not None and isinstance(index.value, int) and -len(items) <= index.value < len(items):
            return items[index.value]
    if isinstance(base, TensorValue):
        return replace(base, tag="", length=lengths.sliced(ev, node, base) if is_slice else None)
    if base == PLAIN:
        return PLAIN
    if isinstance(base, Method) and base.name == "shape":
        length = lengths.of(ev, base.receiver)
        return constant(length) if length is not None and index == ConstantValue(0, "int") else PLAIN
    if is_slice:
        if isinstance(thing, ListObject):
            rest = weakened(element_of(ev, base))
            length = lengths.sliced(ev, node, base)
            return ev.new(node, "slice", ListObject(rest=rest, kind=thing.kind, length=length))
        return UNKNOWN
    if isinstance(thing, ListObject):
        return weakened(element_of(ev, base))
    if isinstance(thing, DictObject) and not thing.is_open and thing.entries:
        found: Value | None = None
        for entry in thing.entries:
            found = join_optional(found, entry.value)
        return UNKNOWN if found is None else found
    return UNKNOWN


def _item_of_object(ev: Evaluator, node: object, base: Value, cls: ClassValue, index: Value) -> Value:
    """`obj[index]`, where a class of the project says what that means; datasets and modules are left alone."""
    from dryfit.semantic import calls

    found = ev.program.member(cls, "__getitem__")
    if found is None or found.function is None or classes.framework_bases(ev.program, cls):
        return UNKNOWN
    passed = calls.Passed(cast(tree.Call, node), [index], [None])  # it stands for a call with one argument
    return calls.inline(ev, found.function, passed, base, found.owner)


def weakened(value: Value) -> Value:
    """Some elements of a collection: what was certain of the whole is not certain of them."""
    if isinstance(value, ParameterValue):
        return ParameterValue(value.of, value.is_open)
    if isinstance(value, TupleValue):
        return TupleValue(tuple([weakened(v) for v in value.items]), value.sites)
    if isinstance(value, TensorValue) and value.history.calls:
        return replace(value, history=value.history.without_graph)
    return value


def consume(ev: Evaluator, value: Value | None, span: Span | None = None) -> None:
    """It was iterated to its end, by what stands at `span`."""
    thing = ev.get(value)
    if isinstance(thing, GeneratorObject) and isinstance(value, Ref) and thing.used is not True:
        ev.put(value, replace(thing, used=True, used_at=None if span is None else ev.site(span)))


def touch(ev: Evaluator, value: Value | None) -> None:
    """It may have been iterated, in part or to its end."""
    thing = ev.get(value)
    if isinstance(thing, GeneratorObject) and isinstance(value, Ref) and thing.used is False:
        ev.put(value, replace(thing, used=UNKNOWN))


def iterator(
    ev: Evaluator, node: tree.Call | tree.Comprehension, element: Value, origin: str, used: bool | Unknown = False
) -> Ref:
    """A new iterator, made by `node`."""
    return ev.new(node, origin, GeneratorObject(element, used, origin, ev.site(node.span)))


# ---------------------------------------------------------------------------------------------------- making
def as_list(ev: Evaluator, node: tree.Call, value: Value, kind: str = "list") -> Value:
    """`list(value)`, `set(value)`, `sorted(value)`."""
    items, sites = elements(ev, value), element_sites(ev, value)
    one: Value | None = element_of(ev, value)
    thing = ev.get(value)
    if isinstance(thing, GeneratorObject) and thing.used is not False:
        one = None if thing.used is True else weakened(one if one is not None else UNKNOWN)
    consume(ev, value, node.span)
    if items is not None:
        return ev.new(node, kind, ListObject(tuple(items), tuple(sites), None, kind))
    length = None if kind == "set" else lengths.of(ev, value)
    return ev.new(node, kind, ListObject(rest=one, kind=kind, length=length))


def extend(ev: Evaluator, ref: Value, value: Value, site: Site | None) -> None:
    """`list += value`, `list.extend(value)`."""
    thing = ev.get(ref)
    assert isinstance(thing, ListObject)
    items, sites = elements(ev, value), element_sites(ev, value)
    one = element_of(ev, value)
    source = ev.get(value)
    if isinstance(source, GeneratorObject) and source.used is not False:
        one = weakened(one)
    consume(ev, value)
    if items is not None and thing.rest is None and not ev.is_repeated:
        ev.put(ref, replace(thing, items=thing.items + tuple(items), sites=thing.sites + tuple(sites)))
    elif items != ():
        more: Value | None = None if items is not None else one
        for part in items or ():
            more = gather(more, part)
        rest_site = site if thing.rest is None else None
        ev.put(ref, replace(thing, rest=gather(thing.rest, more), rest_site=rest_site, length=None))


def append(ev: Evaluator, ref: Value, value: Value, site: Site | None) -> None:
    thing = ev.get(ref)
    assert isinstance(thing, ListObject)
    if thing.rest is None and not ev.is_repeated:
        ev.put(ref, replace(thing, items=(*thing.items, value), sites=(*thing.sites, site)))
    else:
        rest_site = site if thing.rest is None else None
        ev.put(ref, replace(thing, rest=gather(thing.rest, value), rest_site=rest_site, length=None))


def update(ev: Evaluator, ref: Value, value: Value) -> None:
    """`dict.update(value)`, `dict |= value`, `{**value}`."""
    mine, other = ev.get(ref), ev.get(value)
    assert isinstance(mine, DictObject)
    if isinstance(other, DictObject):
        base = mine.entries
        if other.is_open:
            base = tuple([replace(entry, value=UNKNOWN) for entry in base])
        new = DictObject(base, mine.is_open or other.is_open)
        for entry in other.entries:
            new = new.with_entry(entry)
        ev.put(ref, new)
    elif (known := pairs(ev, value)) is not None:
        new = mine
        for key, part in known:
            new = new.with_entry(Entry(key, part))
        consume(ev, value)
        ev.put(ref, new)
    else:
        consume(ev, value)
        ev.put(ref, DictObject(tuple([replace(entry, value=UNKNOWN) for entry in mine.entries]), True))


def pairs(ev: Evaluator, value: Value) -> list[tuple[ConstantValue, Value]] | None:
    """The keys and values of a sequence of pairs; None if they are not all known."""
    found: list[tuple[ConstantValue, Value]] = []
    for pair in elements(ev, value) or (UNKNOWN,):
        parts = elements(ev, pair)
        if parts is None or len(parts) != 2 or not isinstance(parts[0], ConstantValue):
            return None
        found.append((parts[0], parts[1]))
    return found


# --------------------------------------------------------------------------------------------------- methods
def list_method(
    ev: Evaluator, node: object, ref: Ref, thing: ListObject, name: str, values: tuple[Value, ...], site: Site | None
) -> Value:
    """A method of a list, set, or a dict of which only the values are known."""
    first = values[0] if values else UNKNOWN
    if name in ("append", "add") and len(values) == 1:
        append(ev, ref, first, site)
        return NONE
    if name in ("extend", "update") and len(values) == 1:
        extend(ev, ref, first, site)
        return NONE
    if name == "copy":
        return ev.new(node, thing.kind, thing)
    if name in ("index", "count", "keys"):
        return UNKNOWN
    if name == "values" and thing.kind == "dict":
        return ref
    if name == "items" and thing.kind == "dict":
        return UNKNOWN
    if name == "insert" and len(values) == 2 and thing.rest is None and not ev.is_repeated:
        if isinstance(first, ConstantValue) and isinstance(first.value, int) and 0 <= first.value <= len(thing.items):
            i = first.value
            items = (*thing.items[:i], values[1], *thing.items[i:])
            ev.put(ref, replace(thing, items=items, sites=(*thing.sites[:i], site, *thing.sites[i:])))
            return NONE
    one = element_of(ev, ref)
    if name in ("pop", "reverse", "sort", "clear", "remove", "insert"):
        rest = gather(weakened(one), values[-1]) if name == "insert" and values else weakened(one)
        ev.put(ref, ListObject(rest=rest, kind=thing.kind))
        return weakened(one) if name == "pop" else NONE
    ev.put(ref, ListObject(rest=UNKNOWN, kind=thing.kind))
    for value in values:
        ev.escape(value)
    return UNKNOWN


def dict_method(
    ev: Evaluator, node: object, ref: Ref, thing: DictObject, name: str, values: tuple[Value, ...], keywords: DictObject
) -> Value:
    """A method of a dict; `keywords` holds the keyword arguments of the call."""
    handler = _DICT_METHODS.get(name)
    if handler is not None:
        return handler(ev, ref, thing, values, keywords)
    if name == "copy":
        return ev.new(node, "dict", thing)
    if name in ("keys", "values", "items"):
        if thing.is_open:
            return UNKNOWN
        if name == "keys":
            return TupleValue(tuple([e.key for e in thing.entries]))
        if name == "values":
            return TupleValue(tuple([e.value for e in thing.entries]), tuple([e.value_site for e in thing.entries]))
        return TupleValue(tuple([TupleValue((e.key, e.value)) for e in thing.entries]))
    ev.escape(ref)
    return UNKNOWN


def _dict_get(ev: Evaluator, ref: Ref, thing: DictObject, values: tuple[Value, ...], _: DictObject) -> Value:
    if not values or not isinstance(values[0], ConstantValue):
        return UNKNOWN
    entry = thing.find(values[0])
    if entry is not None:
        return entry.value
    return UNKNOWN if thing.is_open else values[1] if len(values) > 1 else NONE


def _dict_pop(ev: Evaluator, ref: Ref, thing: DictObject, values: tuple[Value, ...], _: DictObject) -> Value:
    if not values or not isinstance(values[0], ConstantValue):
        ev.put(ref, DictObject(is_open=True))
        return UNKNOWN
    entry = thing.find(values[0])
    ev.put(ref, thing.without(values[0]))
    if entry is not None:
        return entry.value
    return UNKNOWN if thing.is_open or len(values) < 2 else values[1]


def _dict_setdefault(ev: Evaluator, ref: Ref, thing: DictObject, values: tuple[Value, ...], _: DictObject) -> Value:
    if not values or not isinstance(values[0], ConstantValue):
        ev.put(ref, replace(thing, is_open=True))
        return UNKNOWN
    entry = thing.find(values[0])
    if entry is not None:
        return entry.value
    if thing.is_open:
        return UNKNOWN
    value = values[1] if len(values) > 1 else NONE
    ev.put(ref, thing.with_entry(Entry(values[0], value)))
    return value


def _dict_update(ev: Evaluator, ref: Ref, thing: DictObject, values: tuple[Value, ...], keywords: DictObject) -> Value:
    for value in values:
        update(ev, ref, value)
    now = ev.get(ref)
    assert isinstance(now, DictObject)
    for entry in keywords.entries:
        now = now.with_entry(entry)
    ev.put(ref, replace(now, is_open=now.is_open or keywords.is_open))
    return NONE


def _dict_clear(ev: Evaluator, ref: Ref, thing: DictObject, values: tuple[Value, ...], _: DictObject) -> Value:
    ev.put(ref, DictObject())
    return NONE


_DICT_METHODS: dict[str, Callable[[Evaluator, Ref, DictObject, tuple[Value, ...], DictObject], Value]] = {
    "get": _dict_get,
    "pop": _dict_pop,
    "setdefault": _dict_setdefault,
    "update": _dict_update,
    "clear": _dict_clear,
}


def zipped(ev: Evaluator, node: tree.Call, values: tuple[Value, ...]) -> Value:
    """`zip(*values)`: a tuple if everything is known, else an iterator of pairs."""
    known = [elements(ev, v) for v in values]
    if values and all(k is not None for k in known):
        rows = zip(*[k or () for k in known], strict=False)
        return TupleValue(tuple([TupleValue(tuple(row)) for row in rows]))
    parts = tuple([element_of(ev, v) for v in values])
    for value in values:
        touch(ev, value)  # it ends with the shortest
    return iterator(ev, node, TupleValue(parts), "zip")


def enumerated(ev: Evaluator, node: tree.Call, value: Value) -> Value:
    """`enumerate(value)`."""
    known = elements(ev, value)
    if known is not None:
        return TupleValue(tuple([TupleValue((constant(i), v)) for i, v in enumerate(known)]))
    part = element_of(ev, value)
    consume(ev, value, node.span)
    return iterator(ev, node, TupleValue((PLAIN, part)), "enumerate")
