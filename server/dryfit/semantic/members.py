"""Members of classes: methods, properties, classes inside, and the values that a class's body gives its attributes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from dryfit.semantic.classes import Member
from dryfit.semantic.heap import Heap, Instance
from dryfit.semantic.names import HARMLESS_DECORATORS
from dryfit.semantic.state import State
from dryfit.semantic.values import UNKNOWN, ClassValue, External, FunctionValue, Ref, Value, constant
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.evaluator import Evaluator
    from dryfit.semantic.program import Program

_UNFOLLOWED = frozenset({"builtins.property", "functools.cached_property", "contextlib.contextmanager"})
_GETTERS = (["builtins.property"], ["functools.cached_property"])
_ENUMS = frozenset({"enum.Enum", "enum.IntEnum", "enum.StrEnum"})
SELF_BY_NAME = ("__dict__", "<self>")  # where attributes of `self` are set by names that are not written out
_CLASS_ITSELF = ("cls", "type", "__class__")  # what stands for the class where code inside it changes it


# -------------------------------------------------------------------------------------------------- questions
def class_member(program: Program[Any], module: str, path: str, name: str) -> Member | None:
    """A member that this class itself defines."""
    owner = ClassValue(module, path)
    found = program.ask("node", module, path, name)
    if found is None:
        inner = f"{path}.{name}"
        if program.ask("class", module, inner) is None:
            return None
        is_plain = program.ask("is_plain_class", module, inner)
        return Member(owner, None, False, False, ClassValue(module, inner) if is_plain else UNKNOWN, {})
    node, place = found
    if isinstance(node, tree.Function):
        return _method(program, owner, node, place)
    value, heap = (UNKNOWN, {}) if node is None else body_value(program, owner, name, node, place)
    return Member(owner, None, False, False, value, heap)


def _method(program: Program[Any], owner: ClassValue, node: tree.Function, place: str) -> Member:
    decorators = [program.ask("dotted_path", owner.module, d) for d in node.decorators]
    function = FunctionValue(owner.module, place, node.name)
    if decorators in _GETTERS:
        return Member(owner, None, False, False, UNKNOWN, {}, function, decorators == _GETTERS[1])
    if any(d in _UNFOLLOWED or d not in HARMLESS_DECORATORS for d in decorators):
        return Member(owner, None, False, False, UNKNOWN, {})
    is_static, is_class_method = "builtins.staticmethod" in decorators, "builtins.classmethod" in decorators
    return Member(owner, function, is_static, is_class_method, UNKNOWN, {})


def body_value(
    program: Program[Any], owner: ClassValue, name: str, node: tree.Expression, place: str
) -> tuple[Value, Heap]:
    """What the class's body gives an attribute, with the heap it needs: all instances share it."""
    from dryfit.semantic import questions

    if isinstance(node, tree.Constant):
        return constant(node.value), {}
    value, heap = evaluated(program, owner, name, node, place)
    if isinstance(value, Ref):
        is_changed = program.ask("is_changed", owner.module, (name,))
        if questions.may_be_filled(heap.get(value), is_changed):
            heap = {**heap, value: questions.of_unknown_content(heap[value])}
    return value, heap


def evaluated(
    program: Program[Any], owner: ClassValue, name: str, node: tree.Expression, place: str
) -> tuple[Value, Heap]:
    """What an expression in the class's body is worth when the module is loaded; `name` names what it makes."""
    from dryfit.semantic import expressions, questions
    from dryfit.semantic.evaluator import Evaluator, OutOfBudgetError

    ev = Evaluator(program, keep_facts=False)
    ev.state = State([], {})
    variables: dict[str, Value] = {}
    label = (owner.module, owner.path, name)
    # Like the body of a function without parameters: what it does not find in the class, it looks up in the module.
    frame = ev.enter(owner.module, place, label, variables, node=tree.Lambda((), node, node.span))
    frame.is_class_body = True
    for used in sorted({part.id for part in tree.walk(node) if isinstance(part, tree.Name)}):
        known = UNKNOWN if used == name else _bound_before(program, ev, owner, name, used)
        if known is not None:
            variables[used] = known
    try:
        value = expressions.evaluate(ev, node)
    except OutOfBudgetError:
        return UNKNOWN, {}
    return (UNKNOWN, {}) if ev.state is None else (value, questions.reachable(value, ev.now.heap))


