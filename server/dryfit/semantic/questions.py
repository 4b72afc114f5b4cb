"""The questions that are asked about a program, each with a narrow answer that is remembered.

Inputs are pieces of the file models, kept by identity while their text, or what it means, is unchanged; everything else
is worked out from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dryfit.semantic import classes, roots
from dryfit.semantic.classes import Member
from dryfit.semantic.evaluator import Evaluator, OutOfBudgetError
from dryfit.semantic.file_model import MAY_OPTIMIZE, FileModel
from dryfit.semantic.heap import ANYTHING, Heap, Instance
from dryfit.semantic.names import HARMLESS_DECORATORS, bound_names, mentions
from dryfit.semantic.state import State
from dryfit.semantic.values import (
    UNKNOWN,
    ClassValue,
    ConstantValue,
    External,
    FunctionValue,
    Ref,
    Value,
    constant,
)
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.program import Program

MODULE_ROOT = "<module>"
CLASS_PREFIX = "class "
MAX_REACHABLE = 600
MAX_SMALL = 8  # statements of a function that is followed whatever its words are

_COMPOUND = (tree.If, tree.Try, tree.For, tree.With, tree.While, tree.Match)
_UNFOLLOWED = frozenset({"builtins.property", "functools.cached_property", "contextlib.contextmanager"})


# ----------------------------------------------------------------------------------------------------- inputs
def statements_at(program: Program[Any], module: str, place: str) -> tuple[tree.Statement, ...] | None:
    """The statements of a unit."""
    file = program.files.get(module)
    return file.statements.get(place) if file else None


def class_input(program: Program[Any], module: str, path: str) -> tuple[tree.Class, str] | None:
    """A class's definition and place."""
    file = program.files.get(module)
    found = file.classes.get(path) if file else None
    return None if found is None else (found.node, found.place)


def member_input(program: Program[Any], module: str, path: str, name: str) -> tuple[Any, str] | None:
    """A member's definition and place."""
    file = program.files.get(module)
    found = file.classes.get(path) if file else None
    return None if found is None else found.members.get(name)


def member_names(program: Program[Any], module: str, path: str) -> tuple[str, ...]:
    file = program.files.get(module)
    found = file.classes.get(path) if file else None
    return () if found is None else tuple(found.members)


def top_of(program: Program[Any], module: str) -> tuple[Any, ...]:
    """The units of a module's body in order; of those that only define, the names they bind and no more."""
    file = program.files[module]
    out: list[Any] = []
    for place, statements in file.top:
        only_definitions = all(isinstance(s, tree.Function | tree.Class) for s in statements)
        names = tuple((s.name, s.__class__.__name__, s.decorators) for s in statements if isinstance(s, tree.Function | tree.Class))
        out.append((place, names if only_definitions else None))
    return tuple(out)


def static_input(program: Program[Any], module: str, name: str) -> tuple[Any, str] | str | None:
    """The one definition or import that binds a name at the top; "evaluate" if it takes more; None if nothing does."""
    file = program.files.get(module)
    if file is None:
        return None
    found: list[tuple[Any, str]] = []
    for place, statements in file.top:
        for statement in statements:
            if isinstance(statement, tree.Function | tree.Class):
                if statement.name == name:
                    found.append((statement, place))
            elif isinstance(statement, tree.Import | tree.ImportFrom):
                if any(alias.bound == name for alias in statement.names):
                    found.append((statement, place))
            elif isinstance(statement, tree.Assign | tree.AugmentedAssign):
                targets = statement.targets if isinstance(statement, tree.Assign) else (statement.target,)
                if any(name in bound_names(target) for target in targets):
                    return "evaluate"
            elif isinstance(statement, _COMPOUND) and mentions(statement, name):
                return "evaluate"
            elif isinstance(statement, tree.ExpressionStatement) and any(
                isinstance(n, tree.Walrus) and name in bound_names(n.target) for n in tree.walk(statement)
            ):
                return "evaluate"
    if len(found) == 1:
        return found[0]
    return "evaluate" if found else None


