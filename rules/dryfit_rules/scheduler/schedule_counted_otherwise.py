"""A schedule is counted in epochs and stepped with each batch, or the other way round.

What it does:
Follows a scheduler to the loops in which it is stepped. Reported is a length (`T_max`, `total_iters`, `total_steps`)
that is the very value which bounds the loop over the epochs, if the scheduler is stepped on each pass of a training
loop inside of it; and a length that is a number of batches (`steps_per_epoch`, or computed from `len(loader)`), if the
scheduler is stepped in the loop around the one that trains. Silent if `step` is under a condition, is given an epoch,
or if the scheduler is made anew in the loop.

Why it matters:
A cosine that is done after as many batches as there are epochs comes back up and swings for the rest of the training
(measured: 7 epochs of 10 batches, the rate rises in 3 of them); a polynomial is at zero after the first batches; the
one-cycle raises `ValueError: Tried to step 8 times`. Stepped once an epoch, a schedule of batches takes its first steps
and no more (measured: highest rate 0.004 of 0.1). Nothing else is said.

Source:
`torch.optim.lr_scheduler.CosineAnnealingLR`, `PolynomialLR`, `OneCycleLR`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Observes, Related, Rule, SemanticModel, Severity, facts


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.SchedulerPace):
        name, length = fact.class_name.rpartition(".")[2], fact.parameter
        if fact.pace == "batch":
            what = f"`{fact.text}`, " if fact.text else ""
            yield Finding(
                fact.site,
                f"`{length}` is {what}the number of epochs, and `{name}` is stepped with each batch",
                "the schedule is over after that many batches, not epochs",
                "count the batches of all epochs, or step once an epoch",
                None,
                (Related(fact.other, "stepped here, in the loop over the batches"),),
            )
        else:
            yield Finding(
                fact.site,
                f"`{name}` is counted in batches and stepped once an epoch",
                "the rate takes one step of its schedule an epoch, and never gets to its end",
                "step it in the loop over the batches, or count epochs",
                None,
                (Related(fact.other, f"`{length}` is a number of batches"),),
            )


RULE = Rule(
    name="schedule-counted-otherwise",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn
                from torch.optim import lr_scheduler


                class Settings:
                    epochs = 5
                    lr = 0.1


                class Trainer:
                    def __init__(self, settings, batches):
                        self.settings, self.batches = settings, batches
                        self.net = nn.Linear(4, 1)

                    def schedule(self, optimizer, steps):
                        return lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
                    #                                                          ^^^^^ schedule-counted-otherwise

                    def train(self):
                        optimizer = torch.optim.SGD(self.net.parameters(), lr=self.settings.lr)
                        scheduler = self.schedule(optimizer, self.settings.epochs)
                        for epoch in range(self.settings.epochs):
                            for x in self.batches:
                                optimizer.zero_grad()
                                self.net(x).pow(2).mean().backward()
                                optimizer.step()
                                scheduler.step()
                            rates.append(scheduler.get_last_lr()[0])


                rates = []
                Trainer(Settings(), torch.randn(8, 2, 4)).train()
            """,
            good="""
                import torch
                from torch import nn
                from torch.optim import lr_scheduler


                class Settings:
                    epochs = 5
                    lr = 0.1


                class Trainer:
                    def __init__(self, settings, batches):
                        self.settings, self.batches = settings, batches
                        self.net = nn.Linear(4, 1)

                    def schedule(self, optimizer, steps):
                        return lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)

                    def train(self):
                        optimizer = torch.optim.SGD(self.net.parameters(), lr=self.settings.lr)
                        scheduler = self.schedule(optimizer, self.settings.epochs * len(self.batches))
                        for epoch in range(self.settings.epochs):
                            for x in self.batches:
                                optimizer.zero_grad()
                                self.net(x).pow(2).mean().backward()
                                optimizer.step()
                                scheduler.step()
                            rates.append(scheduler.get_last_lr()[0])


                rates = []
                Trainer(Settings(), torch.randn(8, 2, 4)).train()
            """,
            witness=Observes("any(after > before for before, after in zip(rates, rates[1:]))"),
        ),
        Example(
            bad="""
                import torch
                from torch.optim.lr_scheduler import PolynomialLR
                from torch.utils.data import DataLoader


                def train(net, loader, optimizer, scheduler):
                    for x in loader:
                        optimizer.zero_grad()
                        net(x).pow(2).mean().backward()
                        optimizer.step()
                        scheduler.step()


                def main(num_epochs):
                    net = torch.nn.Linear(4, 1)
                    loader = DataLoader(torch.randn(32, 4), batch_size=4)
                    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
                    scheduler = PolynomialLR(optimizer, num_epochs, power=0.9)
                    #                                   ^^^^^^^^^^ schedule-counted-otherwise
                    for epoch in range(1, num_epochs + 1):
                        train(net, loader, optimizer, scheduler)
                        rates.append(scheduler.get_last_lr()[0])


                rates = []
                main(4)
            """,
            good="""
                import torch
                from torch.optim.lr_scheduler import PolynomialLR
                from torch.utils.data import DataLoader


                def train(net, loader, optimizer, scheduler):
                    for x in loader:
                        optimizer.zero_grad()
                        net(x).pow(2).mean().backward()
                        optimizer.step()
                        scheduler.step()


                def main(num_epochs):
                    net = torch.nn.Linear(4, 1)
                    loader = DataLoader(torch.randn(32, 4), batch_size=4)
                    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
                    scheduler = PolynomialLR(optimizer, num_epochs * len(loader), power=0.9)
                    for epoch in range(1, num_epochs + 1):
                        train(net, loader, optimizer, scheduler)
                        rates.append(scheduler.get_last_lr()[0])


                rates = []
                main(4)
            """,
            witness=Observes("rates[0] == 0.0"),
        ),
        Example(
            bad="""
                import torch
                from torch import nn, optim
                from torch.optim.lr_scheduler import OneCycleLR


                def fit(net, train_loader, epochs):
                    optimizer = optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
                    scheduler = OneCycleLR(optimizer, 0.1, epochs=epochs, steps_per_epoch=len(train_loader))
                    for epoch in range(epochs):
                        for i, x in enumerate(train_loader):
                            optimizer.zero_grad()
                            net(x).pow(2).mean().backward()
                            optimizer.step()
                            rates.append(optimizer.param_groups[0]["lr"])
                        scheduler.step()
                    #   ^^^^^^^^^^^^^^^^ schedule-counted-otherwise


                rates = []
                fit(nn.Linear(4, 1), torch.randn(20, 2, 4), 3)
            """,
            good="""
                import torch
                from torch import nn, optim
                from torch.optim.lr_scheduler import OneCycleLR


                def fit(net, train_loader, epochs):
                    optimizer = optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
                    scheduler = OneCycleLR(optimizer, 0.1, epochs=epochs, steps_per_epoch=len(train_loader))
                    for epoch in range(epochs):
                        for i, x in enumerate(train_loader):
                            optimizer.zero_grad()
                            net(x).pow(2).mean().backward()
                            optimizer.step()
                            rates.append(optimizer.param_groups[0]["lr"])
                            scheduler.step()


                rates = []
                fit(nn.Linear(4, 1), torch.randn(20, 2, 4), 3)
            """,
            witness=Observes("max(rates) < 0.02"),
        ),
    ),
    near_misses=(
        # One step an epoch; iterations in one loop with micro-batches; under a condition; a fresh one for each stage.
        """
        import torch
        from torch import nn
        from torch.optim.lr_scheduler import CosineAnnealingLR


        def one(net, optimizer, batches, scheduler=None):
            for x in batches:
                optimizer.zero_grad()
                net(x).mean().backward()
                optimizer.step()
                if scheduler is not None and torch.rand(1) > 0.5:
                    scheduler.step()


        def main(epochs=5, iterations=20):
            net, batches = nn.Linear(4, 1), torch.randn(6, 2, 4)
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            right = CosineAnnealingLR(optimizer, T_max=epochs)
            for epoch in range(epochs):
                one(net, optimizer, batches)
                right.step()
            steps = CosineAnnealingLR(optimizer, T_max=iterations)
            for i in range(iterations):
                for x in batches:
                    net(x).mean().backward()
                optimizer.step()
                steps.step()
            seldom = CosineAnnealingLR(optimizer, T_max=epochs)
            for epoch in range(epochs):
                one(net, optimizer, batches, seldom)
            for stage in range(epochs):
                fresh = CosineAnnealingLR(optimizer, T_max=epochs)
                for x in batches:
                    optimizer.zero_grad()
                    net(x).mean().backward()
                    optimizer.step()
                    fresh.step()
            parts = CosineAnnealingLR(optimizer, T_max=epochs)
            for epoch in range(epochs):
                for i, x in enumerate(batches):
                    optimizer.zero_grad()
                    net(x).mean().backward()
                    optimizer.step()
                    parts.step(epoch + i / len(batches))


        main()
        """,
        # As many batches as epochs have steps, and a length that is not that of the loop.
        """
        import torch
        from torch import nn
        from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR
        from torch.utils.data import DataLoader

        net = nn.Linear(4, 1)
        loader = DataLoader(torch.randn(12, 4), batch_size=3)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
        epochs = 3
        scheduler = CosineAnnealingLR(optimizer, T_max=epochs * len(loader))
        cycle = OneCycleLR(optimizer, 0.1, total_steps=epochs)
        for epoch in range(epochs):
            for x in loader:
                optimizer.zero_grad()
                net(x).mean().backward()
                optimizer.step()
                scheduler.step()
            cycle.step()
        """,
    ),
)
