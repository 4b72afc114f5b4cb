"""What the callbacks and schedulers of a `fit` get to see of what its module logs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from dryfit.semantic.lightning_facts import LoggedKey, TrainerCall, loader_count
from dryfit.semantic.operand import Operand
from dryfit.semantic.values import UNKNOWN

# Words and endings that do not tell one metric from another.
_SAME = (
    (r"[/.\- ]", "_"),
    ("validation|valid", "val"),
    ("accuracy", "acc"),
    ("^(avg|mean|epoch)_", ""),
    ("_(epoch|step)$", ""),
)
_NEAR = 0.85


@dataclass(frozen=True, slots=True)
class MetricsSeen:
    """Every metric of a `fit`. `loaders`: its validation loaders, at least and (None: not known) at most."""

    logged: tuple[LoggedKey, ...]
    callbacks: tuple[Operand, ...]
    is_validated: bool
    loaders: tuple[int, int | None]

    def has(self, name: str) -> bool:
        """Can it be watched under this name?"""
        return any(re.fullmatch(pattern, name) for key in self._seen() for pattern in self._patterns(key))

    def logged_as(self, name: str) -> LoggedKey | None:
        """What is logged under a name, whether it can be watched or not."""
        return next((key for key in self.logged if name in key.names), None)

    def nearest(self, name: str) -> LoggedKey | None:
        """A metric that can be watched and whose name says the same in other words, or nearly in the same letters."""
        plain = {key.key: key for key in self._seen() if self.has(key.key)}
        same = [key for key in plain if _normal(key) == _normal(name)]
        return next((plain[key] for key in same or get_close_matches(name, plain, 1, _NEAR)), None)

    def _seen(self) -> Iterator[LoggedKey]:
        for key in self.logged:
            if key.is_watchable and (self.is_validated or "validation" not in key.hook):
                yield key

    def _patterns(self, key: LoggedKey) -> Iterator[str]:
        """The names under which callbacks see it."""
        least, most = self.loaders
        for name in key.names:
            if key.has_index is False or least < 2:
                yield re.escape(name)
            if key.has_index is not False and most != 1:
                yield re.escape(name) + r"/dataloader_idx_\d+"


def metrics_seen(fit: TrainerCall) -> MetricsSeen | None:
    """What is logged in a `fit`; None if anything that is not known could log, or the run is a trial."""
    module = fit.model if fit.method == "fit" and not fit.is_expected_to_fail else None
    callbacks = _callbacks(fit.trainer)
    logged = UNKNOWN if module is None or callbacks is None else module.logged_keys
    if callbacks is None or logged is UNKNOWN or not _is_full_run(fit.trainer):
        return None
    if any(_may_log(callback) for callback in callbacks):
        return None
    loaders = fit.loaders("val")
    count = loader_count(loaders) if isinstance(loaders, Operand) else (0, None)
    limit = fit.trainer.arguments.get("limit_val_batches")
    is_limited = limit is not None and limit.literal is not UNKNOWN and limit.literal == 0
    is_validated = loaders is not None and count[1] != 0 and not is_limited
    return MetricsSeen(logged, callbacks, is_validated, count)


def _is_full_run(trainer: Operand) -> bool:
    """Neither a trial that leaves the callbacks out, nor one without logging; and nobody could add a callback."""
    given = trainer.arguments
    quick = [given[name].literal for name in ("fast_dev_run", "barebones") if name in given]
    return all(literal in (False, None, UNKNOWN) for literal in quick) and not trainer.is_escaped


def _callbacks(trainer: Operand) -> tuple[Operand, ...] | None:
    """All that are given; None if that is not known."""
    given = trainer.arguments.get("callbacks")
    if given is None:
        return () if "**" not in trainer.arguments and trainer.class_names else None
    if given.is_none or given.kind == "instance":
        return () if given.is_none else (given,)
    return None if given.elements is UNKNOWN else given.elements


def _may_log(callback: Operand) -> bool:
    """Might it log a metric? Those of Lightning do not, but for the monitor of the learning rates."""
    name = callback.class_names[0] if callback.class_names else ""
    if name.startswith("lightning.pytorch.callbacks.") and callback.kind == "instance":
        return name.endswith(("LearningRateMonitor", "LambdaCallback"))
    return not callback.logs_nothing


def _normal(name: str) -> str:
    name = name.lower()
    for pattern, text in _SAME:
        name = re.sub(pattern, text, name)
    return name
