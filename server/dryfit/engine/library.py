"""The files around those that are checked, read when something leads to them."""

from __future__ import annotations

import os

from dryfit.engine.files import FileProblem, read_source
from dryfit.engine.foreign_packages import ForeignPackages
from dryfit.engine.layout import Layout
from dryfit.engine.ties import Ties
from dryfit.semantic.values import UNKNOWN, Unknown
from dryfit.syntax.document import Document

MAX_CHARACTERS = 2_000_000  # a file beyond that is a table of data


class ProjectLibrary:
    """What the program asks about other files, answered from the disk. Keys are paths.

    While `may_read` is False, a file that was not read before is "not yet" and noted in `wanted`, and a name of
    another package that would have to be looked up in `puzzles`.
    """

    def __init__(self, layout: Layout, ties: Ties, packages: ForeignPackages | None = None) -> None:
        self.layout = layout
        self.ties = ties
        self.packages = packages
        self.may_read = True
        self.wanted: set[str] = set()
        self.puzzles: set[str] = set()
        self._read: dict[str, tuple[int, int] | None] = {}  # what was read, with its size and time

    def find(self, module: str, level: int, dotted: str) -> str | Unknown | None:
        found = self.layout.find(module, level, dotted)
        return UNKNOWN if found == "" else found

    def inside(self, package: str, name: str) -> str | None:
        return self.layout.inside(package, name)

    def document(self, module: str) -> Document | Unknown | None:
        if not module.endswith(".py"):
            return None
        if not self.may_read:
            self.wanted.add(module)
            return UNKNOWN
        self._read[module] = stamp_of(module)
        source = read_source(module)
        if isinstance(source, FileProblem) or len(source.text) > MAX_CHARACTERS:
            return None
        return Document(source.text, parser="ast")

    def dotted_name(self, module: str) -> str:
        return self.layout.dotted_name(module)

    def result_class(self, path: str) -> str | None:
        return self.packages.result_class(path) if self._may_ask(path) and self.packages is not None else None

    def ancestry(self, path: str) -> tuple[str, ...]:
        return self.packages.ancestry(path) if self._may_ask(path) and self.packages is not None else ()

    def is_driven_by_hand(self, module: str) -> bool:
        return self.ties.is_driven_by_hand(module)

    def _may_ask(self, path: str) -> bool:
        if not self.may_read:
            self.puzzles.add(path)
        return self.may_read

    def close(self) -> None:
        """End what runs for it."""
        self.ties.close()
        if self.packages is not None:
            self.packages.close()

    def look_again(self) -> tuple[list[str], bool]:
        """The files that were read and are different now, and whether files have come or gone."""
        changed = [path for path, stamp in self._read.items() if stamp_of(path) != stamp]
        for path in changed:
            del self._read[path]
        return changed, self.layout.look_again()


def stamp_of(path: str) -> tuple[int, int] | None:
    """Size and time of a file, None if it is not there: equal as long as nobody wrote to it."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
