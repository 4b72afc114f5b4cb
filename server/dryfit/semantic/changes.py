"""Which inputs an edit has changed."""

from __future__ import annotations

from typing import Any

from dryfit.semantic.file_model import FileModel
from dryfit.semantic.names import Binding

# What the units' summaries say together is asked by these questions.
_SUMMED_UP = {
    "global_names": "global_writes",
    "mutated_names": "mutated_globals",
    "changed_names": "changed_names",
    "optimizers": "optimizer_calls",
}


def changed_inputs(module: str, before: FileModel, after: FileModel) -> list[tuple[Any, ...]]:
    """The inputs that an edit has changed."""
    if after.summaries is before.summaries:
        return []
    gone = {place for place in before.unit_at.keys() | after.unit_at.keys() if not _is_same_unit(before, after, place)}
    keys = _changed_of_file(module, gone, before, after)
    for place in gone:
        keys += [("place", module, place), ("summary", module, place), ("roots_in", module, place)]
    if after.roots is before.roots:
        return keys  # the fold was taken over
    for name in before.roots.keys() | after.roots.keys():
        a, b = before.roots.get(name), after.roots.get(name)
        if a is b:
            continue
        if a is None or b is None or a.node is not b.node or a.place != b.place or a.path != b.path:
            keys.append(("root_input", module, name))
    for path in before.classes.keys() | after.classes.keys():
        keys += _changed_class(module, path, before, after)
    keys += _changed_statics(module, gone, before, after)
    return keys


def _changed_of_file(module: str, gone: set[str], before: FileModel, after: FileModel) -> list[tuple[Any, ...]]:
    """The inputs that are about the file as a whole."""
    keys: list[tuple[Any, ...]] = []
    tops = [[place for place, _ in file.top] for file in (before, after)]
    if tops[0] != tops[1] or not gone.isdisjoint(tops[1]):
        keys += [(name, module) for name in ("top", "stars", "imports_fabric", "exports")]
    for field, question in _SUMMED_UP.items():
        said = [[getattr(f.summaries[p], field) for p in sorted(gone) if p in f.summaries] for f in (before, after)]
        if said[0] != said[1]:
            keys.append((question, module))
    return keys


def _is_same_unit(before: FileModel, after: FileModel, place: str) -> bool:
    a, b = before.statements.get(place), after.statements.get(place)
    if a is None or b is None:
        return False
    x, y = before.summaries[place], after.summaries[place]
    return a is b and (x is y or x == y)


def _changed_class(module: str, path: str, before: FileModel, after: FileModel) -> list[tuple[Any, ...]]:
    a, b = before.classes.get(path), after.classes.get(path)
    if a is b:
        return []
    keys: list[tuple[Any, ...]] = []
    if a is None or b is None or a.node is not b.node or a.place != b.place:
        keys.append(("class", module, path))
    mine, theirs = a.members if a else {}, b.members if b else {}
    if list(mine) != list(theirs):
        keys.append(("names", module, path))
    for name in mine.keys() | theirs.keys():
        x, y = mine.get(name), theirs.get(name)
        if x is None or y is None or x[0] is not y[0] or x[1] != y[1]:
            keys.append(("node", module, path, name))
    return keys


def _changed_statics(module: str, gone: set[str], before: FileModel, after: FileModel) -> list[tuple[Any, ...]]:
    """The names at the top that may be bound differently."""
    names: set[str] = set()
    for place in gone:
        old, new = before.bindings.get(place, {}), after.bindings.get(place, {})
        names.update(name for name in old.keys() | new.keys() if _is_bound_anew(name, old, new))
    return [("static", module, name) for name in names]


def _is_bound_anew(name: str, old: dict[str, Binding], new: dict[str, Binding]) -> bool:
    return name not in old or name not in new or old[name] is not new[name]
