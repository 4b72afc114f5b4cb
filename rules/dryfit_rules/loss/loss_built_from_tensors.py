"""A loss class is called with prediction and target, as if it were the loss function.

What it does:
Reports `nn.CrossEntropyLoss(output, target)` and the like: a loss class of torch that is given two tensors by place,
or first what a network puts out. The class takes options; the object made from it takes the tensors.

Why it matters:
The tensors are taken for `weight` and `size_average`, and the constructor raises `RuntimeError: Boolean value of
Tensor with more than one value is ambiguous`.

Fix safety:
Safe: the code could not have worked before.

Source:
`torch.nn.modules.loss`, `torch.nn._reduction.legacy_get_string`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Fix, Raises, Rule, SemanticModel, Severity, facts, insert_after

HELP = "make the loss first, then call it with the tensors"


def check(model: SemanticModel) -> Iterator[Finding]:
    for call in model.facts(facts.FrameworkCall):
        if call.receiver is None and _is_loss_class(call.name) and _takes_tensors(call):
            name = call.name.rpartition(".")[2]
            function = call.arguments.site_of(call.arguments.call.func.span)
            yield Finding(
                call.site,
                f"`{name}` is a class, and is given an output and a target",
                "raises RuntimeError: the tensors are taken for options of the loss",
                HELP,
                Fix.safe(HELP, insert_after(function, "()")),
            )


def _is_loss_class(name: str) -> bool:
    return name.startswith("torch.nn.") and name.endswith("Loss")


def _takes_tensors(call: facts.FrameworkCall) -> bool:
    """Exactly two arguments, by place: two tensors, or first what a network puts out."""
    arguments = call.arguments
    if not arguments.are_complete or arguments.keywords or len(arguments.positional) != 2:
        return False
    first, second = arguments.positional
    are_tensors = all(option.kind == "tensor" for option in (*first.options, *second.options))
    return are_tensors or all(option.is_output for option in first.options)


RULE = Rule(
    name="loss-built-from-tensors",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn

                net = nn.Linear(4, 3)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                for x, y in [(torch.randn(8, 4), torch.zeros(8).long())] * 8:
                    optimizer.zero_grad()
                    output = net(x)
                    loss = nn.CrossEntropyLoss(output, y)
                #          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ loss-built-from-tensors
                    loss.backward()
                    optimizer.step()
            """,
            good="""
                import torch
                from torch import nn

                net = nn.Linear(4, 3)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                for x, y in [(torch.randn(8, 4), torch.zeros(8).long())] * 8:
                    optimizer.zero_grad()
                    output = net(x)
                    loss = nn.CrossEntropyLoss()(output, y)
                    loss.backward()
                    optimizer.step()
            """,
            witness=Raises("RuntimeError", "Boolean value of Tensor with more than one value is ambiguous"),
        ),
        Example(
            bad="""
                import torch
                from torch.nn import Linear, Module, MSELoss


                class Net(Module):
                    def __init__(self):
                        super().__init__()
                        self.fc = Linear(4, 2)

                    def forward(self, x):
                        return self.fc(x).relu()

                    def loss(self, x, y):
                        return MSELoss(self(x), y)
                #              ^^^^^^^^^^^^^^^^^^^ loss-built-from-tensors


                loss = Net().loss(torch.randn(8, 4), torch.randn(8, 2))
            """,
            good="""
                import torch
                from torch.nn import Linear, Module, MSELoss


                class Net(Module):
                    def __init__(self):
                        super().__init__()
                        self.fc = Linear(4, 2)

                    def forward(self, x):
                        return self.fc(x).relu()

                    def loss(self, x, y):
                        return MSELoss()(self(x), y)


                loss = Net().loss(torch.randn(8, 4), torch.randn(8, 2))
            """,
            witness=Raises("RuntimeError", "Boolean value of Tensor with more than one value is ambiguous"),
        ),
    ),
    near_misses=(
        # Options: a table of weights, even by place, and the old pair of switches.
        """
        import torch
        from torch import nn

        weights = torch.tensor([1.0, 2.0, 4.0])
        output, target = nn.Linear(4, 3)(torch.randn(8, 4)), torch.zeros(8).long()
        losses = [
            nn.CrossEntropyLoss(weights)(output, target),
            nn.CrossEntropyLoss(weight=weights, label_smoothing=0.1)(output, target),
            nn.CrossEntropyLoss(weights, None)(output, target),
            nn.functional.cross_entropy(output, target),
        ]
        """,
        # Weights that a network computes.
        """
        import torch
        from torch import nn

        weigh = nn.Sequential(nn.Linear(1, 3), nn.Softplus())
        criterion = nn.CrossEntropyLoss(weigh(torch.ones(1)).detach())
        loss = criterion(torch.randn(8, 3), torch.zeros(8).long())
        """,
        # A class of that name that takes tensors.
        """
        import torch
        from torch import nn


        class MSELoss:
            def __init__(self, output, target):
                self.value = (output - target).square().mean()


        loss = MSELoss(nn.Linear(4, 2)(torch.randn(8, 4)), torch.randn(8, 2)).value
        """,
    ),
    is_fixable=True,
)
