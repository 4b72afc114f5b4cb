"""What no installed source says: how the loops call a hook, what was removed when, and what takes its place.

The data file is written by hand. Each statement was observed by running the named versions of Lightning (1.5 to 2.6).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

_FILE = Path(__file__).parent / "data" / "history.json"


@dataclass(frozen=True, slots=True)
class Removal:
    """Something that was once accepted. `removed_in` is empty if it never existed, though people write it.

    `replacement` says what to write instead, `today` what happens to one who still writes it.
    """

    name: str
    removed_in: str
    replacement: str | None
    today: str


@dataclass(frozen=True, slots=True)
class CallStyle:
    """Where the arguments of a hook differ from its signature in the base class; None where they do not."""

    positional: tuple[str, ...] | None = None
    keyword: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Addition:
    """Something that is accepted since a version. `replaces`: what was written before, None if there was nothing."""

    name: str
    added_in: str
    replaces: str | None


@dataclass(frozen=True, slots=True)
class OtherCall:
    """How other versions call a hook: from `since` on ("" from the first), before `until` ("" to the newest)."""

    since: str
    until: str
    positional: tuple[str, ...]
    keyword: tuple[str, ...]
    optional: tuple[str, ...]


def removals(section: str, version: str) -> Mapping[str, Removal]:
    """What a section of the data file says was removed up to this version of Lightning."""
    data = _data()
    found = {
        name: Removal(name, removed_in, replacement, _outcome(data["outcomes"][outcome], version))
        for name, (removed_in, replacement, outcome) in data[section].items()
        if is_since(version, removed_in)
    }
    return MappingProxyType(found)


def additions(section: str, version: str) -> Mapping[str, Addition]:
    """What a section of the data file says was added after this version of Lightning."""
    found = {name: Addition(name, *entry) for name, entry in _data()[section].items()}
    return MappingProxyType({n: a for n, a in found.items() if not is_since(version, a.added_in)})


def removed_names(version: str) -> Mapping[str, Removal]:
    """Modules, classes and functions by their path, with the version since which certainly none of them is there."""
    found = {n: Removal(n, since, replacement, "") for n, (since, replacement) in _data()["removed_names"].items()}
    return MappingProxyType({n: removal for n, removal in found.items() if is_since(version, removal.removed_in)})


def range_of_argument(path: str, argument: str) -> tuple[str, str]:
    """The versions in which a function came to accept an argument, and ceased to; "" where none is known."""
    since, until = _data()["changed_arguments"].get(path, {}).get(argument, ("", ""))
    return since, until


def changed_arguments() -> Mapping[str, Mapping[str, tuple[str, str]]]:
    """All that `range_of_argument` knows, by path and argument."""
    return MappingProxyType(_data()["changed_arguments"])


def refused_parameters(kind: str, hook: str, version: str) -> frozenset[str]:
    """Parameters whose name alone makes this version of Lightning refuse the hook, whatever their defaults."""
    refused = _data()["refused_parameters"].get(f"{kind} {hook}", {})
    return frozenset(name for name, since in refused.items() if is_since(version, since))


def other_calls(kind: str, hook: str, version: str) -> tuple[OtherCall, ...]:
    """How versions of Lightning before or after this one call a hook, where they call it in another way."""
    calls = _data()["changed_calls"].get(f"{kind} {hook}", {})
    bounds = [*calls, ""]
    found = []
    for (since, text), until in zip(calls.items(), bounds[1:], strict=True):
        if is_since(version, since) and not (until and is_since(version, until)):
            continue  # this is the version's own way
        words = [(word.rstrip("=?"), word) for word in text.split()]
        found.append(
            OtherCall(
                since,
                until,
                tuple(name for name, word in words if "=" not in word),
                tuple(name for name, word in words if "=" in word),
                tuple(name for name, word in words if word.endswith("?")),
            )
        )
    return tuple(found)


def misspelt_trainer_arguments() -> Mapping[str, str]:
    """Trainer arguments that never existed, and the ones that are meant."""
    return MappingProxyType(_data()["misspelt_trainer_arguments"])


def call_style(hook: str, version: str) -> CallStyle:
    """How the loops of this version of Lightning call a hook."""
    for entry in _data()["calls"]:
        until = entry.get("until")
        if hook in entry["hooks"] and (until is None or not is_since(version, until)):
            positional = entry.get("positional")
            return CallStyle(
                None if positional is None else tuple(positional),
                tuple(entry.get("keyword", ())),
                tuple(entry.get("optional", ())),
            )
    return CallStyle()


def _outcome(statements: Mapping[str, str], version: str) -> str:
    """The statement for the newest version that is not newer than this one."""
    known = [since for since in statements if is_since(version, since)]
    return statements[max(known, key=release)] if known else next(iter(statements.values()))


def is_since(version: str, since: str) -> bool:
    """Is it this version or a later one? As precise as `since` is: 2.0.9 is since 2.0, 2.5.4 not since 2.5.5."""
    wanted = release(since)
    return release(version)[: len(wanted)] >= wanted


def release(version: str) -> tuple[int, ...]:
    """`2.0.9.post0` -> (2, 0, 9)."""
    numbers = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(number) for number in numbers[0].split(".")) if numbers else ()


def line(version: str) -> tuple[int, ...]:
    """`2.0.9.post0` -> (2, 0): what is accepted changes in minor versions."""
    return release(version)[:2]


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return data
