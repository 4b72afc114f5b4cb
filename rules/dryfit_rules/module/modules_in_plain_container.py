"""Modules are kept in a plain list, dict, tuple or set, where their owner does not find them.

What it does:
Reports layers with weights that a module keeps in an attribute of a built-in container and that are registered
nowhere: not by `nn.Sequential(*self.layers)`, `add_module`, `setattr` or an `nn.ModuleList` of the same objects.
Containers of layers without weights, of frozen ones, and attributes with a leading underscore are not reported.

Why it matters:
A module registers what is assigned to an attribute if it is a module itself. The layers work in `forward`, but they
are missing from `parameters()` and from `state_dict()`: no optimizer trains them, `to(device)` leaves them behind,
and the checkpoint lacks them. Nothing is raised (measured: 2 of 6 parameters known, 2 of 6 moved).

Fix safety:
Unsafe. More weights are trained and saved than before, so a checkpoint of the old code does not load as it is.

Source:
`torch.nn.Module.__setattr__`, `torch.nn.ModuleList`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Fix,
    Observes,
    Rule,
    SemanticModel,
    Severity,
    facts,
    replace,
    wrap,
)

REGISTERING = {"list": "ModuleList", "tuple": "ModuleList", "set": "ModuleList", "dict": "ModuleDict"}


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.PlainContainer):
        if fact.what == "modules" and fact.container in REGISTERING:
            container = REGISTERING[fact.container]
            help = f"keep them in an `nn.{container}`"
            yield Finding(
                fact.site,
                f"`{fact.attribute}` keeps modules in a plain {fact.container}",
                "`parameters()`, `to` and `state_dict()` miss them: they are not trained, moved or saved",
                help,
                _fix(model, fact, container, help),
            )


def _fix(model: SemanticModel, fact: facts.PlainContainer, container: str, title: str) -> Fix | None:
    """The display wrapped, if the code calls torch.nn by a name; the keys of a dict are not known to be strings."""
    name = model.name_of("torch.nn", fact.value) if fact.value is not None else ""
    if fact.value is None or not name or fact.container not in ("list", "tuple"):
        return None
    line, column, end_line, end_column = fact.value.span
    if (end_line, end_column) == (line, column + len("[]")):
        return Fix.unsafe(title, replace(fact.value, f"{name}.{container}()"))
    return Fix.unsafe(title, *wrap(fact.value, f"{name}.{container}(", ")"))


RULE = Rule(
    name="modules-in-plain-container",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn


                class Net(nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.hidden = [nn.Linear(4, 4) for _ in range(2)]
                    #   ^^^^^^^^^^^ modules-in-plain-container
                        self.out = nn.Linear(4, 2)

                    def forward(self, x):
                        for layer in self.hidden:
                            x = layer(x).relu()
                        return self.out(x)


                net = Net()
            """,
            good="""
                import torch
                from torch import nn


                class Net(nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.hidden = nn.ModuleList([nn.Linear(4, 4) for _ in range(2)])
                        self.out = nn.Linear(4, 2)

                    def forward(self, x):
                        for layer in self.hidden:
                            x = layer(x).relu()
                        return self.out(x)


                net = Net()
            """,
            witness=Observes("len(list(net.parameters())) == 2 and 'hidden.0.weight' not in net.state_dict()"),
        ),
        Example(
            bad="""
                import torch


                def block(size):
                    return torch.nn.Sequential(torch.nn.Linear(size, size), torch.nn.ReLU())


                class Tower(torch.nn.Module):
                    def __init__(self, depth):
                        super(Tower, self).__init__()
                        self.first = torch.nn.Linear(3, 4)
                        self.blocks = []
                    #   ^^^^^^^^^^^ modules-in-plain-container
                        for _ in range(depth):
                            self.blocks.append(block(4))

                    def forward(self, x):
                        x = self.first(x)
                        for layer in self.blocks:
                            x = layer(x)
                        return x


                net = Tower(3)
            """,
            good="""
                import torch


                def block(size):
                    return torch.nn.Sequential(torch.nn.Linear(size, size), torch.nn.ReLU())


                class Tower(torch.nn.Module):
                    def __init__(self, depth):
                        super(Tower, self).__init__()
                        self.first = torch.nn.Linear(3, 4)
                        self.blocks = torch.nn.ModuleList()
                        for _ in range(depth):
                            self.blocks.append(block(4))

                    def forward(self, x):
                        x = self.first(x)
                        for layer in self.blocks:
                            x = layer(x)
                        return x


                net = Tower(3)
            """,
            witness=Observes("len(list(net.parameters())) == 2"),
        ),
        Example(
            bad="""
                import torch
                import torch.nn as nn


                class MultiTaskNet(nn.Module):
                    def __init__(self, tasks):
                        super().__init__()
                        self.trunk = nn.Sequential(nn.Linear(10, 8), nn.ReLU())
                        self.heads = {name: nn.Linear(8, out) for name, out in tasks.items()}
                    #   ^^^^^^^^^^ modules-in-plain-container

                    def forward(self, x):
                        z = self.trunk(x)
                        return {name: head(z) for name, head in self.heads.items()}


                net = MultiTaskNet({"age": 1, "sex": 2})
                before = net.heads["age"].weight.clone()
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                net(torch.randn(4, 10))["age"].sum().backward()
                optimizer.step()
            """,
            good="""
                import torch
                import torch.nn as nn


                class MultiTaskNet(nn.Module):
                    def __init__(self, tasks):
                        super().__init__()
                        self.trunk = nn.Sequential(nn.Linear(10, 8), nn.ReLU())
                        self.heads = nn.ModuleDict({name: nn.Linear(8, out) for name, out in tasks.items()})

                    def forward(self, x):
                        z = self.trunk(x)
                        return {name: head(z) for name, head in self.heads.items()}


                net = MultiTaskNet({"age": 1, "sex": 2})
                before = net.heads["age"].weight.clone()
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                net(torch.randn(4, 10))["age"].sum().backward()
                optimizer.step()
            """,
            witness=Observes("torch.equal(net.heads['age'].weight, before)"),
        ),
    ),
    near_misses=(
        # The same objects are registered by a Sequential that is kept.
        """
        from torch import nn


        class Net(nn.Module):
            def __init__(self, depth):
                super().__init__()
                self.layers = []
                for _ in range(depth):
                    self.layers.append(nn.Linear(4, 4))
                self.net = nn.Sequential(*self.layers)


        net = Net(3)
        """,
        # A local list only.
        """
        from torch import nn


        class Net(nn.Module):
            def __init__(self, depth):
                super().__init__()
                layers = [nn.Linear(4, 4) for _ in range(depth)]
                self.net = nn.Sequential(*layers)


        net = Net(3)
        """,
    ),
    is_fixable=True,
)
