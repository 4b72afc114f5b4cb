"""Facts about single statements and expressions that do not do what they seem to."""

from __future__ import annotations

from dataclasses import dataclass

from dryfit.semantic.arguments import Arguments
from dryfit.semantic.operand import Operand
from dryfit.semantic.values import Site


@dataclass(frozen=True, slots=True)
class NotCalled:
    """Something that is meant to be called stands alone: `optimizer.step` as a statement, `with torch.no_grad:`.

    `name`: that of the method, or the canonical name of the function. `receiver`: what the method would be called on.
    """

    site: Site
    name: str
    receiver: Operand | None


@dataclass(frozen=True, slots=True)
class ResultDropped:
    """A call whose result is thrown away: a tensor's method, or `torch.compile`.

    `subject` is what it is called on or given, `text` the name under which the program knows that.
    """

    site: Site
    name: str
    subject: Operand
    text: str


@dataclass(frozen=True, slots=True)
class ModuleReplaced:
    """`model = model.load_state_dict(...)`: the variable that held the module holds the method's result now.

    `target`: all that stands in front of the call.
    """

    site: Site
    target: Site
    name: str
    receiver: Operand


@dataclass(frozen=True, slots=True)
class IteratorsAdded:
    """`a + b`, where at least one of the two is an iterator and the other a sequence or an iterator."""

    site: Site
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class LayersRepeated:
    """`[nn.Linear(4, 4)] * n`: one module with parameters, several times in the list.

    `layers` stands at the list, `times` at the number; the list is written there.
    """

    site: Site
    layers: Operand
    times: Operand


@dataclass(frozen=True, slots=True)
class CalledInForward:
    """A class or function of `torch.nn` is called while a module's `forward` runs, and gradients are recorded.

    `self_name`: what the module is called there; "" in a helper. `is_certain`: it happens in each run of `forward`.
    `names_weights`: the function mentions the weights of a layer, which it can give by hand.
    """

    site: Site
    name: str
    arguments: Arguments
    module: Operand
    result: Operand
    self_name: str
    is_certain: bool
    names_weights: bool


@dataclass(frozen=True, slots=True)
class TensorNotHeld:
    """An optimizer (`site`) holds all parameters of a module and nothing else: not its tensor `name`, which is none.

    The tensor was made with `requires_grad=True`.
    """

    site: Site
    module: Operand
    name: str


@dataclass(frozen=True, slots=True)
class OwnAttributeRead:
    """An attribute that the program itself has set on an optimizer of torch is read."""

    site: Site
    owner: Operand
    name: str
