"""The result of a tensor's method, or of `torch.compile`, is thrown away.

What it does:
Reports statements that are nothing but a method of a tensor that returns a new one (`x.to(device)`, `x.cuda()`,
`target.long()`, `x.view(8, -1)`) while the function goes on with the old one, and `torch.compile(model)` alone.
Methods whose names end in `_` change the tensor itself, and so do `to`, `cuda` and `float` of a module.

Why it matters:
Nothing changes: the tensor stays on its device, of its type and shape. What follows fails later with `RuntimeError:
Expected all tensors to be on the same device`, or computes with the old type. `torch.compile` leaves the model as it
is, and the run goes on uncompiled.

Fix safety:
Unsafe: the run will do what it did not do before.

Source:
`torch.Tensor.to`, `torch.compile`, torch 2.13.0.
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
    insert_before,
)

NEW_TENSOR = frozenset(
    (
        "to cuda float double half bfloat16 long int bool type detach view reshape squeeze unsqueeze flatten permute "
        "transpose contiguous clamp masked_fill"
    ).split()
)


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.ResultDropped):
        title = f"assign the result to `{fact.text}`"
        fix = Fix.unsafe(title, insert_before(fact.site, f"{fact.text} = ")) if fact.site.inside is None else None
        if fact.name == "torch.compile" and fact.subject.is_a("torch.nn.Module"):
            note = "the model stays as it is and runs uncompiled"
            yield Finding(fact.site, "the result of `torch.compile` is dropped", note, title, fix)
        elif fact.name in NEW_TENSOR and fact.subject.kind == "tensor":
            note = f"`{fact.text}` stays as it is: the method returns a new tensor"
            yield Finding(fact.site, f"the result of `{fact.text}.{fact.name}` is dropped", note, title, fix)


RULE = Rule(
    name="result-dropped",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch

                x, net = torch.randn(2, 4), torch.nn.Linear(4, 2)
                net.to(torch.float64)
                if True:
                    x.to(torch.float64)
                #   ^^^^^^^^^^^^^^^^^^^ result-dropped
            """,
            good="""
                import torch

                x, net = torch.randn(2, 4), torch.nn.Linear(4, 2)
                net.to(torch.float64)
                if True:
                    x = x.to(torch.float64)
            """,
            witness=Observes("x.dtype != net.weight.dtype"),
        ),
        Example(
            bad="""
                import torch


                def loss_of(net, x, y):
                    output = net(x)
                    output.squeeze(1)
                #   ^^^^^^^^^^^^^^^^^ result-dropped
                    return output, torch.nn.functional.l1_loss(output, y.view(output.shape))


                output, loss = loss_of(torch.nn.Linear(4, 1), torch.randn(8, 4), torch.zeros(8))
            """,
            good="""
                import torch


                def loss_of(net, x, y):
                    output = net(x)
                    output = output.squeeze(1)
                    return output, torch.nn.functional.l1_loss(output, y.view(output.shape))


                output, loss = loss_of(torch.nn.Linear(4, 1), torch.randn(8, 4), torch.zeros(8))
            """,
            witness=Observes("output.dim() == 2"),
        ),
        Example(
            bad="""
                import torch


                class Net(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)
                        torch.compile(self.layer)
                #       ^^^^^^^^^^^^^^^^^^^^^^^^^ result-dropped


                net = Net()
            """,
            good="""
                import torch


                class Net(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)
                        self.layer = torch.compile(self.layer)


                net = Net()
            """,
            witness=Observes("type(net.layer).__name__ == 'Linear'"),
        ),
    ),
    near_misses=(
        # What changes the tensor or the module itself, and what is called for what it does.
        """
        import torch

        net, x = torch.nn.Linear(4, 2), torch.zeros(3, 4)
        net.to("cpu")
        net.float()
        x.fill_(1.0)
        x.requires_grad_()
        net(x).sum().backward()
        net.compile()
        """,
        # Objects that move themselves, and ones that are not known.
        """
        import torch


        class Batch:
            def __init__(self, x):
                self.x = x

            def to(self, device):
                self.x = self.x.to(device)
                return self


        def move(batches, device):
            for batch in batches:
                batch.to(device)


        batch = Batch(torch.zeros(2))
        batch.to("cpu")
        move([batch], "cpu")
        """,
        # A loop that measures, a check that it works, and a sequence that is packed.
        """
        import torch


        def is_square(size):
            x = torch.zeros(12)
            try:
                x.view(size, size)
            except RuntimeError:
                return False
            return True


        def measure(rounds):
            x = torch.zeros(12)
            for _ in range(rounds):
                x.to(torch.float64)


        is_square(3), measure(2)
        packed = torch.nn.utils.rnn.pack_sequence([torch.zeros(2, 4)])
        packed.to("cpu")
        torch.zeros(1).double()
        """,
    ),
    is_fixable=True,
)
