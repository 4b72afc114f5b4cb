"""What a method does and gives back, for an object of which no more than the class is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dryfit.semantic import classes, questions, roots, statements
from dryfit.semantic.evaluator import Evaluator, OutOfBudgetError
from dryfit.semantic.facts import Fact
from dryfit.semantic.heap import ANYTHING, Heap, Instance
from dryfit.semantic.state import State
from dryfit.semantic.values import NONE, UNKNOWN, ClassValue, FunctionValue, Ref, Site, Unknown, Value
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.program import Program

# What Lightning puts on modules, data modules and their like: objects of their own, through which `self` is not handed
# to anybody when one of their methods is called.
_GIVEN_BY_LIGHTNING = ("trainer", "logger", "loggers", "hparams", "hparams_initial", "device", "current_epoch")


@dataclass(frozen=True, slots=True)
class Walked:
    """A method walked with unknown arguments.

    `value` is what it returns, joined, with the `heap` that it needs; None if it certainly never returns.
    `is_whole`: the walk came to its end, and nobody who cannot be seen was given `self`.
    """

    facts: tuple[Fact, ...]
    value: Value | None
    heap: Heap
    is_whole: bool


def walked(program: Program[Any], module: str, path: str, name: str) -> Walked | None:
    """The method that an object of the class has under this name; None if it cannot be followed, or there is none."""
    found = program.member(ClassValue(module, path), name)
    if found is None or found.function is None or found.is_static or found.is_class_method:
        return None
    node = program.definition(found.function)
    if not isinstance(node, tree.Function):
        return None
    receiver = Ref((module, path, "self"))
    return _walk(program, found.function, node, found.owner, receiver, _constructed(program, module, path))


def _constructed(program: Program[Any], module: str, path: str) -> Heap:
    """`self` as it is when Lightning calls a hook."""
    cls = ClassValue(module, path)
    receiver = Ref((module, path, "self"))
    heap: Heap = {}
    attributes: dict[str, Value] = {}
    if classes.kind_of(program, cls) in ("lightning_module", "datamodule"):
        for name in _GIVEN_BY_LIGHTNING:
            if program.member(cls, name) is None:
                part = attributes[name] = receiver.part(f".{name}")
                heap[part] = ANYTHING
    is_open = program.mro(cls)[1]
    heap[receiver] = Instance(cls, attributes=attributes, is_open=is_open, lazy=cls, initialised=True)
    return heap


def _walk(
    program: Program[Any], function: FunctionValue, node: tree.Function, owner: ClassValue, receiver: Ref, heap: Heap
) -> Walked:
    ev = Evaluator(program, keep_facts=True)
    variables = roots.parameters(program, function, node, receiver, heap)
    ev.state = State([], dict(heap))
    label = (function.module, function.place)
    frame = ev.enter(function.module, function.place, label, variables, owner=owner, receiver=receiver, node=node)
    try:
        statements.run(ev, node.body)
    except OutOfBudgetError:
        return Walked(tuple(ev.facts), UNKNOWN, {}, False)
    falls_through = ev.state is not None
    state, value = ev.leave()
    if state is None:
        return Walked(tuple(ev.facts), None, {}, False)
    if frame.is_generator:
        value = UNKNOWN
    elif value is None and falls_through:
        value = NONE
    made = state.heap.get(receiver)
    is_whole = isinstance(made, Instance) and not made.escaped
    kept = {} if value is None else questions.reachable(value, state.heap)
    return Walked(tuple(ev.facts), value, kept, is_whole)


def definition(program: Program[Any], cls: ClassValue, name: str) -> tuple[tree.Function, Site] | Unknown | None:
    """The method that objects of a class have under this name, and where its name stands.

    None if the framework's own is in force; Unknown if a class that is not known may define it, or a decorator may
    change what it takes.
    """
    found = program.member(cls, name)
    mro, is_open = program.mro(cls)
    if found is None:
        return UNKNOWN if is_open else None
    if found.function is None or (is_open and found.owner != mro[0]):
        return UNKNOWN
    node = program.definition(found.function)
    if not isinstance(node, tree.Function):
        return UNKNOWN
    return node, Site(found.function.module, found.function.place, node.name_span)


def returned(program: Program[Any], cls: ClassValue, name: str) -> tuple[Value, Heap, Site] | Unknown | None:
    """What the method returns to whoever calls it, with its heap and the place of its name; None as above."""
    found = definition(program, cls, name)
    if found is None or found is UNKNOWN:
        return found
    answer: Walked | None = program.ask("walked", cls.module, cls.path, name)
    if answer is None or answer.value is None:
        return UNKNOWN
    return answer.value, answer.heap, found[1]
