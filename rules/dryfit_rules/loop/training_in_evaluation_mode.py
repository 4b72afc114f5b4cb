"""A loop leaves a network in evaluation mode and trains it on in its next pass.

What it does:
Reports `eval()` in a loop that trains the network, takes optimizer steps and has no `train()`, if the network certainly
was in training mode before the loop, is called with gradients before the `eval()`, and certainly is still in evaluation
mode when a pass is over. Only networks whose forward calls a layer that minds are meant: dropout, batch norm, a layer
of torch's transformers. A network that is trained in evaluation mode from the start is taken for one that is frozen on
purpose.

Why it matters:
From the second pass on dropout is off and batch norm neither uses the batch nor updates its statistics (measured: 4
updates in the first epoch, 0 in each later one). Nothing is raised.

Source:
`torch.nn.Module.eval`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Observes, Related, Rule, SemanticModel, Severity, facts


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.TrainedInEvaluation):
        what = f"`{fact.name}`" if fact.name else "the network"
        yield Finding(
            fact.site,
            f"nothing puts {what} back into training mode for the next pass",
            f"its `{fact.layer}` acts as in evaluation from the second pass on",
            f"call `{fact.name}.train()` at the start of each pass" if fact.name else "call `train()` in each pass",
            None,
            (Related(fact.called, "trained here"),),
        )


RULE = Rule(
    name="training-in-evaluation-mode",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn

                model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
                optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
                updates = []
                model.train()
                for epoch in range(3):
                    seen = int(model[1].num_batches_tracked)
                    for x in torch.randn(4, 8, 4):
                        optimizer.zero_grad()
                        model(x).pow(2).mean().backward()
                        optimizer.step()
                    updates.append(int(model[1].num_batches_tracked) - seen)
                    model.eval()
                #   ^^^^^^^^^^^^ training-in-evaluation-mode
                    with torch.no_grad():
                        validation = model(torch.randn(8, 4)).pow(2).mean().item()
            """,
            good="""
                import torch
                from torch import nn

                model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
                optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
                updates = []
                for epoch in range(3):
                    model.train()
                    seen = int(model[1].num_batches_tracked)
                    for x in torch.randn(4, 8, 4):
                        optimizer.zero_grad()
                        model(x).pow(2).mean().backward()
                        optimizer.step()
                    updates.append(int(model[1].num_batches_tracked) - seen)
                    model.eval()
                    with torch.no_grad():
                        validation = model(torch.randn(8, 4)).pow(2).mean().item()
            """,
            witness=Observes("updates == [4, 0, 0]"),
        ),
        Example(
            bad="""
                import torch
                import torch.nn.functional as F
                from torch import nn


                class Classifier(nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.hidden, self.out = nn.Linear(4, 16), nn.Linear(16, 2)

                    def forward(self, x):
                        modes.append(self.training)
                        return self.out(F.dropout(self.hidden(x), p=0.3, training=self.training))


                def train_epoch(net, batches, optimizer):
                    for x, y in batches:
                        optimizer.zero_grad()
                        F.cross_entropy(net(x), y).backward()
                        optimizer.step()


                def evaluate(net, batches):
                    net.eval()
                #   ^^^^^^^^^^ training-in-evaluation-mode
                    with torch.no_grad():
                        return sum(F.cross_entropy(net(x), y).item() for x, y in batches)


                def main(epochs=2):
                    net = Classifier()
                    optimizer = torch.optim.Adam(net.parameters())
                    batches = [(torch.randn(4, 4), torch.randint(0, 2, (4,))) for _ in range(3)]
                    for epoch in range(epochs):
                        train_epoch(net, batches, optimizer)
                        evaluate(net, batches)


                modes = []
                main()
            """,
            good="""
                import torch
                import torch.nn.functional as F
                from torch import nn


                class Classifier(nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.hidden, self.out = nn.Linear(4, 16), nn.Linear(16, 2)

                    def forward(self, x):
                        modes.append(self.training)
                        return self.out(F.dropout(self.hidden(x), p=0.3, training=self.training))


                def train_epoch(net, batches, optimizer):
                    net.train()
                    for x, y in batches:
                        optimizer.zero_grad()
                        F.cross_entropy(net(x), y).backward()
                        optimizer.step()


                def evaluate(net, batches):
                    net.eval()
                    with torch.no_grad():
                        return sum(F.cross_entropy(net(x), y).item() for x, y in batches)


                def main(epochs=2):
                    net = Classifier()
                    optimizer = torch.optim.Adam(net.parameters())
                    batches = [(torch.randn(4, 4), torch.randint(0, 2, (4,))) for _ in range(3)]
                    for epoch in range(epochs):
                        train_epoch(net, batches, optimizer)
                        evaluate(net, batches)


                modes = []
                main()
            """,
            witness=Observes("modes == [True] * 3 + [False] * 9"),
        ),
    ),
    near_misses=(
        # Frozen on purpose, restored by the helper, and the last thing a fold does.
        """
        import torch
        from torch import nn


        def make():
            return nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))


        def evaluate(net):
            was_training = net.training
            net.eval()
            with torch.no_grad():
                net(torch.randn(8, 4))
            net.train(was_training)


        def step(net, optimizer):
            optimizer.zero_grad()
            net(torch.randn(8, 4)).pow(2).mean().backward()
            optimizer.step()


        frozen = make()
        frozen.eval()
        optimizer = torch.optim.SGD(frozen.parameters(), lr=0.1)
        for epoch in range(3):
            step(frozen, optimizer)
            frozen.eval()

        restored = make()
        optimizer = torch.optim.SGD(restored.parameters(), lr=0.1)
        for epoch in range(3):
            step(restored, optimizer)
            evaluate(restored)

        for fold in range(3):
            fresh = make()
            optimizer = torch.optim.SGD(fresh.parameters(), lr=0.1)
            for epoch in range(2):
                step(fresh, optimizer)
            fresh.eval()
            fresh(torch.randn(8, 4))
        """,
        # The mode is set by the phase, and a class that has its own idea of it.
        """
        import torch
        from torch import nn


        class Stubborn(nn.Module):
            def __init__(self):
                super().__init__()
                self.body = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.Linear(4, 1))

            def forward(self, x):
                return self.body(x)

            def eval(self):
                return self


        net = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        stubborn = Stubborn()
        other = torch.optim.SGD(stubborn.parameters(), lr=0.1)
        for epoch in range(3):
            for phase in ("train", "val"):
                if phase == "train":
                    net.train()
                else:
                    net.eval()
                with torch.set_grad_enabled(phase == "train"):
                    loss = net(torch.randn(8, 4)).pow(2).mean()
                if phase == "train":
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
        for epoch in range(3):
            other.zero_grad()
            stubborn(torch.randn(8, 4)).mean().backward()
            other.step()
            stubborn.eval()
        """,
    ),
)