def _bound_before(program: Program[Any], ev: Evaluator, owner: ClassValue, name: str, used: str) -> Value | None:
    """What the class's body itself has bound a name to, before it binds `name`; None if it has not."""
    found: Member | None = program.ask("member", owner.module, owner.path, used)
    if found is None:
        return None
    order: tuple[str, ...] = program.ask("names", owner.module, owner.path)
    if used in order and name in order and order.index(used) > order.index(name):
        return None
    ev.thaw(found.heap)
    return found.value if found.function is None else found.function


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


def is_called_above(program: Program[Any], module: str, path: str, name: str) -> bool:
    """Does a method of a project class above this one call that name? Then it is there for subclasses to define."""
    above = [c for c in program.mro(ClassValue(module, path))[0][1:] if isinstance(c, ClassValue)]
    places = {
        (c.module, node[1])
        for c in above
        for member in program.ask("names", c.module, c.path)
        if (node := program.ask("node", c.module, c.path, member)) is not None and isinstance(node[0], tree.Function)
    }
    summaries = [program.ask("summary", file, place) for file, place in sorted(places)]
    return any(summary is not None and name in summary.called_names for summary in summaries)


def is_called_below(program: Program[Any], module: str, path: str, name: str) -> bool:
    """Does a class of the same file that inherits from this one call that name, as in `super().training_step(...)`?"""
    for _, definitions in program.ask("top", module):
        for below, kind, _ in definitions or ():
            if (
                kind == "Class"
                and below != path
                and ClassValue(module, path) in program.mro(ClassValue(module, below))[0]
            ):
                for member in program.ask("names", module, below):
                    node = program.ask("node", module, below, member)
                    if node is not None and isinstance(node[0], tree.Function) and _reads_name(node[0], name):
                        return True
    return False


def _reads_name(function: tree.Function, name: str) -> bool:
    return any(isinstance(node, tree.Attribute) and node.name == name for node in tree.walk(function))


def reads(program: Program[Any], cls: ClassValue, name: str) -> bool:
    """Does a method of the class, or of a project class above it, read this attribute of `self`?"""
    owners = [c for c in program.mro(cls)[0] if isinstance(c, ClassValue)]
    return any(program.ask("is_read", c.module, c.path, name) for c in owners)


def is_read(program: Program[Any], module: str, path: str, name: str) -> bool:
    """Does a method that this class itself defines read this attribute of `self`?"""
    for member in program.ask("names", module, path):
        node = program.ask("node", module, path, member)
        if node is None or not isinstance(node[0], tree.Function):
            continue
        parts = list(tree.walk(node[0]))
        targets = {id(target) for part in parts if isinstance(part, tree.Assign) for target in part.targets}
        if any(_is_own(part, name) and id(part) not in targets for part in parts):
            return True
    return False


def _is_own(part: object, name: str) -> bool:
    """`self.name`"""
    if not isinstance(part, tree.Attribute) or part.name != name:
        return False
    return isinstance(part.value, tree.Name) and part.value.id == "self"


def has_own_metaclass(program: Program[Any], cls: ClassValue) -> bool:
    """May calling the class do something else than make an instance of it?"""
    classes = [c for c in program.mro(cls)[0] if isinstance(c, ClassValue)]
    given = [(c.module, a.value) for c in classes for a in program.ask("class", c.module, c.path)[0].bases if a.keyword]
    return any(program.ask("dotted_path", module, value) != "abc.ABCMeta" for module, value in given)


def changed_names(program: Program[Any], module: str) -> frozenset[str]:
    """Every name on the way to something whose contents the code of a file seems to change: `a`, `b` of `a.b[0] =`."""
    file = program.file(module)
    summaries = file.summaries.values() if file is not None else ()
    return frozenset(name for summary in summaries for name in summary.changed_names)


