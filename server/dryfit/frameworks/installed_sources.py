"""Any installed package's sources, found and read on demand: a look into the file system for each module asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dryfit.frameworks.names import ROOTS, normalised
from dryfit.frameworks.sources import Definition, Module, Sources

_STAR = re.compile(r"^\s*from\s.*import\s*\(?\s*\*", re.MULTILINE)


class InstalledFiles(Mapping[str, Path]):
    """Dotted module name -> its file in the first folder that has one; compiled modules and stubs do not count.

    `lightning.pytorch` is found where `pytorch_lightning` is installed, and the other way round.
    """

    def __init__(self, folders: Sequence[Path], package: str | None = None) -> None:
        """`package`: only what lies in this one is there to be found."""
        self._folders = tuple(folders)
        self._package = package
        self._known: dict[str, Path | None] = {}

    def __getitem__(self, name: str) -> Path:
        if name not in self._known:
            self._known[name] = self._find(name)
        path = self._known[name]
        if path is None:
            raise KeyError(name)
        return path

    def __iter__(self) -> Iterator[str]:
        """The modules found so far: there is no list of all."""
        return iter([name for name, path in self._known.items() if path is not None])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def folder_of(self, name: str) -> Path | None:
        """The folder on Python's path that the module's file lies in; None if there is no such module."""
        path = self.get(name)
        return None if path is None else next((f for f in self._folders if f in path.parents), None)

    def spelling(self, name: str) -> str:
        """The name that an import of the module would use in this environment."""
        path, folder = self.get(name), self.folder_of(name)
        if path is None or folder is None:
            return name
        parts = path.relative_to(folder).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def _find(self, name: str) -> Path | None:
        if self._package is not None and name.partition(".")[0] != self._package:
            return None
        for spelling in _spellings(name):
            parts = spelling.split(".")
            if not all(part.isidentifier() for part in parts):
                return None
            for folder in self._folders:
                place = folder.joinpath(*parts)
                for path in (place / "__init__.py", place.with_name(parts[-1] + ".py")):
                    if path.is_file():
                        return path
        return None


class InstalledSources(Sources):
    """All modules in some folders on Python's path, `site-packages` for instance."""

    def __init__(self, folders: Sequence[Path], package: str | None = None) -> None:
        """`package`: names are followed inside this one only, and come out as they are written where they leave it."""
        super().__init__({}, ())
        self.files = InstalledFiles(folders, package)
        self._files = self.files

    def _resolve_star(self, module: Module, name: str, hops: int) -> Definition | str | None:
        """A package may import everything from a hundred files: those that do not have the word are not parsed."""
        word = name.partition(".")[0]
        stars = tuple(star for star in module.stars if self._may_bind(star, word))
        found = super()._resolve_star(Module(module.name, module.is_package, (), {}, stars), name, hops)
        return found

    def _may_bind(self, module: str, word: str) -> bool:
        path = self.files.get(module)
        if path is None or module in self._modules:
            return path is not None
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return False
        return word in text or _STAR.search(text) is not None


def _spellings(name: str) -> Iterator[str]:
    yield name
    for root, canonical in ROOTS.items():
        if name == canonical or name.startswith(canonical + "."):
            yield root + name[len(canonical) :]
    if normalised(name) != name:
        yield normalised(name)
