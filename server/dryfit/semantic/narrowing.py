"""What a test that holds says about the variables in it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping

from dryfit.semantic import expressions, objects
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.values import (
    NONE,
    ConstantValue,
    OneOf,
    options,
)
from dryfit.syntax import tree

_ORDERS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def narrow(ev: Evaluator, test: tree.Expression, *, holds: bool) -> None:
    """`x is None`, the truth of `x`: decides between the alternatives of x."""
    if isinstance(test, tree.Unary) and test.op == "not":
        return narrow(ev, test.value, holds=not holds)
    if isinstance(test, tree.Call):
        return _narrow_by_class(ev, test, holds=holds)
    is_none: bool | None = None
    name: tree.Expression = test
    if isinstance(test, tree.Comparison) and test.ops in (("is",), ("is not",)):
        if isinstance(test.items[1], tree.Constant) and test.items[1].value is None:
            name, is_none = test.items[0], (test.ops == ("is",)) == holds
    elif holds:
        is_none = False
    if not isinstance(name, tree.Name) or is_none is None:
        return
    variables = ev.now.environments[ev.frame.index]
    value = variables.get(name.id)
    if isinstance(value, OneOf):
        kept = [v for v in options(value) if (v == NONE) == is_none]
        if kept:
            variables[name.id] = kept[0] if len(kept) == 1 else OneOf(frozenset(kept))


def excludes(ev: Evaluator, test: tree.Expression, *, holds: bool) -> bool:
    """Do the numbers that are compared say that the test does not come out like this?

    The branch is walked all the same, in a loop it may be taken later; but nothing in it is claimed to fail.
    """
    if isinstance(test, tree.Unary) and test.op == "not":
        return excludes(ev, test.value, holds=not holds)
    if isinstance(test, tree.Logical):
        return holds is (test.op == "and") and any(excludes(ev, item, holds=holds) for item in test.items)
    if not isinstance(test, tree.Comparison) or len(test.ops) != 1 or test.ops[0] not in _ORDERS:
        return False
    numbers = [_number(ev, item) for item in test.items]
    if numbers[0] is None or numbers[1] is None:
        return False
    return _ORDERS[test.ops[0]](numbers[0], numbers[1]) is not holds


def _number(ev: Evaluator, node: tree.Expression) -> float | None:
    """The number that a name, an attribute or a literal stands for."""
    if not all(isinstance(part, (tree.Name, tree.Attribute, tree.Constant, tree.Unary)) for part in tree.walk(node)):
        return None
    ev.silence += 1
    value = expressions.evaluate(ev, node)
    ev.silence -= 1
    found = value.value if isinstance(value, ConstantValue) else None
    return found if isinstance(found, (int, float)) else None


def _narrow_by_class(ev: Evaluator, test: tree.Call, *, holds: bool) -> None:
    """`isinstance(x, C)`: keep the alternatives of x that are, or are not, instances."""
    if not isinstance(test.func, tree.Name) or test.func.id != "isinstance" or len(test.arguments) != 2:
        return
    name = test.arguments[0].value
    variables = ev.now.environments[ev.frame.index]
    value = variables.get(name.id) if isinstance(name, tree.Name) else None
    if isinstance(name, tree.Name) and isinstance(value, OneOf):
        wanted = expressions.evaluate(ev, test.arguments[1].value)
        kept = [v for v in options(value) if objects.is_instance(ev, v, wanted) is not (not holds)]
        if kept:
            variables[name.id] = kept[0] if len(kept) == 1 else OneOf(frozenset(kept))
