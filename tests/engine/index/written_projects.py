"""Small projects on disk, and the plainest way to find what an import means in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path, PurePosixPath

from dryfit.engine.index.build import Changes, ProjectIndex
from dryfit.engine.index.paths import project_files

LONG_AGO = 1_000_000_000  # so that a file's time can be trusted at once


def write(root: Path, texts: Mapping[str, str], when: float = LONG_AGO) -> None:
    for path, text in texts.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        os.utime(file, (when, when))


def find_in(root: Path) -> Callable[[str, int, str], str | None]:
    """Packages lie in the root."""

    def find(file: str, level: int, dotted: str) -> str | None:
        place = PurePosixPath(file)
        for _ in range(level):
            place = place.parent
        place = (place if level else PurePosixPath()).joinpath(*dotted.split("."))
        for candidate in (place / "__init__.py", PurePosixPath(f"{place}.py")):
            if (root / candidate).is_file():
                return str(candidate)
        return None

    return find


def index_of(root: Path, cache: Path | None = None) -> ProjectIndex:
    """An index that knows nothing yet."""
    return ProjectIndex(root, partial(project_files, root), cache, find_in(root))


def indexed(root: Path, texts: Mapping[str, str]) -> ProjectIndex:
    """The index of these files."""
    write(root, texts)
    index = index_of(root)
    assert index.refresh() == Changes(added=tuple(sorted(texts)))
    return index


def news(index: ProjectIndex) -> Changes:
    """What the refresh that runs in the background tells."""
    background = index._background
    assert background is not None
    assert background._process is not None
    background._process.wait(60)
    while True:
        changes = index.poll(0.001)
        if changes is not None:
            return changes
