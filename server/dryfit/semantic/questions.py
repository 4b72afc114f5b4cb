"""The questions that are asked about a program, each with a narrow answer that is remembered.

Inputs are pieces of the file models, kept by identity while their text, or what it means, is unchanged; everything else
is worked out from them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dryfit.frameworks import merged
from dryfit.semantic import classes, constructed, imports, inputs, logged, members, records, results, roots
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.file_model import FileModel
from dryfit.semantic.heap import ANYTHING, DictObject, Heap, HeapObject, Instance, ListObject
from dryfit.semantic.names import HARMLESS_DECORATORS
from dryfit.semantic.values import (
    UNKNOWN,
    ClassValue,
    ConstantValue,
    External,
    FunctionValue,
    ModuleValue,
    Ref,
    Site,
    TupleValue,
    Value,
    constant,
)
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.program import Program

MAX_REACHABLE = 600
MAX_SMALL = 4  # statements of a function that is followed whatever its words are


# ------------------------------------------------------------------------------------------------------ names
def global_value(program: Program[Any], module: str, name: str) -> tuple[Value | None, Heap]:
    """A global's value with the heap it needs; None if the module does not bind the name."""
    found = program.ask("static", module, name)
    value: Value | None
    if found is None:
        value, heap = program.ask("starred", module, name)
    elif name in program.ask("global_writes", module):
        return UNKNOWN, {}
    elif found != "evaluate":
        value, heap = _static_binding(program, module, name, *found)
    else:
        variables, heap = program.ask("body", module)
        value = variables.get(name)
        if value is None:
            return UNKNOWN, {}
        heap = reachable(value, heap)
    if isinstance(value, Ref) and may_be_filled(heap.get(value), name in program.ask("mutated_globals", module)):
        heap = {**heap, value: of_unknown_content(heap[value])}
    return value, heap


def may_be_filled(thing: HeapObject | None, is_mutated: bool) -> bool:
    """May functions change what is in the object of a global? They fill an empty list or dict, or why is it there."""
    if isinstance(thing, ListObject):
        return is_mutated or not (thing.items or thing.rest is not None)
    if isinstance(thing, DictObject):
        return is_mutated or not (thing.entries or thing.is_open)
    return is_mutated and thing is not None


def of_unknown_content(thing: HeapObject) -> HeapObject:
    if isinstance(thing, ListObject):
        return ListObject(rest=UNKNOWN, kind=thing.kind)
    if isinstance(thing, DictObject):
        return DictObject(is_open=True)
    if isinstance(thing, Instance):
        return replace(thing, attributes=dict.fromkeys(thing.attributes, UNKNOWN), is_open=True, escaped=True)
    return replace(thing, used=UNKNOWN)


def _static_binding(
    program: Program[Any], module: str, name: str, statement: tree.Statement, place: str
) -> tuple[Value, Heap]:
    if isinstance(statement, tree.Function):
        is_plain = is_plain_function(program, module, statement)
        return (FunctionValue(module, place, name) if is_plain else UNKNOWN), {}
    if isinstance(statement, tree.Class):
        return (ClassValue(module, name) if program.ask("is_plain_class", module, name) else UNKNOWN), {}
    if isinstance(statement, tree.Assign):
        return _written_out(statement.value, module, place), {}
    assert isinstance(statement, (tree.Import, tree.ImportFrom))
    alias = next(a for a in statement.names if a.bound == name)
    if isinstance(statement, tree.Import):
        return imports.imported_module(program, module, alias), {}
    return imports.imported_name(program, module, statement, alias.name)


def _written_out(node: tree.Expression | None, module: str, place: str) -> Value:
    """What `names.is_written_out` lets through."""
    if isinstance(node, tree.Sequence):
        items = tuple([_written_out(item, module, place) for item in node.items])
        return TupleValue(items, tuple([Site(module, place, item.span) for item in node.items]))
    if isinstance(node, tree.Unary) and isinstance(node.value, tree.Constant):
        assert isinstance(node.value.value, (int, float))
        return constant(-node.value.value)
    return constant(node.value) if isinstance(node, tree.Constant) else UNKNOWN


def is_plain_function(program: Program[Any], module: str, node: tree.Function) -> bool:
    """No decorator that could change what calling it means."""
    return all(program.ask("dotted_path", module, d) in HARMLESS_DECORATORS for d in node.decorators)


def is_plain_class(program: Program[Any], module: str, name: str) -> bool:
    """No decorator but `dataclass`, and no other class of that name."""
    found = program.ask("class", module, name)
    if found is None:
        return False
    paths = [program.ask("dotted_path", module, d) for d in found[0].decorators]
    return all(path in ("dataclasses.dataclass", "typing.final") for path in paths)


