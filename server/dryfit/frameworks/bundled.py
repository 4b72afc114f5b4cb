"""The tables that come with Dryfit: `data/<distribution>-<version>.json`, of older versions packed (`.json.gz`)."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

from dryfit.frameworks.frameworks import Frameworks
from dryfit.frameworks.history import release
from dryfit.frameworks.table import Table, from_json, to_json

FOLDER = Path(__file__).parent / "data"


@cache
def bundled() -> Frameworks:
    """What the newest bundled tables say; for code without an environment."""
    return Frameworks(newest_table("torch"), newest_table("lightning"))


def newest_table(distribution: str) -> Table:
    table = bundled_table(distribution, bundled_versions(distribution)[-1])
    if table is None:
        raise ValueError(f"the bundled table of {distribution} is of another format; run dryfit.frameworks.tables")
    return table


@cache
def bundled_versions(distribution: str) -> tuple[str, ...]:
    """The versions of which there is a table, the oldest first."""
    names = (path.name.removesuffix(".gz").removesuffix(".json") for path in FOLDER.glob(f"{distribution}-*.json*"))
    return tuple(sorted((name.removeprefix(f"{distribution}-") for name in names), key=release))


def bundled_table(distribution: str, version: str) -> Table | None:
    """The table of exactly this version, if there is one."""
    path = FOLDER / f"{distribution}-{version}.json"
    return _load(path) if path.is_file() or _packed(path).is_file() else None


def write_bundled(table: Table) -> Path:
    """Put a table into the package: readable if it is the newest of its distribution, else packed."""
    path = FOLDER / f"{table.distribution}-{table.version}.json"
    text = to_json(table)
    versions = bundled_versions(table.distribution)
    if not versions or release(table.version) >= release(versions[-1]):
        path.write_text(text, encoding="utf-8")
        return path
    # Without a time and a name in it, the same table gives the same bytes.
    _packed(path).write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    return _packed(path)


def _packed(path: Path) -> Path:
    return path.with_name(f"{path.name}.gz")


@cache
def _load(path: Path) -> Table | None:
    if path.is_file():
        return from_json(path.read_text(encoding="utf-8"))
    return from_json(gzip.decompress(_packed(path).read_bytes()).decode())
