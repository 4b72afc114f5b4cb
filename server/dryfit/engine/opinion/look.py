"""Our own look at a function's source: what its annotation or its `return` statements say, without jedi."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dryfit.engine.opinion.decorators import keeps_result, plain_name
from dryfit.engine.opinion.exits import bindings_of, depends_on_no_parameter, exits, is_generator
from dryfit.frameworks.installed_sources import InstalledSources
from dryfit.frameworks.sources import Definition, Module, dotted
from dryfit.syntax import tree

_MAX_DEPTH = 6  # functions that return what another returns
_MAX_FUNCTIONS = 200  # looked at for one question
_MAX_ANCESTORS = 100
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_SELF = frozenset({"typing.Self", "typing_extensions.Self"})
_TYPE_VARIABLE = frozenset({"typing.TypeVar", "typing_extensions.TypeVar"})
# Bases outside the packages that leave it to the class what a call of it makes.
_HARMLESS = frozenset(
    {
        "object",
        "abc.ABC",
        "typing.Generic",
        "typing.Protocol",
        "typing_extensions.Generic",
        "typing_extensions.Protocol",
    }
)
_CLASS_DECORATORS = frozenset({"dataclasses.dataclass", "typing.final", "typing.runtime_checkable"})


@dataclass(frozen=True, slots=True)
class Answer:
    """`result`: the path of the class where it is defined; None for "nothing", which is an answer too."""

    result: str | None


@dataclass(frozen=True, slots=True)
class Open:
    """Left to jedi: what does `callee()` return after `import module`?

    `is_decorated`: there are decorators that may change that, and our own look cannot tell.
    """

    module: str
    callee: str
    is_decorated: bool


@dataclass(frozen=True, slots=True)
class _Found:
    """A function, or a method as a class has it; `owner` is that class, `module` where the function is written."""

    module: Module
    node: tree.Function
    owner: Definition | None


_NOTHING = Answer(None)


class Look:
    """Answers from sources alone. Says a class only if every way out of the function has it."""

    def __init__(self, sources: InstalledSources) -> None:
        self._sources = sources
        self._left = 0

    def at(self, path: str) -> Answer | Open:
        """The class of what a call of this path returns."""
        self._left = _MAX_FUNCTIONS
        return self._at(path, _MAX_DEPTH)

    def class_at(self, path: str) -> str | None:
        """The path of the definition of a class; None if it is none that is written in these packages."""
        found = self._sources.locate(path)
        is_class = isinstance(found, Definition) and isinstance(found.node, tree.Class)
        return found.path if isinstance(found, Definition) and is_class else None

    def _at(self, path: str, depth: int) -> Answer | Open:
        self._left -= 1
        found = self._find(path) if depth and self._left > 0 else None
        if found is None:
            return _NOTHING
        if isinstance(found, Definition):
            return self._constructed(found)
        return self._returned(found, depth)

    def _find(self, path: str) -> _Found | Definition | None:
        """A function, a method, or a class."""
        found = self._sources.locate(path)
        if isinstance(found, Definition):
            if isinstance(found.node, tree.Function):
                return _Found(found.module, found.node, None)
            return found if isinstance(found.node, tree.Class) else None
        head, _, name = found.rpartition(".")
        owner = self._sources.locate(head)
        if not isinstance(owner, Definition) or not isinstance(owner.node, tree.Class):
            return None
        for ancestor in self._ancestors(owner):
            if isinstance(ancestor, str):
                return None
            bound = [s for s in _class_body(ancestor) if _binds(s, name)]
            if bound:
                method = bound[-1]
                return _Found(ancestor.module, method, owner) if isinstance(method, tree.Function) else None
        return None

    def _returned(self, found: _Found, depth: int) -> Answer | Open:
        node = found.node
        if node.is_async or is_generator(node):
            return _NOTHING
        is_seen_through = all(keeps_result(self._sources, found.module, one) for one in node.decorators)
        if not is_seen_through and found.owner is not None:
            # A property, or a descriptor: what is called is not what is written here.
            return _NOTHING
        if node.returns is not None:
            result = self._annotated(found, node.returns)
            return _NOTHING if result is None else Answer(result) if is_seen_through else self._open(found, True)
        ways = exits(node)
        if not ways:
            return _NOTHING
        answers = {self._exit(found, way, depth) for way in ways}
        if len(answers) > 1 or _NOTHING in answers:
            return _NOTHING
        answer = next(iter(answers))
        if answer is not None and is_seen_through:
            return answer
        # jedi answers with what it finds and leaves out what it does not: only where there is one way out, one is all.
        return self._open(found, not is_seen_through) if len(ways) == 1 else _NOTHING

    def _exit(self, found: _Found, way: tree.Expression, depth: int) -> Answer | None:
        """None: a call of something that is not known by its name alone."""
        name = plain_name(way.func) if isinstance(way, tree.Call) else None
        if name is None:
            return _NOTHING
        if name == "cls" and found.owner is not None and _takes_class(found.node):
            return self._constructed(found.owner)
        first = name.partition(".")[0]
        if first in bindings_of(found.node):
            # jedi would take a parameter to be its default.
            return None if depends_on_no_parameter(found.node, first) else _NOTHING
        target = self._sources.resolve(found.module, name)
        answer = self._at(target.path if isinstance(target, Definition) else target, depth - 1)
        return answer if isinstance(answer, Answer) else None

    def _annotated(self, found: _Found, annotation: tree.Expression) -> str | None:
        """The class that an annotation names; None for everything that is not one class and nothing else."""
        if isinstance(annotation, tree.Constant) and isinstance(annotation.value, str):
            name = annotation.value if _DOTTED.fullmatch(annotation.value) else None
        else:
            name = dotted(annotation)
        if name is None:
            return None
        target = self._sources.resolve(found.module, name)
        if isinstance(target, str):
            return found.owner.path if target in _SELF and found.owner is not None else None
        if isinstance(target.node, tree.Class):
            return target.path
        if found.owner is not None and self._is_type_variable(target) and _first_annotation_names(found.node, name):
            return found.owner.path
        return None

    def _is_type_variable(self, definition: Definition) -> bool:
        node = definition.node
        name = plain_name(node.func) if isinstance(node, tree.Call) else None
        return name is not None and self._sources.resolve(definition.module, name) in _TYPE_VARIABLE

    def _constructed(self, definition: Definition) -> Answer:
        """The class itself, unless it may make something else: `__new__`, a metaclass, a base that cannot be seen."""
        for ancestor in self._ancestors(definition):
            if isinstance(ancestor, str):
                if ancestor not in _HARMLESS:
                    return _NOTHING
                continue
            assert isinstance(ancestor.node, tree.Class)
            if any(_binds(statement, "__new__") for statement in _class_body(ancestor)):
                return _NOTHING
            if not all(self._is_harmless(ancestor.module, decorator) for decorator in ancestor.node.decorators):
                return _NOTHING
            for base in ancestor.node.bases:
                metaclass = plain_name(base.value) if base.keyword == "metaclass" else None
                is_abstract = metaclass and self._sources.resolve(ancestor.module, metaclass) == "abc.ABCMeta"
                if base.stars or (base.keyword == "metaclass" and not is_abstract):
                    return _NOTHING
        return Answer(definition.path)

    def _is_harmless(self, module: Module, decorator: tree.Expression) -> bool:
        name = plain_name(decorator.func if isinstance(decorator, tree.Call) else decorator)
        known = name is not None and self._sources.resolve(module, name) in _CLASS_DECORATORS
        return known or keeps_result(self._sources, module, decorator)

    def _ancestors(self, definition: Definition) -> Iterator[Definition | str]:
        """The class and its bases, near ones first; a path for one that is not written in these packages."""
        todo: list[Definition | str] = [definition]
        seen: set[str] = set()
        while todo and len(seen) < _MAX_ANCESTORS:
            one = todo.pop(0)
            path = one if isinstance(one, str) else one.path
            if path in seen:
                continue
            seen.add(path)
            if isinstance(one, Definition) and not isinstance(one.node, tree.Class):
                yield path
                continue
            yield one
            if isinstance(one, Definition) and isinstance(one.node, tree.Class):
                bases = [dotted(base.value) for base in one.node.bases if base.keyword is None]
                todo[:0] = [self._sources.resolve(one.module, base) if base else "" for base in bases]

    def _open(self, found: _Found, is_decorated: bool) -> Open:
        # The defining module is imported, so that jedi need not find its way through the package's exports.
        place = found.module if found.owner is None else found.owner.module
        name = found.node.name if found.owner is None else f"{found.owner.name}.{found.node.name}"
        module = self._sources.files.spelling(place.name)
        return Open(module, f"{module}.{name}", is_decorated)


def _class_body(definition: Definition) -> tuple[tree.Statement, ...]:
    assert isinstance(definition.node, tree.Class)
    return definition.node.body


def _binds(statement: tree.Statement, name: str) -> bool:
    if isinstance(statement, (tree.Function, tree.Class)):
        return statement.name == name
    if isinstance(statement, tree.Assign):
        return any(isinstance(target, tree.Name) and target.id == name for target in statement.targets)
    # What else a class body may do is looked into only for the name.
    return isinstance(statement, (tree.If, tree.Try, tree.With)) and any(
        isinstance(node, tree.Function) and node.name == name for node in tree.walk(statement)
    )


def _takes_class(function: tree.Function) -> bool:
    is_classmethod = any(isinstance(d, tree.Name) and d.id == "classmethod" for d in function.decorators)
    return is_classmethod and bool(function.parameters) and function.parameters[0].name == "cls"


def _first_annotation_names(function: tree.Function, variable: str) -> bool:
    """Is the first parameter `cls: type[T]` or `self: T`?"""
    annotation = function.parameters[0].annotation if function.parameters else None
    if isinstance(annotation, tree.Subscript) and dotted(annotation.value) in ("type", "Type", "typing.Type"):
        annotation = annotation.index
    return annotation is not None and plain_name(annotation) == variable
