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


def removals(section: str, version: str) -> Mapping[str, Removal]:
    """What a section of the data file says was removed up to this version of Lightning."""
    data = _data()
    found = {
        name: Removal(name, removed_in, replacement, _outcome(data["outcomes"][outcome], version))
        for name, (removed_in, replacement, outcome) in data[section].items()
        if _release(removed_in) <= _release(version)
    }
    return MappingProxyType(found)


def misspelt_trainer_arguments() -> Mapping[str, str]:
    """Trainer arguments that never existed, and the ones that are meant."""
    return MappingProxyType(_data()["misspelt_trainer_arguments"])


def call_style(hook: str, version: str) -> CallStyle:
    """How the loops of this version of Lightning call a hook."""
    for entry in _data()["calls"]:
        until = entry.get("until")
        if hook in entry["hooks"] and (until is None or _release(version) < _release(until)):
            positional = entry.get("positional")
            return CallStyle(
                None if positional is None else tuple(positional),
                tuple(entry.get("keyword", ())),
                tuple(entry.get("optional", ())),
            )
    return CallStyle()


def _outcome(statements: Mapping[str, str], version: str) -> str:
    """The statement for the newest version that is not newer than this one."""
    known = [since for since in statements if _release(since) <= _release(version)]
    return statements[max(known, key=_release)] if known else next(iter(statements.values()))


def _release(version: str) -> tuple[int, ...]:
    """`2.0.9.post0` -> (2, 0): removals happen in minor versions."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return data
