"""What expressions are worth."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dryfit.semantic import assignments, attributes, calls, containers, counts, displays, flow, modes, objects, unused
from dryfit.semantic.evaluator import MAX_STEPS, Evaluator, OutOfBudgetError
from dryfit.semantic.heap import DictObject, Instance, ListObject
from dryfit.semantic.names import BUILTIN_NAMES
from dryfit.semantic.state import join_states
from dryfit.semantic.values import (
    BATCHES,
    NONE,
    OF_LEAF,
    PLAIN,
    UNKNOWN,
    BoundMethod,
    ClassValue,
    ConstantValue,
    External,
    FunctionValue,
    ParameterValue,
    Ref,
    TensorValue,
    TupleValue,
    Value,
    constant,
    join,
    join_optional,
)
from dryfit.syntax import tree

MAX_CONSTANT = 10_000  # characters of a string, or size of a number's exponent, that is worth working out


def evaluate(ev: Evaluator, node: tree.Expression) -> Value:
    """The value of an expression; what it does happens to the state."""
    ev.steps += 1
    if ev.steps > MAX_STEPS:
        raise OutOfBudgetError
    return _EXPRESSIONS[node.__class__](ev, node)


# ----------------------------------------------------------------------------------------------------- names
def _name(ev: Evaluator, node: tree.Name) -> Value:
    name, frame = node.id, ev.frame
    root = ev.frames[0]
    in_module_body = root.node is None and root.module == frame.module
    if name not in frame.global_names:
        value = ev.now.environments[frame.index].get(name)
        if value is not None:
            return value
        if frame.node is not None:
            found = _closure(ev, name)
            if found is not None:
                return found
    elif not in_module_body:
        return UNKNOWN  # somebody assigns it while the program runs
    if in_module_body:
        value = ev.now.environments[0].get(name)
        if value is None:
            value, heap = ev.program.ask("starred", frame.module, name)
            ev.thaw(heap)
        if value is not None:
            return value
    else:
        value, heap = ev.program.lookup(frame.module, name)
        if value is not None:
            ev.thaw(heap)
            return flow.faded(value)
    return External(f"builtins.{name}") if name in BUILTIN_NAMES else UNKNOWN


def _closure(ev: Evaluator, name: str) -> Value | None:
    """A variable of the functions around the innermost one; None if they have none of that name."""
    serial = ev.frame.outer
    while serial is not None:
        outer = next((f for f in ev.frames if f.serial == serial), None)
        if outer is None:
            return UNKNOWN  # that function has returned
        if outer.node is None:
            return None  # the module's body: its globals
        value = ev.now.environments[outer.index].get(name)
        if value is not None:
            return value
        serial = outer.outer
    return None


def _attribute(ev: Evaluator, node: tree.Attribute) -> Value:
    return attributes.attribute(ev, node, evaluate(ev, node.value), node.name)


def _walrus(ev: Evaluator, node: tree.Walrus) -> Value:
    value = evaluate(ev, node.value)
    assignments.assign(ev, node.target, value, node.value)
    return value


def _subscript(ev: Evaluator, node: tree.Subscript) -> Value:
    base, index = evaluate(ev, node.value), evaluate(ev, node.index)
    is_slice = isinstance(node.index, tree.Other) and node.index.kind == "Slice"
    return containers.item(ev, node, base, index, is_slice=is_slice)


# ------------------------------------------------------------------------------------------------- operators
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}


def _binary(ev: Evaluator, node: tree.Binary) -> Value:
    return binary(ev, node, node.op, evaluate(ev, node.left), evaluate(ev, node.right))


def binary(ev: Evaluator, node: tree.Binary | tree.AugmentedAssign, op: str, a: Value, b: Value) -> Value:
    """`a op b`."""
    x, y = ev.get(a), ev.get(b)
    if op in "+*" and not ev.silence and isinstance(node, tree.Binary):
        unused.of_containers(ev, node, a, b)
    if op == "+":
        if isinstance(x, ListObject) and x.kind == "list" and isinstance(b, Ref):
            new = ev.new(node, "list", x)
            if isinstance(y, ListObject):
                containers.extend(ev, new, b, None)
            else:
                ev.put(new, ListObject(x.items, x.sites, UNKNOWN))
            return new
        if isinstance(a, TupleValue) and isinstance(b, TupleValue):
            sites = (*(a.sites or (None,) * len(a.items)), *(b.sites or (None,) * len(b.items)))
            return TupleValue(a.items + b.items, sites)
    if op == "|" and isinstance(x, DictObject) and isinstance(y, DictObject):
        merged = ev.new(node, "dict", x)
        containers.update(ev, merged, b)
        return merged
    if op == "*":
        for thing, ref in ((x, a), (y, b)):
            if isinstance(thing, ListObject):
                return ev.new(node, "list", ListObject(rest=containers.element_of(ev, ref)))
    if isinstance(a, ConstantValue) and isinstance(b, ConstantValue):
        return _arithmetic(op, a.value, b.value)
    if isinstance(a, TensorValue) or isinstance(b, TensorValue):
        made = flow.arithmetic(ev, op, a, b, objects.combined(ev, (a, b)))
        return replace(made, tag=OF_LEAF) if not made.tag and unused.is_of_leaf(ev, a, b) else made
    if isinstance(a, ParameterValue) or isinstance(b, ParameterValue):
        sources = frozenset(
            r for v in (a, b) if isinstance(v, ParameterValue) and not v.is_open and len(v.of) == 1 for r in v.of
        )
        return TensorValue(frozenset() if ev.no_grad else sources)
    if counts.is_computed(ev, op, a, b):
        return BATCHES
    return PLAIN if flow.is_plain(ev, a) and flow.is_plain(ev, b) else UNKNOWN


def _arithmetic(op: str, a: Any, b: Any) -> Value:
    numbers = isinstance(a, (int, float)) and isinstance(b, (int, float))
    texts = op == "+" and isinstance(a, str) and isinstance(b, str) and len(a) + len(b) < MAX_CONSTANT
    if op in _ARITHMETIC and (numbers or texts):
        try:
            return constant(_ARITHMETIC[op](a, b))
        except (ArithmeticError, ValueError):
            return UNKNOWN
    if op == "**" and numbers and abs(b) < 64 and abs(a) < MAX_CONSTANT:
        try:
            return constant(a**b)
        except (ArithmeticError, ValueError):
            return UNKNOWN
    return UNKNOWN


def _unary(ev: Evaluator, node: tree.Unary) -> Value:
    value = evaluate(ev, node.value)
    if node.op == "not":
        known = truth(ev, value)
        return UNKNOWN if known is None else constant(not known)
    if isinstance(value, ConstantValue) and isinstance(value.value, (int, float)) and node.op in "+-":
        return constant(-value.value if node.op == "-" else value.value)
    if isinstance(value, TensorValue) and node.op in "+-":
        return replace(value, tag=value.tag if value.tag == "number" else "")
    return PLAIN if flow.is_plain(ev, value) else UNKNOWN


def _logical(ev: Evaluator, node: tree.Logical) -> Value:
    found: Value | None = None
    ev.branches += 1
    for item in node.items:
        value = evaluate(ev, item)
        known = truth(ev, value)
        if known is (node.op == "or"):
            found = join_optional(found, value)
            break
        if known is None or item is node.items[-1]:
            found = join_optional(found, value)
    ev.branches -= 1
    return UNKNOWN if found is None else found


def _comparison(ev: Evaluator, node: tree.Comparison) -> Value:
    values = [evaluate(ev, item) for item in node.items]
    for value in values[1:]:
        containers.touch(ev, value)  # `x in iterator`
    if len(values) != 2 or node.ops[0] not in ("is", "is not", "==", "!="):
        return UNKNOWN
    a, b = values
    if node.ops[0] == "==" and (isinstance(a, TensorValue) or isinstance(b, TensorValue)):
        modes.measured(ev, values)
    is_positive = node.ops[0] in ("is", "==")
    if isinstance(a, ConstantValue) and isinstance(b, ConstantValue):
        return constant((a.value == b.value) == is_positive)
    if b == NONE and _is_certainly_something(ev, a):
        return constant(not is_positive)
    return UNKNOWN


def _is_certainly_something(ev: Evaluator, value: Value) -> bool:
    if isinstance(value, Ref):
        thing = ev.get(value)
        return thing is not None and not (isinstance(thing, Instance) and thing.cls is UNKNOWN)
    return isinstance(value, (TensorValue, TupleValue, ClassValue, FunctionValue, BoundMethod))


def truth(ev: Evaluator, value: Value) -> bool | None:
    """Is a value certainly true or certainly false?"""
    if isinstance(value, ConstantValue):
        return bool(value.value)
    if isinstance(value, TupleValue):
        return bool(value.items)
    thing = ev.get(value)
    if isinstance(thing, ListObject) and (thing.items or thing.rest is None):
        return bool(thing.items)
    return None


def _conditional(ev: Evaluator, node: tree.Conditional) -> Value:
    from dryfit.semantic import narrowing

    known = truth(ev, evaluate(ev, node.test))
    if known is not None:
        return evaluate(ev, node.body if known else node.orelse)
    before = ev.now.copy()
    ev.branches += 1
    excluded = [narrowing.excludes(ev, node.test, holds=holds) for holds in (True, False)]
    ev.expecting += excluded[0]
    a = evaluate(ev, node.body)
    ev.expecting += excluded[1] - excluded[0]
    after, ev.state = ev.state, before
    b = evaluate(ev, node.orelse)
    ev.expecting -= excluded[1]
    ev.branches -= 1
    ev.version += 1
    ev.state = join_states(after, ev.state)
    return join(a, b)


def _lambda(ev: Evaluator, node: tree.Lambda) -> Value:
    frame = ev.frame
    is_global = frame.node is None or frame.is_class_body
    return FunctionValue(frame.module, frame.place, "<lambda>", None if is_global else frame.serial, node)


def _other(ev: Evaluator, node: tree.Other) -> Value:
    values = [evaluate(ev, item) for item in node.items]
    if node.kind in ("Yield", "YieldFrom"):
        for value in values:
            ev.escape(value)
        ev.barrier()
        ev.frame.exits.append((ev.now.copy(), UNKNOWN))
        ev.frame.is_generator = True
    elif node.kind == "Await":
        ev.barrier()
    return UNKNOWN


def _formatted_string(ev: Evaluator, node: tree.FormattedString) -> Value:
    values = [evaluate(ev, item) for item in node.items]
    if not node.texts or not all(isinstance(value, ConstantValue) for value in values):
        return UNKNOWN
    shown = [str(value.value) for value in values if isinstance(value, ConstantValue)]
    text = "".join(part for pair in zip(node.texts, (*shown, ""), strict=True) for part in pair)
    return constant(text) if len(text) < MAX_CONSTANT else UNKNOWN


def _starred(ev: Evaluator, node: tree.Starred) -> Value:
    evaluate(ev, node.value)
    return UNKNOWN


_EXPRESSIONS: dict[type, Callable[[Evaluator, Any], Value]] = {
    tree.Name: _name,
    tree.Constant: lambda ev, node: constant(node.value),
    tree.Attribute: _attribute,
    tree.Call: lambda ev, node: calls.evaluate_call(ev, node),
    tree.Sequence: lambda ev, node: displays.sequence(ev, node),
    tree.Starred: _starred,
    tree.Dictionary: lambda ev, node: displays.dictionary(ev, node),
    tree.Subscript: _subscript,
    tree.Binary: _binary,
    tree.Unary: _unary,
    tree.Logical: _logical,
    tree.Comparison: _comparison,
    tree.FormattedString: _formatted_string,
    tree.Conditional: _conditional,
    tree.Lambda: _lambda,
    tree.Comprehension: lambda ev, node: displays.comprehension(ev, node),
    tree.Walrus: _walrus,
    tree.Other: _other,
}
