"""What lies beside a file and changes what may be said about it."""

from __future__ import annotations

import os
import re
from pathlib import Path

_FABRIC = re.compile(r"lightning[._]fabric|\bimport[^\n#]*\bFabric\b|\.Fabric\(")
_IMPORT = re.compile(r"^[ \t]*(?:from|import)\b[^\n#]*", re.M)
_WORD = re.compile(r"\w+")
_MAX_FILES = 200
_MAX_CHARACTERS = 400_000


class Surroundings:
    """Remembers what it has seen of each folder."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, frozenset[str]]] = {}

    def has_fabric(self, path: str) -> bool:
        """Is the file tied by an import to one in its folder, or in the folder above, that uses Lightning Fabric?

        Fabric runs a loop of the author's own, in which hooks take what the author gives them.
        """
        text = _read(Path(path))
        folder, name = os.path.split(os.path.abspath(path))
        stem, mine = name.removesuffix(".py"), _imported(text)
        for place in (folder, os.path.dirname(folder)):
            for other, theirs in self._with_fabric(place).items():
                if other != stem and (other in mine or stem in theirs):
                    return True
        return False

    def _with_fabric(self, folder: str) -> dict[str, frozenset[str]]:
        """The files of a folder that use Fabric, by their stems, with the words of their imports."""
        known = self._known.get(folder)
        if known is None:
            texts = {path.stem: _read(path) for path in _python_files(folder)}
            known = {stem: _imported(text) for stem, text in texts.items() if _FABRIC.search(text)}
            self._known[folder] = known
        return known


def uses_fabric(path: str) -> bool:
    """Does a file seem to use Lightning Fabric?"""
    return _FABRIC.search(_read(Path(path))) is not None


def _imported(text: str) -> frozenset[str]:
    return frozenset(word for line in _IMPORT.findall(text) for word in _WORD.findall(line))


def _python_files(folder: str) -> list[Path]:
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".py"))
    except OSError:
        return []
    return [Path(folder, name) for name in names[:_MAX_FILES]]


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(_MAX_CHARACTERS)
    except OSError:
        return ""
