"""Does a `torch.nn` class register parameters of its own? Found by walking its constructor with default arguments.

Required arguments are taken as what their annotations say; `*args` and `**kwargs` as empty. Branches on known values
are decided, other branches are joined, the body of a loop runs once unless what it runs over is known to be empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dryfit.frameworks.owned_values import OWNER, PLAIN, UNKNOWN, Owns, Value, both, either, joined_names, together
from dryfit.frameworks.sources import Definition, Module, Sources, dotted
from dryfit.syntax import tree

_MODULE = "torch.nn.modules.module.Module"
_PARAMETERS = ("torch.nn.parameter.Parameter", "torch.nn.parameter.UninitializedParameter")
_MAX_DEPTH = 12  # constructors and helper functions inside each other


# What hands on what it is given, as far as parameters are concerned.
_PASSING = frozenset({"copy", "deepcopy", "dict", "enumerate", "list", "reversed", "tuple", "zip"})


@dataclass(frozen=True, slots=True)
class _Arguments:
    positional: tuple[Value, ...] = ()
    keywords: Mapping[str, Value] = field(default_factory=dict)


@dataclass(slots=True)
class _Frame:
    """A constructor or helper function being walked. `instance` is shared by the constructors of one object."""

    module: Module
    order: tuple[str, ...]
    names: dict[str, Value]
    instance: _Instance
    depth: int
    returned: list[Value] = field(default_factory=list)


@dataclass(slots=True)
class _Instance:
    registered: Owns = Owns.NO
    attributes: dict[str, Value] = field(default_factory=dict)

    def register(self, value: Value) -> None:
        self.registered = both(self.registered, value.owns)

    def copy(self) -> _Instance:
        return _Instance(self.registered, dict(self.attributes))


class Ownership:
    """Walks constructors; `definitions` are the classes of the sources, `order_of` their resolution orders."""

    def __init__(
        self, sources: Sources, definitions: Mapping[str, Definition], order_of: Callable[[str], tuple[str, ...]]
    ) -> None:
        self._sources = sources
        self._definitions = definitions
        self._order_of = order_of

    def of(self, path: str) -> str | None:
        """ "yes", "no", the name of the argument whose truth decides, or None; see `ClassEntry.parameters`."""
        if not any(name in (_MODULE, "torch.nn.Module") for name in self._order_of(path)):
            return None
        usual = self._built(path, _Arguments(), 0)
        if usual is Owns.UNKNOWN:
            return None
        deciding = [
            name
            for name, default in self._switches(path).items()
            if self._built(path, _Arguments(keywords={name: Value(constant=(not default,))}), 0)
            is (Owns.NO if usual is Owns.YES else Owns.YES)
        ]
        if not deciding:
            return "yes" if usual is Owns.YES else "no"
        is_plain = len(deciding) == 1 and self._switches(path)[deciding[0]] is (usual is Owns.YES)
        return deciding[0] if is_plain else None

    def _switches(self, path: str) -> dict[str, bool]:
        """Constructor arguments that are True or False by default."""
        constructor = self._constructor(self._order_of(path))
        if constructor is None:
            return {}
        return {
            p.name: p.default.value
            for p in constructor[1].parameters
            if isinstance(p.default, tree.Constant) and isinstance(p.default.value, bool)
        }

    def _built(self, path: str, given: _Arguments, depth: int) -> Owns:
        instance = _Instance()
        self._construct(self._order_of(path), given, instance, depth)
        return instance.registered

    def _constructor(self, order: Sequence[str]) -> tuple[str, tree.Function] | None:
        for name in order:
            definition = self._definitions.get(name)
            if definition is not None and isinstance(definition.node, tree.Class):
                for statement in definition.node.body:
                    if isinstance(statement, tree.Function) and statement.name == "__init__":
                        if not any(dotted(d) == "overload" for d in statement.decorators):
                            return name, statement
        return None

    def _construct(self, order: tuple[str, ...], given: _Arguments, instance: _Instance, depth: int) -> None:
        """Run the first constructor of an order on an instance."""
        found = self._constructor(order)
        if found is None or depth > _MAX_DEPTH:
            return
        owner, function = found
        module = self._definitions[owner].module
        names = self._bound(module, function.parameters[1:], given)
        self._walk(function.body, _Frame(module, order[order.index(owner) :], names, instance, depth))

    def _bound(self, module: Module, parameters: Sequence[tree.Parameter], given: _Arguments) -> dict[str, Value]:
        """The parameters' values: what is given, or their defaults."""
        positional = list(given.positional)
        keywords = dict(given.keywords)
        bound: dict[str, Value] = {}
        for parameter in parameters:
            if parameter.kind == "*":
                bound[parameter.name] = Value(together(positional).owns, (tuple(positional),))
            elif parameter.kind == "**":
                bound[parameter.name] = Value(together(list(keywords.values())).owns, (dict(keywords),))
            elif parameter.kind != "kw" and positional:
                bound[parameter.name] = positional.pop(0)
            elif parameter.name in keywords:
                bound[parameter.name] = keywords.pop(parameter.name)
            else:
                bound[parameter.name] = self._default(module, parameter)
        return bound

    def _default(self, module: Module, parameter: tree.Parameter) -> Value:
        if isinstance(parameter.default, tree.Constant):
            return Value(constant=(parameter.default.value,))
        return PLAIN if parameter.default is not None else self._annotated(module, parameter.annotation)

    def _annotated(self, module: Module, annotation: tree.Expression | None) -> Value:
        """What a caller must give, as far as the annotation says it."""
        if annotation is None:
            return UNKNOWN
        values = [self._annotated_name(module, name) for name in _names_in(annotation)]
        return next((v for v in values if v is not PLAIN), PLAIN)

    def _annotated_name(self, module: Module, name: str) -> Value:
        found = self._sources.resolve(module, name)
        if isinstance(found, str):
            return UNKNOWN if found.rpartition(".")[2] in ("Any", "Callable") else PLAIN
        if found.path in _PARAMETERS:
            return OWNER
        if isinstance(found.node, tree.Class) and _MODULE in self._order_of(found.path):
            return UNKNOWN if found.path == _MODULE else Value(self._built(found.path, _Arguments(), 1))
        if isinstance(found.node, tree.Call) and (dotted(found.node.func) or "").endswith("TypeVar"):
            return UNKNOWN
        return PLAIN

    # ------------------------------------------------------------------------------------------ statements
    def _walk(self, body: Sequence[tree.Statement], frame: _Frame) -> bool:
        """False if the body certainly ends early (return, raise)."""
        for statement in body:
            if isinstance(statement, tree.Assign) and statement.value is not None:
                value = self._value(statement.value, frame)
                for target in statement.targets:
                    self._assign(target, value, frame)
            elif isinstance(statement, tree.AugmentedAssign):
                self._assign(statement.target, self._value(statement.value, frame), frame)
            elif isinstance(statement, tree.ExpressionStatement):
                self._value(statement.value, frame)
            elif isinstance(statement, tree.If):
                if not self._branch(statement, frame):
                    return False
            elif isinstance(statement, tree.For):
                items = self._value(statement.iter, frame)
                if items.truth is not False:
                    self._assign(statement.target, Value(items.owns), frame)
                    self._walk(statement.body, frame)
            elif isinstance(statement, (tree.With, tree.Try)):
                if not self._walk(statement.body, frame):
                    return False
            elif isinstance(statement, tree.Return):
                if statement.value is not None:
                    frame.returned.append(self._value(statement.value, frame))
                return False
            elif isinstance(statement, tree.Raise):
                return False
        return True

    def _branch(self, statement: tree.If, frame: _Frame) -> bool:
        truth = self._truth(statement.test, frame)
        if truth is not None:
            return self._walk(statement.body if truth else statement.orelse, frame)
        arms = []
        for body in (statement.body, statement.orelse):
            arm = replace(frame, names=dict(frame.names), instance=frame.instance.copy())
            if self._walk(body, arm):
                arms.append(arm)
        if not arms:
            return False
        joined = arms[0].instance.registered
        for arm in arms[1:]:
            joined = joined if joined is arm.instance.registered else Owns.UNKNOWN
        frame.instance.registered = joined
        frame.instance.attributes = joined_names([arm.instance.attributes for arm in arms])
        frame.names = joined_names([arm.names for arm in arms])
        return True

    def _assign(self, target: tree.Expression, value: Value, frame: _Frame) -> None:
        if isinstance(target, tree.Name):
            frame.names[target.id] = value
        elif isinstance(target, tree.Attribute) and dotted(target.value) == "self":
            frame.instance.attributes[target.name] = value
            frame.instance.register(value)
        elif isinstance(target, tree.Sequence):
            for item in target.items:
                self._assign(item, Value(value.owns), frame)
        elif isinstance(target, tree.Subscript) and dotted(target.value) == "self":
            frame.instance.register(value)

    # ------------------------------------------------------------------------------------------ expressions
    def _value(self, expression: tree.Expression, frame: _Frame) -> Value:
        if isinstance(expression, tree.Constant):
            return Value(constant=(expression.value,))
        if isinstance(expression, tree.Name):
            return frame.names.get(expression.id, PLAIN)
        if isinstance(expression, tree.Attribute):
            if dotted(expression.value) == "self":
                return frame.instance.attributes.get(expression.name, PLAIN)
            return PLAIN
        if isinstance(expression, tree.Call):
            return self._call(expression, frame)
        if isinstance(expression, tree.Conditional):
            truth = self._truth(expression.test, frame)
            if truth is not None:
                return self._value(expression.body if truth else expression.orelse, frame)
            return either(self._value(expression.body, frame), self._value(expression.orelse, frame))
        if isinstance(expression, tree.Comprehension):
            for clause in expression.clauses:
                self._assign(clause.target, Value(self._value(clause.iter, frame).owns), frame)
            return Value(self._value(expression.element, frame).owns)
        is_negation = isinstance(expression, tree.Unary) and expression.op == "not"
        if is_negation or isinstance(expression, (tree.Comparison, tree.Logical)):
            truth = self._truth(expression, frame)
            return PLAIN if truth is None else Value(constant=(truth,))
        if isinstance(expression, tree.Sequence):
            return together([self._value(item, frame) for item in expression.items])
        if isinstance(expression, tree.Starred):
            return self._value(expression.value, frame)
        return PLAIN

    def _call(self, call: tree.Call, frame: _Frame) -> Value:
        name = dotted(call.func)
        if isinstance(call.func, tree.Attribute) and call.func.name == "__init__":
            self._call_constructor(call, call.func.value, frame)
            return PLAIN
        if name is None:
            return PLAIN
        if name in ("self.register_parameter", "self.add_module", "self.register_module", "setattr"):
            if call.arguments:
                frame.instance.register(self._value(call.arguments[-1].value, frame))
            return PLAIN
        given = self._given(call.arguments, frame)
        values = [*given.positional, *given.keywords.values()]
        if name.rpartition(".")[2] in _PASSING:
            return together(values)
        found = self._sources.resolve(frame.module, name)
        if isinstance(found, str):
            return UNKNOWN if found.startswith("torch.nn.") and found[9:10].isupper() else PLAIN
        order = self._order_of(found.path)
        if any(path in _PARAMETERS for path in order):
            return OWNER
        if _MODULE in order:
            return together([Value(self._built(found.path, given, frame.depth + 1)), *values])
        if isinstance(found.node, tree.Function) and frame.depth < _MAX_DEPTH:
            names = self._bound(found.module, found.node.parameters, given)
            inner = _Frame(found.module, (), names, _Instance(), frame.depth + 1)
            self._walk(found.node.body, inner)
            return inner.returned[-1] if inner.returned else PLAIN
        return PLAIN

    def _call_constructor(self, call: tree.Call, receiver: tree.Expression, frame: _Frame) -> None:
        """`super().__init__(...)` and `Base.__init__(self, ...)`, on the same instance."""
        arguments = call.arguments
        order = frame.order[1:]
        if not (isinstance(receiver, tree.Call) and dotted(receiver.func) == "super"):
            found = self._sources.resolve(frame.module, dotted(receiver) or "")
            order = () if isinstance(found, str) else self._order_of(found.path)
            arguments = arguments[1:]
        self._construct(order, self._given(arguments, frame), frame.instance, frame.depth + 1)

    def _given(self, arguments: Sequence[tree.Argument], frame: _Frame) -> _Arguments:
        """The arguments of a call; of `*args` and `**kwargs` those that are known."""
        positional: list[Value] = []
        keywords: dict[str, Value] = {}
        for argument in arguments:
            value = self._value(argument.value, frame)
            if argument.keyword is not None:
                keywords[argument.keyword] = value
            elif argument.stars == 0:
                positional.append(value)
            elif value.constant and isinstance(value.constant[0], dict):
                keywords |= value.constant[0]
            elif value.constant and isinstance(value.constant[0], tuple):
                positional.extend(value.constant[0])
        return _Arguments(tuple(positional), keywords)

    def _truth(self, test: tree.Expression, frame: _Frame) -> bool | None:
        if isinstance(test, tree.Unary) and test.op == "not":
            inner = self._truth(test.value, frame)
            return None if inner is None else not inner
        if isinstance(test, tree.Logical):
            decisive = test.op == "or"
            truths = [self._truth(item, frame) for item in test.items]
            if decisive in truths:
                return decisive
            return None if None in truths else not decisive
        if isinstance(test, tree.Comparison):
            return self._compared(test, frame)
        return self._value(test, frame).truth

    def _compared(self, test: tree.Comparison, frame: _Frame) -> bool | None:
        if len(test.ops) != 1:
            return None
        left, right = (self._value(item, frame) for item in test.items)
        operator = test.ops[0]
        if operator in ("is", "is not") and right.constant == (None,):
            if left.owns is Owns.YES:
                return operator == "is not"
            return None if not left.constant else (left.constant[0] is None) is (operator == "is")
        if not left.constant or not right.constant:
            return None
        if operator in ("==", "!="):
            return bool(left.constant[0] == right.constant[0]) is (operator == "==")
        if operator in ("in", "not in") and isinstance(right.constant[0], dict):
            return (left.constant[0] in right.constant[0]) is (operator == "in")
        return None


def _names_in(annotation: tree.Expression) -> list[str]:
    """Dotted names in an annotation; one that is quoted counts as the name it quotes."""
    if isinstance(annotation, tree.Constant):
        return [annotation.value] if isinstance(annotation.value, str) else []
    if isinstance(annotation, (tree.Name, tree.Attribute)):
        return [dotted(annotation) or ""]
    return [
        name
        for child in tree.children(annotation)
        if not isinstance(child, tree.Alias)
        for name in _names_in(child)  # type: ignore[arg-type]
    ]
