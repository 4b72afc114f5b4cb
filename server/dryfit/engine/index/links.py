"""Who imports whom and who inherits from whom, both ways, kept up to date file by file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

from dryfit.engine.index.resolve import Defined, Find, Resolver
from dryfit.engine.index.row import FileRow

_Node = TypeVar("_Node", str, Defined)


@dataclass(frozen=True, slots=True)
class Link:
    """Where a file leads.

    `named`: files that its imports name. `meant`: files that define what it imports; a package that only hands it on is
    not among them. `bases`: pairs of a class and one that it inherits from. `asked`: files whose rows this rests on.
    """

    named: frozenset[str] = frozenset()
    meant: frozenset[str] = frozenset()
    bases: tuple[tuple[Defined, Defined], ...] = ()
    asked: frozenset[str] = frozenset()


class Links:
    """The links of all files. What has changed is looked at again when somebody asks, or in `work`."""

    def __init__(self, row: Callable[[str], FileRow | None], find: Find) -> None:
        self._row = row
        self._resolver = Resolver(row, find)
        self._links: dict[str, Link] = {}
        self._stale: dict[str, None] = {}
        self._importers: dict[str, set[str]] = {}  # by `named` and `meant`
        self._users: dict[str, set[str]] = {}  # by `meant`
        self._askers: dict[str, set[str]] = {}  # by `asked`
        self._heirs: dict[Defined, set[Defined]] = {}

    def changed(self, files: Iterable[str]) -> None:
        """The rows of these files are others."""
        for file in files:
            self._stale[file] = None
            self._stale.update(dict.fromkeys(self._askers.get(file, ())))

    def files_changed(self, files: Iterable[str]) -> None:
        """Files have come or gone: any import may lead elsewhere. `files`: those that are there."""
        self._resolver.forget()
        self._stale.update(dict.fromkeys([*self._links, *files]))

    def work(self, seconds: float) -> bool:
        """Bring the links up to date for about so long; True when they are."""
        deadline = perf_counter() + seconds
        while self._stale and perf_counter() < deadline:
            self._link(next(iter(self._stale)))
        return not self._stale

    def link(self, file: str) -> Link:
        self._settle()
        return self._links.get(file, Link())

    def importers(self, file: str) -> frozenset[str]:
        self._settle()
        return frozenset(self._importers.get(file, ()))

    def dependents(self, file: str, limit: int) -> tuple[str, ...]:
        """Who imports it, who imports those, and so on; the nearest first, and of equals by name."""
        self._settle()
        return _reached(file, self._importers, limit)

    def users(self, file: str) -> tuple[str, ...]:
        """Who imports what it defines, and what those define, and so on."""
        self._settle()
        return _reached(file, self._users, len(self._links))

    def subclasses(self, base: Defined) -> tuple[Defined, ...]:
        """Classes that inherit from it, over any number of others; the nearest first."""
        self._settle()
        return _reached(base, self._heirs, sum(map(len, self._heirs.values())))

    def _settle(self) -> None:
        while self._stale:
            self._link(next(iter(self._stale)))

    def _link(self, file: str) -> None:
        """Look at one file's imports and bases again."""
        del self._stale[file]
        old = self._links.pop(file, Link())
        row = self._row(file)
        new = Link()
        if row is not None:
            new = self._links[file] = self._linked(file, row)
        _update(self._importers, file, old.named | old.meant, new.named | new.meant)
        _update(self._users, file, old.meant, new.meant)
        _update(self._askers, file, old.asked, new.asked)
        for heir, base in old.bases:
            self._heirs[base].discard(heir)
        for heir, base in new.bases:
            self._heirs.setdefault(base, set()).add(heir)

    def _linked(self, file: str, row: FileRow) -> Link:
        resolver = self._resolver
        resolver.asked = set()
        named: set[str] = set()
        meant: set[str] = set()
        for found in row.imports:
            named |= resolver.named(file, found)
            meant |= resolver.meant(file, found)
        bases = []
        for found_class in row.classes:
            for dotted in found_class.bases:
                base = resolver.base(file, found_class.path, dotted)
                if base is not None:
                    bases.append((Defined(file, found_class.path), base))
        own = {file}
        return Link(frozenset(named - own), frozenset(meant - own), tuple(bases), frozenset(resolver.asked - own))


def _update(back: dict[str, set[str]], file: str, old: frozenset[str], new: frozenset[str]) -> None:
    for target in old - new:
        back[target].discard(file)
    for target in new - old:
        back.setdefault(target, set()).add(file)


def _reached(start: _Node, steps: Mapping[_Node, set[_Node]], limit: int) -> tuple[_Node, ...]:
    """What can be reached in one step, in two, and so on, each once; without the start."""
    reached: dict[_Node, None] = {start: None}
    ring = [start]
    while ring and len(reached) <= limit:
        ring = sorted({other for node in ring for other in steps.get(node, ())} - reached.keys())
        reached.update(dict.fromkeys(ring))
    return tuple(reached)[1 : limit + 1]
