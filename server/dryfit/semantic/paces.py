"""How often a scheduler is stepped, and in what its length is counted: in batches, or in epochs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dryfit.semantic.facts import SchedulerPace
from dryfit.semantic.names import dotted_name
from dryfit.semantic.values import BATCHES, PLAIN, UNKNOWN, ConstantValue, Ref, Value
from dryfit.semantic.watch import Length, Loop
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.calls import Passed
    from dryfit.semantic.evaluator import Evaluator

# Where schedulers of torch are told how many steps there will be.
_LENGTHS: dict[str, tuple[tuple[int, str], ...]] = {
    "CosineAnnealingLR": ((1, "T_max"),),
    "PolynomialLR": ((1, "total_iters"),),
    "LinearLR": ((3, "total_iters"),),
    "OneCycleLR": ((2, "total_steps"), (4, "steps_per_epoch")),
}


def built(ev: Evaluator, scheduler: Ref, path: str, passed: Passed) -> None:
    """Note what the length of a scheduler is, and how it is written."""
    for position, name in _LENGTHS.get(path.rpartition(".")[2], ()):
        value = passed.get(position, name)
        if value is not None:
            written = _argument(passed.node, position, name)
            counted = frozenset(_lengths_in(written)) if written is not None else frozenset()
            text = "" if written is None else dotted_name(written)
            site = passed.site_of(position, name)
            is_here = site is not None and site.module == ev.frames[0].module
            place = site if is_here and site is not None else ev.reported(passed.node.span)
            ev.watch.lengths[scheduler] = Length(name, value, text, counted, ev.frame.serial, place)


def _argument(node: tree.Call, position: int, name: str) -> tree.Expression | None:
    plain = [a for a in node.arguments if a.keyword is None and not a.stars]
    if position < len(plain):
        return plain[position].value
    return next((a.value for a in node.arguments if a.keyword == name), None)


def _lengths_in(node: tree.Expression) -> Iterator[str]:
    """`loader` of each `len(loader)` in a product or a sum."""
    for part in tree.walk(node):
        if isinstance(part, tree.Binary) and part.op not in "+*":
            return
    for part in tree.walk(node):
        if isinstance(part, tree.Call) and isinstance(part.func, tree.Name) and part.func.id == "len":
            if len(part.arguments) == 1:
                yield dotted_name(part.arguments[0].value)


def stepped(ev: Evaluator, scheduler: Ref, class_name: str, passed: Passed) -> None:
    """`scheduler.step()`, after its event was recorded."""
    length, loops = ev.watch.lengths.get(scheduler), ev.watch.loops
    if ev.silence or length is None or passed.values() or not loops or len(ev.recorders) != len(loops):
        return
    if not ev.recorders[-1].events or not ev.recorders[-1].events[-1].is_certain:
        return
    inner = loops[-1]
    site = ev.reported(passed.node.span)
    if inner.number in ev.watch.trained_loops:
        for depth, loop in enumerate(loops[:-1]):
            is_next = depth == len(loops) - 2
            if length.name != "steps_per_epoch" and _counts(loop, length, is_next):
                if scheduler not in ev.recorders[depth].made and inner.bound not in _NONE_OR_ONE:
                    ev.emit(SchedulerPace(length.site, class_name, length.name, length.text, "batch", site))
                    return
    elif any(around[-1:] == (inner.number,) and _is_of(ev, length, batch) for batch, around in ev.watch.nested.items()):
        if scheduler not in ev.recorders[-1].made:
            ev.emit(SchedulerPace(site, class_name, length.name, length.text, "epoch", length.site))


_NONE_OR_ONE = (ConstantValue(0, "int"), ConstantValue(1, "int"))


def _counts(loop: Loop, length: Length, is_next: bool) -> bool:
    """Does the loop make as many passes as the scheduler takes its steps to be? By its value, or as it is written."""
    bound = loop.bound
    if isinstance(bound, ConstantValue) and type(bound.value) is int:
        return is_next and bound == length.value and bound.value > 1
    if isinstance(bound, Ref) and bound == length.value:
        return True
    unknown = (UNKNOWN, PLAIN)
    is_same_text = bool(loop.bound_text) and loop.bound_text == length.text and loop.frame.serial == length.frame
    return is_same_text and bound in unknown and length.value in unknown


def _is_of(ev: Evaluator, length: Length, batch_loop: int) -> bool:
    """Is the length a number of batches of the loop that trains?"""
    value = length.value
    if value == BATCHES:
        return True
    if length.name == "steps_per_epoch" and isinstance(value, ConstantValue):
        return isinstance(value.value, int) and value.value > 1
    loop = ev.watch.trained_nodes.get(batch_loop)
    if loop is None or loop[1] != length.frame:
        return False
    parts = tree.walk(loop[0].iter) if isinstance(loop[0], tree.For) else ()
    drawn = {dotted_name(part) for part in parts if isinstance(part, (tree.Name, tree.Attribute))}
    return bool((length.counted - {""}) & drawn)


def bound_of(ev: Evaluator, node: tree.For | tree.While) -> tuple[Value | None, str]:
    """What bounds the number of passes of `for i in range(...)`, behind a progress bar as well, and its text."""
    call = node.iter if isinstance(node, tree.For) else None
    while isinstance(call, tree.Call) and not _is_range(call):
        call = call.arguments[0].value if call.arguments else None
    if not isinstance(call, tree.Call):
        return None, ""
    given = [a.value for a in call.arguments]
    last = given[0] if len(given) == 1 else given[1] if len(given) == 2 else None
    if (
        isinstance(last, tree.Binary)
        and last.op == "+"
        and len(given) == 2
        and _is_one(given[0])
        and _is_one(last.right)
    ):
        last = last.left  # range(1, n + 1)
    if last is None or any(isinstance(part, (tree.Call, tree.Walrus)) for part in tree.walk(last)):
        return None, ""
    from dryfit.semantic import expressions

    return expressions.evaluate(ev, last), dotted_name(last)


def _is_range(node: tree.Call) -> bool:
    return isinstance(node.func, tree.Name) and node.func.id in ("range", "trange")


def _is_one(node: tree.Expression) -> bool:
    return isinstance(node, tree.Constant) and node.value == 1
