"""`get_lr` of a scheduler is called by the program.

What it does:
Reports `get_lr()` on a scheduler of `torch.optim` outside the methods of a scheduler, where it is a part of the
machinery.

Why it matters:
`get_lr` works out the next value of the schedule from the present one, and torch warns: "To get the last learning
rate computed by the scheduler, please use `get_last_lr()`". With `StepLR(optimizer, 2, gamma=0.1)` after two steps
the rate in use is 0.01, and `get_lr` says 0.001; after three steps of a cosine it says 0.0697 instead of 0.0794.
`ReduceLROnPlateau`, `SequentialLR` and `ChainedScheduler` only inherit it and raise `NotImplementedError` with an
empty message.

Fix safety:
Safe. `get_last_lr` returns the rates in use, one for each parameter group, as the call was meant to.

Source:
`torch.optim.lr_scheduler`: `LRScheduler.get_lr`, `get_last_lr`, `_warn_get_lr_called_within_step`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Fix,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    Warns,
    facts,
    replace,
)

WITHOUT = ("ReduceLROnPlateau", "SequentialLR", "ChainedScheduler")
CLOSED_FORM = ("LambdaLR", "CyclicLR", "OneCycleLR", "CosineAnnealingWarmRestarts")  # right in spite of the warning


def check(model: SemanticModel) -> Iterator[Finding]:
    for call in model.facts(facts.SchedulerCall):
        is_of_torch = call.scheduler.class_names[:1] == (call.class_name,) and call.class_name.startswith(
            "torch.optim."
        )
        if call.method == "get_lr" and is_of_torch and not call.inside_scheduler:
            yield _finding(model, call)


def _finding(model: SemanticModel, call: facts.SchedulerCall) -> Finding:
    name = call.class_name.rpartition(".")[2]
    title = "call `get_last_lr`"
    has_replacement = model.frameworks.has_member(call.class_name, "get_last_lr")
    message, note, severity = _consequence(model, call.class_name, name)
    fix = Fix.safe(title, replace(call.name_site, "get_last_lr")) if has_replacement else None
    return Finding(
        call.name_site, message, note, title if fix else "read `optimizer.param_groups`", fix, severity=severity
    )


def _consequence(model: SemanticModel, class_name: str, name: str) -> tuple[str, str, Severity]:
    is_closed = model.frameworks.is_closed(class_name)
    if is_closed and not model.frameworks.has_member(class_name, "get_lr"):
        return f"`{name}` has no method `get_lr`", "raises AttributeError", Severity.ERROR
    if name in WITHOUT:
        return f"`{name}` does not implement `get_lr`", "raises NotImplementedError with no message", Severity.ERROR
    message = f"`get_lr` of `{name}` is called outside the scheduler"
    if name in CLOSED_FORM:
        return message, "torch warns at every call", Severity.INFO
    return message, "torch warns, and returns the next value of the schedule, not the rate in use", Severity.WARNING


RULE = Rule(
    name="get-lr-outside-scheduler",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                import torch.optim as optim
                from torch.optim.lr_scheduler import StepLR

                model = torch.nn.Linear(10, 1)
                optimizer = optim.Adam(model.parameters(), lr=0.01)
                scheduler = StepLR(optimizer, step_size=10, gamma=0.1)
                optimizer.step()
                scheduler.step()
                message = f"Scheduler LR: {scheduler.get_lr()[0]}"
                #                                    ^^^^^^ get-lr-outside-scheduler
            """,
            good="""
                import torch
                import torch.optim as optim
                from torch.optim.lr_scheduler import StepLR

                model = torch.nn.Linear(10, 1)
                optimizer = optim.Adam(model.parameters(), lr=0.01)
                scheduler = StepLR(optimizer, step_size=10, gamma=0.1)
                optimizer.step()
                scheduler.step()
                message = f"Scheduler LR: {scheduler.get_last_lr()[0]}"
            """,
            witness=Warns("UserWarning", "To get the last learning rate computed by the scheduler"),
        ),
        Example(
            bad="""
                import torch
                from torch.optim.lr_scheduler import ReduceLROnPlateau as Plateau


                def rate(schedule):
                    return schedule.get_lr()[0]
                    #               ^^^^^^ get-lr-outside-scheduler


                model = torch.nn.Linear(10, 1)
                optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
                scheduler = Plateau(optimizer, mode='min', factor=0.1, patience=2)
                scheduler.step(1)
                rates = [rate(scheduler)]
            """,
            good="""
                import torch
                from torch.optim.lr_scheduler import ReduceLROnPlateau as Plateau


                def rate(schedule):
                    return schedule.get_last_lr()[0]


                model = torch.nn.Linear(10, 1)
                optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
                scheduler = Plateau(optimizer, mode='min', factor=0.1, patience=2)
                scheduler.step(1)
                rates = [rate(scheduler)]
            """,
            witness=Raises("NotImplementedError"),
        ),
        Example(
            bad="""
                import torch
                from torch import optim


                class Fit:
                    def __init__(self, net):
                        self.optimizer = optim.SGD(net.parameters(), lr=0.1)
                        self.schedule = optim.lr_scheduler.ExponentialLR(self.optimizer, gamma=0.5)
                        self.rates = []

                    def epoch(self):
                        self.optimizer.step()
                        self.rates += self.schedule.get_lr()
                        #                           ^^^^^^ get-lr-outside-scheduler
                        self.schedule.step()


                fit = Fit(torch.nn.Linear(4, 2))
                for _ in range(3):
                    fit.epoch()
            """,
            good="""
                import torch
                from torch import optim


                class Fit:
                    def __init__(self, net):
                        self.optimizer = optim.SGD(net.parameters(), lr=0.1)
                        self.schedule = optim.lr_scheduler.ExponentialLR(self.optimizer, gamma=0.5)
                        self.rates = []

                    def epoch(self):
                        self.optimizer.step()
                        self.rates += self.schedule.get_last_lr()
                        self.schedule.step()


                fit = Fit(torch.nn.Linear(4, 2))
                for _ in range(3):
                    fit.epoch()
            """,
            witness=Warns("UserWarning", "To get the last learning rate computed by the scheduler"),
        ),
    ),
    near_misses=(
        # Another class with a method of that name, and the rate from the right places.
        """
        import torch


        class Engine:
            def get_lr(self):
                return [0.1]


        net = torch.nn.Linear(4, 2)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
        rates = [Engine().get_lr()[0], scheduler.get_last_lr()[0], optimizer.param_groups[0]["lr"]]
        """,
    ),
    is_fixable=True,
)
