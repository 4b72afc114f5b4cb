"""Decorators that leave a function's result as it is."""

from __future__ import annotations

from collections.abc import Iterator

from dryfit.engine.opinion.exits import always_leaves, is_generator, own_nodes
from dryfit.frameworks.sources import Definition, Module, Sources
from dryfit.syntax import tree

# Those of the standard library and of torch, by the paths of their definitions.
_KNOWN = frozenset(
    {
        "staticmethod",
        "classmethod",
        "abc.abstractmethod",
        "functools.cache",
        "functools.lru_cache",
        "typing.final",
        "typing.override",
        "typing_extensions.deprecated",
        "typing_extensions.final",
        "typing_extensions.override",
        "torch.autograd.grad_mode.inference_mode",
        "torch.autograd.grad_mode.no_grad",
        "torch.autograd.grad_mode.set_grad_enabled",
        "warnings.deprecated",
    }
)
_MAX_DEPTH = 4  # decorators of decorators


def plain_name(expression: tree.Expression) -> str | None:
    """`a.b.c` as text, None for anything else."""
    if isinstance(expression, tree.Name):
        return expression.id
    if isinstance(expression, tree.Attribute):
        value = plain_name(expression.value)
        return None if value is None else f"{value}.{expression.name}"
    return None


def keeps_result(sources: Sources, module: Module, decorator: tree.Expression, depth: int = _MAX_DEPTH) -> bool:
    """Does a call of the decorated function return what a call of the function itself returns?

    True for those that are known, for those that return the function they are given, and for those that return a
    wrapper (by `functools.wraps`) that returns what the function returns.
    """
    is_call = isinstance(decorator, tree.Call)
    name = plain_name(decorator.func if isinstance(decorator, tree.Call) else decorator)
    if name is None or not depth:
        return False
    found = sources.resolve(module, name)
    if isinstance(found, str):
        return found in _KNOWN
    if found.path in _KNOWN:
        return True
    if not isinstance(found.node, tree.Function):
        return False
    if not is_call:
        return _gives_back(sources, found.module, found.node, depth)
    inner = _inner_functions(found.node)
    made = [inner.get(value.id) if isinstance(value, tree.Name) else None for value in _returned(found)]
    return bool(made) and all(one is not None and _gives_back(sources, found.module, one, depth) for one in made)


def _gives_back(sources: Sources, module: Module, decorator: tree.Function, depth: int) -> bool:
    """Does this function return its first argument, or a faithful wrapper of it?"""
    if not decorator.parameters or not _is_plain(decorator):
        return False
    given = decorator.parameters[0].name
    inner = _inner_functions(decorator)
    returned = [node.value for node in own_nodes(decorator) if isinstance(node, tree.Return)]
    for value in returned:
        if not isinstance(value, tree.Name):
            return False
        wrapper = inner.get(value.id)
        if value.id != given and (wrapper is None or not _wraps(sources, module, wrapper, given, depth)):
            return False
    return not any(
        isinstance(target, tree.Name) and target.id == given
        for node in own_nodes(decorator)
        if isinstance(node, tree.Assign)
        for target in node.targets
    )


def _wraps(sources: Sources, module: Module, wrapper: tree.Function, given: str, depth: int) -> bool:
    """Is it decorated with `wraps(given)`, and does it return what `given(...)` returns?"""
    is_wrapper = False
    for decorator in wrapper.decorators:
        if _is_wraps(sources, module, decorator, given):
            is_wrapper = True
        elif not keeps_result(sources, module, decorator, depth - 1):
            return False
    returned = [node.value for node in own_nodes(wrapper) if isinstance(node, tree.Return)]
    return (
        is_wrapper
        and _is_plain(wrapper)
        and all(isinstance(v, tree.Call) and isinstance(v.func, tree.Name) and v.func.id == given for v in returned)
    )


def _is_wraps(sources: Sources, module: Module, decorator: tree.Expression, given: str) -> bool:
    if not isinstance(decorator, tree.Call) or not decorator.arguments:
        return False
    name, first = plain_name(decorator.func), decorator.arguments[0].value
    is_given = isinstance(first, tree.Name) and first.id == given
    return is_given and name is not None and sources.resolve(module, name) == "functools.wraps"


def _returned(factory: Definition) -> Iterator[tree.Expression | None]:
    assert isinstance(factory.node, tree.Function)
    if not _is_plain(factory.node):
        yield None
    for node in own_nodes(factory.node):
        if isinstance(node, tree.Return):
            yield node.value


def _inner_functions(function: tree.Function) -> dict[str, tree.Function]:
    """The functions defined in the body; a name that is defined twice is left out."""
    found: dict[str, tree.Function] = {}
    twice: set[str] = set()
    for node in own_nodes(function):
        if isinstance(node, tree.Function):
            if node.name in found:
                twice.add(node.name)
            found[node.name] = node
    return {name: node for name, node in found.items() if name not in twice}


def _is_plain(function: tree.Function) -> bool:
    return not function.is_async and not is_generator(function) and always_leaves(function.body)
