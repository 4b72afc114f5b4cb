"""How the index names files, and which files a project has."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from dryfit.engine.discover import discover


def named(root: Path, file: str) -> str:
    """A file as the index names it: relative to the root, with `/`; by its whole path if it does not lie below it.

    `file` is absolute or relative to the root.
    """
    file = os.path.normpath(file)
    folder = os.path.join(os.path.abspath(root), "")
    return file.removeprefix(folder).replace(os.sep, "/")


def project_files(root: Path, exclude: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The Python files below a folder, without what git ignores and what is excluded."""
    return tuple(relative(root, discover((os.path.abspath(root),), exclude, root).files))


def relative(root: Path, files: Iterable[str]) -> list[str]:
    """Files as the index names them, each once."""
    return list(dict.fromkeys([named(root, file) for file in files]))
