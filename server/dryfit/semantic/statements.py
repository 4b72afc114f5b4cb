"""What statements do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dryfit.semantic import (
    assignments,
    configurations,
    containers,
    expected,
    expressions,
    flow,
    imports,
    loops,
    module_containers,
    narrowing,
    objects,
    optimizers,
    unused,
)
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.facts import Returned
from dryfit.semantic.heap import DictObject, Instance, ListObject
from dryfit.semantic.names import HARMLESS_DECORATORS
from dryfit.semantic.state import State, join_states
from dryfit.semantic.values import (
    NONE,
    UNKNOWN,
    BoundMethod,
    ClassValue,
    ConstantValue,
    External,
    FunctionValue,
    Method,
    ParameterValue,
    Ref,
    Value,
)
from dryfit.syntax import tree


def run(ev: Evaluator, statements: tuple[tree.Statement, ...]) -> None:
    """Walk a body until its end or until the point after it cannot be reached."""
    for statement in statements:
        if ev.state is None:
            return
        ev.tick()
        ev.version += 1
        _STATEMENTS[statement.__class__](ev, statement)


# ------------------------------------------------------------------------------------------------- assignments
def _expression(ev: Evaluator, node: tree.ExpressionStatement) -> None:
    ev.watch.dropped = node.value
    value = expressions.evaluate(ev, node.value)
    if isinstance(value, (Method, BoundMethod)) and isinstance(node.value, tree.Attribute) and not ev.silence:
        unused.not_called(ev, value, node.value)


def _assert(ev: Evaluator, node: tree.Assert) -> None:
    expressions.evaluate(ev, node.test)
    if ev.state is not None:
        narrowing.narrow(ev, node.test, holds=True)


def _assign(ev: Evaluator, node: tree.Assign) -> None:
    if node.value is None:
        return
    ev.watch.assigned = node
    value = expressions.evaluate(ev, node.value)
    for target in node.targets:
        if ev.state is not None:
            assignments.assign(ev, target, value, node.value)


def _augmented(ev: Evaluator, node: tree.AugmentedAssign) -> None:
    old = expressions.evaluate(ev, node.target)
    value = expressions.evaluate(ev, node.value)
    thing = ev.get(old)
    changed = old.receiver if isinstance(old, Method) else old
    if isinstance(changed, ParameterValue):
        ev.freeze(changed.of, UNKNOWN)  # updated by hand: whoever moves it, it moves
    if node.op == "+" and isinstance(old, Method) and old.name == "param_groups":
        optimizers.groups_changed(ev, node.span, old.receiver, "+=", value, ev.site(node.value.span), None)
    elif isinstance(thing, ListObject) and thing.kind == "list" and node.op == "+":
        containers.extend(ev, old, value, ev.site(node.value.span))
    elif isinstance(thing, Instance) and node.op == "+" and module_containers.is_container(thing):
        module_containers.extend(ev, old, thing, value)
    elif isinstance(thing, DictObject) and node.op == "|":
        containers.update(ev, old, value)
    else:
        flow.written(ev, old, value)
        assignments.assign(ev, node.target, expressions.binary(ev, node, node.op, old, value))


# -------------------------------------------------------------------------------------------------- branches
def _return(ev: Evaluator, node: tree.Return) -> None:
    value = NONE if node.value is None else expressions.evaluate(ev, node.value)
    if ev.state is None:
        return
    if len(ev.frames) == 1 and ev.frame.node is not None:
        operand = None if node.value is None else ev.operand(value, ev.site(node.value.span))
        ev.emit(Returned(ev.site(node.span), operand))
    ev.frame.exits.append((ev.now, value))
    ev.frame.left_early = True
    for recorder in ev.recorders:
        recorder.may_leave_early |= recorder.depth == len(ev.frames)
    ev.state = None


def _if(ev: Evaluator, node: tree.If) -> None:
    known = expressions.truth(ev, expressions.evaluate(ev, node.test))
    if ev.state is None:
        return
    if known is not None:
        ev.watch.decided.append(ev.frame.serial)
        run(ev, node.body if known else node.orelse)
        ev.watch.decided.pop()
        return
    before = ev.now.copy()
    ev.branches += 1
    excluded = [narrowing.excludes(ev, node.test, holds=holds) for holds in (True, False)]
    narrowing.narrow(ev, node.test, holds=True)
    ev.expecting += excluded[0]
    run(ev, node.body)
    ev.expecting += excluded[1] - excluded[0]
    after, ev.state = ev.state, before
    narrowing.narrow(ev, node.test, holds=False)
    run(ev, node.orelse)
    ev.expecting -= excluded[1]
    ev.branches -= 1
    ev.state = join_states(after, ev.state)


def _match(ev: Evaluator, node: tree.Match) -> None:
    expressions.evaluate(ev, node.subject)
    if ev.state is None:
        return
    before = ev.now
    out: State | None = before.copy()
    ev.branches += 1
    for case in node.cases:
        ev.state = before.copy()
        for name in case.names:
            assignments.bind(ev, name, UNKNOWN)
        if case.guard is not None:
            expressions.evaluate(ev, case.guard)
        run(ev, case.body)
        out = join_states(out, ev.state)
    ev.branches -= 1
    ev.state = out


def _try(ev: Evaluator, node: tree.Try) -> None:
    """A handler may start anywhere in the body: from the join of the states before and after it."""
    before = ev.now.copy()
    ev.expecting += expected.in_try(node)
    run(ev, node.body)
    ev.expecting -= expected.in_try(node)
    middle = join_states(before, ev.state.copy() if ev.state is not None else None)
    if ev.state is not None:
        run(ev, node.orelse)
    out = ev.state
    ev.branches += 1
    for handler in node.handlers:
        assert middle is not None
        ev.state = middle.copy()
        ev.barrier()
        if handler.name:
            assignments.bind(ev, handler.name, UNKNOWN)
        run(ev, handler.body)
        out = join_states(out, ev.state)
    ev.branches -= 1
    ev.state = out
    if node.final:
        if out is not None:
            run(ev, node.final)
        else:
            ev.state = middle
            ev.silence += 1
            run(ev, node.final)
            ev.silence -= 1
            ev.state = None


def _raise(ev: Evaluator, node: tree.Raise) -> None:
    if node.value is not None:
        expressions.evaluate(ev, node.value)
    ev.state = None


# -------------------------------------------------------------------------------------------------- contexts
def _with(ev: Evaluator, node: tree.With) -> None:
    opened, regained = 0, ev.watch.regained
    for context, target in node.items:
        value = expressions.evaluate(ev, context)
        if ev.state is None:
            break
        if isinstance(value, External):
            unused.not_entered(ev, value, context)
        if objects.switches_gradients_off(ev, value):
            opened += 1
            ev.no_grad += 1
        elif objects.may_switch_gradients_on(ev, value):
            ev.watch.regained = ev.no_grad
        if target is not None:
            known = ev.instance(value)
            assignments.assign(ev, target, value if known is not None and known.cls is not UNKNOWN else UNKNOWN)
    ev.expecting += expected.in_with(node)
    if ev.state is not None:
        run(ev, node.body)
    ev.expecting -= expected.in_with(node)
    ev.no_grad -= opened
    ev.watch.regained = regained


# ----------------------------------------------------------------------------------------------- definitions
def _function(ev: Evaluator, node: tree.Function) -> None:
    frame = ev.frame
    plain = all(_is_harmless(expressions.evaluate(ev, d)) for d in node.decorators)
    if ev.state is None:
        return
    if frame.node is None:
        value = FunctionValue(frame.module, frame.place, node.name)
    else:
        value = FunctionValue(frame.module, frame.place, node.name, frame.serial, node)
    assignments.bind(ev, node.name, value if plain else UNKNOWN)


def _is_harmless(value: Value) -> bool:
    return isinstance(value, External) and value.path in HARMLESS_DECORATORS


def _class(ev: Evaluator, node: tree.Class) -> None:
    """A class of a module's body; one made inside a function closes over it and is not followed."""
    frame = ev.frame
    is_plain = frame.node is None and ev.program.ask("is_plain_class", frame.module, node.name)
    assignments.bind(ev, node.name, ClassValue(frame.module, node.name) if is_plain else UNKNOWN)


