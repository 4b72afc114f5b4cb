"""Lists, dicts and comprehensions as they are written."""

from __future__ import annotations

from typing import Any

from dryfit.semantic import assignments, containers, expressions, lengths
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.heap import DictObject, Entry, GeneratorObject, ListObject
from dryfit.semantic.names import bound_names
from dryfit.semantic.values import (
    UNKNOWN,
    ConstantValue,
    Site,
    TupleValue,
    Value,
    gather,
)
from dryfit.syntax import tree

UNROLL = 8  # a comprehension over at most this many known elements is walked element by element
MAX_DISPLAY = 200  # items of a list or dict that are walked


def sequence(ev: Evaluator, node: tree.Sequence) -> Value:
    if len(node.items) > MAX_DISPLAY:
        _give_away(ev, node)
        return ev.new(node, node.kind, ListObject(rest=UNKNOWN, kind=node.kind))
    items: list[Value] = []
    sites: list[Any] = []
    rest: Value | None = None
    for item in node.items:
        if isinstance(item, tree.Starred):
            value = expressions.evaluate(ev, item.value)
            known, one = containers.elements(ev, value), containers.element_of(ev, value)
            known_sites = containers.element_sites(ev, value)
            source = ev.get(value)
            if isinstance(source, GeneratorObject) and source.used is True:
                known, known_sites = (), ()
            containers.consume(ev, value, item.span)
            if known is not None and rest is None:
                items += known
                sites += known_sites
            else:
                rest = gather(rest, one)
        elif rest is None:
            items.append(expressions.evaluate(ev, item))
            sites.append(ev.site(item.span))
        else:
            rest = gather(rest, expressions.evaluate(ev, item))
    if node.kind == "tuple" and rest is None:
        return TupleValue(tuple(items), tuple(sites))
    return ev.new(node, node.kind, ListObject(tuple(items), tuple(sites), rest, node.kind))


def _give_away(ev: Evaluator, node: tree.Expression) -> None:
    """A table: not walked, but what its names refer to is in it."""
    for part in tree.walk(node):
        if isinstance(part, tree.Name):
            ev.escape(expressions.evaluate(ev, part))


def dictionary(ev: Evaluator, node: tree.Dictionary) -> Value:
    if len(node.items) > MAX_DISPLAY:
        _give_away(ev, node)
        return ev.new(node, "dict", DictObject(is_open=True))
    ref = ev.new(node, "dict", DictObject())
    for key_node, value_node in node.items:
        if key_node is None:
            containers.update(ev, ref, expressions.evaluate(ev, value_node))
            continue
        key, value = expressions.evaluate(ev, key_node), expressions.evaluate(ev, value_node)
        thing = ev.get(ref)
        assert isinstance(thing, DictObject)
        if isinstance(key, ConstantValue):
            ev.put(ref, thing.with_entry(Entry(key, value, _literal_site(ev, key_node), ev.site(value_node.span))))
        else:
            ev.put(ref, DictObject(thing.entries, True))
    return ref


def _literal_site(ev: Evaluator, key: tree.Expression) -> Site | None:
    """Where a key is written out; a variable stands for it elsewhere."""
    return ev.site(key.span) if isinstance(key, tree.Constant) else None


def comprehension(ev: Evaluator, node: tree.Comprehension) -> Value:
    variables = ev.now.environments[ev.frame.index]
    saved = dict(variables)
    first = expressions.evaluate(ev, node.clauses[0].iter)
    items = containers.elements(ev, first)
    if items is None:
        items = lengths.range_items(ev, first, UNROLL)
    is_filtered = any(clause.tests for clause in node.clauses)
    values: list[Value] = []
    entries: list[Entry] | None = []
    rest: Value | None = None
    closes_over = _makes_function_of(node)

    def one() -> Value:
        nonlocal entries
        key = None if node.key is None else expressions.evaluate(ev, node.key)
        value = expressions.evaluate(ev, node.element)
        if closes_over:
            value = UNKNOWN  # the variable has another value when the function is called
        if isinstance(key, ConstantValue) and entries is not None:
            entries.append(Entry(key, value))
        elif key is not None:
            entries = None
        return value

    if items is not None and len(items) <= UNROLL and len(node.clauses) == 1 and not is_filtered:
        containers.consume(ev, first, node.clauses[0].iter.span)
        ev.frame.iterations.append(0)
        for i, item in enumerate(items):
            ev.frame.iterations[-1] = i
            assignments.assign(ev, node.clauses[0].target, item)
            values.append(one())
        ev.frame.iterations.pop()
    else:
        for i, clause in enumerate(node.clauses):
            value = first if i == 0 else expressions.evaluate(ev, clause.iter)
            element = containers.element_of(ev, value)
            containers.consume(ev, value, clause.iter.span)
            assignments.assign(ev, clause.target, containers.weakened(element) if is_filtered else element)
            for test in clause.tests:
                expressions.evaluate(ev, test)
        rest = one()
        entries = None
    now = ev.now.environments[ev.frame.index]
    now.clear()
    now.update(saved)
    is_each_once = len(node.clauses) == 1 and not is_filtered and node.kind == "list"
    length = lengths.of(ev, first) if is_each_once else None
    return _comprehended(ev, node, values, rest, entries, length)


def _makes_function_of(node: tree.Comprehension) -> bool:
    """Does a function made in a comprehension use its variables?"""
    inside = [part for part in tree.walk(node.element) if isinstance(part, tree.Lambda)]
    targets = {name for clause in node.clauses for name in bound_names(clause.target)} if inside else set()
    return any(isinstance(p, tree.Name) and p.id in targets for function in inside for p in tree.walk(function))


def _comprehended(
    ev: Evaluator,
    node: tree.Comprehension,
    values: list[Value],
    rest: Value | None,
    entries: list[Entry] | None,
    length: int | None,
) -> Value:
    if node.kind == "generator":
        element = rest
        for value in values:
            element = gather(element, value)
        return containers.iterator(ev, node, UNKNOWN if element is None else element, "generator expression")
    if node.kind == "dict":
        if entries is not None:
            return ev.new(node, "dict", DictObject(tuple(entries)))
        for value in values:
            rest = gather(rest, value)
        return ev.new(node, "dict", ListObject(rest=UNKNOWN if rest is None else rest, kind="dict"))
    site = ev.site(node.element.span)
    return ev.new(node, node.kind, ListObject(tuple(values), (site,) * len(values), rest, node.kind, site, length))