def dotted_path(program: Program[Any], module: str, node: tree.Expression) -> str:
    """The canonical name that a dotted expression at the top of a module refers to; "" if that is not known."""
    value = static_value(program, module, node.func if isinstance(node, tree.Call) else node)
    return value.path if isinstance(value, External) else ""


def static_value(program: Program[Any], module: str, node: tree.Expression | None) -> Value:
    """The value of a dotted name, or of `Generic[...]`, at the top of a module."""
    if isinstance(node, tree.Name):
        value, _ = program.ask("global", module, node.id)
        if value is None:
            from dryfit.semantic.names import BUILTIN_NAMES

            return External(f"builtins.{node.id}") if node.id in BUILTIN_NAMES else UNKNOWN
        result: Value = value
        return result
    if isinstance(node, tree.Attribute):
        base = static_value(program, module, node.value)
        if isinstance(base, ClassValue):
            path = f"{base.path}.{node.name}"
            return ClassValue(base.module, path) if program.ask("class", base.module, path) else UNKNOWN
        if isinstance(base, External):
            return External(program.frameworks.canonical(f"{base.path}.{node.name}"))
        return imports.member(program, base, node.name)[0] if isinstance(base, ModuleValue) else UNKNOWN
    if isinstance(node, tree.Subscript):
        base = static_value(program, module, node.value)
        return base if isinstance(base, (External, ClassValue)) else UNKNOWN
    return UNKNOWN


def module_body(program: Program[Any], module: str) -> tuple[dict[str, Value], Heap]:
    """The names and the heap after the module's body has run."""
    ev = Evaluator(program, keep_facts=False)
    roots.run_module_body(program, ev, module)
    if ev.state is None:
        return {}, {}
    return ev.state.environments[0], ev.state.heap


def reachable(value: Value, heap: Heap) -> Heap:
    """The part of a heap that a value needs."""
    out: Heap = {}
    todo: list[Any] = [value]
    while todo and len(out) < MAX_REACHABLE:
        item = todo.pop()
        if isinstance(item, Ref):
            if item not in out and item in heap:
                out[item] = heap[item]
                todo.append(heap[item])
        elif isinstance(item, dict):
            todo.extend(item.values())
        elif isinstance(item, (tuple, frozenset)):
            todo.extend(item)
        elif hasattr(item, "__slots__") and not isinstance(item, (ConstantValue, External, ClassValue, ModuleValue)):
            todo.extend(getattr(item, name) for name in item.__slots__ if name != "node")
    return out


# ---------------------------------------------------------------------------------------------------- classes
def mro(program: Program[Any], module: str, path: str) -> tuple[tuple[ClassValue | External, ...], bool]:
    """(classes in lookup order, is one of them not known?); of framework classes only the nearest are named."""
    found = program.ask("class", module, path)
    if found is None:
        return (), True
    node: tree.Class = found[0]
    bases: list[ClassValue | External] = []
    orders: list[tuple[ClassValue | External, ...]] = []
    is_open = not program.ask("is_plain_class", module, path)
    for argument in node.bases:
        if argument.keyword is not None or argument.stars:
            is_open |= argument.keyword != "metaclass" or dotted_path(program, module, argument.value) != "abc.ABCMeta"
            continue
        value = static_value(program, module, argument.value)
        if isinstance(value, ClassValue):
            above, above_is_open = program.ask("mro", value.module, value.path)
            is_open |= above_is_open
            bases.append(value)
            orders.append(above)
        elif isinstance(value, External):
            bases.append(value)
            is_open |= not classes.is_known_base(program, value.path)
        else:
            is_open = True
    return (ClassValue(module, path), *merged([*orders, bases])), is_open


def definition(program: Program[Any], module: str, place: str, name: str) -> tree.Function | None:
    """The one function of that name in a unit; None if there are several, or none."""
    found: list[tree.Function] = []
    todo: list[Any] = list(program.ask("place", module, place) or ())
    while todo:
        item = todo.pop(0)
        if isinstance(item, tree.Function):
            if item.name == name:
                found.append(item)
        elif isinstance(item, tree.Class):
            todo.extend(item.body)
        elif isinstance(item, (tree.If, tree.Try, tree.With)):
            todo.extend(n for n in tree.children(item) if isinstance(n, (tree.Function, tree.Class, tree.If, tree.Try)))
            if isinstance(item, tree.Try):
                todo.extend(s for handler in item.handlers for s in handler.body)
    return found[0] if len(found) == 1 else None


