"""What happens to gradients, optimizers and schedulers, and the facts about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dryfit.semantic import classes, flow, frozen_later, modes, objects, optimizers
from dryfit.semantic.evaluator import Evaluator, Recorder
from dryfit.semantic.facts import (
    Backward,
    BaseNotInitialised,
    GradientsCleared,
    LossCall,
    TrainingLoop,
)
from dryfit.semantic.heap import Heap, Instance, ListObject
from dryfit.semantic.history import ANYTHING
from dryfit.semantic.operand import Operand
from dryfit.semantic.state import Gradients, State
from dryfit.semantic.values import (
    NONE,
    UNKNOWN,
    ClassValue,
    ConstantValue,
    Ref,
    Site,
    TensorValue,
    Unknown,
    Value,
)
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.calls import Passed


# ------------------------------------------------------------------------------------------------- optimizers
# -------------------------------------------------------------------------------------------------- gradients
def cleared(ev: Evaluator, base: Ref, passed: Passed) -> None:
    """`zero_grad()` of an optimizer or module. Before any backward it is a harmless idiom."""
    site = ev.reported(passed.node.span)
    gradients = ev.now.gradients
    if gradients.filled:
        gradients.cleared[base] = site
    gradients.clear_sites[base] = site
    frozen_later.cleared(ev, base, passed)
    ev.record("zero_grad", passed.node.span, base)
    if not ev.silence:
        ev.emit(GradientsCleared(site, ev.operand(base, site)))


def backward(ev: Evaluator, loss: Value, passed: Passed) -> Value:
    """Gradients arrive: whatever was cleared before is filled again."""
    site = ev.reported(passed.node.span)
    if not ev.silence:
        ev.emit(Backward(site, ev.operand(loss, site), _reaches_no_optimizer(ev, loss)))
    if _frees_the_graph(passed):
        flow.spend(ev, loss, site)
    ev.watch.backwards += 1
    ev.watch.train_here()
    gradients = ev.now.gradients
    gradients.filled = True
    gradients.cleared.clear()
    gradients.taken = None
    ev.record("backward", passed.node.span, loss)
    return NONE


def _reaches_no_optimizer(ev: Evaluator, loss: Value) -> bool:
    """Does a backward certainly end before everything that an optimizer holds, although there are optimizers?"""
    from dryfit.semantic import coverage

    if flow.of(ev, loss).reach == ANYTHING:
        return False
    found = {
        ref: thing
        for ref, thing in ev.now.heap.items()
        if isinstance(thing, Instance) and objects.is_instance_of(ev.program, thing, classes.OPTIMIZER)
    }
    return bool(found) and coverage.are_all(ev.program, ev.frames[0].module, found)


def _frees_the_graph(passed: Passed) -> bool:
    """`backward()`, but for one that keeps the graph or goes through a part of it."""
    kept = [passed.keywords.get(name, NONE) for name in ("retain_graph", "create_graph", "inputs")]
    is_plain = len(passed.positional) <= 1 and not passed.open_positional and not passed.open_keywords
    return is_plain and all(value in (NONE, ConstantValue(False, "bool")) for value in kept)


def gradients_taken(ev: Evaluator, passed: Passed) -> Value:
    """`torch.autograd.grad(outputs, inputs)`: returns gradients, and puts none into `.grad`."""
    inputs = passed.get(1, "inputs")
    holds = optimizers.held_parameters(ev, inputs)
    optimizers.consume_groups(ev, inputs, passed.node.span)
    if holds.of and not holds.is_open:
        ev.now.gradients.taken = (ev.reported(passed.node.span), holds.of)
    ev.record("grad", passed.node.span, None)
    return ev.new(passed.node, "gradients", ListObject(rest=TensorValue(tag="gradient"), kind="tuple"))


def loss_called(ev: Evaluator, passed: Passed, name: str) -> Value:
    """A loss of torch."""
    if not ev.silence:
        arguments = passed.for_rules(ev)
        ev.emit(LossCall(arguments.site, name, arguments.get(0, "input"), arguments.get(1, "target")))
    modes.measured(ev, passed.values())
    return objects.combined(ev, passed.values(), "loss")


# ------------------------------------------------------------------------------------------------- schedulers
# ------------------------------------------------------------------------------------------------------ loops
def loop_ended(
    ev: Evaluator, node: tree.For | tree.While, recorder: Recorder, entering: Gradients, after: State | None
) -> None:
    """The fact about a loop that trains, if it is the innermost one that steps or runs backward."""
    own = [recorder.events[i] for i in recorder.own]
    if not recorder.repeats or not any(event.kind in ("step", "backward") for event in own):
        return
    step = next((e for e in own if e.kind == "step" and e.is_certain), None)
    certain_backward = any(e.kind == "backward" and e.is_certain for e in own)
    head = node.iter if isinstance(node, tree.For) else node.test
    site = ev.reported(node.span.to(head.span))
    heap = after.heap if after is not None else ev.now.heap if ev.state is not None else {}
    clears = _clears(recorder, step.subject if step else None, heap)
    before: Site | None = None
    if step is not None and step.subject is not None and isinstance(step.subject.value, Ref):
        before = entering.clear_sites.get(step.subject.value)
    ev.emit(TrainingLoop(site, tuple(recorder.events), clears, step, step is not None and certain_backward, before))


def _clears(recorder: Recorder, optimizer: Operand | None, heap: Heap) -> bool | Unknown:
    """Does the loop clear gradients? False only if everything in it is seen and nothing could."""
    kinds = {event.kind for event in recorder.events}
    if any(event.kind == "zero_grad" and event.is_certain and event.subject is not None for event in recorder.events):
        return True
    if "zero_grad" in kinds or "grad" in kinds or recorder.is_opaque or optimizer is None:
        return UNKNOWN
    thing = heap.get(optimizer.value) if isinstance(optimizer.value, Ref) else None
    if not isinstance(thing, Instance) or thing.escaped or thing.holds is None or thing.holds.is_open:
        return UNKNOWN
    if optimizer.value in recorder.made:
        return UNKNOWN  # a new one on each pass
    for module in thing.holds.of:
        made = heap.get(module)
        if module in recorder.made or not isinstance(made, Instance) or made.escaped or made.cls is UNKNOWN:
            return UNKNOWN
    return False


# ------------------------------------------------------------------------------------------------ constructors
def registered_early(ev: Evaluator, ref: Ref, thing: Instance, name: str, value: Ref, site: Site) -> None:
    """`self.layer = nn.Linear(...)` in a constructor that has not called the base's yet."""
    root = ev.frames[0]
    is_registered = objects.is_module(ev, value) or objects.is_instance_of(ev.program, ev.get(value), classes.PARAMETER)
    if ev.silence or not is_registered or len(ev.frames) != 1 or root.receiver != ref or thing.is_open:
        return
    node = root.node
    if (
        not isinstance(node, tree.Function)
        or node.name != "__init__"
        or any(isinstance(f, BaseNotInitialised) for f in ev.facts)
    ):
        return
    body = node.body
    if (
        body
        and isinstance(body[0], tree.ExpressionStatement)
        and isinstance(body[0].value, tree.Constant)
        and len(body) > 1
    ):
        body = body[1:]
    later = any(
        isinstance(n, tree.Attribute) and n.name == "__init__" for statement in body for n in tree.walk(statement)
    )
    first = ev.site(body[0].span)
    takes_arguments = root.owner is None or _constructor_takes_arguments(ev, root.owner)
    ev.emit(BaseNotInitialised(site, name, ev.site(node.name_span), first, later, takes_arguments))


def _constructor_takes_arguments(ev: Evaluator, owner: ClassValue) -> bool:
    """Does the constructor above this class have parameters without defaults?"""
    found = ev.program.member(owner, "__init__", after=True)
    if found is not None:
        node = ev.program.definition(found.function) if found.function is not None else None
        if node is None:
            return True
        return any(p.default is None and p.kind not in ("*", "**") for p in node.parameters[1:])
    signature = ev.program.frameworks.signature(classes.nearest_framework_class(ev.program, owner))
    return signature is None or bool(signature.required)
