"""Where names lead: from an import or the base of a class to a file of the project, and to what is defined in it.

Only what definitions and imports say is followed. A name that is bound by an assignment leads to the file that
assigns it, and to no class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from dryfit.engine.index.row import STAR, FileRow, Import

# The file that an import leads to: of the file in which it stands, the dots in front, the dotted name ("" for the
# package that the dots mean). It must come out the same for all files of a folder.
Find: TypeAlias = Callable[[str, int, str], "str | None"]

_PACKAGE = "__init__.py"
_FARTHEST = 100  # modules and names that one look-up goes through


_Seen: TypeAlias = "set[tuple[str, str]]"


class Defined(NamedTuple):
    """A class of the project."""

    file: str
    path: str


class Resolver:
    """Answers from rows. `asked` collects the files whose rows counted, there or not, until it is taken away."""

    def __init__(self, row: Callable[[str], FileRow | None], find: Find) -> None:
        self._row = row
        self._find = find
        self._found: dict[tuple[str, int, str], str | None] = {}
        self.asked: set[str] = set()

    def forget(self) -> None:
        """Other files are there."""
        self._found.clear()

    def named(self, file: str, found: Import) -> set[str]:
        """The files that an import statement names: modules, packages, and submodules that it takes from them."""
        if not found.names:
            parts = found.module.split(".")
            # All packages on the way can be reached through the name that it binds.
            shortest = 1 if _binds_package(found) else len(parts)
            modules = [self.find(file, 0, ".".join(parts[:count])) for count in range(shortest, len(parts) + 1)]
        else:
            modules = [self.find(file, found.level, found.module)]
            modules += [self._submodule(file, found, name) for name, _ in found.names if name != STAR]
        return {module for module in modules if module is not None}

    def meant(self, file: str, found: Import) -> set[str]:
        """The files in which what is imported is defined, through whatever hands it on."""
        if not found.names:
            module = self.find(file, 0, found.module)
            return set() if module is None else {module}
        files = set()
        for name, _ in found.names:
            origin = self._origin(file, found, name, set())
            if origin is not None:
                files.add(origin)
        return files

    def base(self, file: str, inside: str, dotted: str) -> Defined | None:
        """The class that `dotted` means as the base of the class `inside`."""
        if not dotted:
            return None
        outer = inside.rpartition(".")[0]
        if outer and self._has_class(file, f"{outer}.{dotted}"):
            return Defined(file, f"{outer}.{dotted}")
        if dotted == inside:  # `class Net(Net)`: that of the import above
            row = self._known(file)
            return None if row is None else self._handed_on(file, row, [dotted], set())
        return self._class(file, dotted.split("."), set())

    def find(self, file: str, level: int, dotted: str) -> str | None:
        key = (file.rpartition("/")[0], level, dotted)
        if key not in self._found:
            self._found[key] = self._find(file, level, dotted)
        return self._found[key]

    # ------------------------------------------------------------------------------------------------ files
    def _origin(self, file: str, found: Import, name: str, seen: _Seen) -> str | None:
        """The file that `name` of `from module import name` comes from."""
        module = self.find(file, found.level, found.module)
        if name == STAR:
            return module
        if module is not None:
            origin = self._origin_in(module, name, seen)
            if origin is not None:
                return origin
        return self._submodule(file, found, name) or module

    def _origin_in(self, module: str, name: str, seen: _Seen) -> str | None:
        """The file that gives a module its `name`; None if the module does not bind it, as far as we see."""
        row = self._known(module)
        if row is None or not _is_first(seen, module, name):
            return None
        if name in row.functions or any(found.path == name for found in row.classes):
            return module
        for found, there in _bindings(row, name):
            if not there:
                return self.find(module, 0, name if _binds_package(found) else found.module)
            origin = self._origin(module, found, there, seen)
            if origin is not None:
                return origin
        if name in row.names:
            return module
        for found in _stars(row):
            other = self.find(module, found.level, found.module)
            origin = None if other is None else self._origin_in(other, name, seen)
            if origin is not None:
                return origin
        return None

    # ---------------------------------------------------------------------------------------------- classes
    def _class(self, module: str, parts: list[str], seen: _Seen) -> Defined | None:
        """The class that a dotted name means in a module."""
        row = self._known(module)
        if row is None or not _is_first(seen, module, ".".join(parts)):
            return None
        if self._has_class(module, ".".join(parts)):
            return Defined(module, ".".join(parts))
        return self._handed_on(module, row, parts, seen)

    def _handed_on(self, module: str, row: FileRow, parts: list[str], seen: _Seen) -> Defined | None:
        """The class that a dotted name means in a module that only imports it."""
        for found, there in _bindings(row, parts[0]):
            if there:
                defined = self._imported_class(module, found, [there, *parts[1:]], seen)
            elif _binds_package(found):
                defined = self._class_below(module, parts, seen)
            else:
                defined = self._class_below(module, [*found.module.split("."), *parts[1:]], seen)
            if defined is not None:
                return defined
        if parts[0] not in row.names:
            for found in _stars(row):
                other = self.find(module, found.level, found.module)
                defined = None if other is None else self._class(other, parts, seen)
                if defined is not None:
                    return defined
            # A submodule is an attribute of its package once anybody has imported it.
            if len(parts) > 1 and module.rpartition("/")[2] == _PACKAGE:
                other = self.find(module, 1, parts[0])
                return None if other is None else self._class(other, parts[1:], seen)
        return None

    def _imported_class(self, file: str, found: Import, parts: list[str], seen: _Seen) -> Defined | None:
        """The class `parts` of what `from module import parts[0]` takes it from."""
        module = self.find(file, found.level, found.module)
        defined = None if module is None else self._class(module, parts, seen)
        if defined is None and len(parts) > 1:
            other = self._submodule(file, found, parts[0])
            defined = None if other is None else self._class(other, parts[1:], seen)
        return defined

    def _class_below(self, file: str, parts: list[str], seen: _Seen) -> Defined | None:
        """The class that `package.module.Class` means, written out from the top."""
        for count in range(len(parts) - 1, 0, -1):
            module = self.find(file, 0, ".".join(parts[:count]))
            if module is not None:
                return self._class(module, parts[count:], seen)
        return None

    def _has_class(self, file: str, path: str) -> bool:
        row = self._known(file)
        return row is not None and any(found.path == path for found in row.classes)

    # ------------------------------------------------------------------------------------------------- rows
    def _known(self, file: str) -> FileRow | None:
        self.asked.add(file)
        return self._row(file)

    def _submodule(self, file: str, found: Import, name: str) -> str | None:
        module = self.find(file, found.level, found.module)
        if module is not None and module.endswith(".py") and module.rpartition("/")[2] != _PACKAGE:
            return None
        return self.find(file, found.level, f"{found.module}.{name}" if found.module else name)


def _is_first(seen: _Seen, module: str, name: str) -> bool:
    """Note that a name is looked up in a module; False if it was before, or if this goes too far."""
    size = len(seen)
    seen.add((module, name))
    return size < len(seen) <= _FARTHEST


def _bindings(row: FileRow, name: str) -> Iterator[tuple[Import, str]]:
    """The imports of the module that bind a name, each with what it is called where it comes from, "" for a module."""
    for found in row.imports:
        if found.is_top and found.bound == name:
            yield found, ""
        elif found.is_top:
            for there, here in found.names:
                if here == name and there != STAR:
                    yield found, there


def _binds_package(found: Import) -> bool:
    """Is it `import package.module`, without `as`?"""
    return found.bound == found.module.partition(".")[0]


def _stars(row: FileRow) -> Iterator[Import]:
    for found in row.imports:
        if found.is_top and (STAR, STAR) in found.names:
            yield found
