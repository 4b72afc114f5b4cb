"""What `Trainer(accelerator=, strategy=, precision=)` accepts, from the code that registers and checks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from dryfit.frameworks.sources import Definition, Module, Sources, dotted
from dryfit.syntax import tree

_CONNECTOR = "lightning.pytorch.trainer.connectors.accelerator_connector"
_OLD_NAMES = "lightning.pytorch._graveyard."  # classes that keep old names accepted
_PRECISION_MODULES = ("lightning.fabric.plugins.precision.precision", "lightning.fabric.connector")
_PRECISION_ENUM = ("lightning.pytorch.utilities.enums", "PrecisionType")  # 1.x

OrderOf = Callable[[str], Sequence[str]]


def accelerators(sources: Sources, definitions: Mapping[str, Definition], order_of: OrderOf) -> frozenset[str] | None:
    """Registered names, and those the connector lets through besides ("auto", "gpu")."""
    registered = _registered(definitions, order_of, "lightning.pytorch.accelerators.", "register_accelerators")
    return _with_connector(sources, "accelerator", registered)


def strategies(sources: Sources, definitions: Mapping[str, Definition], order_of: OrderOf) -> frozenset[str] | None:
    """Registered names, and those the connector lets through besides ("auto"). Since 2.0 case does not matter."""
    registered = _registered(definitions, order_of, "lightning.pytorch.strategies.", "register_strategies")
    return _with_connector(sources, "strategy", registered)


def precisions(sources: Sources) -> frozenset[str] | None:
    """Every accepted value as text; the ones accepted as a number (16, 32, 64) are accepted as text as well."""
    for name in _PRECISION_MODULES:
        module = sources.module(name)
        values = set(_literals(module)) if module is not None else set()
        if values:
            return frozenset(values)
    module = sources.module(_PRECISION_ENUM[0])
    enum = None if module is None else module.bindings.get(_PRECISION_ENUM[1])
    if isinstance(enum, tree.Class):
        return frozenset(str(value) for value in _constants_of(enum).values()) or None
    return None


def _literals(module: Module) -> Iterator[str]:
    """The constants of `_PRECISION_INPUT... = Literal[...]`."""
    for name, binding in module.bindings.items():
        if name.startswith("_PRECISION_INPUT") and isinstance(binding, tree.Subscript):
            if (dotted(binding.value) or "").rpartition(".")[2] == "Literal":
                yield from (str(node.value) for node in tree.walk(binding.index) if isinstance(node, tree.Constant))


def _with_connector(sources: Sources, flag: str, registered: set[str]) -> frozenset[str] | None:
    """Adds the constants that the connector's check of the flag compares it with: `flag not in ("auto", "gpu")`."""
    module = sources.module(_CONNECTOR)
    if module is None or not registered:
        return None
    connector = next((b for n, b in module.bindings.items() if n.endswith("AcceleratorConnector")), None)
    if not isinstance(connector, tree.Class):
        return None
    for function in connector.body:
        if isinstance(function, tree.Function) and function.name == "_check_config_and_set_final_flags":
            for node in tree.walk(function):
                if isinstance(node, tree.If) and _is_check_of(flag, node):
                    registered |= set(_compared_with(flag, node.test))
    return frozenset(registered)


def _is_check_of(flag: str, statement: tree.If) -> bool:
    """Does it raise if the flag is not one of the registered names?"""
    raises = any(isinstance(inner, tree.Raise) for inner in statement.body)
    return raises and any(
        isinstance(node, tree.Comparison) and node.ops == ("not in",) and dotted(node.items[0]) == flag
        for node in tree.walk(statement.test)
    )


def _compared_with(flag: str, test: tree.Expression) -> Iterator[str]:
    for node in tree.walk(test):
        if isinstance(node, tree.Comparison) and node.ops[0] in ("!=", "not in") and dotted(node.items[0]) == flag:
            for inner in tree.walk(node.items[1]):
                if isinstance(inner, tree.Constant) and isinstance(inner.value, str):
                    yield inner.value


def _registered(definitions: Mapping[str, Definition], order_of: OrderOf, package: str, method: str) -> set[str]:
    """The names under which the classes of a package register themselves, inherited registrations included."""
    names: set[str] = set()
    for path, definition in definitions.items():
        if path.startswith((package, _OLD_NAMES)) and isinstance(definition.node, tree.Class):
            family = [c for c in (definitions.get(name) for name in order_of(path)) if c is not None]
            bodies = [c.node for c in family if isinstance(c.node, tree.Class)]
            registering = next((f for f in (_method(body, method) for body in bodies) if f is not None), None)
            if registering is not None:
                constants: dict[str, object] = {}
                for body in reversed(bodies):
                    constants |= _constants_of(body)
                names.update(_registrations(registering.body, constants, {}))
    return names


def _registrations(
    body: Sequence[tree.Statement], constants: Mapping[str, object], sequences: dict[str, tree.Expression]
) -> Iterator[str]:
    """First arguments of `registry.register(...)`: a text, `cls.strategy_name`, `cls.name()`, or a loop's variable."""
    for statement in body:
        if isinstance(statement, tree.Assign) and statement.value is not None:
            sequences.update({t.id: statement.value for t in statement.targets if isinstance(t, tree.Name)})
        elif isinstance(statement, tree.For):
            items = sequences.get(dotted(statement.iter) or "", statement.iter)
            for row in items.items if isinstance(items, tree.Sequence) else ():
                bound = _row(statement.target, row)
                yield from _registrations(statement.body, {**constants, **bound}, sequences)
        elif isinstance(statement, tree.If):
            yield from _registrations((*statement.body, *statement.orelse), constants, sequences)
        elif isinstance(statement, tree.ExpressionStatement) and isinstance(statement.value, tree.Call):
            call = statement.value
            if isinstance(call.func, tree.Attribute) and call.func.name == "register" and call.arguments:
                first = call.arguments[0].value
                name = first.value if isinstance(first, tree.Constant) else constants.get(_last(first))
                if isinstance(name, str):
                    yield name


def _row(target: tree.Expression, row: tree.Expression) -> dict[str, object]:
    targets = target.items if isinstance(target, tree.Sequence) else (target,)
    values = row.items if isinstance(row, tree.Sequence) else (row,)
    return {
        name.id: value.value
        for name, value in zip(targets, values, strict=False)
        if isinstance(name, tree.Name) and isinstance(value, tree.Constant)
    }


def _last(expression: tree.Expression) -> str:
    if isinstance(expression, tree.Call):
        expression = expression.func
    return (dotted(expression) or "").rpartition(".")[2]


def _method(body: tree.Class, name: str) -> tree.Function | None:
    return next((s for s in body.body if isinstance(s, tree.Function) and s.name == name), None)


def _constants_of(body: tree.Class) -> dict[str, object]:
    """Class attributes that are constants, and methods that do nothing but return one."""
    constants: dict[str, object] = {}
    for statement in body.body:
        if isinstance(statement, tree.Assign) and isinstance(statement.value, tree.Constant):
            constants |= {t.id: statement.value.value for t in statement.targets if isinstance(t, tree.Name)}
        elif isinstance(statement, tree.Function) and statement.body:
            last = statement.body[-1]
            if isinstance(last, tree.Return) and isinstance(last.value, tree.Constant):
                constants[statement.name] = last.value.value
    return constants
