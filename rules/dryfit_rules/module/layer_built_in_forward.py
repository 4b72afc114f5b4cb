"""A layer with weights, or a parameter, is made anew whenever `forward` runs.

What it does:
Reports layers of torch that have weights, and `nn.Parameter`s that are set on the module, where they are certainly
made in each run of `forward`. Layers without weights, and such as are made once behind an `if`, are not reported;
neither are layers whose weights are given or started by hand there, as fixed filters are.

Why it matters:
Each call has other random weights: the same input gives another output. What is learned is thrown away with the layer,
and `parameters()` of a module that was not run yet leaves it out (measured: 2 of 4 parameters known to the optimizer).

Source:
`torch.nn.Linear.__init__`, `torch.nn.Module.__setattr__`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import CLOSED, Example, Finding, Observes, Rule, SemanticModel, Severity, facts

HELP = "make it in `__init__` and use it in `forward`"
PARAMETER = "torch.nn.Parameter"


def check(model: SemanticModel) -> Iterator[Finding]:
    for call in model.facts(facts.CalledInForward):
        name = call.name.rpartition(".")[2]
        if call.is_certain and not call.names_weights and (_has_weights(model, call) or _is_set_parameter(model, call)):
            yield Finding(
                call.site,
                f"`{name}` is made anew in each run of `forward`",
                "its weights are random again in each call, and no optimizer trains them",
                HELP,
            )


def _has_weights(model: SemanticModel, call: facts.CalledInForward) -> bool:
    """A class whose objects certainly register parameters, used as it is."""
    given: dict[str, bool | None] = {}
    for name, keyword in call.arguments.keywords.items():
        literal = keyword.value.literal
        given[name] = bool(literal) if keyword.value.is_constant else None
    is_used_as_it_is = not any(
        other.receiver is not None and other.receiver.is_same(call.result) for other in model.facts(facts.FrameworkCall)
    )
    is_complete = not call.arguments.has_unknown_keywords
    return model.frameworks.has_parameters(call.name, given) is True and is_complete and is_used_as_it_is


def _is_set_parameter(model: SemanticModel, call: facts.CalledInForward) -> bool:
    """`self.scale = nn.Parameter(...)`; one that is not trained is a constant."""
    data = call.arguments.known(0, "data")
    if call.name != PARAMETER or call.arguments.get(1, "requires_grad") is not None or data is None:
        return False
    if data.kind != "tensor" or data.history != CLOSED:  # the old values go on in the new one
        return False
    return any(
        fact.owner.is_same(call.module) and fact.to.is_same(call.result) for fact in model.facts(facts.AttributeSet)
    )


RULE = Rule(
    name="layer-built-in-forward",
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
                        self.fc = nn.Linear(4, 4)

                    def forward(self, x):
                        return nn.Linear(4, 2)(self.fc(x))
                #              ^^^^^^^^^^^^^^^ layer-built-in-forward


                net, x = Net(), torch.randn(3, 4)
                first, second = net(x), net(x)
            """,
            good="""
                import torch
                from torch import nn


                class Net(nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.fc = nn.Linear(4, 4)
                        self.out = nn.Linear(4, 2)

                    def forward(self, x):
                        return self.out(self.fc(x))


                net, x = Net(), torch.randn(3, 4)
                first, second = net(x), net(x)
            """,
            witness=Observes("not torch.equal(first, second)"),
        ),
        Example(
            bad="""
                import torch
                from torch import nn


                class Net(nn.Module):
                    def __init__(self, width):
                        super().__init__()
                        self.width = width

                    def _normalised(self, x):
                        norm = nn.BatchNorm1d(self.width)
                #              ^^^^^^^^^^^^^^^^^^^^^^^^^^ layer-built-in-forward
                        return norm(x)

                    def forward(self, x):
                        return self._normalised(x).relu()


                net = Net(4)
                output = net(torch.randn(3, 4))
            """,
            good="""
                import torch
                from torch import nn


                class Net(nn.Module):
                    def __init__(self, width):
                        super().__init__()
                        self.norm = nn.BatchNorm1d(width)

                    def _normalised(self, x):
                        return self.norm(x)

                    def forward(self, x):
                        return self._normalised(x).relu()


                net = Net(4)
                output = net(torch.randn(3, 4))
            """,
            witness=Observes("not list(net.parameters())"),
        ),
        Example(
            bad="""
                import torch


                class Scale(torch.nn.Module):
                    def forward(self, x):
                        self.scale = torch.nn.Parameter(torch.ones(1))
                #                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ layer-built-in-forward
                        return x * self.scale


                net = Scale()
                net(torch.randn(8, 4)).sum().backward()
                net(torch.randn(8, 4))
            """,
            good="""
                import torch


                class Scale(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.scale = torch.nn.Parameter(torch.ones(1))

                    def forward(self, x):
                        return x * self.scale


                net = Scale()
                net(torch.randn(8, 4)).sum().backward()
                net(torch.randn(8, 4))
            """,
            witness=Observes("net.scale.grad is None"),
        ),
    ),
    near_misses=(
        # Made once, when the width is known.
        """
        import torch
        from torch import nn


        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = None

            def forward(self, x):
                if self.fc is None:
                    self.fc = nn.Linear(x.shape[1], 2)
                if not hasattr(self, "scale"):
                    self.scale = nn.Parameter(torch.ones(1))
                return self.fc(x) * self.scale


        Net()(torch.randn(3, 4))
        """,
        # Layers without weights, and a fixed filter.
        """
        import torch
        from torch import nn


        class Blur(nn.Module):
            def forward(self, x):
                kernel = nn.Conv2d(1, 1, 3, padding=1, bias=False)
                kernel.weight.data = torch.full((1, 1, 3, 3), 1 / 9)
                return nn.Softmax(dim=1)(nn.ReLU()(kernel(x)))


        class Edges(nn.Module):
            def forward(self, x):
                self.kernel = nn.Parameter(torch.ones(1, 1, 3, 3), requires_grad=False)
                self.mean = nn.Parameter(0.9 * getattr(self, "mean", 0) + 0.1 * x.mean())
                norm = nn.BatchNorm2d(1, affine=False)
                return norm(nn.functional.conv2d(x, self.kernel)), nn.MSELoss()(x, x)


        Blur()(torch.randn(1, 1, 8, 8)), Edges()(torch.randn(2, 1, 8, 8))
        """,
        # An input as a leaf of its own, and a `forward` that is no module's.
        """
        import torch
        from torch import nn


        class Saliency(nn.Module):
            def __init__(self, net):
                super().__init__()
                self.net = net

            def forward(self, x):
                leaf = nn.Parameter(x)
                self.net(leaf).sum().backward()
                return leaf.grad


        class Builder:
            def forward(self, width):
                return nn.Linear(width, 2)


        Saliency(Builder().forward(4))(torch.randn(3, 4))
        """,
    ),
)
