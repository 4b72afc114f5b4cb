"""Numbers of batches: the length of a loader, what a Trainer says of its steps, and what is computed from them.

They tell a schedule that is counted in steps from one that is counted in epochs, whatever their size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dryfit.semantic import classes
from dryfit.semantic.objects import is_instance_of
from dryfit.semantic.values import BATCHES, PLAIN, ConstantValue, Method, Value

if TYPE_CHECKING:
    from dryfit.semantic.calls import Passed
    from dryfit.semantic.evaluator import Evaluator

_LOADER = "torch.utils.data.DataLoader"
_TRAINER = "lightning.pytorch.Trainer"
_OF_TRAINER = frozenset({"estimated_stepping_batches", "num_training_batches"})
_PER_STEP = "accumulate_grad_batches"  # a number of batches, divided by this, is one of steps
_KEEPING = frozenset({"int", "float", "round", "abs", "max"})


def is_loader(ev: Evaluator, value: Value) -> bool:
    """Is its length a number of batches?"""
    if isinstance(value, Method):  # `self.trainer.train_dataloader`
        return value.name == "train_dataloader" and is_trainer(ev, value.receiver)
    return is_instance_of(ev.program, ev.get(value), _LOADER)


def is_trainer(ev: Evaluator, value: Value) -> bool:
    """Certainly the Trainer: one that was made, or `self.trainer` of a LightningModule."""
    if isinstance(value, Method):
        return value.name == "trainer" and is_instance_of(ev.program, ev.get(value.receiver), classes.LIGHTNING_MODULE)
    return is_instance_of(ev.program, ev.get(value), _TRAINER)


def is_count(ev: Evaluator, base: Value, name: str) -> bool:
    """Is `base.name` a number of batches, or of steps?"""
    return name in _OF_TRAINER and is_trainer(ev, base)


def is_kept(name: str, passed: Passed) -> bool:
    """Does a builtin of this name make a number of batches of one?"""
    return name in _KEEPING and BATCHES in passed.positional


def is_computed(ev: Evaluator, op: str, a: Value, b: Value) -> bool:
    """Is `a op b` a number of batches, or a share of one? Batches divided by an unknown number could be epochs."""
    if op in "+*":
        return BATCHES in (a, b)
    if op == "-":
        return a == BATCHES != b
    is_known = isinstance(b, ConstantValue) or (
        isinstance(b, Method) and b.name == _PER_STEP and is_trainer(ev, b.receiver)
    )
    return op in ("/", "//") and a == BATCHES and is_known


def rounded(ev: Evaluator, passed: Passed) -> Value:
    """`math.ceil(batches)`."""
    return BATCHES if passed.positional == [BATCHES] else PLAIN
