"""What lies beside a file and changes what may be said about it."""

from __future__ import annotations

import os
import re
from pathlib import Path

_FABRIC = re.compile(rb"lightning[._]fabric|\bimport[^\n#]*\bFabric\b|\.Fabric\(")
_MAX_FILES = 200
_MAX_BYTES = 400_000


class Surroundings:
    """Remembers what it has seen of each folder."""

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}

    def has_fabric(self, path: str, text: str) -> bool:
        """Does code in the folder of the file, or in the one above, use Lightning Fabric?

        Fabric runs a loop of the author's own, in which hooks take what the author gives them. Only asked for a text
        that mentions Lightning at all.
        """
        if "lightning" not in text:
            return False
        folder = os.path.dirname(os.path.abspath(path))
        return self._uses_fabric(folder) or self._uses_fabric(os.path.dirname(folder))

    def _uses_fabric(self, folder: str) -> bool:
        known = self._known.get(folder)
        if known is None:
            known = self._known[folder] = any(_mentions_fabric(path) for path in _python_files(folder))
        return known


def _python_files(folder: str) -> list[Path]:
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".py"))
    except OSError:
        return []
    return [Path(folder, name) for name in names[:_MAX_FILES]]


def _mentions_fabric(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _FABRIC.search(file.read(_MAX_BYTES)) is not None
    except OSError:
        return False
