"""Names without evaluation: what a dotted expression at the top of a module refers to."""

from __future__ import annotations

import builtins

from dryfit.syntax import tree

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


def bound_names(target: tree.Expression) -> tuple[str, ...]:
    """The variables an assignment target binds."""
    if isinstance(target, tree.Name):
        return (target.id,)
    if isinstance(target, tree.Sequence):
        return tuple(name for item in target.items for name in bound_names(item))
    return bound_names(target.value) if isinstance(target, tree.Starred) else ()


def mentions(statement: tree.Statement, name: str) -> bool:
    """Could a compound statement bind this name?"""
    for node in tree.walk(statement):
        if isinstance(node, tree.Name) and node.id == name:
            return True
        if isinstance(node, tree.Function | tree.Class) and node.name == name:
            return True
        if isinstance(node, tree.Import | tree.ImportFrom) and any(alias.bound == name for alias in node.names):
            return True
    return False