def star_imports(program: Program[Any], module: str) -> tuple[tuple[int, str], ...]:
    """Star imports at the top."""
    file = program.files[module]
    return tuple(
        (s.level, s.module)
        for _, statements in file.top
        for s in statements
        if isinstance(s, tree.ImportFrom) and s.names[0].name == "*"
    )


def global_writes(program: Program[Any], module: str) -> frozenset[str]:
    """Names that functions of the file assign through `global`."""
    return frozenset(name for summary in program.files[module].summaries.values() for name in summary.global_names)


def optimizer_calls(program: Program[Any], module: str) -> int:
    """How many places of a file may build an optimizer."""
    names = [name for summary in program.files[module].summaries.values() for name in summary.optimizers]
    return sum(1 for name in names if may_be_optimizer(program, name))


def may_be_optimizer(program: Program[Any], name: str) -> bool:
    return MAY_OPTIMIZE.search(name) is not None or program.frameworks.is_subclass(
        f"torch.optim.{name}", classes.OPTIMIZER
    )


def imports_fabric(program: Program[Any], module: str) -> bool:
    """Does the file, or one beside it, import Lightning Fabric: a loop of the author's own?"""
    if module in program.beside_fabric:
        return True
    for _, statements in program.files[module].top:
        for s in statements:
            if isinstance(s, tree.Import | tree.ImportFrom):
                source = getattr(s, "module", "")
                if "fabric" in source.lower() or any("fabric" in alias.name.lower() for alias in s.names):
                    return True
    return False


def root_input(program: Program[Any], module: str, name: str) -> Any:
    """What a root is."""
    return program.files[module].roots.get(name)


def summary_input(program: Program[Any], module: str, place: str) -> Any:
    """(worth a look by its words, names it calls) of a unit."""
    file = program.files.get(module)
    summary = file.summaries.get(place) if file else None
    return None if summary is None else (summary.has_effect, summary.called_names)


# ------------------------------------------------------------------------------------------------------ names
def global_value(program: Program[Any], module: str, name: str) -> tuple[Value | None, Heap]:
    """A global's value with the heap it needs; None if the module does not bind the name."""
    found = program.ask("static", module, name)
    if found is None:
        return program.ask("starred", module, name), {}
    if name in program.ask("global_writes", module):
        return UNKNOWN, {}
    if found != "evaluate":
        return _static_binding(program, module, name, *found), {}
    variables, heap = program.ask("body", module)
    value = variables.get(name)
    if value is None:
        return UNKNOWN, {}
    return value, reachable(value, heap)


def starred(program: Program[Any], module: str, name: str) -> Value | None:
    """What a star import binds a name to; None if no star import can."""
    for level, source in program.ask("stars", module):
        canonical = program.frameworks.canonical(f"{source}.{name}")
        if level == 0 and (program.frameworks.bases(canonical) or program.frameworks.signature(canonical)):
            return External(canonical)
        if level or not _is_framework(source):
            return UNKNOWN  # it may come from there
    return None


def _is_framework(source: str) -> bool:
    return source.split(".")[0] in ("torch", "lightning", "pytorch_lightning", "typing", "math")


def _static_binding(program: Program[Any], module: str, name: str, statement: tree.Statement, place: str) -> Value:
    from dryfit.semantic.objects import imported

    if isinstance(statement, tree.Function):
        return FunctionValue(module, place, name) if is_plain_function(program, module, statement) else UNKNOWN
    if isinstance(statement, tree.Class):
        return ClassValue(module, name) if program.ask("is_plain_class", module, name) else UNKNOWN
    if isinstance(statement, tree.Import):
        alias = next(a for a in statement.names if a.bound == name)
        return External(program.frameworks.canonical(alias.name) if alias.has_as else alias.name.split(".")[0])
    assert isinstance(statement, tree.ImportFrom)
    alias = next(a for a in statement.names if a.bound == name)
    return imported(program, statement, alias.name)


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
        return UNKNOWN
    if isinstance(node, tree.Subscript):
        base = static_value(program, module, node.value)
        return base if isinstance(base, External) else UNKNOWN
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
        elif isinstance(item, tuple | frozenset):
            todo.extend(item)
        elif hasattr(item, "__slots__") and not isinstance(item, ConstantValue | External | ClassValue):
            todo.extend(getattr(item, name) for name in item.__slots__ if name != "node")
    return out


