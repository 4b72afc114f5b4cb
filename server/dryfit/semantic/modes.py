"""Training and evaluation mode: what is called in which, and whether it makes a difference.

Only layers that certainly behave differently count: dropout with a probability above zero, batch norm, the layers of
torch's transformers, and `F.dropout(..., training=self.training)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dryfit.semantic import flow, objects
from dryfit.semantic.facts import EvaluatedInTraining, LoopEvent, TrainedInEvaluation
from dryfit.semantic.heap import HeapObject, Instance
from dryfit.semantic.names import dotted_name
from dryfit.semantic.values import UNKNOWN, ClassValue, ConstantValue, Method, Ref, Site, TensorValue, Unknown, Value
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.calls import Passed
    from dryfit.semantic.evaluator import Evaluator, Recorder
    from dryfit.semantic.state import State

_DROPOUT = re.compile(r"torch\.nn\.(Feature)?(Alpha)?Dropout[123]?d?")
_DIFFERENT = re.compile(
    r"torch\.nn\.((Sync)?BatchNorm[123]?d?|TransformerEncoderLayer|TransformerDecoderLayer|TransformerEncoder"
    r"|TransformerDecoder|Transformer)"
)
_OWN_MODE = ("train", "eval", "__call__", "__getattr__")


@dataclass(frozen=True, slots=True)
class Called:
    """A module that was called from outside of any module. `layers`: those that mind the mode, by reference."""

    module: Ref
    name: str
    site: Site
    layers: tuple[Ref, ...]
    parts: frozenset[Ref]  # all that was called, for who asks which outputs are of this call
    loops: tuple[int, ...]
    has_gradients: bool
    is_training: bool | Unknown
    argument: tree.Expression | None


def set_mode(ev: Evaluator, base: Ref, training: bool | Unknown, site: Site | None) -> None:
    """`eval()`, `train(mode)`: of a module and all below it."""
    ev.load(base)
    for ref in objects.submodules(ev.program, ev.now.heap, base):
        thing = ev.instance(ref)
        if thing is not None:
            ev.put(ref, replace(thing, training=training, mode_at=site))
    if site is not None:
        ev.watch.backwards_at[site] = ev.watch.backwards


def unsettle(ev: Evaluator) -> None:
    """The mode of something unknown was set: it may be part of anything."""
    for ref, thing in list(ev.now.heap.items()):
        if (
            isinstance(thing, Instance)
            and thing.training is not UNKNOWN
            and objects.is_module_object(ev.program, thing)
        ):
            ev.put(ref, replace(thing, training=UNKNOWN, mode_at=None))


def functional_dropout(ev: Evaluator, name: str, passed: Passed) -> None:
    """`F.dropout(x, training=self.training)`: the module whose flag is asked minds the mode."""
    asked = passed.get(2, "training")
    if "dropout" in name and isinstance(asked, Method) and asked.name == "training":
        if isinstance(asked.receiver, Ref) and passed.get(1, "p") not in (ConstantValue(0.0, "float"), _ZERO):
            ev.watch.asking.append(asked.receiver)


_ZERO = ConstantValue(0, "int")


def called(ev: Evaluator, ref: Ref, passed: Passed, since: tuple[int, int]) -> None:
    """A module was called by code outside of modules. `since`: where in the walk's lists the call began."""
    if ev.silence:
        return
    parts = {ref, *[r for r, _, _ in ev.module_calls[since[0] :]]}
    inside = {r: t for part in parts for r, t in _below(ev, part).items()}
    layers = [r for r, thing in inside.items() if minds_mode(thing)] + ev.watch.asking[since[1] :]
    if not layers or not _is_plain(ev, inside):
        return
    is_training = _mode_of(ev, layers)
    function, first = passed.node.func, passed.node.arguments[0].value if passed.node.arguments else None
    site = ev.reported(passed.node.span)
    loops = tuple(loop.number for loop in ev.watch.loops)
    found = Called(
        ref,
        dotted_name(function),
        site,
        tuple(sorted(set(layers), key=str)),
        frozenset(inside) | parts,
        loops,
        not ev.no_grad,
        is_training,
        first,
    )
    ev.watch.called.append(found)


def _below(ev: Evaluator, ref: Ref) -> dict[Ref, Instance]:
    """A layer of torch with what it runs, a module of the project alone: what its `forward` calls is listed."""
    thing = ev.instance(ref)
    if thing is None or isinstance(thing.cls, ClassValue):
        return {} if thing is None else {ref: thing}
    return objects.submodules(ev.program, ev.now.heap, ref)


def minds_mode(thing: Instance) -> bool:
    """Does a layer of torch certainly compute something else in training mode?"""
    name, given = objects.class_name(thing), dict(thing.arguments)
    if _DROPOUT.fullmatch(name):
        p = given.get(0, given.get("p", ConstantValue(0.5, "float")))
        return isinstance(p, ConstantValue) and isinstance(p.value, (int, float)) and p.value > 0
    return _DIFFERENT.fullmatch(name) is not None and not given.keys() & {"dropout", "**", "track_running_stats"}


def _is_plain(ev: Evaluator, inside: dict[Ref, Instance]) -> bool:
    """Nobody else has held these modules, and none of the project's takes its mode in its own way."""
    for thing in inside.values():
        if thing.escaped:
            return False
        if isinstance(thing.cls, ClassValue) and any(ev.program.member(thing.cls, name) for name in _OWN_MODE):
            return False
    return True


