"""The table: what one installed distribution says about itself, as plain data that JSON can hold.

All names in a table are canonical (`torch.optim.Adam`, `lightning.pytorch.Trainer`); `aliases` says which other
paths lead to them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FORMAT = 1  # raise it when the shape or the meaning of a table changes: cached tables of another format are not read


@dataclass(frozen=True, slots=True)
class ClassEntry:
    """A class as its own body shows it, without what it inherits.

    `methods` maps the names to signature texts: the public methods, the constructor and a few private ones.
    `members` are the other names an instance has: attributes, properties, private methods.
    `is_open`: it may have members that its source does not spell out (`setattr` with a computed name, `__getattr__`).
    `parameters`: does an instance register parameters of its own? "yes", "no", the name of the constructor argument
    that decides, or None where it is not known.
    """

    bases: tuple[str, ...] = ()
    methods: Mapping[str, str] = field(default_factory=dict)
    members: frozenset[str] = frozenset()
    is_open: bool = False
    parameters: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """`distribution` is torch or lightning; the accepted values are None where they were not found."""

    distribution: str
    version: str
    classes: Mapping[str, ClassEntry]
    functions: Mapping[str, str]
    aliases: Mapping[str, str]
    accelerators: frozenset[str] | None = None
    strategies: frozenset[str] | None = None
    precisions: frozenset[str] | None = None


def to_json(table: Table) -> str:
    """One line a class and a function, sorted: small, and readable as a difference between two versions."""
    lines = [f'"format":{FORMAT}', f'"distribution":{_dump(table.distribution)}', f'"version":{_dump(table.version)}']
    for name in ("accelerators", "strategies", "precisions"):
        values: frozenset[str] | None = getattr(table, name)
        lines.append(f'"{name}":{_dump(None if values is None else sorted(values))}')
    lines.append(_section("aliases", _grouped(table.aliases)))
    lines.append(_section("functions", table.functions))
    lines.append(_section("classes", {name: _class_to_json(entry) for name, entry in table.classes.items()}))
    return "{" + ",\n".join(lines) + "}\n"


def from_json(text: str) -> Table | None:
    """None if the text is not a table of this format: a cache may hold anything."""
    try:
        data = json.loads(text)
        if data["format"] != FORMAT:
            return None
        return Table(
            distribution=data["distribution"],
            version=data["version"],
            classes={name: _class_from_json(entry) for name, entry in data["classes"].items()},
            functions=data["functions"],
            aliases=_ungrouped(data["aliases"]),
            accelerators=_optional_set(data["accelerators"]),
            strategies=_optional_set(data["strategies"]),
            precisions=_optional_set(data["precisions"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _class_to_json(entry: ClassEntry) -> dict[str, object]:
    """Short keys, and only what is there: b bases, f methods, m members, o open, p parameters."""
    shape = {
        "b": " ".join(entry.bases),
        "f": dict(sorted(entry.methods.items())),
        "m": " ".join(sorted(entry.members)),
        "o": entry.is_open,
        "p": entry.parameters,
    }
    return {key: value for key, value in shape.items() if value}


def _class_from_json(data: Mapping[str, Any]) -> ClassEntry:
    get = data.get
    return ClassEntry(
        tuple(get("b", "").split()), get("f", {}), frozenset(get("m", "").split()), get("o", False), get("p")
    )


def _grouped(aliases: Mapping[str, str]) -> dict[str, str]:
    """`from module>to module` -> names; a name that changes on the way is written `name=other`."""
    groups: dict[str, list[str]] = {}
    for path, target in sorted(aliases.items()):
        source, _, name = path.rpartition(".")
        home, _, other = target.rpartition(".")
        groups.setdefault(f"{source}>{home}", []).append(name if name == other else f"{name}={other}")
    return {modules: " ".join(names) for modules, names in groups.items()}


def _ungrouped(groups: Mapping[str, str]) -> dict[str, str]:
    aliases: dict[str, str] = {}
    for modules, names in groups.items():
        source, _, home = modules.partition(">")
        for item in names.split():
            name, _, other = item.partition("=")
            aliases[f"{source}.{name}"] = f"{home}.{other or name}"
    return aliases


def _section(name: str, items: Mapping[str, object]) -> str:
    return f'"{name}":{{\n' + ",\n".join(f"{_dump(key)}:{_dump(items[key])}" for key in sorted(items)) + "}"


def _dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _optional_set(values: list[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)