# ---------------------------------------------------------------------------------------------------- classes
def mro(program: Program[Any], module: str, path: str) -> tuple[tuple[ClassValue | External, ...], bool]:
    """(classes in lookup order, is one of them not known?): depth first, the first mention wins."""
    found = program.ask("class", module, path)
    if found is None:
        return (), True
    node: tree.Class = found[0]
    out: list[ClassValue | External] = [ClassValue(module, path)]
    is_open = not program.ask("is_plain_class", module, path)
    for argument in node.bases:
        if argument.keyword is not None or argument.stars:
            is_open |= argument.keyword != "metaclass" or dotted_path(program, module, argument.value) != "abc.ABCMeta"
            continue
        value = static_value(program, module, argument.value)
        if isinstance(value, ClassValue):
            above, above_is_open = program.ask("mro", value.module, value.path)
            is_open |= above_is_open
            out += [c for c in above if c not in out]
        elif isinstance(value, External):
            out.append(value)
            is_open |= not classes.is_known_base(program, value.path)
        else:
            is_open = True
    return tuple(out), is_open


def class_member(program: Program[Any], module: str, path: str, name: str) -> Member | None:
    """A member that this class itself defines."""
    found = program.ask("node", module, path, name)
    if found is None:
        return None
    node, place = found
    owner = ClassValue(module, path)
    if isinstance(node, tree.Function):
        decorators = [program.ask("dotted_path", module, d) for d in node.decorators]
        followed = all(d in HARMLESS_DECORATORS for d in decorators) and not _UNFOLLOWED.intersection(decorators)
        if not followed:
            return Member(owner, None, False, False, UNKNOWN, {})
        return Member(
            owner,
            FunctionValue(module, place, node.name),
            "builtins.staticmethod" in decorators,
            "builtins.classmethod" in decorators,
            UNKNOWN,
            {},
        )
    value: Value = UNKNOWN
    if isinstance(node, tree.Constant):
        value = constant(node.value)
    elif isinstance(node, tree.Name | tree.Attribute):
        value = static_value(program, module, node)
        value = value if isinstance(value, External | ClassValue) else UNKNOWN
    return Member(owner, None, False, False, value, {})


def has_setter(program: Program[Any], module: str, path: str, name: str) -> bool:
    """Does assigning the attribute run code of the project: a property, or `__setattr__`?"""
    cls = ClassValue(module, path)
    if program.member(cls, "__setattr__") is not None:
        return True
    for c in program.mro(cls)[0]:
        found = program.ask("node", c.module, c.path, name) if isinstance(c, ClassValue) else None
        if found is not None:
            return isinstance(found[0], tree.Function)
    return False


def dataclass_fields(program: Program[Any], module: str, path: str) -> tuple[str, ...] | None:
    """The fields of a dataclass in order; None if it is none."""
    found = program.ask("class", module, path)
    if found is None or not any(
        program.ask("dotted_path", module, d) == "dataclasses.dataclass" for d in found[0].decorators
    ):
        return None
    names: list[str] = []
    for name in program.ask("names", module, path):
        node, _ = program.ask("node", module, path, name)
        if not isinstance(node, tree.Function):
            names.append(name)
    return tuple(names)


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
        elif isinstance(item, tree.If | tree.Try | tree.With):
            todo.extend(n for n in tree.children(item) if isinstance(n, tree.Function | tree.Class | tree.If | tree.Try))
            if isinstance(item, tree.Try):
                todo.extend(s for handler in item.handlers for s in handler.body)
    return found[0] if len(found) == 1 else None


def worth(program: Program[Any], module: str, place: str, depth: int) -> bool:
    """Does a unit, or what it calls in its class or module, contain a word that matters?"""
    summary = program.ask("summary", module, place)
    if summary is None:
        return False
    has_effect, called = summary
    if has_effect:
        return True
    file = program.files[module]
    statements = program.ask("place", module, place) or ()
    if any(isinstance(s, tree.Function) and len(s.body) <= MAX_SMALL for s in statements):
        return True  # small enough to be worth it whatever it says: it may just return something
    if depth:
        path = place.rsplit(".", 1)[0].split("#")[0] if "." in place else ""
        members = file.classes[path].members if path in file.classes else {}
        for name in called:
            target = members.get(name) or file.functions.get(name)
            if target is not None and target[1] != place and program.ask("worth", module, target[1], depth - 1):
                return True
    return False


