"""A scheduler is stepped before its optimizer.

What it does:
Follows the program to the first `step()` of each scheduler of `torch.optim` and reports it if the scheduler's
optimizer has certainly not taken a step by then. `ReduceLROnPlateau` and `CosineAnnealingWarmRestarts` do not care; a
call with an epoch sets the schedule to that epoch and skips nothing.

Why it matters:
Building the scheduler sets the first rate already, so an early `step` skips it: with `StepLR(optimizer, 1)` and a
rate of 1.0 the first epochs run at 0.1 and 0.01 instead of 1.0 and 0.1. torch issues the `UserWarning` "Detected call
of `lr_scheduler.step()` before `optimizer.step()`".

Source:
`torch.optim.lr_scheduler.LRScheduler.step`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Operand, Rule, SemanticModel, Severity, Warns, facts

UNCHECKED = ("ReduceLROnPlateau", "CosineAnnealingWarmRestarts")  # their `step` does not look at the optimizer's


def check(model: SemanticModel) -> Iterator[Finding]:
    stepped: list[Operand] = []
    for call in model.facts(facts.SchedulerCall):
        if call.method == "step" and not any(call.scheduler.is_same(other) for other in stepped):
            stepped.append(call.scheduler)
            if _is_early(call):
                yield _finding(call)


def _is_early(call: facts.SchedulerCall) -> bool:
    """The first step of one scheduler, without an epoch, before any of the optimizer."""
    scheduler, name = call.scheduler, call.class_name.rpartition(".")[2]
    is_of_torch = scheduler.class_names[:1] == (call.class_name,) and call.class_name.startswith("torch.optim.")
    is_one = scheduler.is_same(scheduler) and not call.inside_scheduler
    is_plain = call.arguments.are_complete and not call.arguments.positional and not call.arguments.keywords
    return is_of_torch and is_one and is_plain and name not in UNCHECKED and call.optimizer_has_stepped is False


def _finding(call: facts.SchedulerCall) -> Finding:
    name = call.class_name.rpartition(".")[2]
    return Finding(
        call.site,
        f"`{name}` is stepped before the first `step` of its optimizer",
        "torch warns, and the first value of the schedule is skipped",
        "step the optimizer first",
    )


RULE = Rule(
    name="scheduler-step-before-optimizer",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                import torch.optim as optim
                from torch.optim.lr_scheduler import StepLR


                def rate_after_a_step(lr):
                    model = torch.nn.Linear(10, 1)
                    optimizer = optim.Adam(model.parameters(), lr=lr)
                    scheduler = StepLR(optimizer, step_size=10, gamma=0.1)
                    scheduler.step()
                #   ^^^^^^^^^^^^^^^^ scheduler-step-before-optimizer
                    return optimizer.param_groups[0]['lr']


                rate = rate_after_a_step(0.01)
            """,
            good="""
                import torch
                import torch.optim as optim
                from torch.optim.lr_scheduler import StepLR


                def rate_after_a_step(lr):
                    model = torch.nn.Linear(10, 1)
                    optimizer = optim.Adam(model.parameters(), lr=lr)
                    scheduler = StepLR(optimizer, step_size=10, gamma=0.1)
                    optimizer.step()
                    scheduler.step()
                    return optimizer.param_groups[0]['lr']


                rate = rate_after_a_step(0.01)
            """,
            witness=Warns("UserWarning", "Detected call of `lr_scheduler.step()` before `optimizer.step()`"),
        ),
        Example(
            bad="""
                import torch
                from torch import nn
                from torch.optim import SGD, lr_scheduler


                def train(net, batches, epochs=2):
                    optimizer = SGD(net.parameters(), lr=0.1)
                    schedule = lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
                    for _ in range(epochs):
                        schedule.step()
                    #   ^^^^^^^^^^^^^^^ scheduler-step-before-optimizer
                        for batch in batches:
                            optimizer.zero_grad()
                            net(batch).mean().backward()
                            optimizer.step()


                train(nn.Linear(4, 2), torch.randn(3, 8, 4))
            """,
            good="""
                import torch
                from torch import nn
                from torch.optim import SGD, lr_scheduler


                def train(net, batches, epochs=2):
                    optimizer = SGD(net.parameters(), lr=0.1)
                    schedule = lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
                    for _ in range(epochs):
                        for batch in batches:
                            optimizer.zero_grad()
                            net(batch).mean().backward()
                            optimizer.step()
                        schedule.step()


                train(nn.Linear(4, 2), torch.randn(3, 8, 4))
            """,
            witness=Warns("UserWarning", "Detected call of `lr_scheduler.step()` before `optimizer.step()`"),
        ),
    ),
    near_misses=(
        # The right order, through helpers, a closure and a GradScaler.
        """
        import torch


        def update(optimizer, loss):
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


        net = torch.nn.Linear(4, 2)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
        for _ in range(2):
            update(optimizer, net(torch.randn(8, 4)).mean())
            scheduler.step()

        other = torch.optim.SGD(net.parameters(), lr=0.1)
        slow = torch.optim.lr_scheduler.StepLR(other, 1)
        scaler = torch.amp.GradScaler("cpu", enabled=False)
        scaler.scale(net(torch.randn(8, 4)).mean()).backward()
        scaler.step(other)
        slow.step()
        """,
        # Those that do not look, and a call with an epoch.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
        plateau.step(1.0)
        restarts = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 5)
        restarts.step()
        steps = torch.optim.lr_scheduler.StepLR(optimizer, 5)
        steps.step(3)
        """,
        # Accumulation: the optimizer is stepped now and then, the scheduler only later.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
        for i in range(4):
            net(torch.randn(8, 4)).mean().backward()
            if (i + 1) % 2 == 0:
                optimizer.step()
                scheduler.step()
        """,
    ),
)
