"""A project of several files, for tests: its texts are given, nothing is read."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from textwrap import dedent
from typing import Any, TypeVar

from facts_of import frameworks, summary

from dryfit.semantic.program import Program
from dryfit.semantic.values import UNKNOWN, Unknown
from dryfit.syntax.document import Document

F = TypeVar("F")


class Files:
    """A library of texts by path. Absolute imports start at the top folder."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = {path: dedent(text) for path, text in texts.items()}
        self.not_yet: set[str] = set()
        self.opened: list[str] = []

    def find(self, module: str, level: int, dotted: str) -> str | Unknown | None:
        folder = "" if level == 0 else posixpath.dirname(module)
        for _ in range(level - 1):
            folder = posixpath.dirname(folder)
        top = dotted.split(".")[0]
        if level == 0 and self._at("", top) is None:
            return None
        return self._at(folder, dotted.replace(".", "/")) or UNKNOWN

    def inside(self, package: str, name: str) -> str | None:
        return self._at(posixpath.dirname(package) if package.endswith(".py") else package, name)

    def document(self, module: str) -> Document | Unknown | None:
        if module in self.not_yet:
            return UNKNOWN
        if module not in self.texts:
            return None
        self.opened.append(module)
        return Document(self.texts[module])

    def dotted_name(self, module: str) -> str:
        return module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def result_class(self, path: str) -> str | None:
        return None

    def ancestry(self, path: str) -> tuple[str, ...]:
        return ()

    def is_driven_by_hand(self, module: str) -> bool:
        return False

    def _at(self, folder: str, name: str) -> str | None:
        path = posixpath.join(folder, name) if name else folder
        for found in (f"{path}/__init__.py", f"{path}.py"):
            if found in self.texts:
                return found
        return path if any(known.startswith(f"{path}/") for known in self.texts) else None


def program_of(texts: Mapping[str, str], *opened: str) -> Program[Any]:
    """A program with these files around it, some of them open."""
    files = Files(texts)
    program: Program[Any] = Program(frameworks(), summary, library=files)
    for path in opened:
        program.open(path, Document(files.texts[path]))
    return program


def facts_in(program: Program[Any], path: str, kind: type[F]) -> list[F]:
    """All facts of one kind that the roots of a file find."""
    return [fact for root in program.roots(path) for fact in program.model(path, root).facts(kind)]
