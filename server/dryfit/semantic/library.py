"""What lies around the files that are looked at: the other files, and what only others can tell. Values are passed in.

The program asks here when an import or a call leads out of what it knows. Answers are remembered; whoever answers tells
the program when one has changed.
"""

from __future__ import annotations

from typing import Protocol

from dryfit.semantic.values import Unknown
from dryfit.syntax.document import Document


class Library(Protocol):
    """Files are named by keys, strings of the library's own choice; the program opens files under the same keys."""

    def find(self, module: str, level: int, dotted: str) -> str | Unknown | None:
        """The file or folder that `dotted` names in an import of the file `module`, `level` dots in front of it.

        None: it is not of the project. Unknown: it is, or may be, but which file it is cannot be told. The key of a
        folder without a file of its own (a namespace) is answered too: `document` has nothing for it.
        """
        ...

    def inside(self, package: str, name: str) -> str | None:
        """The module or package `name` in a package or folder; None if there is none."""
        ...

    def document(self, module: str) -> Document | Unknown | None:
        """The file's text. None: there is none, or it cannot be read. Unknown: not yet."""
        ...

    def dotted_name(self, module: str) -> str:
        """The name that the file is imported by: `package.module`; "" if that cannot be told."""
        ...

    def result_class(self, path: str) -> str | None:
        """The class of what a call of this function of an installed package returns, by its dotted path.

        None: not known, or not known yet.
        """
        ...

    def ancestry(self, path: str) -> tuple[str, ...]:
        """The class and all above it, of a class of an installed package beside the frameworks; `()`: not known."""
        ...

    def is_driven_by_hand(self, module: str) -> bool:
        """Does a file that is tied to this one by imports run a loop of its own, by Lightning Fabric?"""
        ...


class NoLibrary:
    """Nothing but the files that were opened."""

    def find(self, module: str, level: int, dotted: str) -> str | Unknown | None:
        return None

    def inside(self, package: str, name: str) -> str | None:
        return None

    def document(self, module: str) -> Document | Unknown | None:
        return None

    def dotted_name(self, module: str) -> str:
        return ""

    def result_class(self, path: str) -> str | None:
        return None

    def ancestry(self, path: str) -> tuple[str, ...]:
        return ()

    def is_driven_by_hand(self, module: str) -> bool:
        return False
