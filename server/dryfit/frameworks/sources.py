"""The sources of installed packages: modules found, lowered and searched for what a name stands for.

Nothing is imported. Names are normalised on the way in: `pytorch_lightning` is `lightning.pytorch`, whichever of the
two is installed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from dryfit.frameworks.names import normalised
from dryfit.syntax import tree
from dryfit.syntax.lower_ast import lower
from dryfit.text.span import Span

Binding: TypeAlias = "tree.Class | tree.Function | tree.Expression | str"  # str: an import, the dotted path it names

_MAX_HOPS = 12  # imports followed from one name; a chain this long is a cycle


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """A lowered file. `bindings` are its top-level names, `stars` the modules it imports everything from."""

    name: str
    is_package: bool
    lines: tuple[str, ...]
    bindings: Mapping[str, Binding]
    stars: tuple[str, ...]

    def text(self, span: Span) -> str:
        """The source of an expression, on one line."""
        lines = self.lines[span.line : span.end_line + 1]
        if len(lines) == 1:
            return lines[0][span.column : span.end_column]
        pieces = [lines[0][span.column :], *lines[1:-1], lines[-1][: span.end_column]]
        return " ".join(piece.strip() for piece in pieces)

    @property
    def package(self) -> str:
        return self.name if self.is_package else self.name.rpartition(".")[0]


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A class, a function or another value, and the module whose top level binds it."""

    module: Module
    name: str
    node: tree.Class | tree.Function | tree.Expression

    @property
    def path(self) -> str:
        return f"{self.module.name}.{self.name}"


