"""Whose frameworks: the interpreter that the code will run with, and what its installed torch and lightning accept.

The interpreter is never started; where its packages lie is read from the file system.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from dryfit.frameworks import Frameworks, installed, site_packages_of


class InterpreterError(Exception):
    """The interpreter that was asked for is not there."""


def interpreter(option: str | None, setting: str | None, variables: Mapping[str, str], start: Path) -> Path:
    """The interpreter whose packages count.

    In this order: the command line, the settings, the active environment, a `.venv` in the folder or one above it, the
    interpreter that runs dryfit. Raises InterpreterError if one that was named does not exist.
    """
    for name, where in ((option, "--python"), (setting, "the setting `python`")):
        if name:
            found = _named(name, variables)
            if found is None:
                raise InterpreterError(f"{where}: no interpreter at `{name}`")
            return found
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if variables.get(variable):
            found = _inside(Path(variables[variable]))
            if found is not None:
                return found
    for folder in (start, *start.parents):
        found = _inside(folder / ".venv")
        if found is not None:
            return found
    return Path(sys.executable)


def frameworks_of(python: Path, cache: Path | None, versions: Mapping[str, str] = MappingProxyType({})) -> Frameworks:
    """What the packages of this interpreter accept; bundled tables speak for what is not installed there.

    `versions`: those of torch and lightning that count instead of the installed ones.
    """
    return installed(site_packages_of(python), cache, versions)


def cache_folder(variables: Mapping[str, str]) -> Path:
    """Where things that can be made again are kept, in a folder of our own; it need not exist."""
    if variables.get("XDG_CACHE_HOME"):
        return Path(variables["XDG_CACHE_HOME"]) / "dryfit"
    if sys.platform == "win32":
        return Path(variables.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "dryfit" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "dryfit"
    return Path.home() / ".cache" / "dryfit"


def _named(name: str, variables: Mapping[str, str]) -> Path | None:
    """A path to an interpreter or to an environment's folder, or a command on the search path."""
    path = Path(name).expanduser()
    if path.is_dir():
        return _inside(path)
    if path.is_file():
        # Absolute, but links are kept: an environment's interpreter is a link, and its folder is what counts.
        return path.absolute()
    if os.sep in name or (os.altsep and os.altsep in name):
        return None
    for folder in variables.get("PATH", "").split(os.pathsep):
        for candidate in (Path(folder) / name, Path(folder) / f"{name}.exe"):
            if folder and candidate.is_file():
                return candidate
    return None


def _inside(environment: Path) -> Path | None:
    """The interpreter of an environment's folder."""
    for name in ("bin/python", "bin/python3", "Scripts/python.exe", "python.exe"):
        if (environment / name).is_file():
            return environment / name
    return None
