"""Facts: what the evaluator found, in the field's words. A rule receives them and says what they mean.

Every fact has a `site`, the place it is reported at: the innermost place in the file being checked, when the thing
happens inside a helper of another file. Operands are values as they stood at that moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from dryfit.semantic.arguments import Arguments
from dryfit.semantic.lightning_facts import (
    ClassDefined,
    FrameworkImported,
    HookDefined,
    LoggedKey,
    OptimizersReturned,
    TrainerAttribute,
    TrainerBuilt,
    TrainerCall,
    loader_count,
    schedulers_in,
)
from dryfit.semantic.monitors import MetricsSeen, metrics_seen
from dryfit.semantic.operand import Operand
from dryfit.semantic.statement_facts import (
    CalledInForward,
    IteratorsAdded,
    LayersRepeated,
    ModuleReplaced,
    NotCalled,
    OwnAttributeRead,
    ResultDropped,
    TensorNotHeld,
)
from dryfit.semantic.training_facts import (
    EvaluatedInTraining,
    FrozenStillMoves,
    LoopEvent,
    SchedulerPace,
    StateReused,
    TrainedInEvaluation,
    TrainingLoop,
)
from dryfit.semantic.values import Site, Unknown


@dataclass(frozen=True, slots=True)
class FrameworkCall:
    """A call of a framework's function, class or method, by its canonical name.

    A method is named after the class that was made, not the one that defines it ("torch.optim.Adam.step");
    `receiver` is the object then. For subclasses written in the project the name is that of the nearest framework
    class above. `is_certain`, of methods: it happens whenever the root runs, however it goes. `package`, of Lightning's
    functions and classes: lightning or pytorch_lightning, "" if that is not known. `is_expected_to_fail`: the code
    around a call of a function or a class waits for an exception, and goes on after it.
    """

    site: Site
    name: str
    arguments: Arguments
    receiver: Operand | None
    result: Operand
    is_certain: bool = False
    package: str = ""
    is_expected_to_fail: bool = False


@dataclass(frozen=True, slots=True)
class OptimizerBuilt:
    """`torch.optim.X(params, ...)`; `parameters` is its first argument (None: certainly not given)."""

    site: Site
    class_name: str
    arguments: Arguments
    parameters: Operand | Unknown | None
    optimizer: Operand

    @property
    def is_of_torch(self) -> bool:
        """Its class is torch's own, not one that the project derives from it."""
        return self.optimizer.class_names[:1] == (self.class_name,)


@dataclass(frozen=True, slots=True)
class GroupAdded:
    """A parameter group added to an optimizer that exists: `add_param_group`, or `param_groups.append/extend/+=`.

    `method` is "add_param_group", "append", "extend", "insert" or "+=". `callee_tail` is the text behind the
    optimizer's expression (`.param_groups.append`), where there is such a text. `repeats`: the optimizer
    certainly holds the group's parameters already.
    """

    site: Site
    method: str
    optimizer: Operand
    group: Operand | Unknown | None
    callee_tail: Site | None
    repeats: bool


@dataclass(frozen=True, slots=True)
class SchedulerBuilt:
    """`torch.optim.lr_scheduler.X(optimizer, ...)`."""

    site: Site
    class_name: str
    arguments: Arguments
    optimizer: Operand | Unknown | None
    scheduler: Operand


@dataclass(frozen=True, slots=True)
class SchedulerCall:
    """A method called on a scheduler. `class_name`: the framework class that was made.

    `optimizer_has_stepped`: did the scheduler's optimizer take a step before, the first time this place is reached?
    `name_site`: the method's name alone. `inside_scheduler`: in a method of a scheduler written in the project.
    """

    site: Site
    name_site: Site
    class_name: str
    method: str
    arguments: Arguments
    scheduler: Operand
    optimizer_has_stepped: bool | Unknown
    inside_scheduler: bool


@dataclass(frozen=True, slots=True)
class GradientsCleared:
    """`zero_grad()` on an optimizer or a module."""

    site: Site
    receiver: Operand


@dataclass(frozen=True, slots=True)
class Backward:
    """`loss.backward()`, `self.manual_backward(loss)`, `torch.autograd.backward(loss)`.

    `reaches_no_optimizer`: the loss leads to nothing that any of the optimizers holds, and all of them are known.
    """

    site: Site
    loss: Operand
    reaches_no_optimizer: bool = False


@dataclass(frozen=True, slots=True)
class OptimizerStep:
    """`optimizer.step()`.

    `cleared`: where the gradients were cleared for certain after the last backward and before this step; None if they
    were not, or it cannot be told.
    """

    site: Site
    optimizer: Operand
    cleared: Site | None


@dataclass(frozen=True, slots=True)
class GradientsTaken:
    """`torch.autograd.grad(loss, params)` whose results reach no `.grad` before the step that wants them.

    Emitted only if nothing else could have filled the gradients (no backward, no unknown code in between).
    """

    site: Site
    optimizer: Operand
    step: Site


