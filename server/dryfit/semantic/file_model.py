"""A file as classes, functions and the body of its module: its units, folded.

Places are named after what stands there (`Net.forward`, `<top>#3`), so that a name survives typing elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from dryfit.semantic.names import Binding, bindings, bound_names
from dryfit.syntax import tree
from dryfit.syntax.document import Document
from dryfit.syntax.units import Unit

# Words without which neither a fact nor anything that a fact depends on can come from a body. Leaving a body out can
# only make us silent. `_EFFECT` is asked of what is walked on its own, `_FEEDS` of what is walked for its callers.
_EFFECT = re.compile(
    r"optim|backward|zero_grad|\.step\(|parameters\(|Trainer|lr_scheduler|\bnn\.|\bF\.|softmax|sigmoid|cross_entropy"
    r"|CrossEntropy|DataLoader|requires_grad|Sequential|Linear|Conv\d|Parameter|param_groups|dict\(|autograd|super\("
    r"|def forward|def on_|def configure_|_step\(|_epoch_end|torch|\.fit\(|Dataset|get_lr|EarlyStopping|Checkpoint\("
)
_FEEDS = re.compile(
    r"optim|backward|zero_grad|\.step\(|parameters\(|Trainer[(.]|lr_scheduler|\bnn\.|\bF\.|softmax|sigmoid|cross_entropy"
    r"|CrossEntropy|DataLoader\(|requires_grad|Sequential|Linear|Conv\d|Parameter\(|param_groups|\bdict\(|autograd"
    r"|def forward|\.fit\(|EarlyStopping|Checkpoint\(|no_grad|inference_mode|\.eval\(|\.train\("
    r"|add_argument\(|parse_args\(|Namespace\(|asdict\(|vars\(|__dict__|\bdel [\w.]+\.\w|delattr\("
)
_GLOBAL = re.compile(r"^[ \t]*global\s", re.M)
_CALLED = re.compile(r"(\w+)[ \t]*\(")
# Names of classes that are optimizers, or so called.
MAY_OPTIMIZE = re.compile(
    r"Adam|SGD|Optim|Lion|LAMB|Lamb|Muon|Shampoo|Adafactor|Adagrad|Adadelta|RMSprop|Rprop|LBFGS|LARS|Lars"
)
# What may change the contents of something: a method that does, an item or an attribute that is set or deleted.
_MUTATES = re.compile(
    r"\b((?:type[ \t]*\(\w+\)|\w+)(?:\[[^\]\n]*\]|\.\w+)*?)(?:\.(?:append|extend|insert|pop|popitem|remove|clear|update"
    r"|setdefault|add|discard|sort|reverse)[ \t]*\(|(?:\[[^\]\n]*\]|\.\w+)[ \t]*(?:[-+*/|&%@^]|\*\*|//|<<|>>)?=(?!=))"
    r"|\bdel[ \t]+([\w.]+)[ \t]*[\[.]|\b(?:set|del)attr[ \t]*\([ \t]*([\w.]+)"
)
_NAME = re.compile(r"[^\W\d]\w*")
_SETS_SELF = re.compile(r"\b(?:set|del)attr[ \t]*\([ \t]*self\b|\bvars[ \t]*\([ \t]*self\b")
_OPTIMIZER_NAME = re.compile(r"[A-Z]\w*")


@dataclass(frozen=True, slots=True)
class UnitSummary:
    """What a unit's text tells before anything is evaluated. Equal if it tells the same of another text."""

    text: str = field(compare=False)
    has_effect: bool
    feeds_callers: bool
    optimizers: tuple[str, ...]  # last names of calls that may build an optimizer
    global_names: frozenset[str]  # declared `global` in a function of it
    called_names: frozenset[str]
    mutated_names: frozenset[str] = frozenset()  # whose contents a function of it may change
    changed_names: frozenset[str] = frozenset()  # every name on the way to something whose contents it may change


