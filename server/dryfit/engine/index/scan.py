"""From a text to its row in the index: statements are read, of expressions only what is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from dryfit.engine.index.row import STAR, ClassRow, FileRow, Import
from dryfit.semantic.names import bindings, dotted_name
from dryfit.semantic.values import UNKNOWN, Unknown
from dryfit.syntax import tree
from dryfit.syntax.lower_ast import lower

if TYPE_CHECKING:
    from dryfit.syntax.document import Document

_MOST_CHARACTERS = 1_000_000  # what stands below is data that a program wrote
_TRAINS = re.compile(r"\.(?:fit|validate|test|predict)[ \t]*\(|\b(?:Trainer|LightningCLI)\b[\w.]*[ \t]*\(")
_MAY_USE_FABRIC = re.compile(r"[fF]abric|LightningLite")
_FABRIC = frozenset(("Fabric", "LightningLite"))  # lightning 2 and 1
_FABRIC_METHODS = frozenset(
    ("backward", "launch", "setup", "setup_dataloaders", "setup_module", "setup_optimizers", "clip_gradients")
)


def scan(text: str) -> FileRow:
    """The row of a text. Never raises: of a text that does not parse, what can be read."""
    text = text[: text.rfind("\n", 0, _MOST_CHARACTERS) + 1] if len(text) > _MOST_CHARACTERS else text
    try:
        statements = lower(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # It brings libcst along, which takes longer to load than a small project to look at.
        from dryfit.syntax.document import Document

        return scan_document(Document(text))
    fold = _Fold()
    fold.add_top(statements)
    return fold.row([text], is_whole=True)


def scan_document(document: Document) -> FileRow:
    """The same of a text that is kept as units; a unit that does not parse counts with what it was last."""
    fold = _Fold()
    open_classes: list[tuple[int, str]] = []  # how far it is indented, and its path
    for unit in document.units:
        width = len(unit.indent.expandtabs(8))
        while open_classes and width <= open_classes[-1][0]:
            open_classes.pop()
        path = open_classes[-1][1] if open_classes else ""
        if path:
            fold.add_members(path, unit.statements)
        else:
            fold.add_top(unit.statements)
        if unit.is_header and unit.statements and isinstance(unit.statements[0], tree.Class):
            open_classes.append((width, _joined(path, unit.statements[0].name)))
    is_whole = all([unit.parsed for unit in document.units])
    return fold.row([unit.text for unit in document.units], is_whole)


class _Fold:
    """Statements, added in their order."""

    def __init__(self) -> None:
        self.imports: list[Import] = []
        self.names: set[str] = set()
        self.exports: list[str] | Unknown | None = None
        self.classes: dict[str, _ClassFold] = {}
        self.functions: dict[str, None] = {}
        self.statements: list[tree.Statement] = []

    def row(self, texts: list[str], is_whole: bool) -> FileRow:
        may_use_fabric = any([_MAY_USE_FABRIC.search(text) for text in texts])
        return FileRow(
            imports=tuple(self.imports),
            names=tuple(sorted(self.names - {STAR})),
            exports=tuple(self.exports) if isinstance(self.exports, list) else self.exports,
            classes=tuple([found.row(path) for path, found in self.classes.items()]),
            functions=tuple(self.functions),
            uses_fabric=may_use_fabric and (_imports_fabric(self.imports) or _touches_fabric(self.statements)),
            starts_training=any([_TRAINS.search(text) for text in texts]),
            is_whole=is_whole,
        )

    def add_top(self, statements: tuple[tree.Statement, ...]) -> None:
        """Statements of the module."""
        self.statements += statements
        self.names.update(bindings(statements))
        for statement in _flat(statements):
            self.add_import(statement, is_top=True)
            if isinstance(statement, tree.Function):
                self.functions[statement.name] = None
                self.add_body(statement.body)
            elif isinstance(statement, tree.Class):
                self.add_class("", statement)
            else:
                self.add_exports(statement)

    def add_members(self, path: str, statements: tuple[tree.Statement, ...]) -> None:
        """Statements of a class."""
        self.statements += statements
        self._add_members(path, statements)

    def add_class(self, outer: str, node: tree.Class) -> None:
        path = _joined(outer, node.name)
        found = self.classes.setdefault(path, _ClassFold())
        found.bases = tuple([_base(base.value) for base in node.bases if base.keyword is None and not base.stars])
        self._add_members(path, node.body)

    def _add_members(self, path: str, statements: tuple[tree.Statement, ...]) -> None:
        found = self.classes.setdefault(path, _ClassFold())
        for statement in _flat(statements):
            self.add_import(statement, is_top=False)
            if isinstance(statement, tree.Class):
                self.add_class(path, statement)
            elif isinstance(statement, tree.Function):
                found.methods[statement.name] = None
                instance = _instance(statement)
                for inner in self.add_body(statement.body):
                    found.attributes.update(dict.fromkeys(_assigned_on(instance, inner)))

    def add_body(self, statements: tuple[tree.Statement, ...]) -> list[tree.Statement]:
        """Note what a function's body says about the module; all statements in it, those of functions in it too."""
        inside: list[tree.Statement] = []
        for statement in _flat(statements):
            inside.append(statement)
            self.add_import(statement, is_top=False)
            if isinstance(statement, (tree.Function, tree.Class)):
                inner = self.add_body(statement.body)
                inside += inner if isinstance(statement, tree.Function) else ()
            elif isinstance(statement, tree.ScopeStatement) and statement.kind == "global":
                self.names.update(statement.names)
        return inside

    def add_import(self, statement: tree.Statement, is_top: bool) -> None:
        if isinstance(statement, tree.ImportFrom):
            names = tuple([(alias.name, alias.bound) for alias in statement.names])
            self.imports.append(Import(statement.level, statement.module, names, "", is_top))
        elif isinstance(statement, tree.Import):
            self.imports += [_imported(alias, is_top) for alias in statement.names]

    def add_exports(self, statement: tree.Statement) -> None:
        """`__all__ = [...]`, `__all__ += [...]`, and its methods `append`, `extend` and `remove`."""
        if isinstance(statement, tree.Assign) and any(map(_is_exports, statement.targets)):
            if statement.value is not None:
                self.exports = _literal(statement.value)
        elif isinstance(statement, tree.AugmentedAssign) and _is_exports(statement.target):
            self._extend_exports(_literal(statement.value))
        elif isinstance(statement, tree.ExpressionStatement) and isinstance(statement.value, tree.Call):
            call = statement.value
            method = call.func
            if isinstance(method, tree.Attribute) and _is_exports(method.value):
                values = [argument.value for argument in call.arguments]
                if method.name == "extend" and len(values) == 1:
                    self._extend_exports(_literal(values[0]))
                elif method.name == "append" and len(values) == 1:
                    self._extend_exports(_literal(tree.Sequence("list", (values[0],), call.span)))
                else:
                    self.exports = UNKNOWN

    def _extend_exports(self, more: list[str] | Unknown) -> None:
        known = [] if self.exports is None else self.exports
        self.exports = UNKNOWN if isinstance(known, Unknown) or isinstance(more, Unknown) else known + more