def is_changed(program: Program[Any], module: str, names: tuple[str, ...]) -> bool:
    """Does the code of a file seem to change what one of these names stands for?"""
    changed: frozenset[str] = program.ask("changed_names", module)
    return not changed.isdisjoint(names)


# ---------------------------------------------------------------------------------------------------- reading
def shared_value(ev: Evaluator, cls: ClassValue, found: Member, name: str) -> Value:
    """What an attribute of the class is, read through it, a class below it or an instance of one.

    Unknown if a class that is not known may give the name another meaning, or if the code of the files in sight seems
    to give it another value.
    """
    lookup, is_open = ev.program.mro(cls)
    if found.value is UNKNOWN:
        return UNKNOWN
    if is_open and not isinstance(found.value, ClassValue):
        return _enum_member(ev, cls, found, name)
    if is_set_elsewhere(ev, cls, name, lookup[: lookup.index(found.owner) + 1]):
        return UNKNOWN
    readers = {cls.module, ev.frame.module, ev.frames[0].module} - {found.owner.module}
    if isinstance(found.value, Ref) and any(ev.program.ask("is_changed", file, (name,)) for file in sorted(readers)):
        return UNKNOWN
    thing = found.heap.get(found.value) if isinstance(found.value, Ref) else None
    made_of = thing.cls if isinstance(thing, Instance) else None
    if isinstance(made_of, ClassValue) and ev.program.member(made_of, "__get__") is not None:
        return UNKNOWN
    ev.thaw(found.heap)
    return found.value


def is_set_elsewhere(ev: Evaluator, cls: ClassValue, name: str, lookup: tuple[ClassValue | External, ...]) -> bool:
    """Does the code of the files in sight seem to set attributes of these classes from outside their bodies?"""
    owners = [c for c in lookup if isinstance(c, ClassValue)]
    if any((c, name) in ev.class_writes for c in owners):
        return True
    names = (*_CLASS_ITSELF, *[c.path.rpartition(".")[2] for c in owners])
    files = {*[c.module for c in owners], cls.module, ev.frame.module, ev.frames[0].module}
    return any(ev.program.ask("is_changed", file, names) for file in sorted(files))


def may_be_hidden(ev: Evaluator, thing: Instance, cls: ClassValue) -> bool:
    """May an object have an attribute of its own where only that of its class is in sight?"""
    if ev.program.member(cls, "__getattribute__") is not None:
        return True
    if thing.is_open or thing.lazy is None:
        return thing.is_open
    files = {c.module for c in ev.program.mro(cls)[0] if isinstance(c, ClassValue)}
    return any(ev.program.ask("is_changed", file, SELF_BY_NAME) for file in sorted(files))


def property_value(ev: Evaluator, node: tree.Attribute | tree.Call, base: Ref, found: Member, name: str) -> Value:
    """Read a property: run its getter."""
    from dryfit.semantic import calls

    assert found.getter is not None
    passed = calls.Passed(cast(tree.Call, node))  # it stands for a call without arguments
    value = calls.inline(ev, found.getter, passed, base, found.owner)
    thing = ev.instance(base)
    if found.is_cached and thing is not None:
        ev.put(base, replace(thing, attributes={**thing.attributes, name: value}))
    return value


def _enum_member(ev: Evaluator, cls: ClassValue, found: Member, name: str) -> Value:
    """`Color.RED`: an instance of its class, with a `value`."""
    lookup = ev.program.mro(cls)[0]
    bases = [c.path for c in lookup if isinstance(c, External)]
    is_enum = not _ENUMS.isdisjoint(bases) and all(b in _ENUMS or b.startswith("builtins.") for b in bases)
    own = ("__new__", "__init__", "_missing_", "_generate_next_value_")
    if not is_enum or name.startswith("_") or any(ev.program.member(cls, method) is not None for method in own):
        return UNKNOWN
    ref = Ref((found.owner.module, found.owner.path, name))
    ev.thaw({**found.heap, ref: Instance(found.owner, attributes={"value": found.value}, is_open=True)})
    return ref
