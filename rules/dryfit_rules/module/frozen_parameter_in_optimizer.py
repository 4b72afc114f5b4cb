"""A parameter that its own class switched off is handed to an optimizer all the same.

What it does:
Reports `self.weight.requires_grad = False` in a module all of whose own parameters are switched off like this, when
the module's parameters reach an optimizer. Freezing a network from outside and passing `model.parameters()` is a
common idiom and not reported, nor is `nn.Parameter(..., requires_grad=False)`, which says at the birth of the value
what it is.

Why it matters:
torch accepts the parameter and skips it at every step, because its gradient stays None: the weight never moves and
not even weight decay touches it. Nothing is raised. If the value is meant to be constant, `register_buffer` says so
and keeps it out of `parameters()`.

Source:
`torch.optim.Optimizer.step` collects only parameters whose `grad` is not None, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Observes, Related, Rule, SemanticModel, Severity, facts


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.FrozenHeld):
        yield Finding(
            fact.site,
            f"`{fact.path}` is switched off, and in an optimizer",
            "its gradient stays None: every step skips it and it keeps its initial value",
            "let it require gradients",
            related=(Related(fact.optimizer, "the optimizer that is given it"),),
        )


RULE = Rule(
    name="frozen-parameter-in-optimizer",
    severity=Severity.INFO,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                import torch.nn as nn
                import torch.optim as optim


                class CustomLayer(nn.Module):
                    def __init__(self):
                        super(CustomLayer, self).__init__()
                        self.weight = nn.Parameter(torch.randn(5, 5))
                        self.weight.requires_grad = False
                    #   ^^^^^^^^^^^^^^^^^^^^^^^^^ frozen-parameter-in-optimizer

                    def forward(self, x):
                        return torch.matmul(x, self.weight)


                network = nn.Sequential(CustomLayer(), nn.Linear(5, 1))
                optimizer = optim.Adam(network.parameters(), lr=0.01)
                before = network[0].weight.clone()
                for x in torch.randn(2, 8, 5):
                    optimizer.zero_grad()
                    network(x).pow(2).mean().backward()
                    optimizer.step()
            """,
            good="""
                import torch
                import torch.nn as nn
                import torch.optim as optim


                class CustomLayer(nn.Module):
                    def __init__(self):
                        super(CustomLayer, self).__init__()
                        self.weight = nn.Parameter(torch.randn(5, 5))

                    def forward(self, x):
                        return torch.matmul(x, self.weight)


                network = nn.Sequential(CustomLayer(), nn.Linear(5, 1))
                optimizer = optim.Adam(network.parameters(), lr=0.01)
                before = network[0].weight.clone()
                for x in torch.randn(2, 8, 5):
                    optimizer.zero_grad()
                    network(x).pow(2).mean().backward()
                    optimizer.step()
            """,
            witness=Observes("torch.equal(network[0].weight, before)"),
        ),
        Example(
            bad="""
                import torch


                class Scale(torch.nn.Module):
                    def __init__(self, size):
                        super().__init__()
                        self.gain = torch.nn.Parameter(torch.ones(size))
                        self.gain.requires_grad_(False)
                    #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ frozen-parameter-in-optimizer

                    def forward(self, x):
                        return x * self.gain


                class Net(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.fc = torch.nn.Linear(5, 5)
                        self.scale = Scale(5)

                    def forward(self, x):
                        return self.scale(self.fc(x))


                def groups(net):
                    return [{"params": net.fc.parameters()}, {"params": net.scale.parameters(), "lr": 1.0}]


                net = Net()
                optimizer = torch.optim.SGD(groups(net), lr=0.1)
                net(torch.randn(8, 5)).pow(2).mean().backward()
                optimizer.step()
            """,
            good="""
                import torch


                class Scale(torch.nn.Module):
                    def __init__(self, size):
                        super().__init__()
                        self.gain = torch.nn.Parameter(torch.ones(size))

                    def forward(self, x):
                        return x * self.gain


                class Net(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.fc = torch.nn.Linear(5, 5)
                        self.scale = Scale(5)

                    def forward(self, x):
                        return self.scale(self.fc(x))


                def groups(net):
                    return [{"params": net.fc.parameters()}, {"params": net.scale.parameters(), "lr": 1.0}]


                net = Net()
                optimizer = torch.optim.SGD(groups(net), lr=0.1)
                net(torch.randn(8, 5)).pow(2).mean().backward()
                optimizer.step()
            """,
            witness=Observes("torch.equal(net.scale.gain, torch.ones(5))"),
        ),
    ),
    near_misses=(
        # A constant, and said so when it is made.
        """
        import torch
        from torch import nn


        class Positions(nn.Module):
            def __init__(self):
                super().__init__()
                self.table = nn.Parameter(torch.linspace(0, 1, 5), requires_grad=False)

            def forward(self, x):
                return x + self.table


        network = nn.Sequential(Positions(), nn.Linear(5, 1))
        optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
        """,
        # The backbone is frozen from outside, and the optimizer is given everything.
        """
        import torch
        from torch import nn

        network = nn.Sequential(nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 1))
        for parameter in network[0].parameters():
            parameter.requires_grad = False
        optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
        """,
    ),
)