@dataclass(frozen=True, slots=True)
class LossCall:
    """A loss of torch: `nn.CrossEntropyLoss()(input, target)` or `F.cross_entropy(input, target)`.

    `name` is the functional or class name ("cross_entropy", "CrossEntropyLoss").
    """

    site: Site
    name: str
    input: Operand | Unknown | None
    target: Operand | Unknown | None


@dataclass(frozen=True, slots=True)
class LoaderBuilt:
    """`torch.utils.data.DataLoader(...)`. `samples`: how many it draws from in a pass, where that is certain."""

    site: Site
    arguments: Arguments
    loader: Operand
    samples: int | None = None


@dataclass(frozen=True, slots=True)
class AttributeSet:
    """`owner.name = value`, for an owner that is known: an object or a tensor.

    `base_initialised`: did the framework's constructor run for the owner? Attributes with a setter are not in here.
    `name_site`: the name alone, if it is written there (not in `setattr`).
    """

    site: Site
    owner: Operand
    name: str
    to: Operand
    base_initialised: bool | Unknown
    name_site: Site | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """A return of the function that is the root (not of an inlined one); `value` is None for a bare `return`."""

    site: Site
    value: Operand | None


@dataclass(frozen=True, slots=True)
class FunctionEnded:
    """The walk of the root's function is over; `falls_through`: its end can be reached without a return."""

    site: Site  # of its name
    name: str
    returns: tuple[Returned, ...]
    falls_through: bool
    is_abstract: bool


@dataclass(frozen=True, slots=True)
class NeverHeld:
    """Parameters that no optimizer holds although they are used and not frozen; claimed from complete knowledge only.

    `path` is the user's way to them (`critic_layer`, `self.critic`); `because`: the backward that reaches them, or the
    place where they are used behind layers that are held. `site`: the optimizer that would be expected to hold them.
    """

    site: Site
    path: str
    because: Site
    by: str  # "backward" or "forward"


@dataclass(frozen=True, slots=True)
class FrozenHeld:
    """A parameter that was switched off by hand (`.requires_grad = False`) and is in an optimizer all the same.

    `site`: where it was switched off; `optimizer`: where the optimizer was built.
    """

    site: Site
    path: str
    optimizer: Site


@dataclass(frozen=True, slots=True)
class PlainContainer:
    """Modules or parameters kept in a plain list, dict, tuple or set on a module, and nowhere registered.

    `what`: "modules" or "parameters". `value`: the container's site if it is a display in the assignment.
    """

    site: Site
    attribute: str
    container: str
    what: str
    value: Site | None


@dataclass(frozen=True, slots=True)
class BaseNotInitialised:
    """A module's constructor registers `attribute` before (or without) `super().__init__()`.

    `first_statement`: the constructor's first statement after the docstring. `called_later`: the base's constructor is
    called, but further down. `base_takes_arguments`: the constructor above has parameters without defaults.
    """

    site: Site
    attribute: str
    constructor: Site
    first_statement: Site
    called_later: bool
    base_takes_arguments: bool


Fact: TypeAlias = (
    FrameworkCall
    | OptimizerBuilt
    | GroupAdded
    | SchedulerBuilt
    | SchedulerCall
    | SchedulerPace
    | GradientsCleared
    | Backward
    | OptimizerStep
    | GradientsTaken
    | LossCall
    | TrainingLoop
    | TrainerBuilt
    | TrainerCall
    | TrainerAttribute
    | LoaderBuilt
    | AttributeSet
    | ClassDefined
    | FrameworkImported
    | HookDefined
    | Returned
    | FunctionEnded
    | OptimizersReturned
    | FrozenStillMoves
    | StateReused
    | EvaluatedInTraining
    | TrainedInEvaluation
    | NeverHeld
    | FrozenHeld
    | PlainContainer
    | BaseNotInitialised
    | CalledInForward
    | IteratorsAdded
    | LayersRepeated
    | ModuleReplaced
    | NotCalled
    | OwnAttributeRead
    | ResultDropped
    | TensorNotHeld
)

__all__ = [
    "AttributeSet",
    "Backward",
    "BaseNotInitialised",
    "CalledInForward",
    "ClassDefined",
    "EvaluatedInTraining",
    "Fact",
    "FrameworkCall",
    "FrameworkImported",
    "FrozenHeld",
    "FrozenStillMoves",
    "FunctionEnded",
    "GradientsCleared",
    "GradientsTaken",
    "GroupAdded",
    "HookDefined",
    "IteratorsAdded",
    "LayersRepeated",
    "LoaderBuilt",
    "LoggedKey",
    "LoopEvent",
    "LossCall",
    "MetricsSeen",
    "ModuleReplaced",
    "NeverHeld",
    "NotCalled",
    "OptimizerBuilt",
    "OptimizerStep",
    "OptimizersReturned",
    "OwnAttributeRead",
    "PlainContainer",
    "ResultDropped",
    "Returned",
    "SchedulerBuilt",
    "SchedulerCall",
    "SchedulerPace",
    "StateReused",
    "TensorNotHeld",
    "TrainedInEvaluation",
    "TrainerAttribute",
    "TrainerBuilt",
    "TrainerCall",
    "TrainingLoop",
    "loader_count",
    "metrics_seen",
    "schedulers_in",
]
