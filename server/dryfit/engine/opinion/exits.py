"""What a function may return, as expressions of its own body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from dryfit.syntax import tree

Bindings: TypeAlias = Mapping[str, "tuple[tree.Expression, ...] | None"]

_MAX_EXITS = 40
_SCOPES = (tree.Function, tree.Class, tree.Lambda, tree.Comprehension)


def exits(function: tree.Function) -> tuple[tree.Expression, ...] | None:
    """Every expression whose value a call may return; local names are replaced by what is assigned to them.

    None if that cannot be told: a generator, a coroutine, an end without `return`, a name that is bound by something
    else than an assignment. A name that no statement of the body binds stays a name.
    """
    if function.is_async or is_generator(function) or not always_leaves(function.body):
        return None
    bindings = bindings_of(function)
    found: dict[tree.Expression, None] = {}
    todo: list[tree.Expression | None] = [node.value for node in own_nodes(function) if isinstance(node, tree.Return)]
    seen: set[str] = set()
    while todo:
        value = todo.pop()
        if value is None or len(found) > _MAX_EXITS:
            return None
        if isinstance(value, tree.Conditional):
            todo += [value.body, value.orelse]
        elif isinstance(value, tree.Name) and value.id in bindings:
            values = bindings[value.id]
            if values is None:
                return None
            if value.id not in seen:
                seen.add(value.id)
                todo += values
        else:
            found[value] = None
    return tuple(found)


def bindings_of(function: tree.Function) -> Bindings:
    """The local names: what is assigned to each, or None for one that is (also) bound in another way."""
    found: dict[str, tuple[tree.Expression, ...] | None] = {p.name: None for p in function.parameters}
    for node in tree.walk(function):
        # In inner scopes too: `nonlocal`, and `:=` in a comprehension, bind names of this one.
        if isinstance(node, tree.ScopeStatement):
            found.update(dict.fromkeys(node.names))
        elif isinstance(node, tree.Walrus):
            found.update(dict.fromkeys(_names_in(node.target)))
    for node in own_nodes(function):
        if isinstance(node, tree.Assign) and node.value is None:
            continue
        if isinstance(node, tree.Assign):
            for target in node.targets:
                if isinstance(target, tree.Name):
                    known = found.get(target.id, ())
                    found[target.id] = None if known is None or node.value is None else (*known, node.value)
                else:
                    found.update(dict.fromkeys(_names_in(target)))
        else:
            found.update(dict.fromkeys(_bound_otherwise(node)))
    return found


def depends_on_no_parameter(function: tree.Function, name: str) -> bool:
    """Do assignments alone make this local name, and nothing in them that the caller gives?"""
    bindings = bindings_of(function)
    todo, seen = [name], {name}
    while todo:
        values = bindings[todo.pop()]
        if values is None:
            return False
        for value in values:
            names = {node.id for node in tree.walk(value) if isinstance(node, tree.Name)}
            todo += (names & bindings.keys()) - seen
            seen |= names
    return True


def own_nodes(function: tree.Function) -> Iterator[tree.Node]:
    """The nodes of the body, without those that run in a scope of their own; the heads of these are included."""
    stack: list[tree.Node] = [*reversed(function.body)]
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, _SCOPES):
            stack += reversed(list(tree.children(node)))


def _bound_otherwise(node: tree.Node) -> Iterator[str]:
    if isinstance(node, (tree.Function, tree.Class)):
        yield node.name
    elif isinstance(node, (tree.AugmentedAssign, tree.For)):
        yield from _names_in(node.target)
    elif isinstance(node, tree.With):
        yield from (name for _, target in node.items if target is not None for name in _names_in(target))
    elif isinstance(node, tree.Delete):
        yield from (name for target in node.targets for name in _names_in(target))
    elif isinstance(node, (tree.Import, tree.ImportFrom)):
        yield from (alias.bound for alias in node.names)
    elif isinstance(node, tree.Handler) and node.name:
        yield node.name
    elif isinstance(node, tree.Case):
        yield from node.names


def _names_in(target: tree.Expression) -> Iterator[str]:
    """The names that an assignment to this binds; `a.b = ...` and `a[0] = ...` bind none."""
    if isinstance(target, tree.Name):
        yield target.id
    elif isinstance(target, tree.Sequence):
        for item in target.items:
            yield from _names_in(item)
    elif isinstance(target, tree.Starred):
        yield from _names_in(target.value)


def is_generator(function: tree.Function) -> bool:
    return any(isinstance(node, tree.Other) and node.kind in ("Yield", "YieldFrom") for node in own_nodes(function))


def always_leaves(body: Sequence[tree.Statement]) -> bool:
    """Does every way through these statements end in `return` or `raise`?"""
    if not body:
        return False
    last = body[-1]
    if isinstance(last, (tree.Return, tree.Raise)):
        return True
    if isinstance(last, tree.With):
        return always_leaves(last.body)
    if isinstance(last, tree.If):
        return always_leaves(last.body) and always_leaves(last.orelse)
    if isinstance(last, tree.Try):
        handled = all(always_leaves(handler.body) for handler in last.handlers)
        return always_leaves(last.final) or (always_leaves(last.orelse or last.body) and handled)
    return False
