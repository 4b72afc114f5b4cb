"""A callback of Lightning is given a value, or values together, that its constructor refuses.

What it does:
Reports a `mode` that is neither `min` nor `max`, `ModelCheckpoint(save_top_k=3)` without a `monitor`, two of
`every_n_train_steps`, `every_n_epochs` and `train_time_interval` together, an integer as `swa_lrs`, a `swa_epoch_start`
out of its range, a `Timer` duration that is not written `DD:HH:MM:SS`, an interval that is neither `step` nor `epoch`,
an empty or negative schedule for `GradientAccumulationScheduler`.

Why it matters:
Raises `MisconfigurationException` when the callback is built (`TypeError` for an empty schedule, `ValueError` for a
duration before lightning 2.3): `mode="auto"`, which Keras takes, is among them.

Source:
The constructors in `lightning.pytorch.callbacks`, lightning 2.6.6; run on 1.9 to 2.6.
"""

import re
from collections.abc import Callable, Iterator

from dryfit.rulekit import (
    UNKNOWN,
    Arguments,
    Example,
    Finding,
    Operand,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    Unknown,
    facts,
)

CALLBACKS = "lightning.pytorch.callbacks."
DURATION = re.compile(r"\s*\d+:\d\d:\d\d:\d\d\s*")
EXCLUSIVE = ("every_n_train_steps", "every_n_epochs", "train_time_interval")
MISCONFIGURED = "raises MisconfigurationException when it is built"


def check(model: SemanticModel) -> Iterator[Finding]:
    for call in model.facts(facts.FrameworkCall):
        if call.receiver is not None or call.is_expected_to_fail or not call.name.startswith(CALLBACKS):
            continue
        name = call.name.rpartition(".")[2]
        signature = model.frameworks.signature(call.name)
        positions = () if signature is None else signature.positional
        for argument, is_refused, allowed in DOMAINS.get(name, ()):
            value = call.arguments.known(positions.index(argument) if argument in positions else None, argument)
            if value is not None and all(is_refused(option) for option in value.options):
                yield Finding(value.site, _said(name, argument, value), _note(model, name, value), allowed)
        if name == "ModelCheckpoint":
            yield from _together(call.arguments, positions)


def _said(name: str, argument: str, value: Operand) -> str:
    literal = value.options[0].literal
    shown = "" if literal is UNKNOWN else f" {literal!r}"
    return f"`{argument}`{shown} is refused by `{name}`"


def _note(model: SemanticModel, name: str, value: Operand) -> str:
    if name == "Timer" and isinstance(value.literal, str) and not model.frameworks.lightning_since("2.3"):
        return "raises ValueError before lightning 2.3 when it is built"
    if name == "GradientAccumulationScheduler" and value.entries == ():
        return "raises TypeError when it is built: an empty dict says nothing"
    return MISCONFIGURED


# ------------------------------------------------------------------------------------------------- what is refused
def _is_no_mode(value: Operand) -> bool:
    return value.literal is not UNKNOWN and value.literal not in ("min", "max")


def _is_no_interval(value: Operand) -> bool:
    return value.literal is not UNKNOWN and value.literal not in ("step", "epoch", None)


def _is_no_timer_interval(value: Operand) -> bool:
    return isinstance(value.literal, str) and value.literal.lower() not in ("step", "epoch")


def _is_no_duration(value: Operand) -> bool:
    return isinstance(value.literal, str) and DURATION.fullmatch(value.literal) is None


def _is_no_rate(value: Operand) -> bool:
    """Neither a positive float nor a list of them."""
    if value.kind == "list":
        return any(_is_no_rate(part) for part in value.known_elements)
    literal = value.literal
    return (type(literal) is int) or (isinstance(literal, float) and literal <= 0) or isinstance(literal, str)


def _is_no_start(value: Operand) -> bool:
    literal = value.literal
    return (isinstance(literal, int) and literal < 1) or (isinstance(literal, float) and not 0 <= literal <= 1)


def _is_no_schedule(value: Operand) -> bool:
    entries = value.entries
    if value.kind != "dict" or entries is UNKNOWN:
        return False
    return not entries or any(_is_below(key, 0) or _is_below(factor, 1) for key, factor in entries)


def _is_below(value: Operand, least: int) -> bool:
    literal = value.literal
    return isinstance(literal, (float, str)) or (isinstance(literal, int) and literal < least)


DOMAINS: dict[str, tuple[tuple[str, Callable[[Operand], bool], str], ...]] = {
    "EarlyStopping": (("mode", _is_no_mode, 'write "min" or "max"'),),
    "ModelCheckpoint": (
        ("mode", _is_no_mode, 'write "min" or "max"'),
        ("save_top_k", lambda value: isinstance(value.literal, int) and value.literal < -1, "write -1 to keep all"),
    ),
    "LearningRateMonitor": (("logging_interval", _is_no_interval, 'write "step" or "epoch"'),),
    "StochasticWeightAveraging": (
        ("swa_lrs", _is_no_rate, "write a positive float"),
        ("swa_epoch_start", _is_no_start, "write a positive integer, or a float from 0 to 1"),
    ),
    "Timer": (
        ("duration", _is_no_duration, "write it as `DD:HH:MM:SS`, or as a `timedelta`"),
        ("interval", _is_no_timer_interval, 'write "step" or "epoch"'),
    ),
    "GradientAccumulationScheduler": (("scheduling", _is_no_schedule, "map epochs from 0 on to factors from 1 on"),),
}


