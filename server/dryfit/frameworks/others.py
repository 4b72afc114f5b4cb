"""The ancestry of classes of all other installed packages, read from their sources when it is asked for."""

from __future__ import annotations

import builtins
import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dryfit.frameworks.frameworks import Frameworks
from dryfit.frameworks.installed_sources import InstalledSources
from dryfit.frameworks.lineage import linearised
from dryfit.frameworks.sources import Definition, dotted
from dryfit.syntax import tree

_FORMAT = 1  # of the files in the cache
_UNKNOWN = ""  # a base that is not a name
_UNNAMED = frozenset({"object", "typing.Generic", "typing.Protocol", "typing_extensions.Protocol"})
_MAX_DEPTH = 40


@dataclass(frozen=True, slots=True)
class _Class:
    """Where it is defined, and its bases as they are named there, or as the package itself defines them."""

    path: str
    bases: tuple[str, ...]


class Others:
    """Classes of the packages in some folders. What the frameworks' tables know, they are asked for.

    A first question reads and parses files: milliseconds by a class's own path, up to some hundred where a package
    exports it through many files. `cache` is a folder for what was read, by distribution and version.
    """

    def __init__(self, site_packages: Sequence[Path], cache: Path | None, frameworks: Frameworks) -> None:
        self._folders = tuple(site_packages)
        self._cache = cache
        self._frameworks = frameworks
        self._packages: dict[str, _Package] = {}
        self._orders: dict[str, tuple[tuple[str, ...], bool]] = {}

    def bases(self, path: str) -> tuple[str, ...]:
        """The ancestry in resolution order, the class first; `()` if it is not a class that is found.

        Each by the path of its definition; those of torch and Lightning by their canonical names, with their own
        ancestry behind them. `object` and `Generic` are not named.
        """
        return self._order(path)[0]

    def is_whole(self, path: str) -> bool:
        """Is that all of the ancestry? False if it leads to something that is not written in a Python source.

        Classes of the standard library count as ends: nothing of torch is among their ancestors.
        """
        return self._order(path)[1]

    def _order(self, path: str) -> tuple[tuple[str, ...], bool]:
        if path not in self._orders:
            name = self._name(path)
            order = linearised(name, self._direct) if self._is_known(name) else ()
            is_whole = bool(order) and all(self._is_known(one) or self._is_end(one) for one in order)
            self._orders[path] = tuple(one for one in order if one != _UNKNOWN), is_whole
        return self._orders[path]

    def _name(self, path: str) -> str:
        """Canonical where the frameworks know it, else the path of its definition, through all packages in between."""
        for _ in range(_MAX_DEPTH):
            if self._frameworks.bases(path):
                return self._frameworks.canonical(path)
            target = self._package(path).target(path)
            if target == path:
                return path
            path = target
        return path

    def _direct(self, name: str) -> tuple[str, ...]:
        """The bases of a class by its name as `_name` gives it."""
        known = self._frameworks.bases(name)
        if known:
            # In one step: what comes behind the first is linear already.
            return known[1:] if len(known) > 1 and known[0] == name else ()
        found = self._package(name).class_at(name)
        named = (self._name(base) for base in found.bases) if found is not None else ()
        return tuple(base for base in named if base not in _UNNAMED)

    def _is_known(self, name: str) -> bool:
        return bool(self._frameworks.bases(name)) or self._package(name).class_at(name) is not None

    def _is_end(self, name: str) -> bool:
        first, dot, _ = name.partition(".")
        # The frameworks' tables name their compiled ancestors (`torch._C.TensorBase`), which have none of interest.
        is_compiled = first == "torch" and bool(dot) and name.split(".")[1].startswith("_")
        return is_compiled or (first in sys.stdlib_module_names if dot else hasattr(builtins, name or " "))

    def _package(self, path: str) -> _Package:
        top = path.partition(".")[0]
        if top not in self._packages:
            self._packages[top] = _Package(top, self._folders, self._cache)
        return self._packages[top]


class _Package:
    """What was read of one package, kept on disk under its distribution's version."""

    def __init__(self, name: str, folders: Sequence[Path], cache: Path | None) -> None:
        self._sources = InstalledSources(folders, name)
        self._file = None if cache is None else cache / f"classes-{name}-{_release(name, folders)}-{_FORMAT}.json"
        self._found: dict[str, _Class | str] | None = None

    def target(self, path: str) -> str:
        """The definition of what the path names; where the package got it from, if it is none of its own."""
        found = self._at(path)
        return found if isinstance(found, str) else found.path

    def class_at(self, path: str) -> _Class | None:
        found = self._at(path)
        return None if isinstance(found, str) else found

    def _at(self, path: str) -> _Class | str:
        if self._found is None:
            self._found = self._loaded()
        if path not in self._found:
            self._found[path] = found = self._read(path)
            # Where there is no such package or name, there is nothing to keep.
            if not isinstance(found, str) or found != path:
                self._save()
        return self._found[path]

    def _read(self, path: str) -> _Class | str:
        found = self._sources.locate(path)
        if isinstance(found, str):
            return found
        if not isinstance(found.node, tree.Class):
            return path
        return _Class(found.path, tuple(_bases(self._sources, found, found.node)))

    def _loaded(self) -> dict[str, _Class | str]:
        try:
            kept: Any = None if self._file is None else json.loads(self._file.read_text(encoding="utf-8"))
            return {path: one if isinstance(one, str) else _Class(one[0], tuple(one[1])) for path, one in kept.items()}
        except (OSError, ValueError, AttributeError, TypeError, IndexError):
            return {}

    def _save(self) -> None:
        """In one step, so that no other process reads half a file. A cache that cannot be written is no cache."""
        if self._file is not None and self._found is not None:
            kept = {path: one if isinstance(one, str) else [one.path, one.bases] for path, one in self._found.items()}
            temporary = self._file.with_name(f"{self._file.name}.{os.getpid()}")
            with contextlib.suppress(OSError):
                self._file.parent.mkdir(parents=True, exist_ok=True)
                temporary.write_text(json.dumps(kept), encoding="utf-8")
                temporary.replace(self._file)


def _bases(sources: InstalledSources, definition: Definition, node: tree.Class) -> Iterable[str]:
    for base in node.bases:
        if base.keyword is None:
            name = None if base.stars else dotted(base.value)
            found = sources.resolve(definition.module, name) if name else _UNKNOWN
            is_class = isinstance(found, str) or isinstance(found.node, tree.Class)
            yield (found if isinstance(found, str) else found.path) if is_class else _UNKNOWN
        elif base.stars:
            yield _UNKNOWN


def _release(package: str, folders: Sequence[Path]) -> str:
    """The version of the distribution of that name; for a package of another name, what tells all versions apart."""
    names = sorted(name for folder in folders for name in _names_in(folder) if name.endswith(".dist-info"))
    for name in names:
        distribution, _, version = name.removesuffix(".dist-info").partition("-")
        if distribution.lower().replace(".", "_") == package.lower() and version:
            return version
    return hashlib.blake2b("\n".join(names).encode(), digest_size=8).hexdigest()


def _names_in(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
