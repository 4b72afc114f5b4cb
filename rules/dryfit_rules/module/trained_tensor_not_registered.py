"""A tensor that is to be trained is set on a module and is no parameter of it.

What it does:
Reports tensors made with `requires_grad=True` and set on a module, where an optimizer certainly holds the module's
parameters and nothing else. Silent if another optimizer there is given tensors, or a method of the module hands the
tensor out.

Why it matters:
A module registers `nn.Parameter`s, not tensors. The gradient arrives, and no step changes the tensor (measured: 0 of 1
changed); it is missing in `state_dict()` and does not move with `.to(device)`.

Source:
`torch.nn.Module.__setattr__`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Observes, Operand, Related, Rule, SemanticModel, Severity, facts


def check(model: SemanticModel) -> Iterator[Finding]:
    if any(_holds_tensors(built) for built in model.facts(facts.OptimizerBuilt)) or any(model.facts(facts.GroupAdded)):
        return
    for fact in model.facts(facts.TensorNotHeld):
        made = next((s for s in model.facts(facts.AttributeSet) if _is_made_by(s, fact)), None)
        owner = fact.module.class_name
        yield Finding(
            fact.site if made is None else made.site,
            f"`{fact.name}` of `{owner}` is a tensor and no parameter",
            "its gradient arrives, and no step changes it: `parameters()` leaves it out",
            "make it an `nn.Parameter`",
            related=() if made is None else (Related(fact.site, "this optimizer does not hold it"),),
        )


def _is_made_by(assigned: facts.AttributeSet, fact: facts.TensorNotHeld) -> bool:
    return assigned.name == fact.name and assigned.owner.is_same(fact.module) and assigned.site.inside is None


def _holds_tensors(built: facts.OptimizerBuilt) -> bool:
    """An optimizer for tensors of their own: it may be theirs."""
    given = built.parameters
    if not isinstance(given, Operand):
        return True
    return given.kind == "unknown" or any(part.kind not in ("parameter", "dict") for part in given.known_elements)


RULE = Rule(
    name="trained-tensor-not-registered",
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
                        self.scale = torch.ones(1, requires_grad=True)
                #       ^^^^^^^^^^ trained-tensor-not-registered
                        self.fc = nn.Linear(4, 2)

                    def forward(self, x):
                        return self.fc(x) * self.scale


                net = Net()
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                before = net.scale.detach().clone()
                net(torch.randn(8, 4)).square().mean().backward()
                optimizer.step()
            """,
            good="""
                import torch
                from torch import nn


                class Net(nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.scale = nn.Parameter(torch.ones(1))
                        self.fc = nn.Linear(4, 2)

                    def forward(self, x):
                        return self.fc(x) * self.scale


                net = Net()
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                before = net.scale.detach().clone()
                net(torch.randn(8, 4)).square().mean().backward()
                optimizer.step()
            """,
            witness=Observes("torch.equal(net.scale.detach(), before)"),
        ),
        Example(
            bad="""
                import torch


                class Attention(torch.nn.Module):
                    def __init__(self, width):
                        super().__init__()
                        self.query = torch.randn(width).requires_grad_()
                #       ^^^^^^^^^^ trained-tensor-not-registered
                        self.out = torch.nn.Linear(width, 2)

                    def forward(self, x):
                        return self.out(x * torch.softmax(self.query, dim=0))


                def build(width=4):
                    net = torch.nn.Sequential(torch.nn.Linear(8, width), Attention(width))
                    return net, torch.optim.AdamW(list(net.parameters()), lr=1e-3)


                net, optimizer = build()
            """,
            good="""
                import torch


                class Attention(torch.nn.Module):
                    def __init__(self, width):
                        super().__init__()
                        self.query = torch.nn.Parameter(torch.randn(width))
                        self.out = torch.nn.Linear(width, 2)

                    def forward(self, x):
                        return self.out(x * torch.softmax(self.query, dim=0))


                def build(width=4):
                    net = torch.nn.Sequential(torch.nn.Linear(8, width), Attention(width))
                    return net, torch.optim.AdamW(list(net.parameters()), lr=1e-3)


                net, optimizer = build()
            """,
            witness=Observes("'1.query' not in dict(net.named_parameters())"),
        ),
    ),
    near_misses=(
        # Held beside the parameters, or by an optimizer of its own.
        """
        import torch
        from torch import nn


        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.scale = torch.ones(1, requires_grad=True)
                self.fc = nn.Linear(4, 2)


        first, second = Net(), Net()
        both = torch.optim.SGD([*first.parameters(), first.scale], lr=0.1)
        own = torch.optim.SGD([second.scale], lr=0.1)
        rest = torch.optim.SGD(second.parameters(), lr=0.1)
        """,
        # Handed out by a method, as architecture search does.
        """
        import torch
        from torch import nn


        class Cell(nn.Module):
            def __init__(self):
                super().__init__()
                self.alphas = torch.zeros(3, requires_grad=True)
                self.fc = nn.Linear(4, 2)

            def arch_parameters(self):
                return [self.alphas]


        class Architect:
            def __init__(self, cell):
                self.optimizer = torch.optim.Adam(cell.arch_parameters(), lr=3e-4)


        cell = Cell()
        optimizer = torch.optim.SGD(cell.parameters(), lr=0.1)
        architect = Architect(cell)
        """,
        # Tensors that are not trained, and a class that is no module.
        """
        import torch
        from torch import nn


        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.offset = torch.zeros(1)
                self.register_buffer("mean", torch.zeros(1))
                self.scale = nn.Parameter(torch.ones(1, requires_grad=True))


        class Holder:
            def __init__(self):
                self.net, self.image = Net(), torch.zeros(4, requires_grad=True)
                self.optimizer = torch.optim.SGD(self.net.parameters(), lr=0.1)


        holder = Holder()
        """,
    ),
)
