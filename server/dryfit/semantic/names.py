"""Names without evaluation: what a dotted expression at the top of a module refers to."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import TypeAlias

from dryfit.syntax import tree
from dryfit.text.span import Span

MAX_WRITTEN = 20  # items of a tuple
BUILTIN_NAMES = frozenset(dir(builtins))

# Decorators that change nothing of what matters here.
HARMLESS_DECORATORS = frozenset(
    {
        "torch.no_grad",
        "torch.inference_mode",
        "torch.enable_grad",
        "torch.autograd.set_grad_enabled",
        "torch.jit.ignore",
        "torch.jit.export",
        "torch.compiler.disable",
        "builtins.staticmethod",
        "builtins.classmethod",
        "abc.abstractmethod",
        "typing.override",
        "typing.final",
        "typing_extensions.override",
        "typing_extensions.final",
        "overrides.overrides",
        "lightning.pytorch.utilities.rank_zero_only",
        "lightning.pytorch.utilities.rank_zero.rank_zero_only",
        "lightning.fabric.utilities.rank_zero.rank_zero_only",
    }
)
NO_GRAD = frozenset(
    {"torch.no_grad", "torch.inference_mode", "torch.autograd.no_grad", "torch.autograd.grad_mode.no_grad"}
)


def dotted(node: tree.Expression) -> str:
    """`a.b.c` as written, through a call of it; "" for anything else."""
    if isinstance(node, tree.Call):
        return dotted(node.func)
    if isinstance(node, tree.Attribute):
        head = dotted(node.value)
        return f"{head}.{node.name}" if head else ""
    return node.id if isinstance(node, tree.Name) else ""


def dotted_name(node: tree.Expression) -> str:
    """`self.optimizer` as it is written; "" for anything but names and attributes."""
    if isinstance(node, tree.Attribute):
        head = dotted_name(node.value)
        return f"{head}.{node.name}" if head else ""
    return node.id if isinstance(node, tree.Name) else ""


def keyword_span(argument: tree.Argument) -> Span:
    """Where the name of a keyword argument stands; the empty place where it begins for any other argument."""
    line, column = argument.span[:2]
    return Span(line, column, line, column + len(argument.keyword or ""))


def bound_names(target: tree.Expression) -> tuple[str, ...]:
    """The variables an assignment target binds."""
    if isinstance(target, tree.Name):
        return (target.id,)
    if isinstance(target, tree.Sequence):
        return tuple(name for item in target.items for name in bound_names(item))
    return bound_names(target.value) if isinstance(target, tree.Starred) else ()


Binding: TypeAlias = "tree.Function | tree.Class | tree.Import | tree.ImportFrom | tree.Assign | None"


def bindings(statements: tuple[tree.Statement, ...]) -> dict[str, Binding]:
    """The names that statements bind, each with the one statement that does; None if it takes evaluating.

    A definition, an import, or a constant that is written out: `SIZE = (3, 32)` need not be run to be known.
    """
    found: dict[str, Binding] = {}
    for statement in statements:
        if isinstance(statement, (tree.Function, tree.Class)):
            found[statement.name] = None if statement.name in found else statement
        elif isinstance(statement, (tree.Import, tree.ImportFrom)):
            for alias in statement.names:
                found[alias.bound] = None if alias.bound in found else statement
        elif isinstance(statement, tree.Assign) and (name := _of_constant(statement)):
            found[name] = None if name in found else statement
        else:
            found.update(dict.fromkeys(_rebound(statement)))
    return found


def _of_constant(statement: tree.Assign) -> str:
    """The one variable that is bound to what is written out; "" for any other assignment."""
    target = statement.targets[0]
    is_one = len(statement.targets) == 1 and isinstance(target, tree.Name)
    return target.id if is_one and isinstance(target, tree.Name) and is_written_out(statement.value) else ""


def is_written_out(node: tree.Expression | None) -> bool:
    """Is it a number, a text, None, a truth value, or a tuple of such?"""
    if isinstance(node, tree.Sequence):
        return node.kind == "tuple" and len(node.items) <= MAX_WRITTEN and all(map(is_written_out, node.items))
    if isinstance(node, tree.Unary):
        return node.op == "-" and isinstance(node.value, tree.Constant) and type(node.value.value) in (int, float)
    return isinstance(node, tree.Constant)


def _rebound(statement: tree.Statement) -> Iterator[str]:
    """The names that a statement which is neither a definition nor an import binds, or unbinds."""
    todo: list[tree.Node] = [statement]
    while todo:
        node = todo.pop()
        if isinstance(node, (tree.Function, tree.Class)):
            yield node.name
            continue
        if isinstance(node, (tree.Import, tree.ImportFrom)):
            yield from [alias.bound for alias in node.names]
        elif isinstance(node, (tree.Assign, tree.Delete)):
            yield from [name for target in node.targets for name in bound_names(target)]
        elif isinstance(node, (tree.AugmentedAssign, tree.For, tree.Walrus)):
            yield from bound_names(node.target)
        elif isinstance(node, tree.With):
            yield from [name for _, target in node.items if target is not None for name in bound_names(target)]
        elif isinstance(node, tree.Handler) and node.name is not None:
            yield node.name
        elif isinstance(node, tree.Case):
            yield from node.names
        if not isinstance(node, tree.Lambda):
            todo.extend(tree.children(node))
