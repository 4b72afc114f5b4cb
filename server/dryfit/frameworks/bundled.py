"""The tables that come with Dryfit: `data/<distribution>-<version>.json`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from dryfit.frameworks.frameworks import Frameworks
from dryfit.frameworks.table import Table, from_json

FOLDER = Path(__file__).parent / "data"


@cache
def bundled() -> Frameworks:
    """What the newest bundled tables say; for code without an environment."""
    return Frameworks(newest_table("torch"), newest_table("lightning"))


def newest_table(distribution: str) -> Table:
    paths = FOLDER.glob(f"{distribution}-*.json")
    table = _load(max(paths, key=lambda path: [int(n) for n in re.findall(r"\d+", path.stem)]))
    if table is None:
        raise ValueError(f"the bundled table of {distribution} is of another format; run dryfit.frameworks.tables")
    return table


def bundled_table(distribution: str, version: str) -> Table | None:
    """The table of exactly this version, if there is one."""
    path = FOLDER / f"{distribution}-{version}.json"
    return _load(path) if path.is_file() else None


@cache
def _load(path: Path) -> Table | None:
    return from_json(path.read_text(encoding="utf-8"))
