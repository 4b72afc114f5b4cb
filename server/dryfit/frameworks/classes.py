"""One class, as its own body shows it: signatures of its methods, names of its members."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dryfit.frameworks.signature import Parameter, signature_text
from dryfit.frameworks.sources import Module, dotted, flattened, is_overload
from dryfit.syntax import tree

_SPECIAL_METHODS = frozenset({"__init__", "__new__", "__call__"})  # the private ones whose signatures are kept
_PROPERTIES = frozenset({"property", "cached_property", "setter", "getter", "deleter", "abstractproperty"})
_REGISTRATIONS = frozenset({"register_buffer", "register_parameter", "register_module", "add_module"})
_RESTORING = frozenset(
    {"__setstate__", "__deepcopy__", "__copy__", "load_state_dict"}
)  # they bring back what was there


def function_text(module: Module, function: tree.Function) -> str:
    """The signature of a function of a module's top level."""
    return _text(module, function.parameters)


def methods(module: Module, body: Iterable[tree.Statement]) -> dict[str, str]:
    """Signature texts of public methods and the constructor; of an overloaded method that of its implementation."""
    found: dict[str, str] = {}
    for function in _functions(body):
        is_kept = not function.name.startswith("_") or function.name in _SPECIAL_METHODS
        if is_kept and not _is_property(function):
            found[function.name] = _text(module, _without_receiver(function))
    return found


def dataclass_constructor(module: Module, node: tree.Class) -> str | None:
    """The constructor that `@dataclass` makes from the annotated attributes; None if the class is none.

    With bases there may be more fields: then anything is accepted.
    """
    if not any(_decorator_name(d) == "dataclass" for d in node.decorators):
        return None
    if node.bases:
        return signature_text((Parameter("args", "*"), Parameter("kwargs", "**")))
    fields = [
        Parameter(target.id, "pos", None if s.value is None else module.text(s.value.span))
        for s in node.body
        if isinstance(s, tree.Assign) and s.annotation is not None
        for target in s.targets
        if isinstance(target, tree.Name)
    ]
    return signature_text(fields)


def members(body: Iterable[tree.Statement]) -> set[str]:
    """Names that the class or its instances have: methods, class attributes, what is assigned to `self`."""
    names: set[str] = set()
    for statement, _ in flattened(tuple(body)):
        if isinstance(statement, (tree.Function, tree.Class)):
            names.add(statement.name)
        elif isinstance(statement, tree.Assign):
            names.update(name.id for target in statement.targets for name in _names(target))
    for function in _functions(body):
        names.update(_assigned_to_receiver(function))
    return names


def has_computed_members(body: Iterable[tree.Statement]) -> bool:
    """Does it make members whose names its source does not spell out?"""
    return any(
        function.name in ("__getattr__", "__getattribute__")
        or (function.name not in _RESTORING and any(_is_computed_member(node) for node in tree.walk(function)))
        for function in _functions(body)
    )


def _functions(body: Iterable[tree.Statement]) -> Iterator[tree.Function]:
    for statement, _ in flattened(tuple(body)):
        if isinstance(statement, tree.Function) and not is_overload(statement):
            yield statement


def _is_property(function: tree.Function) -> bool:
    return any((dotted(d) or "").rpartition(".")[2] in _PROPERTIES for d in function.decorators)


def _decorator_name(decorator: tree.Expression) -> str:
    called = decorator.func if isinstance(decorator, tree.Call) else decorator
    return (dotted(called) or "").rpartition(".")[2]


def _without_receiver(function: tree.Function) -> tuple[tree.Parameter, ...]:
    is_static = any(dotted(d) == "staticmethod" for d in function.decorators)
    first = function.parameters[:1]
    if is_static or not first or first[0].kind not in ("posonly", "pos"):
        return function.parameters
    return function.parameters[1:]


def _text(module: Module, parameters: Iterable[tree.Parameter]) -> str:
    return signature_text(
        Parameter(p.name, p.kind, None if p.default is None else module.text(p.default.span)) for p in parameters
    )


def _receiver(function: tree.Function) -> str | None:
    return function.parameters[0].name if function.parameters else None


def _assigned_to_receiver(function: tree.Function) -> Iterator[str]:
    receiver = _receiver(function)
    for node in tree.walk(function):
        if isinstance(node, tree.Call):
            yield from _registered(node, receiver)
        else:
            yield from (name for owner, name in assigned_attributes(node) if owner == receiver)


def assigned_attributes(node: tree.Node) -> Iterator[tuple[str, str]]:
    """What a statement assigns to: `self.trainer.model = ...` is ("self.trainer", "model")."""
    targets: tuple[tree.Expression, ...] = ()
    if isinstance(node, tree.Assign):
        targets = node.targets
    elif isinstance(node, (tree.AugmentedAssign, tree.For)):
        targets = (node.target,)
    elif isinstance(node, tree.With):
        targets = tuple(target for _, target in node.items if target is not None)
    for target in targets:
        for attribute in _attributes(target):
            owner = dotted(attribute.value)
            if owner is not None:
                yield owner, attribute.name


def _registered(call: tree.Call, receiver: str | None) -> Iterator[str]:
    """The name in `self.register_buffer("name", ...)` and `setattr(self, "name", ...)`."""
    name = dotted(call.func) or ""
    values = [argument.value for argument in call.arguments]
    if name == "setattr" and len(values) == 3 and isinstance(values[0], tree.Name) and values[0].id == receiver:
        named = values[1]
    elif name.rpartition(".")[2] in _REGISTRATIONS and name.rpartition(".")[0] == receiver and values:
        named = values[0]
    else:
        return
    if isinstance(named, tree.Constant) and isinstance(named.value, str):
        yield named.value


def _is_computed_member(node: tree.Node) -> bool:
    """`setattr(self, computed, ...)` and `self.__dict__.update(...)`."""
    if not isinstance(node, tree.Call):
        return False
    name = dotted(node.func) or ""
    if name == "setattr" and len(node.arguments) == 3:
        receiver, named = node.arguments[0].value, node.arguments[1].value
        return isinstance(receiver, tree.Name) and receiver.id == "self" and not isinstance(named, tree.Constant)
    return name == "self.__dict__.update"


def _names(target: tree.Expression) -> Iterator[tree.Name]:
    if isinstance(target, tree.Name):
        yield target
    elif isinstance(target, tree.Sequence):
        for item in target.items:
            yield from _names(item)


def _attributes(target: tree.Expression) -> Iterator[tree.Attribute]:
    if isinstance(target, tree.Attribute):
        yield target
    elif isinstance(target, tree.Sequence):
        for item in target.items:
            yield from _attributes(item)
    elif isinstance(target, tree.Starred):
        yield from _attributes(target.value)