# ----------------------------------------------------------------------------------------------------- objects
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
            for name in program.ask("dataclass_fields", c.module, c.path) or ():
                attributes.setdefault(name, UNKNOWN)
    out = dict(heap)
    out[ref] = replace(thing, attributes=attributes, lazy=None)
    return ref, reachable(ref, out)


def _run_constructor(program: Program[Any], found: Member, ref: Ref, heap: Heap) -> Heap:
    function = found.function
    assert function is not None
    node = program.definition(function)
    if not isinstance(node, tree.Function):
        return {ref: ANYTHING}
    ev = Evaluator(program, keep_facts=False)
    variables = roots.parameters(program, function, node, ref, heap)
    ev.state = State([], dict(heap))
    ev.enter(function.module, function.place, (function.module, function.place), variables, owner=found.owner, receiver=ref, node=node)
    state = roots.walk(ev, node)
    return heap if state is None else state.heap


def self_attribute(program: Program[Any], module: str, path: str, name: str) -> tuple[Value | None, Heap]:
    """One attribute of a constructed `self` with the heap it needs; None if there is none."""
    ref, heap = program.ask("self", module, path)
    thing = heap.get(ref)
    value = thing.attributes.get(name) if isinstance(thing, Instance) else UNKNOWN
    return (None, {}) if value is None else (value, reachable(value, heap))


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


def self_names(program: Program[Any], module: str, path: str, name: str) -> tuple[frozenset[str], frozenset[str]] | None:
    """(attributes of self that a method assigns, those that it mentions); None if it is no method."""
    found = program.ask("node", module, path, name)
    if found is None or not isinstance(found[0], tree.Function):
        return None
    assigned: set[str] = set()
    mentioned: set[str] = set()
    for node in tree.walk(found[0]):
        if isinstance(node, tree.Assign | tree.AugmentedAssign):
            targets: Iterable[tree.Expression] = node.targets if isinstance(node, tree.Assign) else (node.target,)
            for target in targets:
                for part in target.items if isinstance(target, tree.Sequence) else (target,):
                    if isinstance(part, tree.Attribute) and isinstance(part.value, tree.Name) and part.value.id == "self":
                        assigned.add(part.name)
        if isinstance(node, tree.Attribute) and isinstance(node.value, tree.Name) and node.value.id == "self":
            mentioned.add(node.name)
    return frozenset(assigned), frozenset(mentioned)


# ------------------------------------------------------------------------------------------------------- roots
def all_roots(file: FileModel) -> tuple[str, ...]:
    return (MODULE_ROOT, *[f"{CLASS_PREFIX}{path}" for path in file.classes], *file.roots)


def roots_in(file: FileModel, place: str) -> tuple[str, ...]:
    """The roots whose own text is in this unit."""
    found = [name for name, root in file.roots.items() if root.place == place]
    found += [f"{CLASS_PREFIX}{path}" for path, c in file.classes.items() if c.place == place]
    if not found or any(p == place and any(not isinstance(s, tree.Function | tree.Class) for s in st) for p, st in file.top):
        found.append(MODULE_ROOT)
    return tuple(found)


