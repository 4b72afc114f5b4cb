"""What a test that holds says about the variables in it."""

from __future__ import annotations

from dryfit.semantic import expressions, objects
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.values import (
    NONE,
    OneOf,
    options,
)
from dryfit.syntax import tree


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
