"""The tables for what is installed in an environment, or set: bundled, cached or read from its sources."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from dryfit.frameworks.as_of import as_of
from dryfit.frameworks.bundled import bundled_table, bundled_versions, newest_table
from dryfit.frameworks.frameworks import Frameworks
from dryfit.frameworks.history import line, release
from dryfit.frameworks.table import FORMAT, Table, from_json, to_json

# Distributions that hold the sources, the preferred one first.
_DISTRIBUTIONS = {"torch": ("torch",), "lightning": ("lightning", "pytorch_lightning")}
# Distributions that register accelerators and strategies of their own when Lightning is imported.
_PLUGINS = frozenset({"lightning_habana", "lightning_graphcore", "lightning_colossalai", "lightning_bagua"})
_SUFFIX = f"-{FORMAT}.json"  # of a table in the cache
_METADATA = re.compile(r"(?P<name>[A-Za-z0-9_.\-]+?)-(?P<version>\d[^-]*)(?:-.*)?\.(?:dist-info|egg-info)")


@dataclass(frozen=True, slots=True)
class _Choice:
    """A table, and the version that it speaks for; None where it only stands in. `notice`: for what, if it was set."""

    table: Table
    version: str | None = None
    notice: str | None = None


def installed(
    site_packages: Sequence[Path], cache: Path | None = None, wanted: Mapping[str, str] = MappingProxyType({})
) -> Frameworks:
    """What the environment with these folders accepts; nothing in it is run.

    `cache` is a folder for tables of versions that are not bundled. For what is not installed the newest bundled table
    answers, for what has no readable sources the one of the nearest version. `wanted`: versions of torch and lightning
    that count instead of those that are installed.
    """
    metadata = _metadata(site_packages)
    found = _frameworks(metadata)
    choices = {name: _choice(name, found.get(name), wanted.get(name), site_packages, cache) for name in _DISTRIBUTIONS}
    torch, lightning = choices["torch"], choices["lightning"]
    if not _PLUGINS.isdisjoint(metadata):
        lightning = replace(lightning, table=replace(lightning.table, accelerators=None, strategies=None))
    return Frameworks(
        torch=torch.table,
        lightning=lightning.table,
        torch_version=torch.version,
        lightning_version=lightning.version,
        notices=tuple(choice.notice for choice in (torch, lightning) if choice.notice is not None),
    )


def _choice(
    name: str, found: str | None, wanted: str | None, site_packages: Sequence[Path], cache: Path | None
) -> _Choice:
    is_found = found is not None and (wanted is None or release(found)[: len(release(wanted))] == release(wanted))
    if found is not None and is_found:
        table = _table(name, found, site_packages, cache)
        return replace(_nearest(name, found, cache), notice=None) if table is None else _Choice(table, found)
    return _Choice(newest_table(name)) if wanted is None else _nearest(name, wanted, cache)


def _nearest(name: str, wanted: str, cache: Path | None) -> _Choice:
    """The table of the version, of another patch of the same line, or else the nearest with its names put right."""
    known = sorted({*bundled_versions(name), *_cached_versions(name, cache)}, key=release)
    same = [version for version in known if line(version) == line(wanted)]
    older = [version for version in known if release(version) <= release(wanted)]
    nearest = wanted if wanted in same else (same or older or known[:1])[-1]
    table = _table(name, nearest, (), cache) or newest_table(name)
    if line(table.version) == line(wanted):
        return _Choice(replace(table, version=wanted), wanted)
    notice = (
        f"`frameworks.{name}`: no table of {name} {wanted} is known here; that of {table.version} stands in, "
        f"put right by what is known to have changed; `python` can name an environment that has {wanted}"
    )
    return _Choice(as_of(table, wanted), None, notice)


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
    path = None if cache is None else cache / f"{distribution}-{version}{_SUFFIX}"
    if path is not None and path.is_file():
        table = from_json(path.read_text(encoding="utf-8"))
    if table is None:
        table = read_table(distribution, version, site_packages)
        if table is not None and path is not None:
            _write(path, to_json(table))
    return table


def _cached_versions(distribution: str, cache: Path | None) -> list[str]:
    names = [] if cache is None else [name for name in _names_in(cache) if name.startswith(f"{distribution}-")]
    return [n.removeprefix(f"{distribution}-").removesuffix(_SUFFIX) for n in names if n.endswith(_SUFFIX)]


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
