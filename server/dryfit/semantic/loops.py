"""How loops are walked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dryfit.semantic import assignments, containers, events, expressions, statements
from dryfit.semantic.evaluator import Evaluator, Recorder
from dryfit.semantic.heap import GeneratorObject
from dryfit.semantic.state import State, join_states
from dryfit.syntax import tree

UNROLL = 4  # a known sequence of at most this many elements is walked element by element


def walk_for(ev: Evaluator, node: tree.For) -> None:
    iterated = expressions.evaluate(ev, node.iter)
    if ev.state is None:
        return
    items = containers.elements(ev, iterated)
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
    *,
    is_endless: bool,
) -> None:
    """A silent trial pass to learn what the body changes, then one pass that counts, from the joined state.

    Inside a trial pass inner loops run once, so the cost is linear in the depth of nesting.
    """
    before = ev.now
    trial = not ev.silence or not ev.frame.loops
    if trial:
        ev.state = before.copy()
        ev.silence += 1
        after = _one_pass(ev, node, enter)
        ev.silence -= 1
        ev.state = join_states(before.copy(), after)
    else:
        ev.state = before.copy()
    recorder = Recorder(ev.branches + 1, len(ev.frames))
    entering = ev.now.gradients.copy()
    if not ev.silence:
        ev.recorders.append(recorder)
    ev.branches += 1
    after = _one_pass(ev, node, enter)
    ev.branches -= 1
    if not ev.silence:
        ev.recorders.pop()
        events.loop_ended(ev, node, recorder, entering, after)
        if ev.recorders and recorder.is_opaque:
            ev.recorders[-1].is_opaque = True
    ev.state = after if is_endless else join_states(before, after)
    if ev.state is not None:
        statements.run(ev, orelse)


def _one_pass(ev: Evaluator, node: tree.For | tree.While, enter: Callable[[], Any]) -> State | None:
    frame = ev.frame
    frame.loops.append([])
    enter()
    statements.run(ev, node.body)
    out = ev.state
    if out is not None and ev.recorders and not ev.silence:
        ev.recorders[-1].repeats = True
    for left in frame.loops.pop():
        out = join_states(out, left)
    return out


def walk_jump(ev: Evaluator, node: tree.Jump) -> None:
    if ev.frame.loops:
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