# ---------------------------------------------------------------------------------------------------- what excludes
def _together(arguments: Arguments, positions: tuple[str, ...]) -> Iterator[Finding]:
    """Arguments of a `ModelCheckpoint` that exclude each other, or of which one needs the other."""

    def given(name: str) -> Operand | Unknown | None:
        return arguments.get(positions.index(name) if name in positions else None, name)

    top, monitor = given("save_top_k"), given("monitor")
    if monitor is None or (isinstance(monitor, Operand) and monitor.is_none):
        if isinstance(top, Operand) and all(type(o.literal) is int and o.literal > 1 for o in top.options):
            yield Finding(
                top.site,
                f"`save_top_k={top.options[0].literal}` has no `monitor` to choose by",
                f"{MISCONFIGURED}: no quantity for top_k to track",
                "give it the metric as `monitor`",
            )
    set_ones = [(name, value) for name in EXCLUSIVE if isinstance(value := given(name), Operand) and _is_set(value)]
    if len(set_ones) > 1:
        yield Finding(
            set_ones[1][1].site,
            f"`{set_ones[0][0]}` and `{set_ones[1][0]}` exclude each other",
            f"{MISCONFIGURED}: they are mutually exclusive",
            "keep one, or build two checkpoints",
        )


def _is_set(value: Operand) -> bool:
    """A positive number, or an interval of time."""
    return all(
        (isinstance(o.literal, int) and o.literal >= 1) or (o.kind == "instance" and not o.is_unknown)
        for o in value.options
    )


RULE = Rule(
    name="refused-callback-value",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                from lightning.pytorch.callbacks import EarlyStopping

                stopping = EarlyStopping("val_loss", patience=3, mode="auto")
                #                                                     ^^^^^^ refused-callback-value
            """,
            good="""
                from lightning.pytorch.callbacks import EarlyStopping

                stopping = EarlyStopping("val_loss", patience=3, mode="min")
            """,
            witness=Raises("MisconfigurationException", "`mode` can be min, max, got auto"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl


                def checkpoint(keep=3):
                    return pl.callbacks.ModelCheckpoint(dirpath="checkpoints", save_top_k=keep)
                    #                                                                     ^^^^ refused-callback-value


                callbacks = [checkpoint(), checkpoint(5)]
            """,
            good="""
                import pytorch_lightning as pl


                def checkpoint(keep=3):
                    return pl.callbacks.ModelCheckpoint(dirpath="checkpoints", save_top_k=keep, monitor="val_loss")


                callbacks = [checkpoint(), checkpoint(5)]
            """,
            witness=Raises("MisconfigurationException", "No quantity for top_k to track"),
        ),
        Example(
            bad="""
                from lightning.pytorch.callbacks import ModelCheckpoint

                options = {"every_n_train_steps": 1000, "every_n_epochs": 1}
                #                                                         ^ refused-callback-value
                checkpoint = ModelCheckpoint("checkpoints", **options)
            """,
            good="""
                from lightning.pytorch.callbacks import ModelCheckpoint

                options = {"every_n_train_steps": 1000}
                checkpoint = ModelCheckpoint("checkpoints", **options)
            """,
            witness=Raises("MisconfigurationException", "should be mutually exclusive"),
        ),
        Example(
            bad="""
                from lightning.pytorch import callbacks as c

                averages = c.StochasticWeightAveraging(swa_lrs=1)
                #                                              ^ refused-callback-value
            """,
            good="""
                from lightning.pytorch import callbacks as c

                averages = c.StochasticWeightAveraging(swa_lrs=1.0)
            """,
            witness=Raises("MisconfigurationException", "The `swa_lrs` should a positive float"),
        ),
        Example(
            bad="""
                from lightning.pytorch.callbacks import Timer

                limit = "12h"
                timer = Timer(duration=limit)
                #                      ^^^^^ refused-callback-value
            """,
            good="""
                from lightning.pytorch.callbacks import Timer

                limit = "00:12:00:00"
                timer = Timer(duration=limit)
            """,
            witness=Raises("MisconfigurationException", "is not a valid duration"),
        ),
    ),
    near_misses=(
        # What is accepted: zero switches off, one needs no metric, values that are not known, a subclass.
        """
        import os
        from datetime import timedelta

        from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint, StochasticWeightAveraging, Timer


        class Stopping(EarlyStopping):
            def __init__(self, mode):
                super().__init__("val_loss", mode="min" if mode == "auto" else mode)


        first = Stopping(mode="auto")
        second = ModelCheckpoint(save_top_k=-1, every_n_train_steps=100, every_n_epochs=0)
        keep = int(os.environ.get("KEEP", "1"))
        third = ModelCheckpoint(save_top_k=keep, every_n_epochs=None, train_time_interval=timedelta(1))
        fourth = StochasticWeightAveraging([0.1, 0.05], swa_epoch_start=5)
        fifth = [Timer(duration=value) for value in ("00:00:10:00", timedelta(hours=1), {"minutes": 5}, None)]
        """,
    ),
)
