"""Finds the folders with the packages of a Python environment by looking at files alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def site_packages_of(python: Path) -> tuple[Path, ...]:
    """Folders with packages, in the order in which Python looks into them; `()` if there are none.

    `python` is an interpreter (`.../bin/python`) or the folder of an environment: a venv, conda, pyenv, a system's or
    Debian's Python. A venv with system packages is followed to the Python it was made from. Folders that `.pth` files
    add (editable installs) come after the one they stand in.
    """
    root = _environment_root(python)
    configuration = _configuration(root / "pyvenv.cfg")
    folders = list(_packages_under(root))
    if configuration.get("include-system-site-packages", "").lower() == "true" and "home" in configuration:
        folders.extend(_packages_under(_environment_root(Path(configuration["home"]))))
    with_additions = [inner for folder in folders for inner in (folder, *_added_by_pth(folder))]
    return tuple(dict.fromkeys(with_additions))


def _environment_root(python: Path) -> Path:
    """The folder that holds `bin` and `lib`.

    The path is taken as it is written first: the interpreter of a venv is a link out of it.
    """
    for path in (python, _resolved(python)):
        folder = path if path.is_dir() else path.parent
        for candidate in (folder, folder.parent):
            if (candidate / "pyvenv.cfg").is_file() or next(_packages_under(candidate), None) is not None:
                return candidate
    return python if python.is_dir() else python.parent.parent


def _packages_under(root: Path) -> Iterator[Path]:
    """`lib/python3.11/site-packages`, Debian's `dist-packages`, and `Lib/site-packages` of Windows."""
    libraries = [root / name for name in ("lib", "lib64", "local/lib")]
    versions = [inner for library in libraries for inner in sorted(library.glob("python3*"), key=_newest_first)]
    for folder in [*versions, root / "Lib"]:
        for name in ("site-packages", "dist-packages"):
            if (folder / name).is_dir():
                yield folder / name


def _newest_first(folder: Path) -> tuple[int, ...]:
    return tuple(-int(part) for part in folder.name.removeprefix("python").split(".") if part.isdigit())


def _configuration(path: Path) -> dict[str, str]:
    lines = _lines(path)
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {key.strip().lower(): value.strip() for key, _, value in pairs}


def _added_by_pth(folder: Path) -> list[Path]:
    """Lines of `.pth` files that are folders. Lines that Python would run are left alone."""
    added: list[Path] = []
    for path in sorted(folder.glob("*.pth")):
        for line in _lines(path):
            if line and not line.startswith(("#", "import ", "import\t")):
                target = Path(os.path.normpath(folder / line))
                if target.is_dir():
                    added.append(target)
    return added


def _lines(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return []


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path
