"""What statements do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dryfit.semantic import containers, events, expressions, objects
from dryfit.semantic.evaluator import Evaluator, Recorder
from dryfit.semantic.facts import Returned
from dryfit.semantic.heap import DictObject, Entry, Instance, ListObject
from dryfit.semantic.names import HARMLESS_DECORATORS
from dryfit.semantic.state import State, join_states
from dryfit.semantic.values import (
    NONE,
    UNKNOWN,
    ClassValue,
    ConstantValue,
    External,
    FunctionValue,
    Method,
    OneOf,
    ParameterValue,
    Ref,
    Site,
    TensorValue,
    Value,
    options,
)
from dryfit.syntax import tree

UNROLL = 4  # a known sequence of at most this many elements is walked element by element


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
    expressions.evaluate(ev, node.value)


def _assert(ev: Evaluator, node: tree.Assert) -> None:
    expressions.evaluate(ev, node.test)
    if ev.state is not None:
        narrow(ev, node.test, holds=True)


def _assign(ev: Evaluator, node: tree.Assign) -> None:
    if node.value is None:
        return
    value = expressions.evaluate(ev, node.value)
    for target in node.targets:
        if ev.state is not None:
            assign(ev, target, value, node.value)


def assign(ev: Evaluator, target: tree.Expression, value: Value, source: tree.Expression | None = None) -> None:
    """Bind a target to a value; `source` is the expression it came from."""
    if isinstance(target, tree.Name):
        bind(ev, target.id, value)
    elif isinstance(target, tree.Attribute):
        base = expressions.evaluate(ev, target.value)
        objects.set_attribute(ev, target, base, value, source)
    elif isinstance(target, tree.Sequence):
        _assign_sequence(ev, target, value)
    elif isinstance(target, tree.Subscript):
        _assign_item(ev, target, value, source)
    elif isinstance(target, tree.Starred):
        assign(ev, target.value, UNKNOWN)


def bind(ev: Evaluator, name: str, value: Value) -> None:
    """Give a variable of the innermost function a value; one declared global belongs to the module's body."""
    frame = ev.frame
    if isinstance(value, Ref) and len(ev.frames) == 1:
        ev.names.setdefault(value, name)
    if name in frame.global_names:
        root = ev.frames[0]
        if root.node is None and root.module == frame.module:
            ev.now.environments[0][name] = value
        return
    ev.now.environments[frame.index][name] = value


def _assign_sequence(ev: Evaluator, target: tree.Sequence, value: Value) -> None:
    items = containers.elements(ev, value)
    has_star = any(isinstance(item, tree.Starred) for item in target.items)
    if items is not None and not has_star and len(items) == len(target.items):
        for item, part in zip(target.items, items, strict=True):
            assign(ev, item, part)
        return
    part = containers.element_of(ev, value)
    if isinstance(value, TensorValue):
        part = TensorValue(value.sources, value.through)
    for item in target.items:
        assign(ev, item, UNKNOWN if isinstance(item, tree.Starred) else part)


def _assign_item(ev: Evaluator, target: tree.Subscript, value: Value, source: tree.Expression | None) -> None:
    base, index = expressions.evaluate(ev, target.value), expressions.evaluate(ev, target.index)
    thing = ev.get(base)
    if isinstance(thing, DictObject):
        if isinstance(index, ConstantValue):
            site = None if source is None else ev.site(source.span)
            ev.put(base, thing.with_entry(Entry(index, value, ev.site(target.index.span), site)))
        else:
            ev.put(base, DictObject(is_open=True))
    elif isinstance(thing, ListObject):
        if isinstance(index, ConstantValue) and isinstance(index.value, int) and 0 <= index.value < len(thing.items):
            i = index.value
            site = None if source is None else ev.site(source.span)
            ev.put(
                base,
                ListObject(
                    (*thing.items[:i], value, *thing.items[i + 1 :]),
                    (*thing.sites[:i], site, *thing.sites[i + 1 :]),
                    thing.rest,
                    thing.kind,
                ),
            )
        else:
            ev.put(base, ListObject(rest=UNKNOWN, kind=thing.kind))
    elif isinstance(thing, Instance) and objects.is_module(ev, base) and isinstance(index, ConstantValue):
        ev.put(base, objects.with_attribute(thing, str(index.value), value))
    else:
        ev.escape(value)


