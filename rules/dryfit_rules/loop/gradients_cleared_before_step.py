"""Gradients are cleared after `backward` and before the step that needs them.

What it does:
Reports `zero_grad()` between the last `backward()` and `optimizer.step()`, for the same optimizer or for all that it
holds, on every way through the code, helpers included. Clearing before `backward` or after the step is right, as are
the idiom of an empty step before training, another optimizer's `zero_grad()`, and gradients that are written back by
hand.

Why it matters:
`zero_grad()` sets every gradient to None, and a step skips parameters without a gradient. The loss is computed, sent
backward and reported, and no weight ever moves (measured: 0 of 2 parameters after five steps of AdamW). Nothing is
raised.

Source:
`torch.optim.Optimizer.zero_grad(set_to_none=True)`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Observes, Related, Rule, SemanticModel, Severity, Site, facts


def check(model: SemanticModel) -> Iterator[Finding]:
    found: dict[Site, list[Site]] = {}
    for fact in model.facts(facts.OptimizerStep):
        if fact.cleared is not None:
            found.setdefault(fact.cleared, []).append(fact.site)
    for cleared, steps in found.items():
        yield Finding(
            cleared,
            "gradients are cleared between `backward` and `step`",
            "the step finds no gradients: nothing is learned",
            "clear the gradients before `backward`",
            related=tuple(Related(step, "the step that needs them") for step in dict.fromkeys(steps)),
        )


RULE = Rule(
    name="gradients-cleared-before-step",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn

                model = nn.Linear(4, 2)
                optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
                before = model.weight.clone()
                for x in torch.randn(5, 8, 4):
                    loss = model(x).pow(2).mean()
                    loss.backward()
                    optimizer.zero_grad()
                #   ^^^^^^^^^^^^^^^^^^^^^ gradients-cleared-before-step
                    optimizer.step()
            """,
            good="""
                import torch
                from torch import nn

                model = nn.Linear(4, 2)
                optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
                before = model.weight.clone()
                for x in torch.randn(5, 8, 4):
                    loss = model(x).pow(2).mean()
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
            """,
            witness=Observes("torch.equal(model.weight, before)"),
        ),
        Example(
            bad="""
                import torch
                from torch.optim import SGD as Descent


                class Trainer:
                    def __init__(self, net):
                        self.net = net
                        self.optimizer = Descent(net.parameters(), lr=0.1)

                    def clear(self):
                        self.net.zero_grad()
                    #   ^^^^^^^^^^^^^^^^^^^^ gradients-cleared-before-step

                    def update(self):
                        self.clear()
                        self.optimizer.step()

                    def fit(self, batches):
                        for x in batches:
                            self.net(x).pow(2).mean().backward()
                            self.update()


                net = torch.nn.Linear(4, 2)
                before = net.weight.clone()
                Trainer(net).fit(torch.randn(3, 8, 4))
            """,
            good="""
                import torch
                from torch.optim import SGD as Descent


                class Trainer:
                    def __init__(self, net):
                        self.net = net
                        self.optimizer = Descent(net.parameters(), lr=0.1)

                    def clear(self):
                        self.net.zero_grad()

                    def update(self):
                        self.optimizer.step()
                        self.clear()

                    def fit(self, batches):
                        for x in batches:
                            self.net(x).pow(2).mean().backward()
                            self.update()


                net = torch.nn.Linear(4, 2)
                before = net.weight.clone()
                Trainer(net).fit(torch.randn(3, 8, 4))
            """,
            witness=Observes("torch.equal(net.weight, before)"),
        ),
        Example(
            bad="""
                import torch


                def train(model, loader, optimizer, criterion):
                    for x, y in loader:
                        loss = criterion(model(x), y)
                        loss.backward()
                        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                        optimizer.zero_grad()
                #       ^^^^^^^^^^^^^^^^^^^^^ gradients-cleared-before-step
                        optimizer.step()


                net = torch.nn.Linear(4, 2)
                before = net.weight.clone()
                batches = [(torch.randn(8, 4), torch.randn(8, 2))]
                train(net, batches, torch.optim.Adam(net.parameters()), torch.nn.MSELoss())
            """,
            good="""
                import torch


                def train(model, loader, optimizer, criterion):
                    for x, y in loader:
                        loss = criterion(model(x), y)
                        optimizer.zero_grad()
                        loss.backward()
                        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                        optimizer.step()


                net = torch.nn.Linear(4, 2)
                before = net.weight.clone()
                batches = [(torch.randn(8, 4), torch.randn(8, 2))]
                train(net, batches, torch.optim.Adam(net.parameters()), torch.nn.MSELoss())
            """,
            witness=Observes("torch.equal(net.weight, before)"),
        ),
    ),
    near_misses=(
        # Cleared at the end of the pass, so at the start of the next one.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        before = net.weight.clone()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for x in torch.randn(3, 8, 4):
            net(x).pow(2).mean().backward()
            optimizer.step()
            optimizer.zero_grad()
        """,
        # Accumulation: cleared now and then only.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        before = net.weight.clone()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for i, x in enumerate(torch.randn(8, 8, 4)):
            (net(x).pow(2).mean() / 4).backward()
            if i % 4 == 0:
                optimizer.zero_grad()
            if (i + 1) % 4 == 0:
                optimizer.step()
        """,
    ),
)