def _mode_of(ev: Evaluator, layers: Iterable[Ref]) -> bool | Unknown:
    """The mode of all of these layers, if they share one that is certain."""
    modes = set()
    for ref in layers:
        thing = ev.instance(ref)
        is_known = thing is not None and (thing.mode_at is not None or ref.is_below(ev.frames[0].label))
        modes.add(thing.training if thing is not None and is_known else UNKNOWN)
    return modes.pop() if len(modes) == 1 else UNKNOWN


# -------------------------------------------------------------------------------------------------- evaluation
def measured(ev: Evaluator, values: Iterable[Value]) -> None:
    """The output of a network is compared with something while no gradients are recorded: an evaluation."""
    if ev.silence or not flow.is_off(ev):
        return
    through = frozenset(r for v in values if isinstance(v, TensorValue) for r in v.through)
    for call in [c for c in ev.watch.called if not c.has_gradients and c.parts & through]:
        ev.watch.called.remove(call)
        if call.is_training is True and _was_trained(ev, call) and not _is_part_of_training(ev, call):
            ev.emit(EvaluatedInTraining(call.site, call.name, _kind(ev.instance(call.layers[0]))))


def _kind(layer: HeapObject | None) -> str:
    """What a layer that minds the mode is called: `Dropout`, or `dropout` for the function."""
    return objects.class_name(layer).rpartition(".")[2] or "dropout"


def _was_trained(ev: Evaluator, call: Called) -> bool:
    """An optimizer that holds the module has stepped, and a backward ran since it was put into training mode."""
    layer = ev.instance(call.layers[0])
    began = ev.watch.backwards_at.get(layer.mode_at, -1) if layer is not None and layer.mode_at is not None else -1
    if ev.watch.backwards <= began:
        return False
    for ref, thing in ev.now.heap.items():
        if isinstance(thing, Instance) and thing.holds is not None and ref in ev.now.gradients.stepped:
            if any(call.parts & set(objects.submodules(ev.program, ev.now.heap, held)) for held in thing.holds.of):
                return True
    return False


def _is_part_of_training(ev: Evaluator, call: Called) -> bool:
    """It looks at the very batch that is trained with, or at the training data once more."""
    trained = ev.watch.trained_loops
    if not call.loops or call.loops[-1] not in trained:
        own = ev.watch.loops[-1] if ev.watch.loops and call.loops else None
        return own is not None and own.iterated is not None and own.iterated in trained.values()
    loop = next((loop for loop in ev.watch.loops if loop.number == call.loops[-1]), None)
    name = call.argument
    if loop is None or loop.frame is not ev.frame or not isinstance(name, tree.Name):
        return True
    return any(isinstance(n, tree.Name) and n.id == name.id for n in _bound_in(loop.node))


def _bound_in(node: tree.For | tree.While) -> Iterable[tree.Expression]:
    """What a loop binds: its own target, and those of the statements in it."""
    for part in tree.walk(node):
        if isinstance(part, tree.For):
            yield from (n for n in tree.walk(part.target) if isinstance(n, tree.Name))
        elif isinstance(part, tree.Assign):
            for target in part.targets:
                yield from (n for n in tree.walk(target) if isinstance(n, tree.Name))
        elif isinstance(part, tree.AugmentedAssign):
            yield part.target


# ---------------------------------------------------------------------------------------------------- training
def loop_ended(ev: Evaluator, recorder: Recorder, number: int, before: State, after: State | None) -> None:
    """Does a loop leave a module in evaluation mode and train it in its next pass?"""
    kinds = {event.kind for event in recorder.events}
    if after is None or not recorder.repeats or recorder.is_opaque or not {"step", "backward", "eval"} <= kinds:
        return
    if "train" in kinds:
        return
    for event in recorder.events:
        if event.kind == "eval" and event.subject is not None and isinstance(event.subject.value, Ref):
            found = _trained_before(ev, recorder, event, number, before, after)
            if found is not None:
                layer = after.heap.get(found.layers[0])
                ev.emit(TrainedInEvaluation(event.site, found.name, _kind(layer), found.site))
                return


def _trained_before(
    ev: Evaluator, recorder: Recorder, event: LoopEvent, number: int, before: State, after: State
) -> Called | None:
    """A call with gradients in this loop, of the module that the event puts into evaluation mode for the next pass."""
    module = event.subject.value if event.subject is not None else None
    below = objects.submodules(ev.program, after.heap, module) if isinstance(module, Ref) else {}
    order = recorder.events.index(event)
    forwards = {e.site for e in recorder.events[:order] if e.kind == "forward"}
    for call in ev.watch.called:
        if number not in call.loops or not call.has_gradients or call.site not in forwards or call.is_training is False:
            continue
        layers = [ref for ref in call.layers if ref in below]
        if layers and all(_is_left(before.heap.get(r), after.heap.get(r), r in recorder.made) for r in layers):
            return replace(call, layers=tuple(layers))
    return None


def _is_left(before: object, after: object, is_new: bool) -> bool:
    """A layer that was in training mode before the loop, and certainly is not when a pass is over."""
    if is_new or not isinstance(before, Instance) or not isinstance(after, Instance):
        return False
    return before.training is True and after.training is False and not after.escaped
