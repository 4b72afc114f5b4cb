"""Which file an import leads to, by where files lie: nothing is run and no path of an interpreter is consulted.

Python searches the folder of the script, then the search path. What a project's search path will be is not written
anywhere, so folders are tried from the nearest to the farthest: the one above the outermost package that the file is
in, those above it up to the project's root, each with its `src`; then the file's own folder, for scripts in packages.

Paths come back as they were given: relative to the current folder if the importing file's path is, else absolute.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

REPOSITORY = frozenset({".git", ".hg"})
MARKS = frozenset({"pyproject.toml", "setup.py", "setup.cfg", "dryfit.toml", "requirements.txt"})
MAX_ABOVE = 12  # folders above a file that are looked at
SOURCE_FOLDERS = ("src", "lib", "python")


class Layout:
    """Remembers what lies in which folder, until told to `forget`.

    `is_installed`: does the environment have a package of this name? It wins over a folder without an `__init__.py`.
    `workspace`: the folder that an editor has open is the root of what has no mark of a project.
    """

    def __init__(self, is_installed: Callable[[str], bool] = lambda name: False, workspace: str = "") -> None:
        self._is_installed = is_installed
        self._workspace = workspace
        self._entries: dict[str, frozenset[str]] = {}
        self._times: dict[str, int] = {}
        self._roots: dict[str, tuple[str, ...]] = {}
        self._found: dict[tuple[str, int, str], str | None] = {}

    def forget(self) -> None:
        """Files or folders have come or gone."""
        self._entries.clear()
        self._times.clear()
        self._roots.clear()
        self._found.clear()

    def look_again(self) -> bool:
        """Have entries come or gone in the folders that were looked into? They are forgotten then."""
        if all(_time_of(folder) == time for folder, time in self._times.items()):
            return False
        self.forget()
        return True

    # ---------------------------------------------------------------------------------------------- questions
    def find(self, path: str, level: int, dotted: str) -> str | None:
        """The file, or the folder without a file of its own, that an import in the file `path` leads to.

        `""`: the import leads into the project, but there is nothing. None: it does not.
        """
        folder = os.path.dirname(os.path.abspath(path))
        key = (folder, level, dotted)
        if key not in self._found:
            self._found[key] = self._relative(folder, level, dotted) if level else self._absolute(folder, dotted)
        found = self._found[key]
        return _as_given(found, path) if found else found

    def inside(self, package: str, name: str) -> str | None:
        """The module or package `name` inside a package, which is its `__init__.py` or a folder."""
        folder = os.path.abspath(package)
        if folder.endswith(".py"):
            if os.path.basename(folder) != "__init__.py":
                return None
            folder = os.path.dirname(folder)
        found = self._step(folder, name, may_be_folder=True)
        return None if found is None else _as_given(found, package)

    def dotted_name(self, path: str) -> str:
        """The name that a file is imported by."""
        folder, file = os.path.split(os.path.abspath(path))
        parts = [] if file == "__init__.py" else [file.removesuffix(".py")]
        for _ in range(MAX_ABOVE):
            if "__init__.py" not in self._listing(folder):
                break
            folder, name = os.path.split(folder)
            parts.insert(0, name)
        return ".".join(parts)

    def root(self, path: str) -> str:
        """The project's folder: the repository's, else the nearest above the file that has a mark of a project.

        "": the file is in no project.
        """
        return self._search_folders(os.path.dirname(os.path.abspath(path)))[0]

    # ------------------------------------------------------------------------------------------------- search
    def _relative(self, folder: str, level: int, dotted: str) -> str:
        for _ in range(level - 1):
            folder = os.path.dirname(folder)
        found = self._walk(folder, dotted.split(".") if dotted else [], may_be_folder=True)
        return found or ""

    def _absolute(self, folder: str, dotted: str) -> str | None:
        parts = dotted.split(".")
        is_standard = parts[0] in sys.stdlib_module_names
        _, nearest, *others = self._search_folders(folder)
        for place in (nearest,) if is_standard else (nearest, *others):
            if self._step(place, parts[0], may_be_folder=not is_standard and not self._is_installed(parts[0])):
                return self._walk(place, parts, may_be_folder=True) or ""
        if place_of_script := folder if folder != nearest and not is_standard else "":
            if not self._is_installed(parts[0]) and self._step(place_of_script, parts[0], may_be_folder=False):
                return self._walk(place_of_script, parts, may_be_folder=True) or ""
        return None

    def _search_folders(self, folder: str) -> tuple[str, ...]:
        """The project's root, and the folders that absolute imports are looked for in, the nearest first."""
        known = self._roots.get(folder)
        if known is None:
            nearest = folder
            while "__init__.py" in self._listing(nearest) and os.path.dirname(nearest) != nearest:
                nearest = os.path.dirname(nearest)
            above = list(_above(nearest))
            top = self._first(above, REPOSITORY) or self._first(above, MARKS)
            if not top and self._workspace in above:
                top = above.index(self._workspace) + 1
            inside = above[: max(1, top)]
            places = [place for up in inside for place in (up, *(os.path.join(up, s) for s in SOURCE_FOLDERS))]
            exist = [place for place in places if place == nearest or self._is_folder(place)]
            known = self._roots[folder] = (inside[-1] if top else "", *dict.fromkeys(exist))
        return known

    def _first(self, folders: list[str], marks: frozenset[str]) -> int:
        """How many folders it takes, from the nearest, to come to one that has a mark; 0 if none has."""
        return next((i + 1 for i, folder in enumerate(folders) if not marks.isdisjoint(self._listing(folder))), 0)

    def _walk(self, folder: str, parts: list[str], *, may_be_folder: bool) -> str | None:
        """Follow dotted parts down from a folder; the folder itself for none, as its `__init__.py` if there is one."""
        if not parts:
            return os.path.join(folder, "__init__.py") if "__init__.py" in self._listing(folder) else folder
        found: str | None = None
        for part in parts:
            if found is not None and os.path.basename(found) == "__init__.py":
                folder = os.path.dirname(found)
            elif found is not None:
                folder = found
            found = self._step(folder, part, may_be_folder=may_be_folder)
            if found is None:
                return None
        return found

    def _step(self, folder: str, name: str, *, may_be_folder: bool) -> str | None:
        entries = self._listing(folder)
        inner = os.path.join(folder, name)
        if name in entries:
            below = self._listing(inner)
            if "__init__.py" in below:
                return os.path.join(inner, "__init__.py")
        if f"{name}.py" in entries:
            return f"{inner}.py"
        return inner if name in entries and may_be_folder and self._has_python(inner) else None

    def _has_python(self, folder: str) -> bool:
        """Is there a Python file in the folder, or in one right below it?"""
        entries = self._listing(folder)
        if any(name.endswith(".py") for name in entries):
            return True
        return any("__init__.py" in self._listing(os.path.join(folder, name)) for name in entries if "." not in name)

    def _is_folder(self, path: str) -> bool:
        return os.path.basename(path) in self._listing(os.path.dirname(path)) and bool(self._listing(path))

    def _listing(self, folder: str) -> frozenset[str]:
        known = self._entries.get(folder)
        if known is None:
            try:
                known = frozenset(os.listdir(folder))
            except OSError:
                known = frozenset()
            self._entries[folder] = known
            self._times[folder] = _time_of(folder)
        return known


def is_in(site_packages: Sequence[Path]) -> Callable[[str], bool]:
    """Whether one of these folders has a package or module of a name."""
    known: dict[str, bool] = {}

    def is_installed(name: str) -> bool:
        if name not in known:
            known[name] = any(
                (f / name / "__init__.py").is_file() or (f / f"{name}.py").is_file() for f in site_packages
            )
        return known[name]

    return is_installed


def _time_of(folder: str) -> int:
    """When an entry came or went last; 0 for what is no folder."""
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return 0


def _above(folder: str) -> Iterator[str]:
    for _ in range(MAX_ABOVE):
        yield folder
        if os.path.dirname(folder) == folder:
            return
        folder = os.path.dirname(folder)


def _as_given(found: str, path: str) -> str:
    return found if os.path.isabs(path) else os.path.relpath(found)
