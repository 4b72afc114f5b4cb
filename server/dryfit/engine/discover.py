"""Which files are meant: Python files below folders, without what git ignores and what nobody wrote by hand."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

SKIPPED_FOLDERS = frozenset(("__pycache__", "__pypackages__", "site-packages", "node_modules"))
BUILT_FOLDERS = frozenset(("build", "dist", "_build", "buck-out"))  # skipped unless they are packages


@dataclass(frozen=True, slots=True)
class Found:
    """Files to check, as given or below what was given; and one line for each thing that is not there."""

    files: tuple[str, ...]
    problems: tuple[str, ...]


def discover(paths: Sequence[str], exclude: Sequence[str] = (), root: Path | None = None) -> Found:
    """The Python files that the paths name, sorted, each once.

    A file that is named is taken as it is, whatever excludes it. Links to folders are not followed, so no loop can
    catch us. `exclude`: gitignore patterns relative to `root`.
    """
    files: dict[str, None] = {}
    problems: list[str] = []
    excluded = _specs(root.absolute(), exclude) if root is not None else []
    for path in paths:
        if os.path.isdir(path):
            folder = Path(os.path.abspath(path))
            for file in _walk(path, folder, _specs_above(folder), excluded, problems):
                files[file] = None
        elif path.endswith(".ipynb"):
            problems.append(f"{path}: notebooks are not supported yet")
        elif os.path.lexists(path):
            files[path] = None
        else:
            problems.append(f"{path}: no such file or folder")
    return Found(tuple(sorted(files)), tuple(problems))


_Spec: TypeAlias = "tuple[Path, GitIgnoreSpec]"


def _walk(
    given: str, folder: Path, specs: Sequence[_Spec], excluded: Sequence[_Spec], problems: list[str]
) -> Iterator[str]:
    """Python files below a folder; `given` is the folder as the user wrote it."""
    specs = [*specs, *_specs_in(folder)]
    try:
        entries = sorted(os.scandir(given), key=lambda entry: entry.name)
    except OSError as error:
        problems.append(f"{given}: cannot be read: {error.strerror}")
        return
    for entry in entries:
        path = entry.name if given == "." else os.path.join(given, entry.name)
        own = folder / entry.name
        if entry.is_dir(follow_symlinks=False):
            skipped = _is_skipped(entry.name, own) or _matches(own, True, excluded) or _matches(own, True, specs)
            if not skipped:
                yield from _walk(path, own, specs, excluded, problems)
        elif entry.name.endswith(".py") and not entry.name.startswith(".#") and not os.path.isdir(own):
            if not _matches(own, False, excluded) and not _matches(own, False, specs):
                yield path


def _is_skipped(name: str, folder: Path) -> bool:
    if name.startswith(".") or name in SKIPPED_FOLDERS or (folder / "pyvenv.cfg").exists():
        return True
    return name in BUILT_FOLDERS and not (folder / "__init__.py").exists()


def _matches(path: Path, is_folder: bool, specs: Sequence[_Spec]) -> bool:
    """As git decides: the last pattern that matches, and the deepest file of patterns first."""
    for base, spec in reversed(specs):
        relative = path.relative_to(base).as_posix() if path.is_relative_to(base) else None
        if relative is None:
            continue
        include = spec.check_file(relative + "/" if is_folder else relative).include
        if include is not None:
            return include
    return False


def _specs_above(folder: Path) -> list[_Spec]:
    """The patterns of the folders above, up to the repository's root; none outside a repository."""
    specs: list[_Spec] = []
    for above in (folder, *folder.parents):
        if above != folder:
            specs = [*_specs_in(above), *specs]
        if (above / ".git").exists():
            return [*_specs_of(above, above / ".git" / "info" / "exclude"), *specs]
    return []


def _specs_in(folder: Path) -> list[_Spec]:
    return _specs_of(folder, folder / ".gitignore")


def _specs_of(base: Path, file: Path) -> list[_Spec]:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return _specs(base, lines)


def _specs(base: Path, lines: Sequence[str]) -> list[_Spec]:
    if not any(line.strip() for line in lines):
        return []
    # Loaded only where there are patterns: a single file is checked before this is imported.
    from pathspec import GitIgnoreSpec

    return [(base, GitIgnoreSpec.from_lines(lines))]
