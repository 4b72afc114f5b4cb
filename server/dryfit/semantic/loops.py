"""How loops are walked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dryfit.semantic import assignments, containers, events, expressions, flow, lengths, modes, paces, statements
from dryfit.semantic.evaluator import Evaluator, Recorder
from dryfit.semantic.heap import GeneratorObject
from dryfit.semantic.state import State, join_states
from dryfit.semantic.values import Ref, Value
from dryfit.semantic.watch import Loop
from dryfit.syntax import tree

UNROLL = 4  # a known sequence of at most this many elements is walked element by element


def walk_for(ev: Evaluator, node: tree.For) -> None:
    iterated = expressions.evaluate(ev, node.iter)
    if ev.state is None:
        return
    items = containers.elements(ev, iterated)
    if items is None and getattr(ev.frame.node, "name", "") == "__init__":
        items = lengths.range_items(ev, iterated, UNROLL)  # it builds layers: nothing is trained here
    element = containers.element_of(ev, iterated)
    if isinstance(ev.get(iterated), GeneratorObject):
        if _leaves_early(node.body):
            containers.touch(ev, iterated)
        else:
            containers.consume(ev, iterated, node.iter.span)
    if items is not None and len(items) <= UNROLL and not _jumps(node.body):
        ev.frame.iterations.append(0)
        for i, item in enumerate(items):
            if ev.is_stopped:
                break
            ev.frame.iterations[-1] = i
            assignments.assign(ev, node.target, item)
            statements.run(ev, node.body)
        ev.frame.iterations.pop()
        if not ev.is_stopped:
            statements.run(ev, node.orelse)
        return
    _loop(
        ev,
        node,
        lambda: assignments.assign(ev, node.target, containers.weakened(element)),
        node.orelse,
        iterated,
        is_endless=False,
    )


def walk_while(ev: Evaluator, node: tree.While) -> None:
    value = expressions.evaluate(ev, node.test)
    if ev.state is None:
        return
    forever = isinstance(node.test, tree.Constant) and bool(node.test.value)
    if expressions.truth(ev, value) is False and isinstance(node.test, tree.Constant):
        return statements.run(ev, node.orelse)
    _loop(ev, node, lambda: expressions.evaluate(ev, node.test), node.orelse, is_endless=forever)


def _loop(
    ev: Evaluator,
    node: tree.For | tree.While,
    enter: Callable[[], Any],
    orelse: tuple[tree.Statement, ...],
    iterated: Value | None = None,
    *,
    is_endless: bool,
) -> None:
    """A silent trial pass to learn what the body changes, then one pass that counts, from the joined state.

    Inside a trial pass inner loops run once, so the cost is linear in the depth of nesting.
    """
    before = ev.now
    ev.watch.loops.append(_around(ev, node, iterated))
    trial = not ev.silence or not ev.frame.loops
    if trial:
        ev.state = before.copy()
        ev.silence += 1
        after, _ = _one_pass(ev, node, enter)
        ev.silence -= 1
        ev.state = join_states(before.copy(), after)
        flow.carry_over(ev, after, _names_bound(node))
    else:
        ev.state = before.copy()
    recorder = Recorder(ev.branches + 1, len(ev.frames))
    entering = ev.now.gradients.copy()
    if not ev.silence:
        ev.recorders.append(recorder)
    ev.branches += 1
    after, left = _one_pass(ev, node, enter)
    ev.branches -= 1
    if not ev.silence:
        ev.recorders.pop()
        events.loop_ended(ev, node, recorder, entering, after)
        modes.loop_ended(ev, recorder, id(node), before, after)
        if ev.recorders and recorder.is_opaque:
            ev.recorders[-1].is_opaque = True
    ev.watch.loops.pop()
    ev.state = left if is_endless else join_states(join_states(before, after), left)
    if ev.state is not None:
        statements.run(ev, orelse)


def _one_pass(
    ev: Evaluator, node: tree.For | tree.While, enter: Callable[[], Any]
) -> tuple[State | None, State | None]:
    """The state in which the next pass begins, and the one in which the loop is left by `break`."""
    frame = ev.frame
    ev.watch.passes += 1
    frame.loops.append([])
    enter()
    statements.run(ev, node.body)
    out, leaving = ev.state, None
    if out is not None and ev.recorders and not ev.silence:
        ev.recorders[-1].repeats = True
    for left in frame.loops.pop():
        if left.is_leaving:
            left.is_leaving = False
            leaving = join_states(leaving, left)
        else:
            out = join_states(out, left)
    return out, leaving


def _around(ev: Evaluator, node: tree.For | tree.While, iterated: Value | None) -> Loop:
    """What the body of a loop knows about it."""
    return Loop(id(node), node, ev.frame, iterated if isinstance(iterated, Ref) else None, *paces.bound_of(ev, node))


def _names_bound(node: tree.For | tree.While) -> frozenset[str]:
    """The variables that a loop binds anew on each pass."""
    target = node.target if isinstance(node, tree.For) else None
    return frozenset(n.id for n in tree.walk(target) if isinstance(n, tree.Name)) if target is not None else frozenset()


def walk_jump(ev: Evaluator, node: tree.Jump) -> None:
    if ev.frame.loops:
        ev.now.is_leaving = node.kind == "break"
        ev.frame.loops[-1].append(ev.now)
    if ev.recorders and not ev.silence:
        ev.recorders[-1].may_leave_early = True
        ev.recorders[-1].repeats |= node.kind == "continue"
    ev.state = None


def _leaves_early(body: tuple[tree.Statement, ...]) -> bool:
    """May a loop end before what it iterates is at its end?"""
    return any(
        isinstance(node, (tree.Return, tree.Raise)) or (isinstance(node, tree.Jump) and node.kind == "break")
        for statement in body
        for node in tree.walk(statement)
    )


def _jumps(body: tuple[tree.Statement, ...]) -> bool:
    return any(isinstance(node, tree.Jump) for statement in body for node in tree.walk(statement))
