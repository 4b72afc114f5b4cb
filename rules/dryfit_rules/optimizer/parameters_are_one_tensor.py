"""A single tensor is passed to an optimizer, not a collection.

What it does:
Looks at what an optimizer of `torch.optim` is built from and reports one tensor or `nn.Parameter` (`layer.weight`).
As the `params` of a group a single tensor is fine.

Why it matters:
`TypeError: params argument given to the optimizer should be an iterable of Tensors or dicts, but got
torch.FloatTensor`.

Fix safety:
Safe for a parameter: the tensor alone was refused. Unsafe for another tensor, which has to be a leaf that requires
gradients.

Source:
`torch.optim.Optimizer.__init__`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Fix, Operand, Raises, Rule, SemanticModel, Severity, facts, wrap

HELP = "put it in a list"


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.OptimizerBuilt):
        given = built.parameters
        if built.is_of_torch and isinstance(given, Operand):
            if all(option.kind in ("parameter", "tensor") for option in given.options):
                yield _finding(given, built.class_name.rpartition(".")[2])


def _finding(given: Operand, optimizer: str) -> Finding:
    make = Fix.safe if all(option.kind == "parameter" for option in given.options) else Fix.unsafe
    return Finding(
        given.site,
        f"`{optimizer}` is given a single tensor, not a collection of them",
        "raises TypeError when the optimizer is built",
        HELP,
        make(HELP, *wrap(given.site, "[", "]")),
    )


RULE = Rule(
    name="parameters-are-one-tensor",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.SGD(net.weight, lr=0.1)
                #                           ^^^^^^^^^^ parameters-are-one-tensor
            """,
            good="""
                import torch

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.SGD([net.weight], lr=0.1)
            """,
            witness=Raises("TypeError", "should be an iterable of Tensors or dicts"),
        ),
        Example(
            bad="""
                import torch
                from torch.optim import Adam as A


                class Prompt(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.tokens = torch.nn.Parameter(torch.zeros(8, 4))
                        self.optimizer = A(self.tokens, lr=1e-3)
                        #                  ^^^^^^^^^^^ parameters-are-one-tensor


                prompt = Prompt()
            """,
            good="""
                import torch
                from torch.optim import Adam as A


                class Prompt(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.tokens = torch.nn.Parameter(torch.zeros(8, 4))
                        self.optimizer = A([self.tokens], lr=1e-3)


                prompt = Prompt()
            """,
            witness=Raises("TypeError", "should be an iterable of Tensors or dicts"),
        ),
        Example(
            bad="""
                import torch
                import torch.optim as optim

                image = torch.randn(1, 3, 8, 8, requires_grad=True)
                optimizer = optim.LBFGS(image)
                #                       ^^^^^ parameters-are-one-tensor
            """,
            good="""
                import torch
                import torch.optim as optim

                image = torch.randn(1, 3, 8, 8, requires_grad=True)
                optimizer = optim.LBFGS([image])
            """,
            witness=Raises("TypeError", "should be an iterable of Tensors or dicts"),
        ),
    ),
    near_misses=(
        # One tensor as the content of a group, and several tensors.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        first = torch.optim.SGD([{"params": net.weight}, {"params": net.bias}], lr=0.1)
        second = torch.optim.SGD(net.parameters(), lr=0.1)
        third = torch.optim.SGD((net.weight, net.bias), lr=0.1)
        """,
        # An attribute called `weight` that holds a list.
        """
        import torch


        class Stack(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 2)
                self.weight = [self.layer.weight, self.layer.bias]


        optimizer = torch.optim.SGD(Stack().weight, lr=0.1)
        """,
        # An optimizer of the project that takes one tensor.
        """
        import torch


        class One(torch.optim.SGD):
            def __init__(self, tensor, lr):
                super().__init__([tensor], lr=lr)


        optimizer = One(torch.nn.Linear(4, 2).weight, lr=0.1)
        """,
    ),
    is_fixable=True,
)