class _ClassFold:
    """What is known of a class so far."""

    __slots__ = ("attributes", "bases", "methods")

    def __init__(self) -> None:
        self.bases: tuple[str, ...] = ()
        self.methods: dict[str, None] = {}
        self.attributes: dict[str, None] = {}

    def row(self, path: str) -> ClassRow:
        return ClassRow(path, self.bases, tuple(self.methods), tuple(self.attributes))


def _imported(alias: tree.Alias, is_top: bool) -> Import:
    package, _, name = alias.name.rpartition(".")
    if alias.has_as and package and alias.bound == package.partition(".")[0]:
        # `import a.b as a` would look like `import a.b`, which binds the same name to something else.
        return Import(0, package, ((name, alias.bound),), "", is_top)
    return Import(0, alias.name, (), alias.bound, is_top)


def _flat(statements: Iterable[tree.Statement]) -> Iterator[tree.Statement]:
    """The statements of a block and of the blocks in it that are no scope of their own, in their order."""
    for statement in statements:
        yield statement
        if isinstance(statement, (tree.If, tree.For, tree.While)):
            yield from _flat(statement.body)
            yield from _flat(statement.orelse)
        elif isinstance(statement, tree.With):
            yield from _flat(statement.body)
        elif isinstance(statement, tree.Try):
            yield from _flat(statement.body)
            for handler in statement.handlers:
                yield from _flat(handler.body)
            yield from _flat(statement.orelse)
            yield from _flat(statement.final)
        elif isinstance(statement, tree.Match):
            for case in statement.cases:
                yield from _flat(case.body)


# ------------------------------------------------------------------------------------------------------- classes
def _joined(outer: str, name: str) -> str:
    return f"{outer}.{name}" if outer else name


def _base(node: tree.Expression) -> str:
    return dotted_name(node.value if isinstance(node, tree.Subscript) else node)


def _instance(method: tree.Function) -> str | None:
    """What a method calls its instance."""
    if any(dotted_name(decorator) in ("staticmethod", "classmethod") for decorator in method.decorators):
        return None
    first = method.parameters[0] if method.parameters else None
    return first.name if first is not None and first.kind in ("pos", "posonly") else None


def _assigned_on(instance: str | None, statement: tree.Statement) -> Iterator[str]:
    """The attributes of the instance that a statement assigns to."""
    targets: list[tree.Expression] = []
    if isinstance(statement, tree.Assign):
        targets += statement.targets if statement.value is not None else ()
    elif isinstance(statement, (tree.AugmentedAssign, tree.For)):
        targets.append(statement.target)
    elif isinstance(statement, tree.With):
        targets += [target for _, target in statement.items if target is not None]
    while targets:
        target = targets.pop(0)
        if isinstance(target, tree.Sequence):
            targets = [*target.items, *targets]
        elif isinstance(target, tree.Starred):
            targets.insert(0, target.value)
        elif isinstance(target, tree.Attribute) and isinstance(target.value, tree.Name):
            if target.value.id == instance:
                yield target.name


# ------------------------------------------------------------------------------------------------------- exports
def _is_exports(node: tree.Expression) -> bool:
    return isinstance(node, tree.Name) and node.id == "__all__"


def _literal(node: tree.Expression) -> list[str] | Unknown:
    """The strings of a list or tuple of strings."""
    if not isinstance(node, tree.Sequence):
        return UNKNOWN
    values = [item.value if isinstance(item, tree.Constant) else None for item in node.items]
    strings = [value for value in values if isinstance(value, str)]
    return strings if len(strings) == len(values) else UNKNOWN


# -------------------------------------------------------------------------------------------------------- Fabric
def _imports_fabric(imports: Iterable[Import]) -> bool:
    """Is the class imported? The rest of its package serves Trainers as well and tells nothing."""
    return any(name in _FABRIC for found in imports for name, _ in found.names)


def _touches_fabric(statements: Iterable[tree.Statement]) -> bool:
    """Is `L.Fabric` written somewhere, or a method of a `fabric` called that only Fabric has under this name?"""
    for statement in statements:
        for node in tree.walk(statement):
            if not isinstance(node, tree.Attribute):
                continue
            if node.name in _FABRIC:
                return True
            if node.name in _FABRIC_METHODS and dotted_name(node.value).rpartition(".")[2] == "fabric":
                return True
    return False