def _import(ev: Evaluator, node: tree.Import) -> None:
    for alias in node.names:
        assignments.bind(ev, alias.bound, imports.imported_module(ev.program, ev.frame.module, alias))


def _import_from(ev: Evaluator, node: tree.ImportFrom) -> None:
    for alias in node.names:
        if alias.name != "*":  # names behind a star are looked up when they are met
            value, heap = imports.imported_name(ev.program, ev.frame.module, node, alias.name)
            ev.thaw(heap)
            assignments.bind(ev, alias.bound, value)


def _scope(ev: Evaluator, node: tree.ScopeStatement) -> None:
    ev.frame.global_names.update(node.names)
    if node.kind == "nonlocal":  # the write to the outer variable is dropped, so nothing may be known of it any more
        for variables in ev.now.environments:
            for name in node.names:
                if name in variables:
                    variables[name] = UNKNOWN


def _delete(ev: Evaluator, node: tree.Delete) -> None:
    for target in node.targets:
        if isinstance(target, tree.Name):
            ev.now.environments[ev.frame.index].pop(target.id, None)
        elif isinstance(target, tree.Subscript):
            base, index = expressions.evaluate(ev, target.value), expressions.evaluate(ev, target.index)
            thing = ev.get(base)
            if isinstance(thing, DictObject) and isinstance(index, ConstantValue):
                ev.put(base, thing.without(index))
            else:
                ev.escape(base)
        elif isinstance(target, tree.Attribute):
            base = expressions.evaluate(ev, target.value)
            if isinstance(base, Ref):
                configurations.delete_attribute(ev, base, target.name)
                ev.escape(base)


_STATEMENTS: dict[type, Callable[[Evaluator, Any], None]] = {
    tree.ExpressionStatement: _expression,
    tree.Assert: _assert,
    tree.Assign: _assign,
    tree.AugmentedAssign: _augmented,
    tree.Return: _return,
    tree.If: _if,
    tree.Match: _match,
    tree.Try: _try,
    tree.For: loops.walk_for,
    tree.While: loops.walk_while,
    tree.Jump: loops.walk_jump,
    tree.Raise: _raise,
    tree.With: _with,
    tree.Function: _function,
    tree.Class: _class,
    tree.Import: _import,
    tree.ImportFrom: _import_from,
    tree.ScopeStatement: _scope,
    tree.Delete: _delete,
}
