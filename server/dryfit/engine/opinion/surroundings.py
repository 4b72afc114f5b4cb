"""The environment that opinions are about, as far as an answer depends on it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import dryfit
from dryfit.frameworks import site_packages_of

_FORMAT = 1  # of the rules by which an answer is found; another number asks everything again
_METADATA = (".dist-info", ".egg-info")


def package_folders(python: Path) -> tuple[Path, ...]:
    """The folders that installers fill.

    Those that `.pth` files add hold sources under development, which change without anything telling: the project's
    index reads them.
    """
    return tuple(f for f in site_packages_of(python) if f.name in ("site-packages", "dist-packages"))


def environment_id(python: Path, folders: Sequence[Path]) -> str:
    """Equal as long as the interpreter, the installed distributions and who gives the answers are the same."""
    names = sorted(name for folder in folders for name in _names_in(folder) if name.endswith(_METADATA))
    who = (_FORMAT, _version_of("jedi"), sys.version_info[:2])
    said = json.dumps([str(python), [str(folder) for folder in folders], names, who])
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()


def tool_folders() -> dict[str, str]:
    """The packages that a worker needs, and their folders, in the order in which they are loaded; none is imported."""
    found = {"dryfit": str(Path(dryfit.__file__).parent)}
    for name in ("parso", "jedi"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations:
            found[name] = spec.submodule_search_locations[0]
    return found


def _version_of(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _names_in(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
