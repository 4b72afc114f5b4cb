"""The tables for what is installed in an environment: bundled, cached or read from its sources."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dryfit.frameworks.bundled import bundled_table, newest_table
from dryfit.frameworks.frameworks import Frameworks
from dryfit.frameworks.table import FORMAT, Table, from_json, to_json

# Distributions that hold the sources, the preferred one first.
_DISTRIBUTIONS = {"torch": ("torch",), "lightning": ("lightning", "pytorch_lightning")}
# Distributions that register accelerators and strategies of their own when Lightning is imported.
_PLUGINS = frozenset({"lightning_habana", "lightning_graphcore", "lightning_colossalai", "lightning_bagua"})
_METADATA = re.compile(r"(?P<name>[A-Za-z0-9_.\-]+?)-(?P<version>\d[^-]*)(?:-.*)?\.(?:dist-info|egg-info)")


def installed(site_packages: Sequence[Path], cache: Path | None = None) -> Frameworks:
    """What the environment with these folders accepts; nothing in it is run.

    `cache` is a folder for tables of versions that are not bundled. Whichever framework is not installed, or has no
    readable sources, is answered for by the newest bundled table.
    """
    metadata = _metadata(site_packages)
    found = _frameworks(metadata)
    tables = {name: _table(name, version, site_packages, cache) for name, version in found.items()}
    lightning = tables.get("lightning") or newest_table("lightning")
    if not _PLUGINS.isdisjoint(metadata):
        lightning = replace(lightning, accelerators=None, strategies=None)
    return Frameworks(
        torch=tables.get("torch") or newest_table("torch"),
        lightning=lightning,
        torch_version=found.get("torch"),
        lightning_version=found.get("lightning"),
    )


def versions(site_packages: Sequence[Path]) -> Mapping[str, str]:
    """The installed versions of torch and lightning; local labels (`+cpu`) are cut off."""
    return _frameworks(_metadata(site_packages))


def read_table(distribution: str, version: str, site_packages: Sequence[Path]) -> Table | None:
    """The table read from the sources of the first folder that has them."""
    # The reader brings a parser along; it is needed only for versions that are not bundled.
    from dryfit.frameworks.reader import read_lightning, read_torch

    read = read_torch if distribution == "torch" else read_lightning
    tables = (read(folder, version) for folder in site_packages)
    return next((table for table in tables if table is not None), None)


def _metadata(site_packages: Sequence[Path]) -> dict[str, str]:
    """Distribution -> version, from the names of the metadata folders; the first of a name counts, as for Python."""
    found: dict[str, str] = {}
    for folder in site_packages:
        for name in sorted(_names_in(folder)):
            match = _METADATA.fullmatch(name)
            if match:
                found.setdefault(match["name"].lower().replace("-", "_"), match["version"].partition("+")[0])
    return found


def _frameworks(metadata: Mapping[str, str]) -> dict[str, str]:
    chosen = {
        framework: next((metadata[name] for name in names if name in metadata), None)
        for framework, names in _DISTRIBUTIONS.items()
    }
    return {framework: version for framework, version in chosen.items() if version is not None}


def _table(distribution: str, version: str, site_packages: Sequence[Path], cache: Path | None) -> Table | None:
    table = bundled_table(distribution, version)
    if table is not None:
        return table
    path = None if cache is None else cache / f"{distribution}-{version}-{FORMAT}.json"
    if path is not None and path.is_file():
        table = from_json(path.read_text(encoding="utf-8"))
    if table is None:
        table = read_table(distribution, version, site_packages)
        if table is not None and path is not None:
            _write(path, to_json(table))
    return table


def _write(path: Path, text: str) -> None:
    """In one step, so that no other process reads half a table. A cache that cannot be written is no cache."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}.{os.getpid()}")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError:
        return


def _names_in(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
