"""The index of one project: kept up to date with the disk and with texts that are not saved, and asked questions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from dryfit.engine.index.background import Background, Order
from dryfit.engine.index.links import Links
from dryfit.engine.index.paths import named, relative
from dryfit.engine.index.refresh import Gone, refresh
from dryfit.engine.index.resolve import Defined, Find
from dryfit.engine.index.row import FileRow, from_payload
from dryfit.engine.index.scan import scan, scan_document
from dryfit.engine.index.store import Scanned, Stamp, Store

if TYPE_CHECKING:
    from dryfit.syntax.document import Document

SLICE_SECONDS = 0.005
_ROWS_BETWEEN_LOOKS_AT_THE_CLOCK = 16

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Changes:
    """Files that came, that have another content, and that went, since the index last looked; each sorted.

    A file whose unsaved text counts is not among them, whatever happens on the disk.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class ProjectIndex:
    """One row for every Python file of a project.

    Files are named relative to the root, with `/`; whatever takes a path also takes an absolute one. `files` lists
    them, absolute or relative to the root; it is asked at each refresh, and pickled for one in the background: let it
    be a function of a module or a `partial` of one. `cache`: the folder for the database; None to keep nothing. Until
    the first refresh the index is empty, until the first one in the background has ended it does not know what is on
    the disk.
    """

    def __init__(self, root: Path, files: Callable[[], Sequence[str]], cache: Path | None, find: Find) -> None:
        self._root = root.absolute()
        self._files = files
        self._cache = cache
        self._rows: dict[str, FileRow] = {}
        self._stamps: dict[str, Stamp] = {}
        self._unsaved: dict[str, FileRow] = {}
        self._links = Links(self._row, find)
        self._background: Background | None = None
        self._is_wanted_again = False
        self._incoming: _Incoming | None = None

    # ------------------------------------------------------------------------------------------ keeping up to date
    def refresh(self, processes: int | None = 1) -> Changes:
        """Look at all files, in this process or, where it is worth it, in several (None: as many as it is worth)."""
        self.close()
        store = None if self._cache is None else Store(self._cache, self._root)
        try:
            files = relative(self._root, self._files())
            incoming = _Incoming(refresh(self._root, files, dict(self._stamps), store, processes))
            incoming.read(float("inf"))
        finally:
            if store is not None:
                store.close()
        return self._take(incoming)

    def start_refresh(self, processes: int | None = 1) -> None:
        """Look at all files in another process; if one is at it, another one follows. `poll` tells when it is done."""
        if self.is_refreshing:
            self._is_wanted_again = True
            return
        self._is_wanted_again = False
        order = Order(self._root, self._files, self._cache, dict(self._stamps), processes)
        self._background = Background(order)

    @property
    def is_refreshing(self) -> bool:
        """Is there something that `poll` will still tell?"""
        return self._background is not None

    def poll(self, seconds: float = SLICE_SECONDS) -> Changes | None:
        """What a refresh in the background has found, once; None as long as there is nothing to tell.

        Works for about so many seconds and never waits.
        """
        background = self._background
        deadline = perf_counter() + seconds
        if background is None or background.is_running:
            return None
        if self._incoming is None:
            self._incoming = _Incoming(background.learnt())
            if background.has_failed:
                logger.warning("the project index could not be refreshed as a whole")
        incoming = self._incoming
        if not incoming.read(deadline):
            return None
        if incoming.changes is None:
            incoming.changes = self._take(incoming)
        if not self._links.work(deadline - perf_counter()):
            return None
        is_wanted_again = self._is_wanted_again
        self.close()
        if is_wanted_again:
            self.start_refresh()
        return incoming.changes

    def close(self) -> None:
        """End what runs in the background; the index goes on answering."""
        if self._background is not None:
            self._background.close()
        self._background = self._incoming = None
        self._is_wanted_again = False

    def update(self, path: str, text: str | Document) -> bool:
        """From now on this counts as the file's text; True if its row is another one now."""
        path = self._named(path)
        old = self._row(path)
        new = self._unsaved[path] = scan(text) if isinstance(text, str) else scan_document(text)
        return self._tell(path, old, new)

    def forget_update(self, path: str) -> bool:
        """From now on the file's text is again what is on the disk; True if its row is another one now."""
        path = self._named(path)
        old = self._unsaved.pop(path, None)
        return old is not None and self._tell(path, old, self._row(path))

    # -------------------------------------------------------------------------------------------------- questions
    def row(self, path: str) -> FileRow | None:
        return self._row(self._named(path))

    def paths(self) -> tuple[str, ...]:
        """All files, sorted."""
        return tuple(sorted(self._rows.keys() | self._unsaved.keys()))

    def importers(self, path: str) -> frozenset[str]:
        """The files that import it, or something that it defines and another file hands on."""
        return self._links.importers(self._named(path))

    def dependents(self, path: str, limit: int = 200) -> tuple[str, ...]:
        """The files that import it over any number of others, the nearest first."""
        return self._links.dependents(self._named(path), limit)

    def uses_fabric_nearby(self, path: str) -> bool:
        """Does a file that this one imports something from use Fabric, or one that imports from it, or from those?

        A package that only hands names on ties nothing together.
        """
        if not any(row.uses_fabric for row in (*self._rows.values(), *self._unsaved.values())):
            return False
        path = self._named(path)
        tied = (*self._links.link(path).meant, *self._links.users(path))
        return any(row.uses_fabric for row in map(self._row, tied) if row is not None)

    def subclasses(self, path: str, class_name: str) -> tuple[Defined, ...]:
        """The classes of the project that inherit from a class, over any number of others; the nearest first."""
        return self._links.subclasses(Defined(self._named(path), class_name))

    def training_files(self) -> tuple[str, ...]:
        """The files that may start a Trainer, sorted."""
        rows = ((path, self._row(path)) for path in self.paths())
        return tuple([path for path, row in rows if row is not None and row.starts_training])

    # ------------------------------------------------------------------------------------------------------ inside
    def _row(self, path: str) -> FileRow | None:
        row = self._unsaved.get(path)
        return self._rows.get(path) if row is None else row

    def _named(self, path: str) -> str:
        return path if path in self._rows else named(self._root, path)

    def _tell(self, path: str, old: FileRow | None, new: FileRow | None) -> bool:
        if old == new:
            return False
        if old is None or new is None:
            self._links.files_changed(self.paths())
        else:
            self._links.changed((path,))
        return True

    def _take(self, incoming: _Incoming) -> Changes:
        """Put in what was learnt."""
        added, changed, removed, others = [], [], [], []
        for path, (stamp, row) in incoming.found.items():
            old, old_stamp = self._rows.get(path), self._stamps.get(path)
            if row is not None:
                self._rows[path] = row
            if path in self._rows:
                self._stamps[path] = stamp
            if row is None or path in self._unsaved:
                continue
            if old is None or old_stamp is None:
                added.append(path)
            elif old_stamp.digest != stamp.digest:
                changed.append(path)
                others += [path] if old != row else []
        for path in incoming.gone:
            self._stamps.pop(path, None)
            if self._rows.pop(path, None) is not None and path not in self._unsaved:
                removed.append(path)
        if added or removed:
            self._links.files_changed(self.paths())
        else:
            self._links.changed(others)
        return Changes(tuple(sorted(added)), tuple(sorted(changed)), tuple(sorted(removed)))


class _Incoming:
    """What a refresh tells, read piece by piece."""

    def __init__(self, learnt: Iterator[Scanned | Gone]) -> None:
        self._learnt = learnt
        self.found: dict[str, tuple[Stamp, FileRow | None]] = {}
        self.gone: list[str] = []
        self.changes: Changes | None = None

    def read(self, deadline: float) -> bool:
        """Read until the clock shows the deadline; True when there is no more."""
        while True:
            some = list(islice(self._learnt, _ROWS_BETWEEN_LOOKS_AT_THE_CLOCK))
            for learnt in some:
                if isinstance(learnt, str):
                    self.gone.append(learnt)
                else:
                    self._keep(learnt)
            if len(some) < _ROWS_BETWEEN_LOOKS_AT_THE_CLOCK:
                return True
            if perf_counter() >= deadline:
                return False

    def _keep(self, scanned: Scanned) -> None:
        try:
            row = None if scanned.payload is None else from_payload(scanned.payload)
        except ValueError:  # not ours; the file is looked at again the next time
            return
        self.found[scanned.path] = (scanned.stamp, row)
