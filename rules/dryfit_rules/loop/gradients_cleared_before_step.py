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
        # An empty step before training, which keeps the scheduler's warning away.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        before = net.weight.clone()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 10)
        optimizer.zero_grad()
        optimizer.step()
        for x in torch.randn(3, 8, 4):
            scheduler.step()
            optimizer.zero_grad()
            net(x).pow(2).mean().backward()
            optimizer.step()
        """,
        # A GAN: each optimizer clears for itself.
        """
        import torch
        from torch import nn

        generator, discriminator = nn.Linear(2, 4), nn.Linear(4, 1)
        before = generator.weight.clone()
        optimizer_g = torch.optim.Adam(generator.parameters(), lr=2e-4)
        optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4)
        for real in torch.randn(3, 16, 4):
            fake = generator(torch.randn(16, 2))
            loss_g = -discriminator(fake).mean()
            loss_d = discriminator(fake.detach()).mean() - discriminator(real).mean()
            optimizer_g.zero_grad()
            loss_g.backward()
            optimizer_d.zero_grad()
            optimizer_g.step()
            loss_d.backward()
            optimizer_d.step()
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
        # Apply the last pass's gradients first, then make new ones.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        before = net.weight.clone()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for x in torch.randn(3, 8, 4):
            optimizer.step()
            optimizer.zero_grad()
            net(x).pow(2).mean().backward()
        """,
        # The closure clears and computes before each step.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        before = net.weight.clone()
        optimizer = torch.optim.LBFGS(net.parameters(), max_iter=2)
        x = torch.randn(8, 4)


        def closure():
            optimizer.zero_grad()
            loss = net(x).pow(2).mean()
            loss.backward()
            return loss


        closure()
        optimizer.zero_grad()
        optimizer.step(closure)
        """,
        # Gradients are kept, cleared, changed and written back (gradient surgery).
        """
        import torch

        net = torch.nn.Linear(4, 2)
        before = net.weight.clone()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        collected = []
        for x in torch.randn(2, 8, 4):
            optimizer.zero_grad()
            net(x).pow(2).mean().backward()
            collected.append([p.grad.clone() for p in net.parameters()])
        optimizer.zero_grad()
        for p, first, second in zip(net.parameters(), *collected):
            p.grad = first + second
        optimizer.step()
        """,
        # The same, written back in place by a helper.
        """
        import torch


        def write_back(net, gradients):
            for name, p in net.named_parameters():
                p.grad.copy_(gradients[name])


        net = torch.nn.Linear(4, 2)
        before = net.weight.clone()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        net(torch.randn(8, 4)).pow(2).mean().backward()
        kept = {name: p.grad.clone() for name, p in net.named_parameters()}
        optimizer.zero_grad(set_to_none=False)
        write_back(net, kept)
        optimizer.step()
        """,
        # Only a part is cleared: that part is left alone in this step.
        """
        import torch
        from torch import nn

        net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))
        before = net[1].weight.clone()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        net(torch.randn(8, 4)).pow(2).mean().backward()
        net[0].zero_grad()
        optimizer.step()
        """,
        # An auxiliary backward first: its gradients are thrown away on purpose.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        before = net.weight.clone()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        x = torch.randn(8, 4, requires_grad=True)
        net(x).sum().backward()
        attack = x.detach() + 0.1 * x.grad.sign()
        optimizer.zero_grad()
        net(attack).pow(2).mean().backward()
        optimizer.step()
        """,
        # Backward is hidden in code that is not known.
        """
        import torch


        class Engine:
            def __getattr__(self, name):
                return lambda loss: loss.backward()


        def train(engine, net, optimizer, batches):
            for x in batches:
                net(x).sum().backward()
                optimizer.zero_grad()
                engine.run(net(x).pow(2).mean())
                optimizer.step()


        net = torch.nn.Linear(4, 2)
        before = net.weight.clone()
        train(Engine(), net, torch.optim.SGD(net.parameters(), lr=0.1), torch.randn(2, 8, 4))
        """,
        # Cleared only if the gradients are not finite: that batch is skipped.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        before = net.weight.clone()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for x in torch.randn(3, 8, 4):
            optimizer.zero_grad()
            net(x).pow(2).mean().backward()
            norm = torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            if not torch.isfinite(norm):
                optimizer.zero_grad()
            optimizer.step()
        """,
        # Sharpness-aware: climb, clear, compute again, descend.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        before = net.weight.clone()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for x in torch.randn(3, 8, 4):
            net(x).pow(2).mean().backward()
            with torch.no_grad():
                climbed = [p.grad * 0.05 for p in net.parameters()]
                for p, e in zip(net.parameters(), climbed):
                    p.add_(e)
            optimizer.zero_grad()
            net(x).pow(2).mean().backward()
            with torch.no_grad():
                for p, e in zip(net.parameters(), climbed):
                    p.sub_(e)
            optimizer.step()
            optimizer.zero_grad()
        """,
    ),
)
