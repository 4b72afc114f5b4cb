"""What imports bind: files of the project, what they define, or names of installed packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dryfit.semantic.heap import Heap
from dryfit.semantic.values import UNKNOWN, External, ModuleValue, Unknown, Value
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.program import Program

# Described by tables: their names are never looked up in files, not even when it is their own sources that are checked.
FRAMEWORKS = frozenset({"torch", "lightning", "pytorch_lightning", "lightning_fabric"})

PLAIN_ROOTS = FRAMEWORKS | {"builtins", "typing", "typing_extensions", "abc", "dataclasses", "collections", "enum"}


def imported_module(program: Program[Any], module: str, alias: tree.Alias) -> Value:
    """What `import a.b` or `import a.b as c` binds."""
    dotted = alias.name if alias.has_as else alias.name.split(".")[0]
    return _module(program, module, 0, dotted)


def imported_name(program: Program[Any], module: str, node: tree.ImportFrom, name: str) -> tuple[Value, Heap]:
    """What `from module import name` binds, with the heap that it needs."""
    source = _module(program, module, node.level, node.module)
    if isinstance(source, ModuleValue):
        return member(program, source, name)
    if isinstance(source, External):
        return External(program.frameworks.canonical(f"{source.path}.{name}")), {}
    return UNKNOWN, {}


def member(program: Program[Any], module: ModuleValue, name: str) -> tuple[Value, Heap]:
    """`module.name`: what the file binds, or a module inside the package."""
    official = _official_name(program, module.key, name)
    if official:
        return External(official), {}
    value, heap = program.ask("global", module.key, name)
    if value is not None:
        return value, heap
    inside = program.ask("inside", module.key, name)
    return (UNKNOWN if inside is None else ModuleValue(inside)), {}


def starred(program: Program[Any], module: str, name: str) -> tuple[Value | None, Heap]:
    """What a star import binds a name to; None if no star import can."""
    if name == "super":
        return None, {}  # the name could be bound, but nobody does, and without it no constructor is understood
    for level, dotted in program.ask("stars", module):
        source = _module(program, module, level, dotted)
        if isinstance(source, External):
            canonical = program.frameworks.canonical(f"{source.path}.{name}")
            if program.frameworks.bases(canonical) or program.frameworks.signature(canonical):
                return External(canonical), {}
            if source.path.split(".")[0] not in FRAMEWORKS | {"typing", "math"}:
                return UNKNOWN, {}  # it may come from there
        elif isinstance(source, ModuleValue):
            listed = program.ask("exports", source.key)
            if listed is None and name.startswith("_"):
                continue
            if listed is UNKNOWN:
                return UNKNOWN, {}
            if listed is None or name in listed:
                value, heap = member(program, source, name) if listed else program.ask("global", source.key, name)
                if value is not None:
                    return value, heap
        else:
            return UNKNOWN, {}
    return None, {}


def _module(program: Program[Any], module: str, level: int, dotted: str) -> Value:
    if level == 0 and dotted.split(".")[0] in FRAMEWORKS:
        return External(program.frameworks.canonical(dotted))
    found: str | Unknown | None = program.ask("leads_to", module, level, dotted)
    if found is None:
        return External(dotted) if level == 0 else UNKNOWN
    return UNKNOWN if isinstance(found, Unknown) else ModuleValue(found)


def _official_name(program: Program[Any], key: str, name: str) -> str:
    """The framework's name for what a file defines, if it is one of the framework's own files; else ""."""
    dotted: str = program.ask("dotted_name", key)
    if dotted.split(".")[0] not in FRAMEWORKS:
        return ""
    canonical = program.frameworks.canonical(f"{dotted}.{name}")
    is_known = program.frameworks.bases(canonical) or program.frameworks.signature(canonical)
    return canonical if is_known else ""
