"""The files around those that are checked, read when something leads to them."""

from __future__ import annotations

import os
from collections.abc import Callable

from dryfit.engine.files import FileProblem, read_source
from dryfit.engine.layout import Layout
from dryfit.engine.ties import Ties
from dryfit.semantic.values import UNKNOWN, Unknown
from dryfit.syntax.document import Document

MAX_CHARACTERS = 2_000_000  # a file beyond that is a table of data


class ProjectLibrary:
    """What the program asks about other files, answered from the disk. Keys are paths.

    `result_class` answers the question of that name. While `may_read` is False, a file that was not read before is "not
    yet", and is noted in `wanted`.
    """

    def __init__(
        self, layout: Layout, ties: Ties, result_class: Callable[[str], str | None] = lambda path: None
    ) -> None:
        self.layout = layout
        self.ties = ties
        self.may_read = True
        self.wanted: set[str] = set()
        self._read: dict[str, tuple[int, int] | None] = {}  # what was read, with its size and time
        self._result_class = result_class

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
        return self._result_class(path)

    def is_driven_by_hand(self, module: str) -> bool:
        return self.ties.is_driven_by_hand(module)

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