def _augmented(ev: Evaluator, node: tree.AugmentedAssign) -> None:
    old = expressions.evaluate(ev, node.target)
    value = expressions.evaluate(ev, node.value)
    thing = ev.get(old)
    changed = old.receiver if isinstance(old, Method) else old
    if isinstance(changed, ParameterValue):
        ev.freeze(changed.of, UNKNOWN)  # updated by hand: whoever moves it, it moves
    if node.op == "+" and isinstance(old, Method) and old.name == "param_groups":
        events.groups_changed(ev, node.span, old.receiver, "+=", value, ev.site(node.value.span), None)
    elif isinstance(thing, ListObject) and thing.kind == "list" and node.op == "+":
        containers.extend(ev, old, value, ev.site(node.value.span))
    elif isinstance(thing, DictObject) and node.op == "|":
        containers.update(ev, old, value)
    else:
        assign(ev, node.target, expressions.binary(ev, node, node.op, old, value))


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
        return run(ev, node.body if known else node.orelse)
    before = ev.now.copy()
    ev.branches += 1
    narrow(ev, node.test, holds=True)
    run(ev, node.body)
    after, ev.state = ev.state, before
    narrow(ev, node.test, holds=False)
    run(ev, node.orelse)
    ev.branches -= 1
    ev.state = join_states(after, ev.state)


def narrow(ev: Evaluator, test: tree.Expression, *, holds: bool) -> None:
    """`x is None`, `isinstance`-free truth of `x`: decides between the alternatives of x."""
    if isinstance(test, tree.Unary) and test.op == "not":
        return narrow(ev, test.value, holds=not holds)
    if isinstance(test, tree.Call):
        return _narrow_by_class(ev, test, holds=holds)
    is_none: bool | None = None
    name: tree.Expression = test
    if isinstance(test, tree.Comparison) and test.ops in (("is",), ("is not",)):
        if isinstance(test.items[1], tree.Constant) and test.items[1].value is None:
            name, is_none = test.items[0], (test.ops == ("is",)) == holds
    elif holds:
        is_none = False
    if not isinstance(name, tree.Name) or is_none is None:
        return
    variables = ev.now.environments[ev.frame.index]
    value = variables.get(name.id)
    if isinstance(value, OneOf):
        kept = [v for v in options(value) if (v == NONE) == is_none]
        if kept:
            variables[name.id] = kept[0] if len(kept) == 1 else OneOf(frozenset(kept))


def _narrow_by_class(ev: Evaluator, test: tree.Call, *, holds: bool) -> None:
    """`isinstance(x, C)`: keep the alternatives of x that are, or are not, instances."""
    if not isinstance(test.func, tree.Name) or test.func.id != "isinstance" or len(test.arguments) != 2:
        return
    name = test.arguments[0].value
    variables = ev.now.environments[ev.frame.index]
    value = variables.get(name.id) if isinstance(name, tree.Name) else None
    if isinstance(name, tree.Name) and isinstance(value, OneOf):
        wanted = expressions.evaluate(ev, test.arguments[1].value)
        kept = [v for v in options(value) if objects.is_instance(ev, v, wanted) is not (not holds)]
        if kept:
            variables[name.id] = kept[0] if len(kept) == 1 else OneOf(frozenset(kept))


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
            bind(ev, name, UNKNOWN)
        if case.guard is not None:
            expressions.evaluate(ev, case.guard)
        run(ev, case.body)
        out = join_states(out, ev.state)
    ev.branches -= 1
    ev.state = out


def _try(ev: Evaluator, node: tree.Try) -> None:
    """A handler may start anywhere in the body: from the join of the states before and after it."""
    before = ev.now.copy()
    run(ev, node.body)
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
            bind(ev, handler.name, UNKNOWN)
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


