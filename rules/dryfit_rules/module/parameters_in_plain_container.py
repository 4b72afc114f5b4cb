"""Parameters are kept in a plain list, dict, tuple or set, where their module does not find them.

What it does:
Reports `nn.Parameter` objects that a module keeps in an attribute of a built-in container and that are registered
nowhere else.

Why it matters:
A module registers what is assigned to an attribute if it is a parameter itself. Those in a list take part in
`forward`, but they are missing from `parameters()` and from `state_dict()`: no optimizer trains them, `to(device)`
leaves them behind, and the checkpoint lacks them. Nothing is raised.

Fix safety:
Unsafe. More weights are trained and saved than before, so a checkpoint of the old code does not load as it is.

Source:
`torch.nn.Module.__setattr__`, `torch.nn.ParameterList`, torch 2.13.0.
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

REGISTERING = {"list": "ParameterList", "tuple": "ParameterList", "set": "ParameterList", "dict": "ParameterDict"}


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.PlainContainer):
        if fact.what == "parameters" and fact.container in REGISTERING:
            container = REGISTERING[fact.container]
            help = f"keep them in an `nn.{container}`"
            yield Finding(
                fact.site,
                f"`{fact.attribute}` keeps parameters in a plain {fact.container}",
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
    name="parameters-in-plain-container",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                import torch.nn as nn


                class Mixture(nn.Module):
                    def __init__(self, parts):
                        super().__init__()
                        self.out = nn.Linear(4, 1)
                        self.scales = [nn.Parameter(torch.ones(4)) for _ in range(parts)]
                    #   ^^^^^^^^^^^ parameters-in-plain-container

                    def forward(self, x):
                        return sum(self.out(x * scale) for scale in self.scales)


                net = Mixture(3)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                net(torch.randn(8, 4)).pow(2).mean().backward()
                optimizer.step()
            """,
            good="""
                import torch
                import torch.nn as nn


                class Mixture(nn.Module):
                    def __init__(self, parts):
                        super().__init__()
                        self.out = nn.Linear(4, 1)
                        self.scales = nn.ParameterList([nn.Parameter(torch.ones(4)) for _ in range(parts)])

                    def forward(self, x):
                        return sum(self.out(x * scale) for scale in self.scales)


                net = Mixture(3)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                net(torch.randn(8, 4)).pow(2).mean().backward()
                optimizer.step()
            """,
            witness=Observes("torch.equal(net.scales[0], torch.ones(4)) and net.scales[0].grad is not None"),
        ),
        Example(
            bad="""
                import torch
                from torch.nn import Module, Parameter


                class Gate(Module):
                    def __init__(self):
                        super().__init__()
                        self.weights = {"in": Parameter(torch.ones(2)), "out": Parameter(torch.ones(2))}
                    #   ^^^^^^^^^^^^ parameters-in-plain-container

                    def forward(self, x):
                        return (x * self.weights["in"]).tanh() * self.weights["out"]


                gate = Gate()
            """,
            good="""
                import torch
                from torch.nn import Module, Parameter, ParameterDict


                class Gate(Module):
                    def __init__(self):
                        super().__init__()
                        self.weights = ParameterDict({"in": Parameter(torch.ones(2)), "out": Parameter(torch.ones(2))})

                    def forward(self, x):
                        return (x * self.weights["in"]).tanh() * self.weights["out"]


                gate = Gate()
            """,
            witness=Observes("list(gate.parameters()) == []"),
        ),
        Example(
            bad="""
                import torch
                import lightning.pytorch as pl


                class Prompts(pl.LightningModule):
                    def __init__(self, count):
                        super().__init__()
                        self.prompts = []
                    #   ^^^^^^^^^^^^ parameters-in-plain-container
                        for _ in range(count):
                            prompt = torch.nn.Parameter(torch.zeros(2, 8))
                            self.prompts.append(prompt)


                net = Prompts(2)
            """,
            good="""
                import torch
                import lightning.pytorch as pl


                class Prompts(pl.LightningModule):
                    def __init__(self, count):
                        super().__init__()
                        self.prompts = torch.nn.ParameterList()
                        for _ in range(count):
                            prompt = torch.nn.Parameter(torch.zeros(2, 8))
                            self.prompts.append(prompt)


                net = Prompts(2)
            """,
            witness=Observes("list(net.parameters()) == []"),
        ),
    ),
    near_misses=(
        # Plain tensors, and constants that are not trained.
        """
        import torch
        from torch import nn


        class Pyramid(nn.Module):
            def __init__(self):
                super().__init__()
                self.kernels = [torch.ones(3), torch.ones(5)]
                self.frozen = [nn.Parameter(torch.ones(3), requires_grad=False)]


        net = Pyramid()
        """,
        # The weights of a layer that is registered.
        """
        from torch import nn


        class Tied(nn.Module):
            def __init__(self):
                super().__init__()
                self.encoder = nn.Linear(4, 2)
                self.regularized = [self.encoder.weight]


        net = Tied()
        """,
    ),
    is_fixable=True,
)
