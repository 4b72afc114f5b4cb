"""Methods of tensors, and what is computed from the parameters of a distribution."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dryfit.semantic import events, flow, modes, objects, unused, vocabulary
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.heap import Instance
from dryfit.semantic.history import ANYTHING, CLOSED
from dryfit.semantic.values import (
    LEAF_TAG,
    OF_LEAF,
    PLAIN,
    UNKNOWN,
    ConstantValue,
    TensorValue,
    TupleValue,
    Value,
    constant,
)

if TYPE_CHECKING:
    from dryfit.semantic.calls import Passed

DISTRIBUTED = "<parameters>"  # of a distribution: what it was made from
_SAME_LENGTH = frozenset("to float double half long cuda cpu clone contiguous pow exp type".split())


def method(ev: Evaluator, base: TensorValue, name: str, passed: Passed) -> Value:
    """A method of a tensor that was computed here."""
    if passed.node is ev.watch.dropped:
        unused.dropped(ev, base, name, passed)
    if name == "backward":
        return events.backward(ev, base, passed)
    if name in ("detach", "item"):
        ev.record(name, passed.node.span, base)
    if name in vocabulary.DETACHING:
        return _detached(ev, base, name, passed)
    if name in ("max", "min"):
        return extreme(ev, base, passed, 0)
    if name == "requires_grad_":
        is_leaf = base.history.reach != ANYTHING and base.tag != OF_LEAF and not passed.values()
        return replace(flow.made_leaf(ev, base), tag=LEAF_TAG if is_leaf else base.tag)
    if name == "retain_grad" and base.tag == OF_LEAF:  # optimizers accept it from here on
        flow.rewrite(ev, lambda tensor: replace(tensor, tag="") if tensor == base else tensor)
    if name.endswith("_") and not name.startswith("_"):
        flow.written(ev, base, TupleValue(tuple(passed.values())))
        flow.detached_in_place(ev, base)
    if name in vocabulary.TENSOR_OTHER:
        return UNKNOWN
    tag = name if name in ("softmax", "sigmoid", "log_softmax") else base.tag if name in vocabulary.KEEPS_TAG else ""
    alone = name in vocabulary.KEEPS_TAG or name in vocabulary.OF_ONE_TENSOR
    made = objects.combined(ev, [base] if alone else [base, *passed.values()], tag)
    dropped = base.history.dropped if name in ("mean", "sum") else None
    history = replace(made.history, dropped=dropped) if dropped is not None else made.history
    return replace(made, length=base.length if name in _SAME_LENGTH else None, history=history)


def extreme(ev: Evaluator, base: TensorValue, passed: Passed, position: int) -> Value:
    """`tensor.max()`, one tensor, or `tensor.max(dim)`: values and their places, which have no gradient."""
    dim = passed.get(position, "dim")
    if dim is None and len(passed.values()) == position:
        return objects.combined(ev, [base])
    if isinstance(dim, ConstantValue) and type(dim.value) is int:
        places = TensorValue(through=base.through, history=flow.cut(ev, base, passed.node.span, "argmax"))
        return TupleValue((objects.combined(ev, [base]), places))
    return UNKNOWN


def _detached(ev: Evaluator, base: TensorValue, name: str, passed: Passed) -> Value:
    """What a tensor gives that sends no gradient back: another tensor, a number, a size."""
    if name == "eq":
        modes.measured(ev, [base])
    if name == "detach_":
        flow.detached_in_place(ev, base)
    if name in ("tolist", "size", "dim", "numel"):
        position = passed.get(0, "dim")
        length = base.length if name == "size" and position == ConstantValue(0, "int") else None
        return PLAIN if length is None else constant(length)
    history = flow.cut(ev, base, passed.node.span, name)
    return TensorValue(through=base.through, tag="number" if name == "item" else "", history=history)


def of_distribution(ev: Evaluator, thing: Instance, name: str, passed: Passed) -> Value | None:
    """What `torch.distributions` compute from their parameters; a plain sample has no gradient."""
    if name in ("log_prob", "entropy", "rsample", "cdf"):
        return objects.combined(ev, [thing.attributes[DISTRIBUTED], *passed.values()])
    return TensorValue(history=CLOSED) if name in ("sample", "sample_n") else None