# ----------------------------------------------------------------------------------------------------- loops
def _for(ev: Evaluator, node: tree.For) -> None:
    iterated = expressions.evaluate(ev, node.iter)
    if ev.state is None:
        return
    items = containers.elements(ev, iterated)
    element = containers.element_of(ev, iterated)
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
            assign(ev, node.target, item)
            run(ev, node.body)
        ev.frame.iterations.pop()
        if not ev.is_stopped:
            run(ev, node.orelse)
        return
    _loop(ev, node, lambda: assign(ev, node.target, containers.weakened(element)), node.orelse, is_endless=False)


def _while(ev: Evaluator, node: tree.While) -> None:
    value = expressions.evaluate(ev, node.test)
    if ev.state is None:
        return
    forever = isinstance(node.test, tree.Constant) and bool(node.test.value)
    if expressions.truth(ev, value) is False and isinstance(node.test, tree.Constant):
        return run(ev, node.orelse)
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
        run(ev, orelse)


def _one_pass(ev: Evaluator, node: tree.For | tree.While, enter: Callable[[], Any]) -> State | None:
    frame = ev.frame
    frame.loops.append([])
    enter()
    run(ev, node.body)
    out = ev.state
    if out is not None and ev.recorders and not ev.silence:
        ev.recorders[-1].repeats = True
    for left in frame.loops.pop():
        out = join_states(out, left)
    return out


def _jump(ev: Evaluator, node: tree.Jump) -> None:
    if ev.frame.loops:
        ev.frame.loops[-1].append(ev.now)
    if ev.recorders and not ev.silence:
        ev.recorders[-1].may_leave_early = True
        ev.recorders[-1].repeats |= node.kind == "continue"
    ev.state = None


def _leaves_early(body: tuple[tree.Statement, ...]) -> bool:
    """May a loop end before what it iterates is at its end?"""
    return any(
        isinstance(node, tree.Return | tree.Raise) or (isinstance(node, tree.Jump) and node.kind == "break")
        for statement in body
        for node in tree.walk(statement)
    )


def _jumps(body: tuple[tree.Statement, ...]) -> bool:
    return any(isinstance(node, tree.Jump) for statement in body for node in tree.walk(statement))


def _raise(ev: Evaluator, node: tree.Raise) -> None:
    if node.value is not None:
        expressions.evaluate(ev, node.value)
    ev.state = None


# -------------------------------------------------------------------------------------------------- contexts
def _with(ev: Evaluator, node: tree.With) -> None:
    opened = 0
    for context, target in node.items:
        value = expressions.evaluate(ev, context)
        if ev.state is None:
            break
        if objects.switches_gradients_off(ev, value):
            opened += 1
            ev.no_grad += 1
        if target is not None:
            known = ev.instance(value)
            assign(ev, target, value if known is not None and known.cls is not UNKNOWN else UNKNOWN)
    if ev.state is not None:
        run(ev, node.body)
    ev.no_grad -= opened


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
    bind(ev, node.name, value if plain else UNKNOWN)


def _is_harmless(value: Value) -> bool:
    return isinstance(value, External) and value.path in HARMLESS_DECORATORS


def _class(ev: Evaluator, node: tree.Class) -> None:
    """A class of a module's body; one made inside a function closes over it and is not followed."""
    frame = ev.frame
    is_plain = frame.node is None and ev.program.ask("is_plain_class", frame.module, node.name)
    bind(ev, node.name, ClassValue(frame.module, node.name) if is_plain else UNKNOWN)


def _import(ev: Evaluator, node: tree.Import) -> None:
    for alias in node.names:
        bind(ev, alias.bound, External(alias.name if alias.has_as else alias.name.split(".")[0]))


def _import_from(ev: Evaluator, node: tree.ImportFrom) -> None:
    for alias in node.names:
        if alias.name != "*":  # names behind a star are looked up when they are met
            bind(ev, alias.bound, objects.imported(ev.program, node, alias.name))


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
    tree.For: _for,
    tree.While: _while,
    tree.Jump: _jump,
    tree.Raise: _raise,
    tree.With: _with,
    tree.Function: _function,
    tree.Class: _class,
    tree.Import: _import,
    tree.ImportFrom: _import_from,
    tree.ScopeStatement: _scope,
    tree.Delete: _delete,
}
__all__ = ["Site", "assign", "bind", "narrow", "run"]
