"""State dicts that are kept: they hold the network's own tensors, which every further step changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from dryfit.semantic import containers, objects
from dryfit.semantic.facts import StateReused
from dryfit.semantic.heap import DictObject, Instance
from dryfit.semantic.values import STATE_TAG, UNKNOWN, External, Ref, TensorValue, Value, constant, options

if TYPE_CHECKING:
    from dryfit.semantic.calls import Passed
    from dryfit.semantic.evaluator import Evaluator

_OF = "of"  # the argument of the dict that names its module
_LATE, _STALE = "<taken after a step>", "<a step was taken since>"
READING = frozenset("items keys values get __len__".split())


def taken(ev: Evaluator, base: Ref, passed: Passed) -> Ref:
    """`module.state_dict()`: an OrderedDict of the tensors themselves."""
    site = ev.reported(passed.node.span)
    has_stepped = any(objects.is_optimizer(ev, ref) for ref in ev.now.gradients.stepped)
    is_late = bool(ev.watch.loops) and has_stepped  # in the course of training: a snapshot
    late: dict[str, Value] = {_LATE: constant(True)} if is_late else {}
    made = Instance(External("collections.OrderedDict"), ((_OF, base),), late, True, made_at=site)
    ref = ev.new(passed.node, "state_dict", made)
    ev.watch.states.add(ref)
    return ref


def is_state(thing: object) -> bool:
    """Is it what `state_dict()` returned?"""
    return isinstance(thing, Instance) and bool(thing.arguments) and thing.arguments[0][0] == _OF


def method(ev: Evaluator, base: Ref, name: str, passed: Passed) -> Value:
    """A method of such a dict: a copy of it holds the same tensors."""
    if name == "copy":
        return base
    if name == "values":
        return containers.iterator(ev, passed.node, TensorValue(tag=STATE_TAG), "state_dict")
    if name not in READING:
        ev.escape(base)
        for value in passed.values():
            ev.escape(value)
    return UNKNOWN


def stepped(ev: Evaluator, optimizer: Instance) -> None:
    """An optimizer took a step: what is kept of the modules that it holds is not what it was."""
    if not ev.watch.states or optimizer.holds is None:
        return
    held = {r for ref in optimizer.holds.of for r in objects.submodules(ev.program, ev.now.heap, ref)}
    for ref in ev.watch.states:
        thing = ev.instance(ref)
        module = thing.arguments[0][1] if thing is not None and is_state(thing) else None
        if thing is not None and isinstance(module, Ref):
            if held & set(objects.submodules(ev.program, ev.now.heap, module)):
                ev.put(ref, replace(thing, attributes={**thing.attributes, _STALE: constant(True)}))


def used(ev: Evaluator, receiver: Value | None, value: Value | None, passed: Passed) -> None:
    """`receiver.load_state_dict(value)`, or `torch.save(value)` (no receiver)."""
    if ev.silence or value is None:
        return
    for option in _parts(ev, value) if receiver is None else options(value):
        thing = ev.instance(option)
        if thing is None or not is_state(thing) or thing.escaped or _STALE not in thing.attributes:
            continue
        is_own = receiver is not None and thing.arguments[0][1] == receiver
        # On one way it is fresh, on another it is not: what is left in the end was meant to be the one of that time.
        is_snapshot = thing.attributes.get(_LATE) == constant(True) and thing.attributes[_STALE] is UNKNOWN
        if thing.made_at is not None and (is_own or is_snapshot):
            ev.emit(StateReused(thing.made_at, ev.reported(passed.node.span), receiver is None))


def _parts(ev: Evaluator, value: Value) -> Iterator[Value]:
    """What is saved: the value, or what lies in the dict that it is."""
    for option in options(value):
        thing = ev.get(option)
        if isinstance(thing, DictObject):
            for entry in thing.entries:
                yield from options(entry.value)
        else:
            yield option
