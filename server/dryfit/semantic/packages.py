"""Which of the packages that offer Lightning something comes from: `lightning` or `pytorch_lightning`.

Everywhere else both have one name. Their classes are not the same, so that objects of one are refused by the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dryfit.semantic import imports
from dryfit.semantic.lightning_facts import FrameworkImported
from dryfit.semantic.values import ClassValue, Site
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.program import Program

_PACKAGES = ("lightning", "pytorch_lightning")
_MAX_FILES = 4  # that an import is followed through


def imported(program: Program[Any], module: str) -> Iterator[FrameworkImported]:
    """What the top of a file imports from the frameworks; nothing in a file of the frameworks themselves."""
    if program.ask("dotted_name", module).partition(".")[0] in imports.FRAMEWORKS:
        return
    for place, definitions in program.ask("top", module):
        for statement in () if definitions is not None else program.ask("place", module, place) or ():
            for path in _paths(statement):
                if path.partition(".")[0] in imports.FRAMEWORKS:
                    yield FrameworkImported(Site(module, place, statement.span), path)


def _paths(statement: tree.Statement) -> Iterator[str]:
    if isinstance(statement, tree.Import):
        yield from (alias.name for alias in statement.names)
    elif isinstance(statement, tree.ImportFrom) and statement.level == 0:
        yield from (f"{statement.module}.{alias.name}".removesuffix(".*") for alias in statement.names)


def package_of(program: Program[Any], module: str, node: tree.Expression, depth: int = _MAX_FILES) -> str:
    """The package that a dotted name of a file leads to, by the one import that binds its head; "" if not known."""
    while isinstance(node, (tree.Attribute, tree.Call, tree.Subscript)):
        node = node.func if isinstance(node, tree.Call) else node.value
    found = program.ask("static", module, node.id) if isinstance(node, tree.Name) else None
    if found is None or found == "evaluate" or not isinstance(node, tree.Name):
        return ""
    statement = found[0]
    if isinstance(statement, tree.Import):
        alias = next(a for a in statement.names if a.bound == node.id)
        head = alias.name.partition(".")[0]
        return head if head in _PACKAGES else ""
    if isinstance(statement, tree.ImportFrom):
        head = statement.module.partition(".")[0]
        if statement.level == 0 and head in _PACKAGES:
            return head
        leads_to = program.ask("leads_to", module, statement.level, statement.module)
        name = next(a.name for a in statement.names if a.bound == node.id)
        if depth > 0 and isinstance(leads_to, str):
            return package_of(program, leads_to, tree.Name(name, node.span), depth - 1)
    return ""


def package_of_class(program: Program[Any], cls: ClassValue) -> str:
    """The package of the Lightning class that a class of the project inherits from; "" if not known, or if of both."""
    found: set[str] = set()
    for above in program.mro(cls)[0]:
        if not isinstance(above, ClassValue):
            continue
        given = program.ask("class", above.module, above.path)
        for argument in () if given is None else given[0].bases:
            if program.ask("dotted_path", above.module, argument.value).startswith("lightning."):
                found.add(package_of(program, above.module, argument.value))
    return found.pop() if len(found) == 1 else ""
