"""Which parameters no optimizer holds, and which modules nothing registers: absences, from complete knowledge only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dryfit.semantic import classes, objects
from dryfit.semantic.evaluator import Evaluator, OutOfBudgetError
from dryfit.semantic.facts import AttributeSet, Backward, Fact, NeverHeld, OptimizerStep, PlainContainer
from dryfit.semantic.heap import DictObject, Heap, Instance, ListObject
from dryfit.semantic.operand import Operand
from dryfit.semantic.state import State
from dryfit.semantic.values import UNKNOWN, ClassValue, Ref, Site, TensorValue, TupleValue, Value, options
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.program import Program

# A class that defines one of these brings its own view of its parameters.
_OWN_VIEW = (
    "parameters named_parameters children named_children modules named_modules "
    "__setattr__ __getattr__ state_dict _apply to"
).split()


def facts(program: Program[Any], ev: Evaluator, module: str, receiver: Ref | None) -> Iterator[Fact]:
    """The absences that a finished walk proves."""
    if ev.state is None or not ev.frames:
        return
    if receiver is not None and ev.frames[0].node is not None and getattr(ev.frames[0].node, "name", "") == "__init__":
        yield from _plain_containers(program, ev, receiver)
    yield from _never_held(program, ev, module, receiver)


# -------------------------------------------------------------------------------------------------- optimizers
def _never_held(program: Program[Any], ev: Evaluator, module: str, receiver: Ref | None) -> Iterator[NeverHeld]:
    backwards = [fact for fact in ev.facts if isinstance(fact, Backward)]
    if receiver is not None and not backwards:
        return
    if receiver is not None:
        ev.load(receiver)
    heap = ev.now.heap
    optimizers = {
        ref: thing
        for ref, thing in heap.items()
        if isinstance(thing, Instance) and objects.is_instance_of(program, thing, classes.OPTIMIZER)
    }
    if not optimizers or not are_all(program, module, optimizers):
        return
    held: set[Ref] = set()
    for thing in optimizers.values():
        if thing.held is not None:
            held |= thing.held  # what was registered later is not in it
            continue
        for ref in thing.holds.of if thing.holds is not None else ():
            held |= {ref, *objects.submodules(program, heap, ref)}
    judge = _Judge(program, ev, heap, held, receiver)
    if any(isinstance(fact, OptimizerStep) for fact in ev.facts):
        for fact in backwards:
            yield from judge.behind_backward(fact, optimizers)
    if receiver is None:
        yield from judge.behind_held(optimizers)


def are_all(program: Program[Any], module: str, optimizers: dict[Ref, Instance]) -> bool:
    """Every optimizer that the file can build is here, and all that it holds is known."""
    for thing in optimizers.values():
        if thing.escaped or thing.is_open or thing.holds is None or thing.holds.is_open or not thing.holds.of:
            return False
    here = [thing for thing in optimizers.values() if thing.made_at is None or thing.made_at.inside is None]
    return int(program.ask("optimizer_calls", module)) <= len(here)


class _Judge:
    """Names each thing that is left out once."""

    def __init__(self, program: Program[Any], ev: Evaluator, heap: Heap, held: set[Ref], receiver: Ref | None) -> None:
        self.program, self.ev, self.heap, self.held, self.receiver = program, ev, heap, held, receiver
        self.said: set[Ref] = set()
        self.parents: dict[Ref, tuple[Ref, str]] = {}
        for ref, thing in heap.items():
            if isinstance(thing, Instance) and thing.cls is not UNKNOWN:
                for name, value in thing.attributes.items():
                    for option in options(value):
                        if isinstance(option, Ref) and option not in self.parents and option != ref:
                            self.parents[option] = (ref, name)

    def behind_backward(self, fact: Backward, optimizers: dict[Ref, Instance]) -> Iterator[NeverHeld]:
        """A backward certainly sends gradients to a module that nobody steps."""
        value = fact.loss.value
        if not isinstance(value, TensorValue):
            return
        trained = value.sources & self.held
        if trained and not any(objects.is_module_object(self.program, self.heap.get(r)) for r in trained):
            return  # single parameters are trained: a prompt, an image
        for ref in sorted(value.sources, key=str):
            # In front of something that is held it is what a head is trained on: left alone on purpose.
            if not self._stands_before_held(ref):
                top = self._topmost(ref)
                path = "" if top is None else self._path(top)
                if top is not None and path:
                    yield NeverHeld(self._expected(top, optimizers) or fact.site, path, fact.site, "backward")

    def _stands_before_held(self, ref: Ref) -> bool:
        """Was a module that is held called with what this one put out?"""
        return any(called in self.held and ref in behind for called, behind, _ in self.ev.module_calls)

    def behind_held(self, optimizers: dict[Ref, Instance]) -> Iterator[NeverHeld]:
        """A fresh layer works on what a held layer of the same module puts out, and nobody steps it."""
        for _, thing in sorted(optimizers.items(), key=lambda item: str(item[0])):
            if thing.holds is None or thing.made_at is None:
                continue
            for parent in sorted(self._partly_held(thing), key=str):
                for ref, behind, site in self._forward_calls(parent):
                    own = {r for h in thing.holds.of for r in (h, *objects.submodules(self.program, self.heap, h))}
                    if behind & own and ref in objects.submodules(self.program, self.heap, parent):
                        top = self._topmost(ref)
                        path = "" if top is None else self._path(top)
                        if path:
                            yield NeverHeld(thing.made_at, path, site, "forward")

    def _partly_held(self, optimizer: Instance) -> set[Ref]:
        """Modules of the project, made in this walk and seen by nobody else, of which this optimizer holds a part."""
        found: set[Ref] = set()
        for ref in optimizer.holds.of if optimizer.holds is not None else ():
            above = self.parents.get(ref)
            while above is not None:
                thing = self.heap.get(above[0])
                if isinstance(thing, Instance) and isinstance(thing.cls, ClassValue) and above[0] not in self.held:
                    if not thing.escaped and not thing.is_open and objects.is_module_object(self.program, thing):
                        found.add(above[0])
                above = self.parents.get(above[0])
        return found

    def _forward_calls(self, parent: Ref) -> list[tuple[Ref, frozenset[Ref], Site]]:
        """Which modules the parent's forward calls, and behind which others."""
        thing = self.heap[parent]
        assert isinstance(thing, Instance)
        assert isinstance(thing.cls, ClassValue)
        found = self.program.member(thing.cls, "forward")
        if found is None or found.function is None:
            return []
        node = self.program.definition(found.function)
        if not isinstance(node, tree.Function):
            return []
        from dryfit.semantic import statements

        ev = Evaluator(self.program, keep_facts=False)
        ev.state = State([], dict(self.heap))
        variables: dict[str, Value] = {p.name: TensorValue() for p in node.parameters if p.kind not in ("*", "**")}
        if node.parameters:
            variables[node.parameters[0].name] = parent
        ev.enter(
            found.function.module,
            found.function.place,
            (found.function.module, found.function.place),
            variables,
            owner=found.owner,
            receiver=parent,
            node=node,
        )
        try:
            statements.run(ev, node.body)
        except OutOfBudgetError:
            return []
        return ev.module_calls

    def _topmost(self, ref: Ref) -> Ref | None:
        """The largest module around `ref` of which nothing is held; None if `ref` is held, frozen or not certain."""
        if not self._is_left_out(ref):
            return None
        top = ref
        above = self.parents.get(ref)
        while above is not None and above[0] != self.receiver and self._is_left_out(above[0]):
            top = above[0]
            above = self.parents.get(top)
        if top in self.said:
            return None
        self.said.add(top)
        return top

    def _is_left_out(self, ref: Ref) -> bool:
        thing = self.heap.get(ref)
        if ref in self.held or not isinstance(thing, Instance) or thing.escaped or self._is_evaluating(ref):
            return False
        if objects.is_instance_of(self.program, thing, classes.PARAMETER):
            return thing.frozen is False and self.parents.get(ref, (ref, ""))[0] not in self.held
        inside = objects.submodules(self.program, self.heap, ref)
        if any(r in self.held for r in inside):
            return False
        return any(
            t.frozen is False and not t.escaped and objects.has_own_parameters(self.program, t) for t in inside.values()
        )

    def _is_evaluating(self, ref: Ref) -> bool:
        above: Ref | None = ref
        while above is not None:
            if above in self.ev.evaluating:
                return True
            found = self.parents.get(above)
            above = None if found is None or found[0] == above else found[0]
        return False

    def _expected(self, left_out: Ref, optimizers: dict[Ref, Instance]) -> Site | None:
        """Where it would be held: a second optimizer over what another one holds already, or the only one."""
        seen: set[frozenset[Ref]] = set()
        for _, thing in sorted(optimizers.items(), key=lambda item: str(item[0])):
            holds = thing.holds.of if thing.holds is not None else frozenset()
            if holds in seen or len(optimizers) == 1:
                return thing.made_at
            seen.add(holds)
        return None

    def _path(self, ref: Ref) -> str:
        """The user's way to a module: `network.critic_layer`, `self.critic`; "" if there is none in sight."""
        if ref == self.receiver:
            return "self"
        above = self.parents.get(ref)
        if above is not None and above[1].startswith("("):
            return ""
        head = "" if above is None else self._path(above[0])
        if above is not None and head:
            return f"{head}[{above[1]}]" if above[1].isdigit() else f"{head}.{above[1]}"
        return self.ev.names.get(ref, "")


