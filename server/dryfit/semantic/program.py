"""The program: the files that are known, and what was asked about them. The only mutable thing of this layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from dryfit.frameworks import Frameworks
from dryfit.semantic import changes, classes, imports, logged, members, objects, packages, questions, results, written
from dryfit.semantic.file_model import FileModel
from dryfit.semantic.heap import Heap
from dryfit.semantic.library import Library, NoLibrary
from dryfit.semantic.lightning_facts import LoggedKey
from dryfit.semantic.memory import Memory
from dryfit.semantic.model import SemanticModel
from dryfit.semantic.values import UNKNOWN, ClassValue, External, FunctionValue, Ref, Site, Unknown, Value
from dryfit.syntax import tree
from dryfit.syntax.document import Document

J = TypeVar("J")

MAX_ANSWERS = 60_000
AROUND = ("leads_to", "inside", "dotted_name", "is_loaded", "imports_fabric")  # what the library is asked about files


class Program(Generic[J]):
    """Files by module name (any string), questions by root.

    `judge` says what is wrong with the model of one root; its answer is remembered and worked out again only when
    something that it rests on has changed. `breathe` is called at every step of a walk; what it raises ends the walk.
    `library` knows the files around those that are opened; they are taken in when something leads to them.
    `sift` drops from a judgement what is said elsewhere already: it can ask what is said of the roots at a site.
    """

    def __init__(
        self,
        frameworks: Frameworks,
        judge: Callable[[SemanticModel], tuple[J, ...]],
        breathe: Callable[[], None] = lambda: None,
        library: Library | None = None,
        sift: Callable[[tuple[J, ...], Callable[[Site], tuple[J, ...]]], tuple[J, ...]] = lambda found, _: found,
    ) -> None:
        self.frameworks = frameworks
        self.breathe = breathe
        self.library = library or NoLibrary()
        self.files: dict[str, FileModel] = {}
        self._documents: dict[str, Document] = {}
        self._judge = judge
        self._sift = sift
        self.statements_walked = 0
        self._costs: dict[tuple[str, str], int] = {}
        self._memory = Memory(
            {
                **{name: self._bind(function) for name, function in questions.QUESTIONS.items()},
                "judgement": self._work_out_judgement,
            },
            {**questions.CYCLES, "judgement": ()},
        )

    # --------------------------------------------------------------------------------------------------- files
    def open(self, module: str, document: Document) -> None:
        """Take a file in, or another text for it."""
        previous = self.files.get(module)
        self._documents[module] = document
        self.files[module] = FileModel(document, previous)
        if previous is not None:
            self._memory.invalidate(changes.changed_inputs(module, previous, self.files[module]))
        else:
            self._memory.invalidate([("is_loaded", module)])

    def changed(self, module: str) -> None:
        """The document was edited: whatever rests on the units that changed is stale."""
        previous = self.files[module]
        now = self.files[module] = FileModel(self._documents[module], previous)
        self._memory.invalidate(changes.changed_inputs(module, previous, now))
        self._memory.prune(MAX_ANSWERS)

    def close(self, module: str) -> None:
        """Drop a file; what rests on it asks the library for it again."""
        self.files.pop(module, None)
        self._documents.pop(module, None)
        of_it = [key for key in self._memory.known() if len(key) > 1 and key[1] == module]
        self._memory.invalidate(of_it)
        self._memory.forget(of_it)

    def file(self, module: str) -> FileModel | None:
        """A file by its name, taken in from the library if need be; None if there is none, or not yet."""
        found = self.files.get(module)
        if found is None:
            document = self.library.document(module)
            if isinstance(document, Document):
                self._documents[module] = document
                found = self.files[module] = FileModel(document)
                self._memory.invalidate([("is_loaded", module)])
            else:
                self._memory.ask("is_loaded", module)
        return found

    def answered(self, names: Iterable[str]) -> None:
        """Something is known now of these names of other packages."""
        self._memory.invalidate([(question, path) for path in names for question in ("result_class", "ancestry")])

    def surroundings_changed(self, questions_changed: Iterable[str] = AROUND) -> None:
        """Files came or went, or others are tied to them now: ask the library again."""
        names = frozenset(questions_changed)
        self._memory.invalidate([key for key in self._memory.known() if key[0] in names])

    # --------------------------------------------------------------------------------------------------- roots
    def roots(self, module: str) -> tuple[str, ...]:
        """Everything that is judged on its own: the module's body, each class, each function and method."""
        return questions.all_roots(self.files[module])

    def roots_at(self, module: str, line: int) -> tuple[str, ...]:
        """The roots whose own text is on that line."""
        file, document = self.files[module], self._documents[module]
        place = _place_at(file, document, line)
        return () if place is None else questions.roots_in(file, place)

    def is_fresh(self, module: str, root: str) -> bool:
        return self._memory.is_fresh("judgement", module, root)

    def judgement(self, module: str, root: str) -> tuple[J, ...]:
        before = self.statements_walked
        answer: tuple[J, ...] = self._memory.ask("judgement", module, root)
        if self.statements_walked > before:
            # What is half typed can make a walk short: it counts as long for a while.
            self._costs[module, root] = max(self.statements_walked - before, self.cost(module, root) // 2)
        return answer

    def last_judgement(self, module: str, root: str) -> tuple[J, ...]:
        """What was said of a root last, fresh or not."""
        answer: tuple[J, ...] | None = self._memory.peek("judgement", module, root)
        return answer or ()

    def cost(self, module: str, root: str) -> int:
        """How many statements were walked to judge a root of late, helpers included; 0 if it never was."""
        return self._costs.get((module, root), 0)

    def model(self, module: str, root: str) -> SemanticModel:
        """The facts of one root."""
        found: SemanticModel = self._memory.ask("root", module, root)
        return found

    def line_of(self, module: str, place: str) -> int | None:
        """The first line of a unit; None if it is gone."""
        file = self.files.get(module)
        return None if file is None else file.starts.get(place)

    def text(self, module: str) -> str:
        """A file's text; "" if it is not known."""
        document = self._documents.get(module)
        return "" if document is None else document.text

    def line_text(self, module: str, number: int) -> str:
        """A line without its line break; "" where there is none."""
        document = self._documents.get(module)
        unit = None if document is None else document.unit_at(number)
        if document is None or unit is None:
            return ""
        lines = unit.text.split("\n")
        offset = number - document.starts[document.index_at(number)]
        return lines[offset] if 0 <= offset < len(lines) else ""

    @property
    def work(self) -> int:
        """Questions worked out so far."""
        return self._memory.computed

    # ------------------------------------------------------------------------------- what the evaluator asks
    def ask(self, *key: Any) -> Any:
        return self._memory.ask(*key)

    def lookup(self, module: str, name: str) -> tuple[Value | None, Heap]:
        """The value of a module's global, with the heap it needs; None if the module does not bind the name."""
        answer: tuple[Value | None, Heap] = self._memory.ask("global", module, name)
        return answer

    def mro(self, cls: ClassValue) -> tuple[tuple[ClassValue | External, ...], bool]:
        """The classes in lookup order, and whether one of them is not known."""
        answer: tuple[tuple[ClassValue | External, ...], bool] = self._memory.ask("mro", cls.module, cls.path)
        return answer

    def bases(self, path: str) -> tuple[str, ...]:
        """The ancestry of a class of an installed package, itself first; `()` if it is none that is known."""
        found = self.frameworks.bases(path)
        if found or path.partition(".")[0] in imports.PLAIN_ROOTS or "." not in path:
            return found
        answer: tuple[str, ...] = self._memory.ask("ancestry", path)
        return answer

    def ancestry(self, cls: ClassValue | External) -> tuple[tuple[str, ...], bool]:
        """Names of the class and all classes above it, and whether one of them is not known."""
        return classes.ancestry(self, cls)

    def parameter_owners(self, heap: Heap, refs: Iterable[Ref]) -> frozenset[Ref]:
        """What certainly owns a parameter in or below these modules."""
        return objects.parameter_owners(self, heap, refs)

    def is_empty_module(self, heap: Heap, ref: Ref) -> bool:
        """Is certainly no parameter registered in or below this module?"""
        return objects.is_empty(self, heap, ref)

    def has_method(self, cls: ClassValue | External, name: str) -> bool | Unknown:
        """Does the class, or one above it, define the method?"""
        mro, is_open = ((cls,), False) if isinstance(cls, External) else self.mro(cls)
        for c in mro:
            if isinstance(c, External) and self.frameworks.has_member(c.path, name):
                return True
            if isinstance(c, ClassValue) and self._memory.ask("node", c.module, c.path, name) is not None:
                return True
        return UNKNOWN if is_open else False

    def reads(self, cls: ClassValue, name: str) -> bool:
        """Does a method of the project's classes read this attribute of `self`?"""
        return members.reads(self, cls, name)

    def method(self, cls: ClassValue, name: str) -> tuple[tree.Function, Site] | Unknown | None:
        """The project's method of that name that objects of the class have, and where its name stands."""
        return results.definition(self, cls, name)

    def returned(self, cls: ClassValue, name: str) -> tuple[Value, Heap, Site] | Unknown | None:
        """What that method returns, for arguments that are not known."""
        return results.returned(self, cls, name)

    def logged_keys(self, cls: ClassValue) -> tuple[LoggedKey, ...] | Unknown:
        """Every metric that a LightningModule logs."""
        answer: tuple[LoggedKey, ...] | Unknown = self._memory.ask("logged_keys", cls.module, cls.path)
        return answer

    def is_quiet(self, cls: ClassValue) -> bool:
        """Does an object of the class certainly log nothing?"""
        return logged.is_quiet(self, cls)

    def package(self, cls: ClassValue) -> str:
        """The package of the Lightning class above it: lightning or pytorch_lightning, "" if that is not known."""
        return packages.package_of_class(self, cls)

    def written_at(self, site: Site) -> written.Written | None:
        """The literal, the display or the keyword argument whose name is the text of exactly this place."""
        return written.find(self._memory.ask("place", site.module, site.place) or (), site.span)

    def member(self, cls: ClassValue, name: str, *, after: ClassValue | bool = False) -> classes.Member | None:
        """A member of a class or of the project classes above it (`after`: above it only, or behind that one only)."""
        return classes.member(self, cls, name, after=after)

    def definition(self, function: FunctionValue) -> tree.Function | tree.Lambda | None:
        """The present definition of a function value."""
        if function.node is not None:
            return function.node
        answer: tree.Function | None = self._memory.ask("definition", function.module, function.place, function.name)
        return answer

    def is_worth_walking(self, function: FunctionValue, owner: ClassValue | None) -> bool:
        """May walking this function's body tell its caller anything? The methods of a module compute with it."""
        if owner is not None and classes.is_module_class(self, owner):
            return True
        answer: bool = self._memory.ask("worth", function.module, function.place, 3)
        return answer

    def _bind(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments: function(self, *arguments)

    def _work_out_judgement(self, module: str, root: str) -> tuple[J, ...]:
        return self._sift(self._judge(self._memory.ask("root", module, root)), self._said_at)

    def _said_at(self, site: Site) -> tuple[J, ...]:
        """What is said of the roots that a site lies in."""
        names: tuple[str, ...] = self._memory.ask("roots_in", site.module, site.place)
        return tuple(said for name in names for said in self.judgement(site.module, name))


def place_of(file: FileModel, line: int) -> str | None:
    """The unit on a line, by its place."""
    best: str | None = None
    for place, start in file.starts.items():
        if start <= line:
            best = place
        else:
            break
    return best


def _place_at(file: FileModel, document: Document, line: int) -> str | None:
    return place_of(file, line) if document.units else None
