"""A network is evaluated in training mode.

What it does:
Reports a call of a network where no gradients are recorded and its output goes into a loss or a comparison, if an
optimizer that holds the network has stepped before, the network is certainly in training mode, and it calls a layer
that minds: dropout, batch norm, a layer of torch's transformers, `F.dropout(..., training=self.training)`. Silent where
`train()` was called for just this, where the very batch or the loader that is trained with is looked at, and where
code that cannot be seen has held the network.

Why it matters:
Dropout drops parts of what is measured, and batch norm uses the statistics of the batch and moves its running ones
towards the validation data. Nothing is raised: two validations of the same weights differ (measured: by 0.04), and the
best epoch is chosen by chance.

Source:
`torch.nn.Module.train`, `torch.nn.Dropout`, `torch.nn.BatchNorm1d`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Observes, Rule, SemanticModel, Severity, facts


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.EvaluatedInTraining):
        name = fact.name or "the network"
        yield Finding(
            fact.site,
            f"`{name}` is evaluated in training mode" if fact.name else "a network is evaluated in training mode",
            f"its `{fact.layer}` acts as in training: the result depends on chance or on the batch",
            f"call `{fact.name}.eval()` before and `{fact.name}.train()` after"
            if fact.name
            else "call `eval()` before",
        )


RULE = Rule(
    name="evaluation-in-training-mode",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                import torch.nn as nn
                from torch.utils.data import DataLoader, TensorDataset


                class Net(nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.fc1, self.fc2 = nn.Linear(4, 64), nn.Linear(64, 1)
                        self.dropout = nn.Dropout(0.5)

                    def forward(self, x):
                        return self.fc2(self.dropout(torch.relu(self.fc1(x))))


                train_loader = DataLoader(TensorDataset(torch.randn(16, 4), torch.randn(16, 1)), 8)
                valid_loader = DataLoader(TensorDataset(torch.randn(16, 4), torch.randn(16, 1)), 8)
                model, criterion = Net(), nn.MSELoss()
                optimizer = torch.optim.SGD(model.parameters(), lr=0.01)


                def validate():
                    total = 0.0
                    with torch.no_grad():
                        for x, y in valid_loader:
                            total += criterion(model(x), y).item()
                            #                  ^^^^^^^^ evaluation-in-training-mode
                    return total


                for epoch in range(2):
                    model.train()
                    for x, y in train_loader:
                        optimizer.zero_grad()
                        criterion(model(x), y).backward()
                        optimizer.step()
                    first, second = validate(), validate()
            """,
            good="""
                import torch
                import torch.nn as nn
                from torch.utils.data import DataLoader, TensorDataset


                class Net(nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.fc1, self.fc2 = nn.Linear(4, 64), nn.Linear(64, 1)
                        self.dropout = nn.Dropout(0.5)

                    def forward(self, x):
                        return self.fc2(self.dropout(torch.relu(self.fc1(x))))


                train_loader = DataLoader(TensorDataset(torch.randn(16, 4), torch.randn(16, 1)), 8)
                valid_loader = DataLoader(TensorDataset(torch.randn(16, 4), torch.randn(16, 1)), 8)
                model, criterion = Net(), nn.MSELoss()
                optimizer = torch.optim.SGD(model.parameters(), lr=0.01)


                def validate():
                    total = 0.0
                    model.eval()
                    with torch.no_grad():
                        for x, y in valid_loader:
                            total += criterion(model(x), y).item()
                    return total


                for epoch in range(2):
                    model.train()
                    for x, y in train_loader:
                        optimizer.zero_grad()
                        criterion(model(x), y).backward()
                        optimizer.step()
                    first, second = validate(), validate()
            """,
            witness=Observes("first != second"),
        ),
        Example(
            bad="""
                import torch
                from torch import nn, optim


                class Experiment:
                    def __init__(self):
                        self.net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
                        self.opt = optim.Adam(self.net.parameters())

                    def fit(self, batches):
                        self.net.train()
                        for x, y in batches:
                            self.opt.zero_grad()
                            nn.functional.cross_entropy(self.net(x), y).backward()
                            self.opt.step()

                    @torch.no_grad()
                    def accuracy(self, held_out):
                        right = 0
                        for inputs, labels in held_out:
                            _, predicted = torch.max(self.net(inputs), 1)
                            #                        ^^^^^^^^^^^^^^^^ evaluation-in-training-mode
                            right += (predicted == labels).sum().item()
                        return right


                experiment = Experiment()
                batches = [(torch.randn(6, 4), torch.randint(0, 2, (6,))) for _ in range(9)]
                held_out = [(torch.randn(6, 4), torch.randint(0, 2, (6,))) for _ in range(9)]
                for epoch in range(2):
                    experiment.fit(batches)
                    before = experiment.net[1].running_mean.clone()
                    experiment.accuracy(held_out)
                    after = experiment.net[1].running_mean.clone()
            """,
            good="""
                import torch
                from torch import nn, optim


                class Experiment:
                    def __init__(self):
                        self.net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
                        self.opt = optim.Adam(self.net.parameters())

                    def fit(self, batches):
                        self.net.train()
                        for x, y in batches:
                            self.opt.zero_grad()
                            nn.functional.cross_entropy(self.net(x), y).backward()
                            self.opt.step()

                    @torch.no_grad()
                    def accuracy(self, held_out):
                        self.net.eval()
                        right = 0
                        for inputs, labels in held_out:
                            _, predicted = torch.max(self.net(inputs), 1)
                            right += (predicted == labels).sum().item()
                        return right


                experiment = Experiment()
                batches = [(torch.randn(6, 4), torch.randint(0, 2, (6,))) for _ in range(9)]
                held_out = [(torch.randn(6, 4), torch.randint(0, 2, (6,))) for _ in range(9)]
                for epoch in range(2):
                    experiment.fit(batches)
                    before = experiment.net[1].running_mean.clone()
                    experiment.accuracy(held_out)
                    after = experiment.net[1].running_mean.clone()
            """,
            witness=Observes("not torch.equal(before, after)"),
        ),
    ),
    near_misses=(
        # Monte Carlo dropout on purpose, and statistics that are to be moved.
        """
        import torch
        from torch import nn

        net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        data = [(torch.randn(6, 4), torch.randn(6, 1)) for _ in range(9)]
        held_out = [(torch.randn(6, 4), torch.randn(6, 1)) for _ in range(9)]
        for epoch in range(2):
            for x, y in data:
                optimizer.zero_grad()
                nn.functional.mse_loss(net(x), y).backward()
                optimizer.step()
            with torch.no_grad():
                for x, y in held_out:
                    net(x)
            net.train()
            with torch.no_grad():
                for x, y in held_out:
                    samples = [nn.functional.mse_loss(net(x), y).item() for _ in range(9)]
        """,
        # A generator makes its fakes as it is trained; the batch itself is looked at again; layers that do not mind.
        """
        import torch
        from torch import nn

        generator = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 4))
        critic = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4), nn.Dropout(0.0), nn.Linear(4, 1))
        g_opt = torch.optim.Adam(generator.parameters())
        c_opt = torch.optim.Adam(critic.parameters())
        for real in torch.randn(5, 8, 4):
            with torch.no_grad():
                fake = generator(torch.randn(8, 2))
            loss = nn.functional.mse_loss(critic(fake), critic(real))
            c_opt.zero_grad()
            loss.backward()
            c_opt.step()
            with torch.no_grad():
                again = nn.functional.mse_loss(critic(fake), critic(real))
            g_opt.zero_grad()
            nn.functional.mse_loss(generator(torch.randn(8, 2)), real).backward()
            g_opt.step()
            with torch.no_grad():
                now = nn.functional.mse_loss(generator(real[:, :2]), real)
        """,
    ),
)
