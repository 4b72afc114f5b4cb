"""`ReduceLROnPlateau` is stepped without the value it watches.

What it does:
Reports a call of `step` on a `torch.optim.lr_scheduler.ReduceLROnPlateau` that certainly passes no `metrics`.

Why it matters:
`TypeError: ReduceLROnPlateau.step() missing 1 required positional argument: 'metrics'`, usually at the end of the
first epoch.

Source:
`torch.optim.lr_scheduler.ReduceLROnPlateau.step`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Raises, Rule, SemanticModel, Severity, facts

PLATEAU = "torch.optim.lr_scheduler.ReduceLROnPlateau"


def check(model: SemanticModel) -> Iterator[Finding]:
    for call in model.facts(facts.SchedulerCall):
        is_of_torch = call.class_name == PLATEAU and call.scheduler.class_names[:1] == (PLATEAU,)
        if is_of_torch and call.method == "step" and call.arguments.get(0, "metrics") is None:
            yield Finding(
                call.site,
                "`ReduceLROnPlateau` is stepped without the value it watches",
                "raises TypeError: step() missing 1 required positional argument: 'metrics'",
                "pass the watched value, for example the validation loss",
            )


RULE = Rule(
    name="plateau-step-without-metric",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch.optim.lr_scheduler import ReduceLROnPlateau

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                scheduler = ReduceLROnPlateau(optimizer, patience=1)
                for epoch in range(2):
                    loss = net(torch.randn(8, 4)).mean()
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                    scheduler.step()
                #   ^^^^^^^^^^^^^^^^ plateau-step-without-metric
            """,
            good="""
                import torch
                from torch.optim.lr_scheduler import ReduceLROnPlateau

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                scheduler = ReduceLROnPlateau(optimizer, patience=1)
                for epoch in range(2):
                    loss = net(torch.randn(8, 4)).mean()
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                    scheduler.step(loss.item())
            """,
            witness=Raises("TypeError", "missing 1 required positional argument: 'metrics'"),
        ),
        Example(
            bad="""
                from torch import nn, optim


                class Fit:
                    def __init__(self, net):
                        self.optimizer = optim.Adam(net.parameters())
                        self.plateau = optim.lr_scheduler.ReduceLROnPlateau(self.optimizer, "max")

                    def end_epoch(self, accuracy, epoch):
                        self.plateau.step(epoch=epoch)
                    #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ plateau-step-without-metric


                Fit(nn.Linear(4, 2)).end_epoch(0.5, epoch=1)
            """,
            good="""
                from torch import nn, optim


                class Fit:
                    def __init__(self, net):
                        self.optimizer = optim.Adam(net.parameters())
                        self.plateau = optim.lr_scheduler.ReduceLROnPlateau(self.optimizer, "max")

                    def end_epoch(self, accuracy, epoch):
                        self.plateau.step(accuracy)


                Fit(nn.Linear(4, 2)).end_epoch(0.5, epoch=1)
            """,
            witness=Raises("TypeError", "missing 1 required positional argument: 'metrics'"),
        ),
    ),
    near_misses=(
        # The value is passed, in every way one can.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
        scheduler.step(1.0)
        scheduler.step(metrics=torch.tensor(1.0))
        values = [1.0]
        scheduler.step(*values)
        scheduler.step(**{"metrics": 1.0})
        """,
        # Other schedulers take none; which one it is depends on a setting.
        """
        import torch


        def build(optimizer, plateau):
            if plateau:
                return torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
            return torch.optim.lr_scheduler.StepLR(optimizer, 1)


        def fit(plateau):
            net = torch.nn.Linear(4, 2)
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            scheduler = build(optimizer, plateau)
            optimizer.step()
            if isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau):
                scheduler.step(1.0)
            else:
                scheduler.step()


        fit(True), fit(False)
        """,
        # A subclass that finds the value itself.
        """
        import torch


        class Watching(torch.optim.lr_scheduler.ReduceLROnPlateau):
            def step(self, metrics=1.0, epoch=None):
                super().step(metrics)


        net = torch.nn.Linear(4, 2)
        scheduler = Watching(torch.optim.SGD(net.parameters(), lr=0.1))
        scheduler.step()
        """,
    ),
)
