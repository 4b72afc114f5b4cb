"""The evaluator: one root (a function, a method, a module's body) to facts.

A root is walked once, in order, with a State. Calls of project functions are inlined with their arguments, within
bounds; framework names are modelled; everything else is Unknown, and unknown code may do anything to what it is given
(`escape`). Facts are emitted on the way, never on trial passes through loops.

This file holds the machinery; `statements`, `expressions` and `calls` say what the parts of the language do with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from dryfit.semantic import flow
from dryfit.semantic.facts import Fact, LoopEvent
from dryfit.semantic.heap import DictObject, GeneratorObject, Heap, HeapObject, Instance, ListObject
from dryfit.semantic.operand import Operand
from dryfit.semantic.state import State, join_states
from dryfit.semantic.values import (
    NONE,
    UNKNOWN,
    BoundMethod,
    ClassValue,
    Method,
    OneOf,
    ParameterValue,
    Ref,
    Site,
    TensorValue,
    TupleValue,
    Value,
    join_optional,
)
from dryfit.semantic.watch import Watch
from dryfit.syntax import tree
from dryfit.text.span import Span

if TYPE_CHECKING:
    from dryfit.semantic.program import Program

MAX_DEPTH = 5  # inlined calls inside one another
MAX_STEPS = 6_000  # statements and expressions of one root, inlined ones included
MAX_ESCAPE_DEPTH = 5
MAX_HEAP = 4_000


class OutOfBudgetError(Exception):
    """The root is too large to be walked whole."""


@dataclass(slots=True, eq=False)
class Frame:
    """An active function. `label` names what it allocates; `outer` is the frame it was defined in, by
    its serial, which no other frame of any walk has unless it is the same activation."""

    module: str
    place: str
    label: tuple[str, ...]
    index: int
    serial: str
    owner: ClassValue | None = None
    receiver: Value | None = None
    node: tree.Function | tree.Lambda | None = None
    outer: str | None = None
    call: Site | None = None
    exits: list[tuple[State, Value]] = field(default_factory=list)
    loops: list[list[State]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    labels: dict[int, str] = field(default_factory=dict)
    iterations: list[int] = field(default_factory=list)  # of the loops that are walked element by element
    global_names: set[str] = field(default_factory=set)
    is_generator: bool = False
    left_early: bool = False  # some way through it has returned
    is_class_body: bool = False  # functions made in it do not close over it


@dataclass(slots=True)
class Recorder:
    """The events of one loop, in the pass that counts."""

    branches: int
    depth: int  # active frames where the loop stands
    events: list[LoopEvent] = field(default_factory=list)
    own: list[int] = field(default_factory=list)  # indices of events that no inner loop has
    made: set[Ref] = field(default_factory=set)  # objects that the loop's own body makes
    may_leave_early: bool = False
    repeats: bool = False  # some way through the body leads to another pass
    is_opaque: bool = False  # code ran that cannot be seen and may have cleared gradients


class Evaluator:
    """Walks one root. `facts` are kept in the order in which they happened, unless `is_silent`."""

    def __init__(self, program: Program[Any], *, keep_facts: bool) -> None:
        self.program = program
        self.facts: list[Fact] = []
        self.silence = 0 if keep_facts else 1
        self.frames: list[Frame] = []
        self.frame: Frame  # the innermost one
        self.recorders: list[Recorder] = []
        self.steps = 0
        self.no_grad = 0
        self.expecting = 0  # statements around this point that wait for an exception
        self.branches = 0
        self.entered = 0
        self.version = 0  # of the heap
        self.snapshot: Heap = {}
        self.snapshot_version = -1
        self.state: State | None = None
        self.first_seen: dict[tuple[tuple[str, ...], Span], Any] = {}
        self.module_calls: list[tuple[Ref, frozenset[Ref], Site]] = []  # who was called behind whom, and where
        self.evaluating: set[Ref] = set()  # modules that were put into evaluation mode last
        self.names: dict[Ref, str] = {}  # the first variable that an object was bound to
        self.watch = Watch()
        self.class_writes: set[tuple[Any, str]] = set()  # attributes of classes that were set in this walk

    # --------------------------------------------------------------------------------------------------- frames
    @property
    def now(self) -> State:
        """The state at this point; only asked where the point can be reached."""
        assert self.state is not None
        return self.state

    @property
    def is_repeated(self) -> bool:
        """This point lies in a loop that is walked once for all of its passes, in this function or a caller."""
        return any(frame.loops for frame in self.frames)

    @property
    def is_stopped(self) -> bool:
        """This point of the program cannot be reached."""
        return self.state is None

    def enter(
        self,
        module: str,
        place: str,
        label: tuple[str, ...],
        variables: dict[str, Value],
        *,
        owner: ClassValue | None = None,
        receiver: Value | None = None,
        node: tree.Function | tree.Lambda | None = None,
        outer: str | None = None,
        call: Site | None = None,
    ) -> Frame:
        self.entered += 1
        serial = f"{'/'.join(self.frames[0].label if self.frames else label)}:{self.entered}"
        environments = self.now.environments
        environments.append(variables)
        frame = Frame(module, place, label, len(environments) - 1, serial, owner, receiver, node, outer, call)
        self.frames.append(frame)
        self.frame = frame
        return frame

    def leave(self) -> tuple[State | None, Value | None]:
        """The joined state and value of all ways out of the innermost frame; the value is None if none returns."""
        frame = self.frames.pop()
        if self.frames:
            self.frame = self.frames[-1]
        state, result = self.state, None
        falls_through = state is not None
        for left, value in frame.exits:
            state = join_states(state, left)
            result = join_optional(result, value)
        if falls_through and result is not None:
            result = join_optional(result, NONE)
        self.state = state
        return state, result

    def tick(self) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS or (self.state is not None and len(self.state.heap) > MAX_HEAP):
            raise OutOfBudgetError
        self.program.statements_walked += 1
        self.program.breathe()

    # ---------------------------------------------------------------------------------------------------- facts
    def site(self, span: Span) -> Site:
        frame = self.frame
        return Site(frame.module, frame.place, span)

    def reported(self, span: Span) -> Site:
        """Where to report what happens at `span`: the innermost place in the file that is being checked."""
        root = self.frames[0].module
        if self.frame.module == root:
            return self.site(span)
        for frame, caller in zip(reversed(self.frames), reversed(self.frames[:-1]), strict=False):
            if caller.module == root and frame.call is not None:
                return frame.call._replace(inside=self.site(span))
        return self.site(span)

    def emit(self, fact: Fact) -> None:
        if not self.silence:
            self.facts.append(fact)

    def operand(self, value: Value, site: Site | None = None, span: Span | None = None) -> Operand:
        """A value as a rule sees it; the heap is copied only when facts are kept."""
        return Operand(value, site or self.site(span or Span(0, 0, 0, 0)), self._snapshot(), self.program)

    def _snapshot(self) -> Heap:
        """The heap as it stands; facts of one moment share it."""
        if self.silence:
            return {}
        if self.snapshot_version != self.version:
            self.snapshot, self.snapshot_version = dict(self.now.heap), self.version
        return self.snapshot

    def record(self, kind: str, span: Span, subject: Value | None) -> None:
        """Note an event in every loop that is being counted."""
        if self.silence or not self.recorders:
            return
        site = self.reported(span)
        operand = None if subject is None else self.operand(subject, site)
        for i, recorder in enumerate(self.recorders):
            certain = self.branches == recorder.branches and not recorder.may_leave_early
            certain = certain and not any(frame.left_early for frame in self.frames[recorder.depth :])
            if i == len(self.recorders) - 1:
                recorder.own.append(len(recorder.events))
            recorder.events.append(LoopEvent(kind, site, operand, certain))

    # ----------------------------------------------------------------------------------------------------- heap
    def label(self, node: object, hint: str) -> tuple[str, ...]:
        """A stable name for what this node makes: the hint and its occurrence in this frame."""
        frame = self.frame
        name = frame.labels.get(id(node))
        if name is None:
            count = frame.counts[hint] = frame.counts.get(hint, 0) + 1
            name = frame.labels[id(node)] = f"{hint}#{count}"
        if frame.iterations:
            name += "@" + ",".join(map(str, frame.iterations))
        return (*frame.label, name)

    def new(self, node: object, hint: str, thing: HeapObject) -> Ref:
        ref = Ref(self.label(node, hint))
        self.put(ref, thing)
        for recorder in self.recorders:
            recorder.made.add(ref)
        return ref

    def get(self, value: Value | None) -> HeapObject | None:
        """The heap object a value refers to."""
        return self.state.heap.get(value) if isinstance(value, Ref) and self.state is not None else None

    def instance(self, value: Value | None) -> Instance | None:
        thing = self.get(value)
        return thing if isinstance(thing, Instance) else None

    def put(self, ref: Value, thing: HeapObject) -> None:
        assert isinstance(ref, Ref)
        self.now.heap[ref] = thing
        self.version += 1

    def thaw(self, heap: Heap) -> None:
        """Take over objects that another question has made, where this walk has not met them yet."""
        mine = self.now.heap
        self.version += 1
        for ref, thing in heap.items():
            mine.setdefault(ref, thing)

    # --------------------------------------------------------------------------------------------- unknown code
    def escape(self, value: Value | None, *, depth: int = 0, freezes: bool = True) -> None:
        """Code that cannot be seen holds this value: containers lose what is known of them, objects are marked.

        `freezes`: it may switch gradients off; framework functions do not.
        """
        if value is None or depth > MAX_ESCAPE_DEPTH:
            return
        if isinstance(value, Ref):
            self._escape_object(value, depth, freezes)
        elif isinstance(value, TupleValue):
            for item in value.items:
                self.escape(item, depth=depth + 1, freezes=freezes)
        elif isinstance(value, OneOf):
            for item in value.options:
                self.escape(item, depth=depth + 1, freezes=freezes)
        elif isinstance(value, ParameterValue):
            if freezes:
                self.freeze(value.of, UNKNOWN)
        elif isinstance(value, (BoundMethod, Method)):
            self.escape(value.receiver, depth=depth + 1, freezes=freezes)
        elif isinstance(value, TensorValue) and freezes and value.tag != "number":
            flow.unsettle(self, value)

    def _escape_object(self, ref: Ref, depth: int, freezes: bool) -> None:
        thing = self.now.heap.get(ref)
        inner: Iterable[Value] = ()
        if isinstance(thing, ListObject):
            if thing.rest is not UNKNOWN or thing.items:
                self.put(ref, ListObject(rest=UNKNOWN, kind=thing.kind))
                inner = (*thing.items, *([thing.rest] if thing.rest is not None else []))
        elif isinstance(thing, DictObject):
            if thing.entries or not thing.is_open:
                self.put(ref, DictObject(is_open=True))
                inner = [entry.value for entry in thing.entries]
        elif isinstance(thing, GeneratorObject):
            self.put(ref, replace(thing, used=UNKNOWN))
            inner = (thing.element,)
        elif isinstance(thing, Instance) and not thing.escaped:
            self.put(ref, replace(thing, escaped=True))
            inner = thing.attributes.values()
            if thing.holds is not None and ref in self.now.gradients.stepped:
                self.now.gradients.stepped[ref] = UNKNOWN
        for value in inner:
            self.escape(value, depth=depth + 1, freezes=freezes)

    def barrier(self) -> None:
        """Something that cannot be seen ran."""
        self.now.gradients.forget()

    def unknown_call(self, receiver: Value | None, values: Iterable[Value], *, is_project: bool = False) -> Value:
        """A call of code that cannot be seen. Project code may also reach the module's globals."""
        self.barrier()
        if is_project:
            for recorder in self.recorders:
                recorder.is_opaque = True
            stepped = self.now.gradients.stepped
            for ref, thing in self.now.heap.items():
                if isinstance(thing, Instance) and thing.holds is not None and stepped.get(ref) is not True:
                    stepped[ref] = UNKNOWN
        self.escape(receiver)
        for value in values:
            self.escape(value)
        return UNKNOWN

    # -------------------------------------------------------------------------------------------------- freezing
    def load(self, ref: Ref) -> None:
        """Fetch every attribute of a lazy object."""
        thing = self.instance(ref)
        if thing is not None and thing.lazy is not None:
            full, heap = self.program.ask("self", thing.lazy.module, thing.lazy.path)
            self.thaw(heap)
            made = heap[full]
            if isinstance(made, Instance):
                attributes = {**made.attributes, **thing.attributes}
                self.put(ref, replace(thing, attributes=attributes, lazy=None, is_open=thing.is_open or made.is_open))

    def freeze(
        self, modules: Iterable[Ref], off: Any, site: Site | None = None, seen: frozenset[Ref] = frozenset()
    ) -> None:
        """`requires_grad` of these modules' parameters is set: `off` is True, False or Unknown."""
        for ref in modules:
            if ref in seen:
                continue
            self.load(ref)
            thing = self.instance(ref)
            if thing is None:
                continue
            self.put(ref, replace(thing, frozen=off, frozen_at=site if off is True else None))
            self.freeze(
                [v for v in thing.attributes.values() if isinstance(v, Ref) and self.instance(v) is not None],
                off,
                None,
                seen | {ref},
            )