def changed_inputs(module: str, before: FileModel, after: FileModel, known: Callable[[], list[tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
    """The inputs that an edit has changed."""
    gone = {place for place in before.unit_at.keys() | after.unit_at.keys() if not _is_same_unit(before, after, place)}
    keys = _changed_of_file(module, gone, before, after)
    for place in gone:
        keys += [("place", module, place), ("summary", module, place)]
    for name in before.roots.keys() | after.roots.keys():
        a, b = before.roots.get(name), after.roots.get(name)
        if a is None or b is None or a.node is not b.node or a.place != b.place or a.path != b.path:
            keys.append(("root_input", module, name))
    for path in before.classes.keys() | after.classes.keys():
        keys += _changed_class(module, path, before, after)
    keys += _changed_statics(module, gone, before, after, known)
    return keys


def _changed_of_file(module: str, gone: set[str], before: FileModel, after: FileModel) -> list[tuple[Any, ...]]:
    """The inputs that are about the file as a whole."""
    keys: list[tuple[Any, ...]] = []
    tops = [[place for place, _ in file.top] for file in (before, after)]
    if tops[0] != tops[1] or not gone.isdisjoint(tops[1]):
        keys += [(name, module) for name in ("top", "stars", "imports_fabric")]
    for field in ("global_names", "optimizers"):
        said = [[getattr(f.summaries[p], field) for p in sorted(gone) if p in f.summaries] for f in (before, after)]
        if said[0] != said[1]:
            keys.append(("global_writes" if field == "global_names" else "optimizer_calls", module))
    return keys


def _is_same_unit(before: FileModel, after: FileModel, place: str) -> bool:
    a, b = before.statements.get(place), after.statements.get(place)
    if a is None or b is None:
        return False
    x, y = before.summaries[place], after.summaries[place]
    return a is b and (x.has_effect, x.called_names) == (y.has_effect, y.called_names)


def _changed_class(module: str, path: str, before: FileModel, after: FileModel) -> list[tuple[Any, ...]]:
    a, b = before.classes.get(path), after.classes.get(path)
    keys: list[tuple[Any, ...]] = []
    if a is None or b is None or a.node is not b.node or a.place != b.place:
        keys.append(("class", module, path))
    mine, theirs = a.members if a else {}, b.members if b else {}
    if list(mine) != list(theirs):
        keys.append(("names", module, path))
    for name in mine.keys() | theirs.keys():
        x, y = mine.get(name), theirs.get(name)
        if x is None or y is None or x[0] is not y[0] or x[1] != y[1]:
            keys.append(("node", module, path, name))
    return keys


def _changed_statics(
    module: str, gone: set[str], before: FileModel, after: FileModel, known: Callable[[], list[tuple[Any, ...]]]
) -> list[tuple[Any, ...]]:
    """Which names at the top may be bound differently: all, unless only definitions changed."""
    tops = {place for place, _ in (*before.top, *after.top)}
    changed = [
        statement
        for place in gone & tops
        for file in (before, after)
        for statement in file.statements.get(place, ())
    ]
    if not gone & tops:
        return []
    names = {s.name for s in changed if isinstance(s, tree.Function | tree.Class)}
    only_definitions = all(isinstance(s, tree.Function | tree.Class) for s in changed)
    return [
        key for key in known() if key[0] == "static" and key[1] == module and (not only_definitions or key[2] in names)
    ]


QUESTIONS: dict[str, Callable[..., Any]] = {
    "place": statements_at,
    "class": class_input,
    "node": member_input,
    "names": member_names,
    "top": top_of,
    "static": static_input,
    "stars": star_imports,
    "global_writes": global_writes,
    "optimizer_calls": optimizer_calls,
    "imports_fabric": imports_fabric,
    "root_input": root_input,
    "summary": summary_input,
    "global": global_value,
    "starred": starred,
    "is_plain_class": is_plain_class,
    "dotted_path": dotted_path,
    "body": module_body,
    "mro": mro,
    "member": class_member,
    "dataclass_fields": dataclass_fields,
    "has_setter": has_setter,
    "definition": definition,
    "worth": worth,
    "self": constructed,
    "self_attribute": self_attribute,
    "assigned_later": assigned_later,
    "self_names": self_names,
    "root": roots.root,
}
_CYCLE = Ref(("a question about itself",))
CYCLES: dict[str, Any] = {
    "global": (UNKNOWN, {}),
    "body": ({}, {}),
    "mro": ((), True),
    "self": (_CYCLE, {_CYCLE: ANYTHING}),
    "self_attribute": (UNKNOWN, {}),
    "member": None,
    "is_plain_class": False,
    "dotted_path": "",
    "worth": False,
    "assigned_later": frozenset(),
    "dataclass_fields": None,
    "definition": None,
}
__all__ = ["CYCLES", "QUESTIONS", "OutOfBudgetError", "all_roots", "changed_inputs", "roots_in"]
