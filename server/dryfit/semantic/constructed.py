"""Objects after construction: what `self` has, and what a method may have changed since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dryfit.semantic import questions, roots
from dryfit.semantic.classes import Member
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.heap import ANYTHING, Heap, Instance
from dryfit.semantic.state import State
from dryfit.semantic.values import (
    UNKNOWN,
    ClassValue,
    Ref,
    Value,
)
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.program import Program


def constructed(program: Program[Any], module: str, path: str) -> tuple[Ref, Heap]:
    """`self` after construction with unknown arguments.

    Attributes that a method outside the constructor's reach also sets are Unknown.
    """
    cls = ClassValue(module, path)
    lookup, is_open = program.mro(cls)
    ref = Ref((module, path, "self"))
    heap: Heap = {ref: Instance(cls, is_open=is_open)}
    found = program.member(cls, "__init__")
    if found is not None and found.function is not None:
        heap = _run_constructor(program, found, ref, heap)
    thing = heap.get(ref)
    if not isinstance(thing, Instance):
        return ref, {ref: ANYTHING}
    attributes = dict(thing.attributes)
    for c in lookup:
        if isinstance(c, ClassValue):
            for name in program.ask("assigned_later", c.module, c.path):
                attributes[name] = UNKNOWN
            fields = program.ask("dataclass_fields", c.module, c.path)
            is_open = is_open or fields is UNKNOWN
            for field in () if fields is UNKNOWN else fields or ():
                attributes.setdefault(field.name, UNKNOWN)
    out = dict(heap)
    out[ref] = replace(thing, attributes=attributes, lazy=None, is_open=thing.is_open or is_open)
    return ref, questions.reachable(ref, out)


def _run_constructor(program: Program[Any], found: Member, ref: Ref, heap: Heap) -> Heap:
    function = found.function
    assert function is not None
    node = program.definition(function)
    if not isinstance(node, tree.Function):
        return {ref: ANYTHING}
    ev = Evaluator(program, keep_facts=False)
    variables = roots.parameters(program, function, node, ref, heap)
    ev.state = State([], dict(heap))
    ev.enter(
        function.module,
        function.place,
        (function.module, function.place),
        variables,
        owner=found.owner,
        receiver=ref,
        node=node,
    )
    state = roots.walk(ev, node)
    return heap if state is None else state.heap


def self_attribute(program: Program[Any], module: str, path: str, name: str) -> tuple[Value | None, Heap]:
    """One attribute of a constructed `self` with the heap it needs; None if there is none."""
    ref, heap = program.ask("self", module, path)
    thing = heap.get(ref)
    value = thing.attributes.get(name) if isinstance(thing, Instance) else UNKNOWN
    return (None, {}) if value is None else (value, questions.reachable(value, heap))


def assigned_later(program: Program[Any], module: str, path: str) -> frozenset[str]:
    """Names that methods which the constructor does not reach assign on `self`."""
    per: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
    for name in program.ask("names", module, path):
        found = program.ask("self_names", module, path, name)
        if found is not None:
            per[name] = found
    inside: set[str] = set()
    todo = ["__init__"]
    while todo:
        name = todo.pop()
        if name not in inside and name in per:
            inside.add(name)
            todo += per[name][1]
    return frozenset(name for method, (names, _) in per.items() if method not in inside for name in names)


def self_names(
    program: Program[Any], module: str, path: str, name: str
) -> tuple[frozenset[str], frozenset[str]] | None:
    """(attributes of self that a method assigns, those that it mentions); None if it is no method."""
    found = program.ask("node", module, path, name)
    if found is None or not isinstance(found[0], tree.Function):
        return None
    assigned: set[str] = set()
    mentioned: set[str] = set()
    for node in tree.walk(found[0]):
        if node.__class__ is tree.Attribute:
            if isinstance(node.value, tree.Name) and node.value.id == "self":
                mentioned.add(node.name)
        elif node.__class__ is tree.Assign or node.__class__ is tree.AugmentedAssign:
            targets: Iterable[tree.Expression] = node.targets if isinstance(node, tree.Assign) else (node.target,)
            for target in targets:
                for part in target.items if isinstance(target, tree.Sequence) else (target,):
                    if (
                        isinstance(part, tree.Attribute)
                        and isinstance(part.value, tree.Name)
                        and part.value.id == "self"
                    ):
                        assigned.add(part.name)
    return frozenset(assigned), frozenset(mentioned)
