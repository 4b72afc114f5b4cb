"""The bases that the index finds in the installed lightning are those that Python finds when it imports it."""

from __future__ import annotations

import importlib
import os
import warnings
from importlib.util import find_spec
from pathlib import Path

from written_projects import find_in

from dryfit.engine.index.build import ProjectIndex
from dryfit.engine.index.resolve import Defined

MIN_CLASSES = 150


def test_bases_are_those_of_the_imported_classes() -> None:
    spec = find_spec("lightning")
    assert spec is not None
    (folder,) = spec.submodule_search_locations or ()
    root = Path(folder).parent
    listed = [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names if name.endswith(".py")]
    index = ProjectIndex(root, lambda: listed, None, find_in(root))
    index.refresh()
    found: dict[str, set[str]] = {}
    for path in index.paths():
        for heir, base in index._links.link(path).bases:
            found.setdefault(spelled(heir), set()).add(spelled(base))

    wrong, compared = {}, 0
    for path in index.paths():
        row = index.row(path)
        for class_row in row.classes if row is not None else ():
            name = spelled(Defined(path, class_row.path))
            bases = imported_bases(path, class_row.path)
            if bases is not None:
                compared += bool(bases)
                if bases != found.get(name, set()):
                    wrong[name] = (bases, found.get(name, set()))
    assert wrong == {}
    assert compared >= MIN_CLASSES


def spelled(defined: Defined) -> str:
    return f"{module_of(defined.file)}:{defined.path}"


def module_of(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def imported_bases(path: str, name: str) -> set[str] | None:
    """The bases within lightning; None if it cannot be imported here or is another class, such as a stand-in."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = importlib.import_module(module_of(path))
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return None
    if not isinstance(found, type) or found.__module__ != module_of(path):
        return None
    bases = [(base.__module__, base.__qualname__) for base in found.__bases__]
    return {f"{module}:{base}" for module, base in bases if module.startswith("lightning.")}
