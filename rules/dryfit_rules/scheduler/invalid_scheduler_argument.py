"""A learning rate scheduler is given a value that its constructor refuses.

What it does:
Compares what is certainly given to a class of `torch.optim.lr_scheduler` with what its constructor checks: factors
outside of their range, words that are no mode, lengths that are fractions, a number where a list of milestones or a
function is needed, a list of milestones of the wrong length, `ReduceLROnPlateau` inside of `SequentialLR` or
`ChainedScheduler`.

Why it matters:
The scheduler is not built: `ValueError: Factor should be < 1.0.`, `ValueError: Starting multiplicative factor expected
to be greater than 0`, `ValueError: Expected positive integer T_0, but got 5.0` after a division, `TypeError: 'int'
object is not iterable`. `OneCycleLR(pct_start=1)` is refused because 1 is an integer. `ReduceLROnPlateau` inside of
another scheduler is refused since torch 2.4; before, the other stepped it without a metric.

Fix safety:
Safe where a number becomes the list of that number: the call was refused.

Source:
The constructors in `torch.optim.lr_scheduler`, torch 2.13.0; run on 2.0 to 2.15.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    UNKNOWN,
    Example,
    Finding,
    Fix,
    Operand,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    refused_arguments,
    wrap,
)

PACKAGE = "torch.optim.lr_scheduler."
PLATEAU = PACKAGE + "ReduceLROnPlateau"
OF_FUNCTIONS = (PACKAGE + "LambdaLR", PACKAGE + "MultiplicativeLR")


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.SchedulerBuilt):
        is_of_torch = built.scheduler.class_names[:1] == (built.class_name,)
        if is_of_torch and built.class_name.startswith(PACKAGE) and not built.arguments.is_expected_to_fail:
            yield from _outside(model, built)
            yield from _milestones(built)
            yield from _function(built)
            yield from _sequence(built)
            if model.frameworks.torch_since("2.4"):
                yield from _plateau_inside(built)


def _name(built: facts.SchedulerBuilt) -> str:
    return built.class_name.rpartition(".")[2]


def _note(error: str) -> str:
    kind, _, text = error.partition(": ")
    return f"raises {kind} when the scheduler is built: {text}"


def _outside(model: SemanticModel, built: facts.SchedulerBuilt) -> Iterator[Finding]:
    for refused in refused_arguments(model.frameworks, built.class_name, built.arguments):
        yield Finding(
            refused.value.site,
            f"{refused.message}, and `{_name(built)}` takes {refused.wanted}",
            _note(refused.error),
            f"give `{refused.name}` {refused.wanted}",
        )


def _milestones(built: facts.SchedulerBuilt) -> Iterator[Finding]:
    value = built.arguments.known(1, "milestones")
    if built.class_name == PACKAGE + "MultiStepLR" and value is not None and type(value.literal) in (int, float):
        title = f"write `[{value.literal}]`"
        yield Finding(
            value.site,
            f"`milestones` is the number {value.literal}, and `MultiStepLR` takes a list",
            _note(f"TypeError: '{type(value.literal).__name__}' object is not iterable"),
            title,
            Fix.safe(title, *wrap(value.site, "[", "]")) if value.is_written else None,
        )


def _function(built: facts.SchedulerBuilt) -> Iterator[Finding]:
    value = built.arguments.known(1, "lr_lambda")
    if built.class_name not in OF_FUNCTIONS or value is None:
        return
    parts = value.elements if value.kind in ("list", "tuple") else (value,)
    for part in () if parts is UNKNOWN else parts:
        if type(part.literal) in (int, float):
            kind = type(part.literal).__name__
            is_lambda = built.class_name == OF_FUNCTIONS[0]
            text = (
                f"'{kind}' object is not callable" if is_lambda else f"lr_lambda should be a function, but got {kind}"
            )
            yield Finding(
                part.site,
                f"`lr_lambda` is the number {part.literal}, and `{_name(built)}` takes a function of the epoch",
                _note(f"TypeError: {text}"),
                "give a function, or use `ExponentialLR`",
            )


def _sequence(built: facts.SchedulerBuilt) -> Iterator[Finding]:
    """One milestone between two schedulers."""
    schedulers, milestones = built.arguments.known(1, "schedulers"), built.arguments.known(2, "milestones")
    if built.class_name != PACKAGE + "SequentialLR" or schedulers is None or milestones is None:
        return
    given, between = schedulers.elements, milestones.elements
    if given is UNKNOWN or between is UNKNOWN or "generator" in (schedulers.kind, milestones.kind):
        return
    if given and len(between) != len(given) - 1:
        yield Finding(
            milestones.site,
            f"`SequentialLR` has {_count(len(given), 'scheduler')} and {_count(len(between), 'milestone')}",
            _note("ValueError: Sequential Schedulers expects one scheduler more than milestones"),
            f"give {_count(len(given) - 1, 'milestone')}",
        )


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _plateau_inside(built: facts.SchedulerBuilt) -> Iterator[Finding]:
    position = {PACKAGE + "SequentialLR": 1, PACKAGE + "ChainedScheduler": 0}.get(built.class_name)
    schedulers = None if position is None else built.arguments.known(position, "schedulers")
    for part in () if schedulers is None else schedulers.known_elements:
        if all(_is_plateau(option) for option in part.options):
            yield Finding(
                part.site,
                f"`ReduceLROnPlateau` is among the schedulers of `{_name(built)}`",
                _note("ValueError: it does not support `ReduceLROnPlateau`, whose step needs a metric"),
                "take it out and step it by itself",
            )


def _is_plateau(value: Operand) -> bool:
    return value.is_a(PLATEAU)


RULE = Rule(
    name="invalid-scheduler-argument",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=30, gamma=0.1)
                #                                                                      ^^ invalid-scheduler-argument
            """,
            good="""
                import torch

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[30], gamma=0.1)
            """,
            witness=Raises("TypeError", "'int' object is not iterable"),
        ),
        Example(
            bad="""
                from torch import nn, optim
                from torch.optim import lr_scheduler as schedulers

                EPOCHS = 30
                optimizer = optim.AdamW(nn.Linear(4, 2).parameters())
                scheduler = schedulers.CosineAnnealingWarmRestarts(optimizer, EPOCHS / 3)
                #                                                             ^^^^^^^^^^ invalid-scheduler-argument
            """,
            good="""
                from torch import nn, optim
                from torch.optim import lr_scheduler as schedulers

                EPOCHS = 30
                optimizer = optim.AdamW(nn.Linear(4, 2).parameters())
                scheduler = schedulers.CosineAnnealingWarmRestarts(optimizer, EPOCHS // 3)
            """,
            witness=Raises("ValueError", "Expected positive integer T_0, but got 10.0"),
        ),
        Example(
            bad="""
                import torch
                from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR


                def schedule(optimizer, warmup=5, epochs=50):
                    parts = [LinearLR(optimizer, 0.1, total_iters=warmup), CosineAnnealingLR(optimizer, epochs)]
                    return SequentialLR(optimizer, parts, milestones=[warmup, epochs])
                #                                                    ^^^^^^^^^^^^^^^^ invalid-scheduler-argument


                scheduler = schedule(torch.optim.SGD(torch.nn.Linear(4, 2).parameters(), lr=0.1))
            """,
            good="""
                import torch
                from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR


                def schedule(optimizer, warmup=5, epochs=50):
                    parts = [LinearLR(optimizer, 0.1, total_iters=warmup), CosineAnnealingLR(optimizer, epochs)]
                    return SequentialLR(optimizer, parts, milestones=[warmup])


                scheduler = schedule(torch.optim.SGD(torch.nn.Linear(4, 2).parameters(), lr=0.1))
            """,
            witness=Raises("ValueError", "number of schedulers provided to be one more"),
        ),
        Example(
            bad="""
                import torch
                from torch.optim import lr_scheduler

                optimizer = torch.optim.SGD(torch.nn.Linear(4, 2).parameters(), lr=0.1)
                warmup = lr_scheduler.LinearLR(optimizer, start_factor=0, total_iters=5)
                #                                                      ^ invalid-scheduler-argument
            """,
            good="""
                import torch
                from torch.optim import lr_scheduler

                optimizer = torch.optim.SGD(torch.nn.Linear(4, 2).parameters(), lr=0.1)
                warmup = lr_scheduler.LinearLR(optimizer, start_factor=0.01, total_iters=5)
            """,
            witness=Raises("ValueError", "Starting multiplicative factor expected to be greater than 0"),
        ),
        Example(
            bad="""
                import torch
                from torch.optim.lr_scheduler import ReduceLROnPlateau

                settings = dict(mode="minimize", factor=0.5, patience=3)
                #                    ^^^^^^^^^^ invalid-scheduler-argument
                optimizer = torch.optim.SGD(torch.nn.Linear(4, 2).parameters(), lr=0.1)
                scheduler = ReduceLROnPlateau(optimizer, **settings)
            """,
            good="""
                import torch
                from torch.optim.lr_scheduler import ReduceLROnPlateau

                settings = dict(mode="min", factor=0.5, patience=3)
                optimizer = torch.optim.SGD(torch.nn.Linear(4, 2).parameters(), lr=0.1)
                scheduler = ReduceLROnPlateau(optimizer, **settings)
            """,
            witness=Raises("ValueError", "mode minimize is unknown!"),
        ),
        Example(
            bad="""
                import torch
                from torch.optim import lr_scheduler

                optimizer = torch.optim.SGD(torch.nn.Linear(4, 2).parameters(), lr=0.1)
                warmup = lr_scheduler.LinearLR(optimizer, 0.1)
                plateau = lr_scheduler.ReduceLROnPlateau(optimizer)
                scheduler = lr_scheduler.SequentialLR(optimizer, [warmup, plateau], [5])
                #                                                         ^^^^^^^ invalid-scheduler-argument
            """,
            good="""
                import torch
                from torch.optim import lr_scheduler

                optimizer = torch.optim.SGD(torch.nn.Linear(4, 2).parameters(), lr=0.1)
                warmup = lr_scheduler.LinearLR(optimizer, 0.1)
                plateau = lr_scheduler.ReduceLROnPlateau(optimizer)
            """,
            witness=Raises("ValueError", "does not support `ReduceLROnPlateau` scheduler"),
        ),
    ),
    near_misses=(
        # The edges of what is accepted.
        """
        import torch
        from torch.optim import lr_scheduler as s

        optimizer = torch.optim.SGD(torch.nn.Linear(4, 2).parameters(), lr=0.1, momentum=0.9)
        s.LinearLR(optimizer, start_factor=1, end_factor=0)
        s.ConstantLR(optimizer, factor=0)
        s.ReduceLROnPlateau(optimizer, factor=-0.5, mode="max", threshold_mode="abs")
        s.OneCycleLR(optimizer, 0.1, total_steps=10, pct_start=1.0, anneal_strategy="linear")
        s.OneCycleLR(optimizer, 0.1, total_steps=None, epochs=2, steps_per_epoch=10)
        s.CosineAnnealingWarmRestarts(optimizer, 5, 2, 0)
        s.MultiStepLR(optimizer, (30, 10), gamma=1.5)
        s.MultiStepLR(optimizer, {30, 60})
        s.StepLR(optimizer, 2.5)
        """,
        # A length that is not known, one that is made whole, and functions of all kinds.
        """
        import sys

        import torch
        from torch.optim import lr_scheduler as s


        class Half:
            def __call__(self, epoch):
                return 0.5


        steps = len(sys.argv) * 2
        optimizer = torch.optim.SGD(torch.nn.Linear(4, 2).parameters(), lr=0.1, momentum=0.9)
        s.OneCycleLR(optimizer, 0.1, total_steps=steps)
        s.OneCycleLR(optimizer, 0.1, total_steps=int(90 / 3))
        s.LambdaLR(optimizer, Half())
        s.LambdaLR(optimizer, [lambda epoch: 0.9])
        s.SequentialLR(optimizer, [s.ConstantLR(optimizer), *[s.StepLR(optimizer, n) for n in (1, 2)]], [1, 2])
        """,
        # A plateau scheduler beside the others, and a class of that name.
        """
        import torch
        from torch.optim import lr_scheduler


        class MultiStepLR:
            def __init__(self, optimizer, milestones):
                self.milestones = [milestones]


        optimizer = torch.optim.SGD(torch.nn.Linear(4, 2).parameters(), lr=0.1)
        plateau = lr_scheduler.ReduceLROnPlateau(optimizer)
        chained = lr_scheduler.ChainedScheduler([lr_scheduler.LinearLR(optimizer), lr_scheduler.StepLR(optimizer, 10)])
        both = [chained, plateau]
        other = MultiStepLR(optimizer, 30)
        """,
    ),
    is_fixable=True,
)
