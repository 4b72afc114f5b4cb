"""The inputs of questions: pieces of the file models, kept by identity while their text means the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dryfit.semantic import classes
from dryfit.semantic.file_model import MAY_OPTIMIZE
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.program import Program


def statements_at(program: Program[Any], module: str, place: str) -> tuple[tree.Statement, ...] | None:
    """The statements of a unit."""
    file = program.files.get(module)
    return file.statements.get(place) if file else None


def class_input(program: Program[Any], module: str, path: str) -> tuple[tree.Class, str] | None:
    """A class's definition and place."""
    file = program.files.get(module)
    found = file.classes.get(path) if file else None
    return None if found is None else (found.node, found.place)


def member_input(program: Program[Any], module: str, path: str, name: str) -> tuple[Any, str] | None:
    """A member's definition and place."""
    file = program.files.get(module)
    found = file.classes.get(path) if file else None
    return None if found is None else found.members.get(name)


def member_names(program: Program[Any], module: str, path: str) -> tuple[str, ...]:
    file = program.files.get(module)
    found = file.classes.get(path) if file else None
    return () if found is None else tuple(found.members)


def top_of(program: Program[Any], module: str) -> tuple[Any, ...]:
    """The units of a module's body in order; of those that only define, the names they bind and no more."""
    file = program.files[module]
    out: list[Any] = []
    for place, statements in file.top:
        only_definitions = all(isinstance(s, (tree.Function, tree.Class)) for s in statements)
        names = tuple(
            (s.name, s.__class__.__name__, s.decorators)
            for s in statements
            if isinstance(s, (tree.Function, tree.Class))
        )
        out.append((place, names if only_definitions else None))
    return tuple(out)


def static_input(program: Program[Any], module: str, name: str) -> tuple[Any, str] | str | None:
    """The one definition or import that binds a name at the top; "evaluate" if it takes more; None if nothing does."""
    file = program.files.get(module)
    if file is None:
        return None
    found = [(bound[name], place) for place, bound in file.bindings.items() if name in bound]
    if not found:
        return None
    return found[0] if len(found) == 1 and found[0][0] is not None else "evaluate"


def star_imports(program: Program[Any], module: str) -> tuple[tuple[int, str], ...]:
    """Star imports at the top."""
    file = program.files[module]
    return tuple(
        (s.level, s.module)
        for _, statements in file.top
        for s in statements
        if isinstance(s, tree.ImportFrom) and s.names[0].name == "*"
    )


def global_writes(program: Program[Any], module: str) -> frozenset[str]:
    """Names that functions of the file assign through `global`."""
    return frozenset(name for summary in program.files[module].summaries.values() for name in summary.global_names)


def optimizer_calls(program: Program[Any], module: str) -> int:
    """How many places of a file may build an optimizer."""
    names = [name for summary in program.files[module].summaries.values() for name in summary.optimizers]
    return sum(1 for name in names if may_be_optimizer(program, name))


def may_be_optimizer(program: Program[Any], name: str) -> bool:
    return MAY_OPTIMIZE.search(name) is not None or program.frameworks.is_subclass(
        f"torch.optim.{name}", classes.OPTIMIZER
    )


def imports_fabric(program: Program[Any], module: str) -> bool:
    """Does the file, or one beside it, import Lightning Fabric: a loop of the author's own?"""
    if module in program.beside_fabric:
        return True
    for _, statements in program.files[module].top:
        for s in statements:
            if isinstance(s, (tree.Import, tree.ImportFrom)):
                source = getattr(s, "module", "")
                if "fabric" in source.lower() or any("fabric" in alias.name.lower() for alias in s.names):
                    return True
    return False


def root_input(program: Program[Any], module: str, name: str) -> Any:
    """What a root is."""
    return program.files[module].roots.get(name)


def summary_input(program: Program[Any], module: str, place: str) -> Any:
    """What the words of a unit tell."""
    file = program.files.get(module)
    return file.summaries.get(place) if file else None