@dataclass(slots=True)
class ClassModel:
    """A class: its definition (the body only if it is in the same unit), its place, and its members by name."""

    node: tree.Class
    place: str
    members: dict[str, tuple[tree.Function | tree.Expression | None, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RootInput:
    """A function or method that is walked on its own; `path` is the class it belongs to."""

    node: tree.Function
    place: str
    path: str | None


class FileModel:
    """The units of a document, folded. Built anew after each edit from pieces that are kept by identity."""

    __slots__ = (
        "bindings",
        "classes",
        "functions",
        "roots",
        "shape",
        "starts",
        "statements",
        "summaries",
        "top",
        "unit_at",
    )

    def __init__(self, document: Document, previous: FileModel | None = None) -> None:
        # What the fold depends on, beside the summaries; the objects are kept alive below.
        self.shape = [(id(unit), id(unit.statements), unit.indent, unit.is_header) for unit in document.units]
        changed = None if previous is None else _changed_bodies(document, self.shape, previous)
        if previous is not None and changed is not None:
            self._take_over(document, previous)
            for place, unit in changed:
                self._replace_function(place, unit)
            return
        self.classes: dict[str, ClassModel] = {}
        self.functions: dict[str, tuple[tree.Function, str]] = {}
        self.top: list[tuple[str, tuple[tree.Statement, ...]]] = []
        self.bindings: dict[str, dict[str, Binding]] = {}  # what the units at the top bind
        self.roots: dict[str, RootInput] = {}
        self.unit_at: dict[str, Unit] = {}
        self.starts: dict[str, int] = {}
        self.statements: dict[str, tuple[tree.Statement, ...]] = {}  # a unit may be lowered again, these stay
        self.summaries: dict[str, UnitSummary] = {}
        known = {s.text: s for s in previous.summaries.values()} if previous else {}
        bound = {id(statements): previous.bindings[place] for place, statements in previous.top} if previous else {}
        same = {id(s): previous.summaries[place] for place, s in previous.statements.items() if s} if previous else {}
        self._fold(document, known, bound, same)

    def _take_over(self, document: Document, previous: FileModel) -> None:
        """All of the previous fold: no more than texts changed. It is shared: what changes is copied."""
        self.classes, self.functions, self.roots = previous.classes, previous.functions, previous.roots
        self.top, self.bindings = previous.top, previous.bindings
        self.unit_at, self.statements = previous.unit_at, previous.statements
        self.starts = dict(zip(previous.starts, document.starts, strict=True))
        self.summaries = previous.summaries
        known = previous.summaries
        anew = {place: unit for place, unit in self.unit_at.items() if known[place].text is not unit.text}
        if anew:
            self.summaries = {**known, **{place: summarise(unit, known[place]) for place, unit in anew.items()}}

    def _replace_function(self, place: str, unit: Unit) -> None:
        """A function or method has another body, in a file that is otherwise the same."""
        new = unit.statements[0]
        assert isinstance(new, tree.Function)
        self.unit_at = {**self.unit_at, place: unit}
        self.statements = {**self.statements, place: unit.statements}
        self.summaries = {**self.summaries, place: summarise(unit)}
        path = self.roots[place].path
        self.roots = {**self.roots, place: RootInput(new, place, path)}
        if path is None:
            self.top = [(p, unit.statements if p == place else statements) for p, statements in self.top]
            self.bindings = {**self.bindings, place: bindings(unit.statements)}
            self.functions = {**self.functions, new.name: (new, place)}
        else:
            model = self.classes[path]
            members = {**model.members, new.name: (new, place)}
            self.classes = {**self.classes, path: ClassModel(model.node, model.place, members)}

    def _fold(
        self,
        document: Document,
        known: dict[str, UnitSummary],
        bound: dict[int, dict[str, Binding]],
        same: dict[int, UnitSummary],
    ) -> None:
        """`known`: summaries by text; `bound` and `same`: names and summaries by the identity of the statements."""
        stack: list[tuple[int, str]] = []  # (width, path) of the classes that are open
        taken: dict[str, int] = {}
        for unit, start in zip(document.units, document.starts, strict=True):
            width = len(unit.indent.expandtabs(8)) if unit.indent else 0
            while stack and width <= stack[-1][0]:
                stack.pop()
            prefix = stack[-1][1] + "." if stack else ""
            first = unit.statements[0] if unit.statements else None
            name = prefix + (first.name if isinstance(first, (tree.Function, tree.Class)) else "<top>")
            count = taken[name] = taken.get(name, 0) + 1
            place = name if count == 1 else f"{name}#{count}"
            self.starts[place], self.unit_at[place], self.statements[place] = start, unit, unit.statements
            self.summaries[place] = known.get(unit.text) or summarise(unit, same.get(id(unit.statements)))
            if stack:
                self._add_members(stack[-1][1], unit.statements, place)
            else:
                self.top.append((place, unit.statements))
                names = bound.get(id(unit.statements))
                self.bindings[place] = bindings(unit.statements) if names is None else names
                for statement in unit.statements:
                    self._add_top(statement, place)
            if isinstance(first, tree.Class) and unit.is_header:
                stack.append((width, prefix + first.name))

    def _add_top(self, statement: tree.Statement, place: str) -> None:
        if isinstance(statement, tree.Function):
            self.functions[statement.name] = (statement, place)
            self._add_root(statement.name, RootInput(statement, place, None))
        elif isinstance(statement, tree.Class):
            self.add_class(statement.name, statement, place)
        elif isinstance(statement, (tree.If, tree.Try)):
            for inner in _guarded(statement):
                self._add_top(inner, place)

    def add_class(self, path: str, node: tree.Class, place: str) -> None:
        self.classes[path] = ClassModel(node, place)
        self._add_members(path, node.body, place)

    def _add_members(self, path: str, statements: tuple[tree.Statement, ...], place: str) -> None:
        members = self.classes[path].members if path in self.classes else {}
        for statement in statements:
            if isinstance(statement, tree.Function):
                members[statement.name] = (statement, place)
                self._add_root(f"{path}.{statement.name}", RootInput(statement, place, path))
            elif isinstance(statement, tree.Class):
                self.add_class(f"{path}.{statement.name}", statement, place)
            elif isinstance(statement, tree.Assign):
                for target in statement.targets:
                    if isinstance(target, tree.Name):
                        is_anew = members.get(target.id, (None, ""))[0] is not None
                        members[target.id] = (None if is_anew else statement.value, place)
                    else:
                        members.update(dict.fromkeys(bound_names(target), (None, place)))
            elif not isinstance(statement, tree.ScopeStatement):
                # Conditional members exist, but which one holds is not known.
                members.update(dict.fromkeys(bindings((statement,)), (None, place)))

    def _add_root(self, name: str, root: RootInput) -> None:
        while name in self.roots:
            name += "'"
        self.roots[name] = root


def _changed_bodies(document: Document, shape: list[Any], previous: FileModel) -> list[tuple[str, Unit]] | None:
    """The function or method whose body is all that changed: at most one; None if more did."""
    if len(shape) != len(previous.shape):
        return None
    changed = [i for i, (old, new) in enumerate(zip(previous.shape, shape, strict=True)) if old != new]
    if not changed:
        return []
    index = changed[0]
    if len(changed) > 1 or shape[index][2:] != previous.shape[index][2:]:
        return None
    place, unit = list(previous.starts)[index], document.units[index]
    return [(place, unit)] if _is_same_function(previous, place, unit.statements) else None


def _is_same_function(previous: FileModel, place: str, statements: tuple[tree.Statement, ...]) -> bool:
    """Is it one function or method, of the name that it had before, and the only one of that name?"""
    before, root = previous.statements[place], previous.roots.get(place)
    if len(before) != 1 or len(statements) != 1 or root is None or root.node is not before[0]:
        return False
    new = statements[0]
    held = previous.functions if root.path is None else previous.classes[root.path].members
    return isinstance(new, tree.Function) and new.name == root.node.name and held[new.name][0] is root.node


def summarise(unit: Unit, same: UnitSummary | None = None) -> UnitSummary:
    """What a unit's words tell; the tree is only looked at where they ask for it.

    A call counts as building an optimizer if its name could be that of an optimizer class. `same`: what another text
    of the same statements told.
    """
    text = unit.text
    if same is not None and not unit.parsed:
        return replace(same, text=text)  # it keeps its statements, and what their words told
    if not unit.statements:
        return UnitSummary(text, False, False, (), frozenset(), frozenset())
    called = frozenset(_CALLED.findall(text))
    ways = [_NAME.findall(a or b or c) for a, b, c in _MUTATES.findall(text)]
    changed = frozenset(name for way in ways for name in way) - {"self"}
    changed |= {"<self>"} if _SETS_SELF.search(text) else frozenset()
    mutated = frozenset(way[0] for way in ways if way) - {"self"} if _is_definition(unit) else frozenset()
    has_effect = _EFFECT.search(text) is not None
    feeds_callers = _FEEDS.search(text) is not None
    if same is not None:
        return replace(
            same,
            text=text,
            has_effect=has_effect,
            feeds_callers=feeds_callers,
            called_names=called,
            mutated_names=mutated,
            changed_names=changed,
        )
    optimizers: list[str] = []
    global_names: set[str] = set()
    if _builds_optimizer(text, called) or _GLOBAL.search(text):
        for statement in unit.statements:
            for node in tree.walk(statement):
                if isinstance(node, tree.Call) and _OPTIMIZER_NAME.fullmatch(_last_name(node.func)):
                    optimizers.append(_last_name(node.func))
                elif isinstance(node, tree.ScopeStatement) and node.kind == "global":
                    global_names.update(node.names)
    names = (frozenset(global_names), called, mutated, changed)
    return UnitSummary(text, has_effect, feeds_callers, tuple(optimizers), *names)


def _is_definition(unit: Unit) -> bool:
    """Does its code run when it is called, not when the module's body does?"""
    return any(isinstance(statement, (tree.Function, tree.Class)) for statement in unit.statements)


def _builds_optimizer(text: str, called: frozenset[str]) -> bool:
    """May one of the names that are called be that of an optimizer class?"""
    if "optim" in text and any(name[0].isupper() for name in called):
        return True
    return MAY_OPTIMIZE.search(text) is not None and any(MAY_OPTIMIZE.search(name) for name in called)


def _last_name(node: tree.Expression) -> str:
    if isinstance(node, tree.Attribute):
        return node.name
    return node.id if isinstance(node, tree.Name) else ""


def _guarded(statement: tree.If | tree.Try) -> Iterator[tree.Statement]:
    """What stands directly under an `if` or `try` at the top of a module."""
    yield from statement.body
    yield from statement.orelse
    if isinstance(statement, tree.Try):
        for handler in statement.handlers:
            yield from handler.body
        yield from statement.final