# -------------------------------------------------------------------------------------------------- containers
def _plain_containers(program: Program[Any], ev: Evaluator, receiver: Ref) -> Iterator[PlainContainer]:
    thing = ev.instance(receiver)
    heap = ev.now.heap
    if thing is None or thing.is_open or thing.escaped or not objects.is_module_object(program, thing):
        return
    if isinstance(thing.cls, ClassValue) and any(program.member(thing.cls, name) for name in _OWN_VIEW):
        return
    registered: set[Value] = set()
    for owner in heap.values():
        if isinstance(owner, Instance):
            for value in owner.attributes.values():
                registered.update(options(value))
            if owner.holds is not None:
                registered.update(owner.holds.of)
    for fact in ev.facts:
        if not isinstance(fact, AttributeSet) or fact.owner.value != receiver or fact.name.startswith("_"):
            continue
        kept = thing.attributes.get(fact.name)
        found = _kept(program, heap, kept, registered) if kept is not None else None
        if found is not None:
            container, what = found
            display = fact.to.site if fact.to.site != fact.site and fact.to.value == kept else None
            yield PlainContainer(fact.site, fact.name, container, what, display)


def _kept(program: Program[Any], heap: Heap, value: Value, registered: set[Value]) -> tuple[str, str] | None:
    """(kind of container, "modules" or "parameters"), if it certainly holds nothing else, and none is registered."""
    thing = heap.get(value) if isinstance(value, Ref) else None
    items: tuple[Value, ...]
    if isinstance(value, TupleValue):
        kind, items = "tuple", value.items
    elif isinstance(thing, ListObject):
        kind, items = thing.kind, thing.items if thing.rest is None else (*thing.items, thing.rest)
    elif isinstance(thing, DictObject) and not thing.is_open:
        kind, items = "dict", tuple([entry.value for entry in thing.entries])
    else:
        return None
    alternatives = [option for item in items for option in options(item)]
    if not alternatives or any(a in registered for a in alternatives):
        return None
    modules = all(isinstance(a, Ref) and objects.is_module_object(program, heap.get(a)) for a in alternatives)
    if modules and any(all(_has_weights(program, heap, o) for o in options(item)) for item in items):
        return kind, "modules"
    if all(_is_parameter(program, heap, a) for a in alternatives):
        return kind, "parameters"
    return None


def _has_weights(program: Program[Any], heap: Heap, value: Value) -> bool:
    if not isinstance(value, Ref) or not objects.is_module_object(program, heap.get(value)):
        return False
    return any(
        t.frozen is False and objects.has_own_parameters(program, t)
        for t in objects.submodules(program, heap, value).values()
    )


def _is_parameter(program: Program[Any], heap: Heap, value: Value) -> bool:
    thing = heap.get(value) if isinstance(value, Ref) else None
    return (
        objects.is_instance_of(program, thing, classes.PARAMETER)
        and isinstance(thing, Instance)
        and thing.frozen is False
    )


__all__ = ["Operand", "facts"]
