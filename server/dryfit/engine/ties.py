"""Which files are tied to which by imports, in the projects that files belong to.

Asked backwards: who uses this file? A project's index answers that once it has been read; until then, and for a file
that belongs to no project, what lies in the folder beside it does.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from dryfit.engine.index.build import ProjectIndex
from dryfit.engine.index.paths import named, project_files
from dryfit.engine.layout import Layout
from dryfit.engine.surroundings import Surroundings, uses_fabric

MAX_FILES = 4_000  # of a larger tree only the neighbours are looked at
MAX_COMPANY = 50


class Ties:
    """The indexes of all projects that were asked about, by their root folders.

    `cache`: the folder for what can be read again; None to keep nothing. `is_waiting`: an answer may wait for the index
    (the command line); otherwise it is read in the background, from `watch` on, and `poll` tells when it is there.
    """

    def __init__(self, layout: Layout, cache: Path | None, is_waiting: bool) -> None:
        self.layout = layout
        self._cache = cache
        self._is_waiting = is_waiting
        self._indexes: dict[str, ProjectIndex | None] = {}
        self._known: set[str] = set()  # the projects whose index was read once
        self._surroundings = Surroundings()

    def is_driven_by_hand(self, path: str) -> bool:
        """Does a file that is tied to this one run a loop of its own, by Lightning Fabric?"""
        path = os.path.abspath(path)
        root = self.layout.root(path)
        if self._is_waiting and root and root not in self._indexes:
            self._read_now(root)
        if root in self._known:
            index = self._indexes[root]
            return index is not None and index.uses_fabric_nearby(path)
        return self._surroundings.has_fabric(path)

    def company_of(self, paths: Iterable[str]) -> tuple[str, ...]:
        """The files that start a Trainer and rest on these, the nearest first; as far as is known."""
        found: dict[str, None] = {}
        for path in paths:
            root = self.layout.root(path)
            index = self._indexes.get(root)
            if index is not None:
                for file in index.dependents(path):
                    row = index.row(file)
                    if row is not None and row.starts_training:
                        found[os.path.normpath(os.path.join(root, file))] = None
        return tuple(found)[:MAX_COMPANY]

    def read(self, paths: Iterable[str]) -> None:
        """Read the indexes of the projects that these files belong to; others find them in the cache then."""
        for root in dict.fromkeys(map(self.layout.root, paths)):
            if root and root not in self._indexes:
                self._read_now(root, None)

    # ------------------------------------------------------------------------------------------- in the background
    def watch(self, path: str) -> None:
        """The project of this file counts from now on."""
        root = self.layout.root(path)
        if root and root not in self._indexes:
            self._indexes[root] = self._new_index(root, partial(_files_of, root))
            self._start(root)

    def look_again(self) -> None:
        """Files may have changed."""
        self._surroundings = Surroundings()
        for root in self._indexes:
            self._start(root)

    @property
    def is_reading(self) -> bool:
        return any(index is not None and index.is_refreshing for index in self._indexes.values())

    def poll(self) -> bool:
        """Is something known now that was not? Never waits."""
        has_news = False
        for root, index in self._indexes.items():
            changes = None if index is None else index.poll()
            if changes is not None:
                is_new = root not in self._known
                if index is not None and index.paths():
                    self._known.add(root)
                has_news |= is_new or bool(changes.added or changes.changed or changes.removed)
        return has_news

    def close(self) -> None:
        for index in self._indexes.values():
            if index is not None:
                index.close()

    def _start(self, root: str) -> None:
        index = self._indexes[root]
        if index is not None:
            index.start_refresh()

    # ------------------------------------------------------------------------------------------------------ inside
    def _read_now(self, root: str, processes: int | None = 1) -> None:
        """Read the index, if the project uses Fabric at all; a tree that is too large stays unknown."""
        files = project_files(Path(root))
        self._indexes[root] = None
        if len(files) <= MAX_FILES:
            self._known.add(root)
            if any(uses_fabric(os.path.join(root, file)) for file in files):
                index = self._indexes[root] = self._new_index(root, lambda: files)
                index.refresh(processes)

    def _new_index(self, root: str, files: Callable[[], Sequence[str]]) -> ProjectIndex:
        def find(file: str, level: int, dotted: str) -> str | None:
            found = self.layout.find(os.path.join(root, file), level, dotted)
            return named(Path(root), found) if found else None

        return ProjectIndex(Path(root), files, self._cache, find)


def _files_of(root: str) -> Sequence[str]:
    """The project's files; none of a tree that is too large to be one."""
    files = project_files(Path(root))
    return files if len(files) <= MAX_FILES else ()