class Sources:
    """The listed modules of some packages by their dotted names, each read when it is first asked for.

    What lies in other modules is not followed: it stays the dotted path that an import names.
    """

    def __init__(self, packages: Mapping[str, Path], patterns: Iterable[str], left_out: tuple[str, ...] = ()) -> None:
        """`packages`: dotted name -> its folder, for instance `lightning.pytorch` -> `.../pytorch_lightning`.

        `patterns`: modules, and packages with everything below (`torch.optim.*`) but what is `left_out`.
        """
        self._packages = packages
        self._files: Mapping[str, Path] = {
            name: path
            for pattern in patterns
            for name, path in self._matching(pattern)
            if not name.startswith(left_out)
        }
        self._modules: dict[str, Module | None] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The listed modules that exist."""
        return tuple(self._files)

    def module(self, name: str) -> Module | None:
        """None if it is not listed, or its file does not parse."""
        if name not in self._modules:
            path = self._files.get(name)
            self._modules[name] = None if path is None else _read(name, path)
        return self._modules[name]

    def resolve(self, module: Module, name: str) -> Definition | str:
        """What a dotted name in a module stands for; the full path as text if it leads out of the listed modules."""
        return self._resolve(module, name, _MAX_HOPS) or name

    def locate(self, path: str) -> Definition | str:
        """What a full dotted path stands for; the path itself if that is not known."""
        return self._locate(path, _MAX_HOPS)

    def _resolve(self, module: Module, name: str, hops: int) -> Definition | str | None:
        """None if the module does not know the name."""
        if not hops:
            return None
        first, _, rest = name.partition(".")
        binding = module.bindings.get(first)
        if binding is None:
            return self._resolve_star(module, name, hops) or self._resolve_submodule(module, name, hops)
        if isinstance(binding, str):
            return self._locate(f"{binding}.{rest}" if rest else binding, hops - 1)
        if isinstance(binding, (tree.Name, tree.Attribute)):
            alias = dotted(binding)
            if alias is not None and alias.partition(".")[0] != first:
                return self._resolve(module, f"{alias}.{rest}" if rest else alias, hops - 1)
        return f"{module.name}.{name}" if rest else Definition(module, first, binding)

    def _resolve_star(self, module: Module, name: str, hops: int) -> Definition | str | None:
        for star in module.stars if not name.startswith("_") else ():
            source = self.module(star)
            found = None if source is None else self._resolve(source, name, hops - 1)
            if found is not None:
                return found
        return None

    def _resolve_submodule(self, module: Module, name: str, hops: int) -> Definition | str | None:
        is_submodule = f"{module.name}.{name.partition('.')[0]}" in self._files
        return self._locate(f"{module.name}.{name}", hops - 1) if is_submodule else None

    def _locate(self, path: str, hops: int) -> Definition | str:
        if path in self._files:
            return path
        parts = path.split(".")
        for length in range(len(parts) - 1, 0, -1):
            module = self.module(".".join(parts[:length]))
            if module is not None:
                return self._resolve(module, ".".join(parts[length:]), hops) or path
        return path

    def _matching(self, pattern: str) -> Iterator[tuple[str, Path]]:
        """The modules of a pattern with their files, sorted by file."""
        name = pattern.removesuffix(".*")
        package = next((p for p in self._packages if name == p or name.startswith(p + ".")), None)
        if package is None:
            return
        folder = self._packages[package].joinpath(*name[len(package) + 1 :].split("."))
        if name == pattern:
            candidates = (folder / "__init__.py", folder.with_suffix(".py"))
            yield from ((name, path) for path in candidates if path.is_file())
            return
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            yield ".".join((name, *(parts[:-1] if parts[-1] == "__init__" else parts))), path


def dotted(expression: tree.Expression) -> str | None:
    """`a.b.c` as text, None for anything else. A subscript counts as what is subscripted: `Generic[T]`."""
    if isinstance(expression, tree.Subscript):
        expression = expression.value
    if isinstance(expression, tree.Name):
        return expression.id
    if isinstance(expression, tree.Attribute):
        value = dotted(expression.value)
        return None if value is None else f"{value}.{expression.name}"
    return None


def flattened(body: Sequence[tree.Statement]) -> Iterator[tuple[tree.Statement, bool]]:
    """The statements of a body with those inside its branches; True for the ones that only stand in for others.

    `else`, handlers and `if TYPE_CHECKING` stand in: what they bind gives way to what is bound elsewhere.
    """
    for statement in body:
        yield statement, False
        if isinstance(statement, tree.If):
            name = dotted(statement.test) or ""
            only_typing = name.rpartition(".")[2] == "TYPE_CHECKING"
            yield from ((inner, stands_in or only_typing) for inner, stands_in in flattened(statement.body))
            yield from ((inner, not only_typing) for inner, _ in flattened(statement.orelse))
        elif isinstance(statement, tree.Try):
            yield from flattened((*statement.body, *statement.orelse, *statement.final))
            for handler in statement.handlers:
                yield from ((inner, True) for inner, _ in flattened(handler.body))
        elif isinstance(statement, tree.With):
            yield from flattened(statement.body)


def is_overload(function: tree.Function) -> bool:
    """Is it only a signature for type checkers?"""
    return any((dotted(d) or "").rpartition(".")[2] == "overload" for d in function.decorators)


def _read(name: str, path: Path) -> Module | None:
    try:
        text = path.read_text(encoding="utf-8")
        body = lower(text)
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    is_package = path.name == "__init__.py"
    package = name if is_package else name.rpartition(".")[0]
    bindings: dict[str, Binding] = {}
    stars: list[str] = []
    for statement, stands_in in flattened(body):
        for bound, binding in _bound(statement, package):
            if bound == "*" and isinstance(binding, str):
                stars.append(binding)
            elif not (stands_in and bound in bindings):
                bindings[bound] = binding
    return Module(name, is_package, tuple(text.split("\n")), bindings, tuple(stars))


def _bound(statement: tree.Statement, package: str) -> Iterator[tuple[str, Binding]]:
    if isinstance(statement, tree.Class) or (isinstance(statement, tree.Function) and not is_overload(statement)):
        yield statement.name, statement
    elif isinstance(statement, tree.Import):
        for alias in statement.names:
            yield alias.bound, normalised(alias.name if alias.has_as else alias.bound)
    elif isinstance(statement, tree.ImportFrom):
        source = _absolute(statement, package)
        for alias in statement.names:
            yield alias.bound, source if alias.name == "*" else normalised(f"{source}.{alias.name}")
    elif isinstance(statement, tree.Assign) and statement.value is not None:
        for target in statement.targets:
            if isinstance(target, tree.Name):
                yield target.id, statement.value


def _absolute(statement: tree.ImportFrom, package: str) -> str:
    if not statement.level:
        return normalised(statement.module)
    parts = package.split(".")
    parents = parts[: len(parts) - statement.level + 1]
    return ".".join([*parents, statement.module] if statement.module else parents)
