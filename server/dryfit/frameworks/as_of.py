"""A table as it would be of another version: names that are known to have come and gone are put right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace

from dryfit.frameworks import history
from dryfit.frameworks.lineage import linearised
from dryfit.frameworks.signature import Parameter, parse_signature, signature_text
from dryfit.frameworks.table import ClassEntry, Table

_TRAINER = "lightning.pytorch.Trainer"
_HOOKS = {
    "lightning.pytorch.LightningModule": "module_hooks",
    "lightning.pytorch.Callback": "callback_hooks",
    "lightning.pytorch.LightningDataModule": "datamodule_hooks",
}


@dataclass(frozen=True, slots=True)
class Change:
    """Names to take away and names to put in."""

    away: Set[str] = frozenset()
    back: Set[str] = frozenset()

    def applied(self, names: Set[str]) -> frozenset[str]:
        return frozenset((names - self.away) | self.back)


def as_of(table: Table, version: str) -> Table:
    """The table under another version, with what the history says of names in between.

    What a hook is passed stays as it was, and a name that comes back has no signature: less is known, nothing is wrong.
    """
    classes = dict(table.classes)
    if table.distribution == "lightning":
        for name, section in _HOOKS.items():
            change = _change(section, table.version, version)
            for base in _family(table, name):
                classes[base] = _with_members(classes[base], change, gets_back=base == name)
        if _TRAINER in classes:
            change = _change("trainer_methods", table.version, version)
            classes[_TRAINER] = _with_members(classes[_TRAINER], change, gets_back=True)
            change = _change("trainer_arguments", table.version, version)
            classes[_TRAINER] = _with_arguments(classes[_TRAINER], "__init__", change)
    for path, arguments in history.changed_arguments().items():
        change = _argument_change(arguments, table.version, version)
        owner, _, method = path.rpartition(".")
        if owner in classes:
            classes[owner] = _with_arguments(classes[owner], method, change)
        for name in classes if path in classes else ():
            if path in _family(table, name):
                classes[name] = _with_arguments(classes[name], "__init__", change)
    strategies, precisions = table.strategies, table.precisions
    return replace(
        table,
        version=version,
        classes=classes,
        strategies=strategies and _change("strategies", table.version, version).applied(strategies),
        precisions=precisions and _change("precisions", table.version, version).applied(precisions),
    )


def _change(section: str, here: str, there: str) -> Change:
    """What of a section of the history is another matter there than here."""
    removed = [history.removals(f"removed_{section}", version).keys() for version in (here, there)]
    coming = [history.additions(f"added_{section}", version).keys() for version in (here, there)]
    away = (removed[1] - removed[0]) | (coming[1] - coming[0])
    return Change(away, ((removed[0] - removed[1]) | (coming[0] - coming[1])) - away)


def _argument_change(arguments: Mapping[str, tuple[str, str]], here: str, there: str) -> Change:
    def is_there(name: str, version: str) -> bool:
        since, until = arguments[name]
        return history.is_since(version, since) and not (until and history.is_since(version, until))

    away = {name for name in arguments if is_there(name, here) and not is_there(name, there)}
    return Change(away, {name for name in arguments if is_there(name, there) and not is_there(name, here)})


def _family(table: Table, name: str) -> Iterator[str]:
    """The class and its bases, as far as they are in the table."""

    def bases(path: str) -> tuple[str, ...]:
        entry = table.classes.get(path)
        return () if entry is None else entry.bases

    return (base for base in linearised(name, bases) if base in table.classes)


def _with_members(entry: ClassEntry, change: Change, gets_back: bool) -> ClassEntry:
    methods = {name: text for name, text in entry.methods.items() if name not in change.away}
    members = (entry.members - change.away) | (change.back - methods.keys() if gets_back else frozenset())
    return replace(entry, methods=methods, members=frozenset(members))


def _with_arguments(entry: ClassEntry, method: str, change: Change) -> ClassEntry:
    """What comes back is optional and given by name."""
    if method not in entry.methods:
        return entry
    parameters = [p for p in parse_signature(entry.methods[method]).parameters if p.name not in change.away]
    back = [Parameter(name, "kw", "None") for name in sorted(change.back - {p.name for p in parameters})]
    rest = [p for p in parameters if p.kind == "**"]
    text = signature_text([*(p for p in parameters if p.kind != "**"), *back, *rest])
    return replace(entry, methods={**entry.methods, method: text})