def worth(program: Program[Any], module: str, place: str, depth: int) -> bool:
    """Does a unit, or what it calls in its class or module, contain a word that matters to its callers?"""
    summary = program.ask("summary", module, place)
    if summary is None:
        return False
    if summary.feeds_callers:
        return True
    statements = program.ask("place", module, place) or ()
    if any(isinstance(s, tree.Function) and len(s.body) <= MAX_SMALL for s in statements):
        return True  # small enough to be worth it whatever it says: it may just return something
    path = place.rsplit(".", 1)[0].split("#")[0] if "." in place else ""
    return depth > 0 and any(
        target != place and program.ask("worth", module, target, depth - 1)
        for name in sorted(summary.called_names)
        if (target := _called_place(program, module, path, name))
    )


def _called_place(program: Program[Any], module: str, path: str, name: str) -> str:
    """Where the method of a class, or the function of a module, of this name stands; "" if it is neither."""
    found = program.ask("node", module, path, name) if path else None
    if found is None:
        found = program.ask("static", module, name)
    if found is None or found == "evaluate" or not isinstance(found[0], tree.Function):
        return ""
    return str(found[1])


# ----------------------------------------------------------------------------------------------------- objects
# ------------------------------------------------------------------------------------------------------- roots
def all_roots(file: FileModel) -> tuple[str, ...]:
    return (roots.MODULE_ROOT, *[f"{roots.CLASS_PREFIX}{path}" for path in file.classes], *file.roots)


def roots_in(file: FileModel, place: str) -> tuple[str, ...]:
    """The roots whose own text is in this unit."""
    found = [name for name, root in file.roots.items() if root.place == place]
    found += [f"{roots.CLASS_PREFIX}{path}" for path, c in file.classes.items() if c.place == place]
    if not found or any(
        p == place and any(not isinstance(s, (tree.Function, tree.Class)) for s in st) for p, st in file.top
    ):
        found.append(roots.MODULE_ROOT)
    return tuple(found)


QUESTIONS: dict[str, Callable[..., Any]] = {
    "place": inputs.statements_at,
    "class": inputs.class_input,
    "node": inputs.member_input,
    "names": inputs.member_names,
    "top": inputs.top_of,
    "static": inputs.static_input,
    "stars": inputs.star_imports,
    "global_writes": inputs.global_writes,
    "mutated_globals": inputs.mutated_globals,
    "optimizer_calls": inputs.optimizer_calls,
    "imports_fabric": inputs.imports_fabric,
    "root_input": inputs.root_input,
    "roots_in": inputs.roots_of_place,
    "summary": inputs.summary_input,
    "global": global_value,
    "leads_to": inputs.leads_to,
    "inside": inputs.inside,
    "dotted_name": inputs.dotted_name,
    "result_class": inputs.result_class,
    "ancestry": inputs.ancestry,
    "is_loaded": inputs.is_loaded,
    "exports": inputs.exports,
    "starred": imports.starred,
    "is_plain_class": is_plain_class,
    "dotted_path": dotted_path,
    "body": module_body,
    "mro": mro,
    "member": members.class_member,
    "dataclass_fields": records.dataclass_fields,
    "field_default": records.field_default,
    "constructor": records.constructor,
    "changed_names": members.changed_names,
    "is_changed": members.is_changed,
    "has_setter": members.has_setter,
    "is_called_above": members.is_called_above,
    "is_called_below": members.is_called_below,
    "is_read": members.is_read,
    "definition": definition,
    "worth": worth,
    "self": constructed.constructed,
    "self_attribute": constructed.self_attribute,
    "assigned_later": constructed.assigned_later,
    "self_names": constructed.self_names,
    "walked": results.walked,
    "logged_keys": logged.logged_keys,
    "log_places": logged.log_places,
    "root": roots.root,
}
_CYCLE = Ref(("a question about itself",))
CYCLES: dict[str, Any] = {
    "global": (UNKNOWN, {}),
    "starred": (UNKNOWN, {}),
    "body": ({}, {}),
    "mro": ((), True),
    "self": (_CYCLE, {_CYCLE: ANYTHING}),
    "self_attribute": (UNKNOWN, {}),
    "member": None,
    "is_plain_class": False,
    "dotted_path": "",
    "worth": False,
    "assigned_later": frozenset(),
    "dataclass_fields": UNKNOWN,
    "field_default": (UNKNOWN, UNKNOWN, {}),
    "constructor": None,
    "definition": None,
    "walked": None,
    "logged_keys": UNKNOWN,
}
