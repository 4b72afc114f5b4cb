"""Dataclasses and named tuples: their fields, and the constructor that Python writes for them.

Source: CPython 3.13, `dataclasses._process_class`, `_get_field` and `_init_fn`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from dryfit.semantic import calls, classes, members
from dryfit.semantic.evaluator import Evaluator, Frame
from dryfit.semantic.heap import Heap, Instance
from dryfit.semantic.names import dotted
from dryfit.semantic.values import UNKNOWN, ClassValue, External, Ref, SuperValue, Unknown, Value
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.calls import Passed
    from dryfit.semantic.program import Program

_DATACLASS = "dataclasses.dataclass"
_NAMED_TUPLE = "typing.NamedTuple"
# What the annotations of pseudo-fields are called, as they are written or as text: dataclasses looks no closer either.
_SPECIAL = re.compile(r"[\"']?(?:\w+\.)?(ClassVar|InitVar|KW_ONLY)\b")
_FIELD_OPTIONS = frozenset("default default_factory init repr hash compare metadata kw_only doc".split())


class Field(NamedTuple):
    """A field of a dataclass. `owner`: the class whose body defines it, in the unit `place`.

    `takes`: the constructor has a parameter for it. `is_argument`: it is handed to `__post_init__` and is no attribute.
    """

    name: str
    owner: ClassValue
    place: str
    has_default: bool
    takes: bool
    is_keyword_only: bool
    is_argument: bool


Fields = tuple[Field, ...]


# -------------------------------------------------------------------------------------------------- questions
def dataclass_fields(program: Program[Any], module: str, path: str) -> Fields | Unknown | None:
    """The fields of a dataclass in order, those of the bases first; None if the class is none, nor below one."""
    cls = ClassValue(module, path)
    options = _options(program, cls)
    lookup, is_open = program.mro(cls)
    if options is None:
        return next((f for f in (_fields_of(program, c) for c in lookup[1:]) if f is not None), None)
    if options is UNKNOWN or (is_open and not _is_named_tuple(program, cls)):
        return UNKNOWN
    fields: dict[str, Field] = {}
    for c in reversed(lookup[1:]):
        inherited = _fields_of(program, c)
        if isinstance(inherited, Unknown):
            return UNKNOWN
        fields.update({field.name: field for field in inherited or ()})
    own = _own_fields(program, cls, options.get("kw_only", False))
    if isinstance(own, Unknown):
        return UNKNOWN
    for field in own:
        fields[field.name] = field
    return tuple(fields.values())


def constructor(program: Program[Any], module: str, path: str, after: ClassValue | None) -> ClassValue | None:
    """The dataclass whose constructor a call of the class runs (behind `after`); None if it is another one."""
    for c in classes.behind(program, ClassValue(module, path), after):
        if isinstance(c, External) and not classes.is_empty_base(c.path):
            return None
        if isinstance(c, ClassValue):
            if program.ask("node", c.module, c.path, "__init__") is not None:
                return None
            options = _options(program, c)
            if options is UNKNOWN or (options is not None and options.get("init", True)):
                return c
    return None


def field_default(program: Program[Any], module: str, path: str, name: str) -> tuple[Value | None, Value, Heap]:
    """(the factory of a field's default, if it has one; the default that all instances share; the heap of both)."""
    owner = ClassValue(module, path)
    found = program.ask("node", module, path, name)
    node = None if found is None else found[0]
    if node is None:
        return None, UNKNOWN, {}
    arguments = _field_call(program, owner, node)
    if arguments is None:
        return None, *members.body_value(program, owner, name, node, found[1])
    if "default_factory" in arguments:
        factory, heap = members.evaluated(program, owner, name, arguments["default_factory"], found[1])
        return factory, UNKNOWN, heap
    if "default" in arguments:
        return None, *members.body_value(program, owner, name, arguments["default"], found[1])
    return None, UNKNOWN, {}


def _fields_of(program: Program[Any], cls: ClassValue | External) -> Fields | Unknown | None:
    if isinstance(cls, External):
        return None
    answer: Fields | Unknown | None = program.ask("dataclass_fields", cls.module, cls.path)
    return answer


def _options(program: Program[Any], cls: ClassValue) -> dict[str, bool] | Unknown | None:
    """What the decorator `dataclass` is told; None if there is none; Unknown if that cannot be told."""
    found = program.ask("class", cls.module, cls.path)
    node: tree.Class | None = None if found is None else found[0]
    for decorator in node.decorators if node is not None else ():
        if program.ask("dotted_path", cls.module, decorator) == _DATACLASS:
            arguments = decorator.arguments if isinstance(decorator, tree.Call) else ()
            given = {a.keyword: a.value for a in arguments if a.keyword}
            options = {k: bool(v.value) for k, v in given.items() if isinstance(v, tree.Constant)}
            return options if len(options) == len(arguments) else UNKNOWN
    return {} if _is_named_tuple(program, cls) else None


def _is_named_tuple(program: Program[Any], cls: ClassValue) -> bool:
    found = program.ask("class", cls.module, cls.path)
    bases: tuple[tree.Argument, ...] = () if found is None else found[0].bases
    return len(bases) == 1 and program.ask("dotted_path", cls.module, bases[0].value) == _NAMED_TUPLE


def _own_fields(program: Program[Any], cls: ClassValue, keyword_only: bool) -> Fields | Unknown:
    fields: list[Field] = []
    for name in program.ask("names", cls.module, cls.path):
        node, place = program.ask("node", cls.module, cls.path, name)
        if isinstance(node, tree.Function):
            continue
        statement = _statement(program, cls, place, name)
        if statement is None:
            return UNKNOWN  # under an `if`, or set twice
        annotation = statement.annotation
        if annotation is None:
            continue
        special = _SPECIAL.match(_written(program, cls, annotation))
        kind = "" if special is None else special[1]
        if kind == "KW_ONLY":
            keyword_only = True
        elif kind != "ClassVar":
            field = _field(program, cls, name, node, place, keyword_only, is_argument=kind == "InitVar")
            if isinstance(field, Unknown):
                return UNKNOWN
            fields.append(field)
    return tuple(fields)


def _field(
    program: Program[Any],
    cls: ClassValue,
    name: str,
    node: tree.Expression | None,
    place: str,
    keyword_only: bool,
    *,
    is_argument: bool,
) -> Field | Unknown:
    if node is None:
        if program.member(cls, name, after=True) is not None:
            return UNKNOWN  # the value in a base class is its default, if it still stands there
        return Field(name, cls, place, False, True, keyword_only, is_argument)
    given = _field_call(program, cls, node)
    if given is None:
        return Field(name, cls, place, True, True, keyword_only, is_argument)
    flags: dict[str, bool] = {"init": True, "kw_only": keyword_only}
    for flag in flags:
        value = given.get(flag)
        if value is not None:
            if not isinstance(value, tree.Constant):
                return UNKNOWN
            flags[flag] = bool(value.value)
    if not _FIELD_OPTIONS.issuperset(given):
        return UNKNOWN
    has_default = "default" in given or "default_factory" in given
    return Field(name, cls, place, has_default, flags["init"], flags["kw_only"], is_argument)


def _statement(program: Program[Any], cls: ClassValue, place: str, name: str) -> tree.Assign | None:
    """The one statement of the class's body that gives an attribute its annotation or value."""
    statements = program.ask("place", cls.module, place) or ()
    if any(isinstance(s, tree.Class) for s in statements):
        statements = program.ask("class", cls.module, cls.path)[0].body
    found = [
        s
        for s in statements
        if isinstance(s, tree.Assign) and any(isinstance(t, tree.Name) and t.id == name for t in s.targets)
    ]
    return found[0] if len(found) == 1 else None


def _written(program: Program[Any], cls: ClassValue, annotation: tree.Expression) -> str:
    if isinstance(annotation, tree.Subscript):
        annotation = annotation.value
    if isinstance(annotation, tree.Constant):
        return str(annotation.value)
    path: str = program.ask("dotted_path", cls.module, annotation)
    return path if path.startswith(("typing.", "dataclasses.", "typing_extensions.")) else dotted(annotation)


def _field_call(program: Program[Any], cls: ClassValue, node: tree.Expression) -> dict[str, tree.Expression] | None:
    """The arguments of `field(...)`; None if the expression is no such call."""
    if not isinstance(node, tree.Call) or program.ask("dotted_path", cls.module, node.func) != "dataclasses.field":
        return None
    return {a.keyword or "*": a.value for a in node.arguments}


# ------------------------------------------------------------------------------------------------- constructing
def construct(ev: Evaluator, ref: Ref, made_by: ClassValue, passed: Passed) -> None:
    """Run the constructor that the dataclass `made_by` has for the object `ref`."""
    fields = _fields_of(ev.program, made_by)
    thing = ev.instance(ref)
    if thing is None:
        return
    if fields is None or isinstance(fields, Unknown):
        ev.put(ref, replace(thing, is_open=True, escaped=True, lazy=None))
        ev.unknown_call(ref, passed.values(), is_project=True)
        return
    frame = _enter(ev, ev.label(passed.node, "__init__"), passed)
    handed = _bind_fields(ev, ref, fields, passed)
    found = ev.program.member(thing.cls, "__post_init__") if isinstance(thing.cls, ClassValue) else None
    if found is not None and found.function is not None:
        calls.inline(ev, found.function, calls.Passed(passed.node, handed, [None] * len(handed)), ref, found.owner)
    elif found is not None:
        ev.unknown_call(ref, passed.values(), is_project=True)
    ev.leave()
    del ev.now.environments[frame.index :]


def construct_base(ev: Evaluator, called_on: Value, passed: Passed) -> bool:
    """`super().__init__(...)`, `Base.__init__(self, ...)`: False if no constructor of a dataclass runs then."""
    if isinstance(called_on, SuperValue):
        ref, after = called_on.receiver, called_on.owner
        thing = ev.instance(ref)
        cls = thing.cls if thing is not None else UNKNOWN
        rest = passed
    elif isinstance(called_on, ClassValue) and passed.positional:
        ref, after, cls = passed.positional[0], None, called_on
        rest = replace(passed, positional=passed.positional[1:], positional_sites=passed.positional_sites[1:])
    else:
        return False
    if not isinstance(cls, ClassValue) or not isinstance(ref, Ref):
        return False
    made_by = ev.program.ask("constructor", cls.module, cls.path, after)
    if made_by is None:
        return False
    construct(ev, ref, made_by, rest)
    return True


def _enter(ev: Evaluator, label: tuple[str, ...], passed: Passed) -> Frame:
    """A frame that names what the constructor makes. It has no text of its own: all happens where the call stands."""
    return ev.enter(ev.frame.module, ev.frame.place, label, {}, call=ev.site(passed.node.span))


def _bind_fields(ev: Evaluator, ref: Ref, fields: Fields, passed: Passed) -> list[Value]:
    """Give the object its attributes; what `__post_init__` is handed."""
    order = [f.name for f in fields if f.takes and not f.is_keyword_only]
    fits = len(passed.positional) <= len(order) and passed.keywords.keys() <= {f.name for f in fields if f.takes}
    handed: list[Value] = []
    for field in fields:
        value: Value | None = None
        if field.takes:
            value = passed.get(order.index(field.name) if field.name in order else None, field.name)
        if value is None and (field.has_default or not field.takes):
            value = _default(ev, field, passed) if field.has_default else None
        elif value is None:
            value = UNKNOWN
        thing = ev.instance(ref)
        assert thing is not None
        if not fits or (value is not None and _is_set_by_code(ev, thing, field.name)):
            value = UNKNOWN
        if field.is_argument:
            handed.append(UNKNOWN if value is None else value)
        elif value is not None:
            ev.put(ref, replace(thing, attributes={**thing.attributes, field.name: value}))
    return handed


def _is_set_by_code(ev: Evaluator, thing: Instance, name: str) -> bool:
    cls = thing.cls
    return isinstance(cls, ClassValue) and bool(ev.program.ask("has_setter", cls.module, cls.path, name))


def _default(ev: Evaluator, field: Field, passed: Passed) -> Value:
    factory, value, heap = ev.program.ask("field_default", field.owner.module, field.owner.path, field.name)
    ev.thaw(heap)
    result: Value = value
    if factory is not None:
        frame = _enter(ev, (*ev.frame.label, field.name), passed)
        result = calls.call(ev, factory, calls.Passed(passed.node))
        ev.leave()
        del ev.now.environments[frame.index :]
    return result


def field_values(ev: Evaluator, value: Value) -> list[tuple[str, Value]] | None:
    """The attributes that are fields of a dataclass's instance, each with its value; None if it is none."""
    thing = ev.instance(value)
    if thing is None or not isinstance(thing.cls, ClassValue):
        return None
    fields = _fields_of(ev.program, thing.cls)
    if fields is None or isinstance(fields, Unknown):
        return None
    return [(f.name, thing.attributes.get(f.name, UNKNOWN)) for f in fields if not f.is_argument]


def replaced(ev: Evaluator, passed: Passed) -> Value:
    """`dataclasses.replace(obj, **changes)`: another object, made from the fields of this one."""
    thing = ev.instance(passed.positional[0]) if passed.positional else None
    known = None if thing is None else field_values(ev, passed.positional[0])
    if thing is None or known is None or not isinstance(thing.cls, ClassValue):
        return ev.unknown_call(None, passed.values())
    taken = {f.name for f in cast(Fields, _fields_of(ev.program, thing.cls)) if f.takes}
    given = {name: value for name, value in known if name in taken}
    if passed.open_keywords:
        given = dict.fromkeys(given, UNKNOWN)
    given.update(passed.keywords)
    sites = {name: passed.keyword_sites.get(name, (None, None, None)) for name in given}
    return calls.instantiate(ev, thing.cls, calls.Passed(passed.node, keywords=given, keyword_sites=sites))
