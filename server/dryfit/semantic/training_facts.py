"""Facts about training over time: loops, modes, kept states, frozen weights, the pace of schedules."""

from __future__ import annotations

from dataclasses import dataclass

from dryfit.semantic.operand import Operand
from dryfit.semantic.values import Site, Unknown


@dataclass(frozen=True, slots=True)
class LoopEvent:
    """`kind`: zero_grad, forward, backward, step, scheduler_step, clip, unscale, detach, item, eval, train, grad."""

    kind: str
    site: Site
    subject: Operand | None
    is_certain: bool  # on every way through the loop's body


@dataclass(frozen=True, slots=True)
class TrainingLoop:
    """The innermost loop that takes optimizer steps or runs backward, with its events in order, helpers included.

    `clears_gradients`: False only if nothing in the loop can clear the gradients that its steps use.
    `steps_every_pass`: the step is on every way through the body (no accumulation).
    `clear_before`: a place before the loop that cleared.
    """

    site: Site
    events: tuple[LoopEvent, ...]
    clears_gradients: bool | Unknown
    step: LoopEvent | None
    steps_every_pass: bool
    clear_before: Site | None


@dataclass(frozen=True, slots=True)
class SchedulerPace:
    """A scheduler is counted in one thing and stepped with another.

    `pace`: "batch", if its length bounds the loop over the epochs and it is stepped in the loop over the batches; then
    `site` is that of the length and `other` that of the step. "epoch", if it is the other way round; then `site` is
    that of the step. `parameter`: what the length is called; `text`: what is written for it, if it is a name.
    """

    site: Site
    class_name: str
    parameter: str
    text: str
    pace: str
    other: Site


@dataclass(frozen=True, slots=True)
class FrozenStillMoves:
    """Parameters are frozen (`frozen`) after their optimizer has stepped, and its next steps (`step`) move them still.

    Their gradients are set to zero in between (`site`), not to None. `by`: what goes on without a gradient.
    """

    site: Site
    frozen: Site
    optimizer: str
    by: str
    step: Site


@dataclass(frozen=True, slots=True)
class StateReused:
    """A state dict that was kept (`site`) is loaded or saved after further steps, which it has gone along with."""

    site: Site
    used: Site
    is_saved: bool


@dataclass(frozen=True, slots=True)
class EvaluatedInTraining:
    """A module that an optimizer trains is evaluated in training mode, and `layer` in it minds.

    Evaluated: called where no gradients are recorded, and its output goes into a loss there. `name` as it is written.
    """

    site: Site
    name: str
    layer: str


@dataclass(frozen=True, slots=True)
class TrainedInEvaluation:
    """A loop puts a module into evaluation mode (`site`) and calls it to train it in the next pass (`called`)."""

    site: Site
    name: str
    layer: str
    called: Site
