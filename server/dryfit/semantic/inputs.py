"""The inputs of questions: pieces of the file models, kept by identity while their text means the same."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from dryfit.semantic import classes, roots
from dryfit.semantic.file_model import MAY_OPTIMIZE, UnitSummary
from dryfit.semantic.values import UNKNOWN, Unknown
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.program import Program


def statements_at(program: Program[Any], module: str, place: str) -> tuple[tree.Statement, ...] | None:
    """The statements of a unit."""
    file = program.file(module)
    return file.statements.get(place) if file else None


def class_input(program: Program[Any], module: str, path: str) -> tuple[tree.Class, str] | None:
    """A class's definition and place."""
    file = program.file(module)
    found = file.classes.get(path) if file else None
    return None if found is None else (found.node, found.place)


def member_input(program: Program[Any], module: str, path: str, name: str) -> tuple[Any, str] | None:
    """A member's definition and place."""
    file = program.file(module)
    found = file.classes.get(path) if file else None
    return None if found is None else found.members.get(name)


def member_names(program: Program[Any], module: str, path: str) -> tuple[str, ...]:
    file = program.file(module)
    found = file.classes.get(path) if file else None
    return () if found is None else tuple(found.members)


def top_of(program: Program[Any], module: str) -> tuple[Any, ...]:
    """The units of a module's body in order; of those that only define, the names they bind and no more."""
    file = program.file(module)
    out: list[Any] = []
    if file is None:
        return ()
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
    file = program.file(module)
    if file is None:
        return None
    found = [(bound[name], place) for place, bound in file.bindings.items() if name in bound]
    if not found:
        return None
    return found[0] if len(found) == 1 and found[0][0] is not None else "evaluate"


def star_imports(program: Program[Any], module: str) -> tuple[tuple[int, str], ...]:
    """Star imports at the top."""
    file = program.file(module)
    return (
        ()
        if file is None
        else tuple(
            (s.level, s.module)
            for _, statements in file.top
            for s in statements
            if isinstance(s, tree.ImportFrom) and s.names[0].name == "*"
        )
    )


def global_writes(program: Program[Any], module: str) -> frozenset[str]:
    """Names that functions of the file assign through `global`."""
    return frozenset(name for summary in _summaries(program, module) for name in summary.global_names)


def mutated_globals(program: Program[Any], module: str) -> frozenset[str]:
    """Names of whose objects the functions of a file seem to change the contents."""
    return frozenset(name for summary in _summaries(program, module) for name in summary.mutated_names)


def optimizer_calls(program: Program[Any], module: str) -> int:
    """How many places of a file may build an optimizer."""
    names = [name for summary in _summaries(program, module) for name in summary.optimizers]
    return sum(1 for name in names if may_be_optimizer(program, name))


def may_be_optimizer(program: Program[Any], name: str) -> bool:
    return MAY_OPTIMIZE.search(name) is not None or program.frameworks.is_subclass(
        f"torch.optim.{name}", classes.OPTIMIZER
    )


def imports_fabric(program: Program[Any], module: str) -> bool:
    """Does the file, or one that is tied to it, import Lightning Fabric: a loop of the author's own?"""
    if program.library.is_driven_by_hand(module):
        return True
    file = program.file(module)
    for _, statements in file.top if file is not None else ():
        for s in statements:
            if isinstance(s, (tree.Import, tree.ImportFrom)):
                source = getattr(s, "module", "")
                if "fabric" in source.lower() or any("fabric" in alias.name.lower() for alias in s.names):
                    return True
    return False


def root_input(program: Program[Any], module: str, name: str) -> Any:
    """What a root is."""
    file = program.file(module)
    return None if file is None else file.roots.get(name)


def roots_of_place(program: Program[Any], module: str, place: str) -> tuple[str, ...]:
    """The roots whose text is in a unit."""
    file = program.file(module)
    if file is None:
        return ()
    found = tuple(name for name, root in file.roots.items() if root.place == place)
    return found or (roots.MODULE_ROOT,)


def summary_input(program: Program[Any], module: str, place: str) -> Any:
    """What the words of a unit tell."""
    file = program.file(module)
    return file.summaries.get(place) if file else None


def _summaries(program: Program[Any], module: str) -> Collection[UnitSummary]:
    file = program.file(module)
    return () if file is None else file.summaries.values()


# ------------------------------------------------------------------------------------------- what lies around
def leads_to(program: Program[Any], module: str, level: int, dotted: str) -> str | Unknown | None:
    """The file that an import in `module` leads to, by its key."""
    return program.library.find(module, level, dotted)


def inside(program: Program[Any], package: str, name: str) -> str | None:
    """A module inside a package, by its key."""
    return program.library.inside(package, name)


def dotted_name(program: Program[Any], module: str) -> str:
    """The name that a file is imported by."""
    return program.library.dotted_name(module)


def result_class(program: Program[Any], path: str) -> str | None:
    """The class of what a function of an installed package returns."""
    return program.library.result_class(path)


def ancestry(program: Program[Any], path: str) -> tuple[str, ...]:
    """The classes above one of an installed package."""
    return program.library.ancestry(path)


def is_loaded(program: Program[Any], module: str) -> bool:
    """Is there a text of the file? Asked only where there is none, so that whoever saw none is told when it comes."""
    return module in program.files


def exports(program: Program[Any], module: str) -> frozenset[str] | Unknown | None:
    """The names in `__all__`; None if the file has none, Unknown if it is not one literal list."""
    found = program.ask("static", module, "__all__")
    if found is None:
        return None
    file = program.file(module)
    written = [
        s.value
        for _, statements in (file.top if file is not None else ())
        for s in statements
        if isinstance(s, tree.Assign) and any(isinstance(t, tree.Name) and t.id == "__all__" for t in s.targets)
    ]
    if len(written) != 1 or not isinstance(written[0], tree.Sequence) or _is_mutated(program, module, "__all__"):
        return UNKNOWN
    names = [item.value if isinstance(item, tree.Constant) else None for item in written[0].items]
    return frozenset(n for n in names if isinstance(n, str)) if all(isinstance(n, str) for n in names) else UNKNOWN


def _is_mutated(program: Program[Any], module: str, name: str) -> bool:
    return name in program.ask("mutated_globals", module)
