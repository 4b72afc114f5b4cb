"""A softmax is not told over which dimension it runs.

What it does:
Reports `nn.Softmax()`, `nn.LogSoftmax()`, `nn.Softmin()` and their functions without a dimension, or with None.

Why it matters:
torch guesses: dimension 0 for tensors of 0, 1 or 3 dimensions, 1 for all others. For a batch of sequences of shape
(batch, time, classes) that is the batch: the probabilities of one place do not add up to 1, and samples take part in
each other's output. It says so once: `UserWarning: Implicit dimension choice for softmax has been deprecated`.

Fix safety:
Unsafe: -1 is the last dimension, which holds the classes in most networks, though not in images.

Source:
`torch.nn.functional._get_softmax_dim`, torch 2.13.0; run on 2.0 to 2.15.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Fix,
    Observes,
    Operand,
    Rule,
    SemanticModel,
    Severity,
    Warns,
    facts,
    insert_after,
    insert_before,
)

CLASSES = frozenset(f"torch.nn.{name}" for name in ("Softmax", "LogSoftmax", "Softmin"))
FUNCTIONS = frozenset(f"torch.nn.functional.{name}" for name in ("softmax", "log_softmax", "softmin"))
HELP = "pass `dim=-1`"


def check(model: SemanticModel) -> Iterator[Finding]:
    for call in model.facts(facts.FrameworkCall):
        if call.name in CLASSES or call.name in FUNCTIONS:
            dim = call.arguments.get(0 if call.name in CLASSES else 1, "dim")
            if dim is None or (isinstance(dim, Operand) and dim.is_none):
                yield Finding(
                    call.site,
                    f"`{call.name.rpartition('.')[2]}` is not given a dimension",
                    "torch guesses: the first of 1 or 3 dimensions, the second of 2 or 4",
                    HELP,
                    _fix(call) if dim is None else None,
                )


def _fix(call: facts.FrameworkCall) -> Fix | None:
    if call.site.inside is not None:
        return None
    written = call.arguments.call.arguments
    if written:
        return Fix.unsafe(HELP, insert_after(call.arguments.site_of(written[-1].span), ", dim=-1"))
    end = call.site.span.at_end
    closing = end._replace(column=end.column - 1, end_column=end.column - 1)
    return Fix.unsafe(HELP, insert_before(call.site._replace(span=closing), "dim=-1"))


RULE = Rule(
    name="softmax-without-dimension",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn

                net = nn.Sequential(nn.Linear(4, 3), nn.Softmax())
                #                                    ^^^^^^^^^^^^ softmax-without-dimension
                output = net(torch.randn(8, 4))
            """,
            good="""
                import torch
                from torch import nn

                net = nn.Sequential(nn.Linear(4, 3), nn.Softmax(dim=-1))
                output = net(torch.randn(8, 4))
            """,
            witness=Warns("UserWarning", "Implicit dimension choice for softmax"),
        ),
        Example(
            bad="""
                import torch
                import torch.nn.functional as F


                class Attention(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.score = torch.nn.Linear(4, 4)

                    def forward(self, x):
                        return F.softmax(self.score(x))
                #              ^^^^^^^^^^^^^^^^^^^^^^^^ softmax-without-dimension


                weights = Attention()(torch.randn(2, 3, 4))
            """,
            good="""
                import torch
                import torch.nn.functional as F


                class Attention(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.score = torch.nn.Linear(4, 4)

                    def forward(self, x):
                        return F.softmax(self.score(x), dim=-1)


                weights = Attention()(torch.randn(2, 3, 4))
            """,
            witness=Observes("bool((weights.sum(-1) - 1).abs().max() > 0.01)"),
        ),
    ),
    near_misses=(
        # Told by place or by name, and options that are not known.
        """
        import json

        import torch
        import torch.nn.functional as F
        from torch import nn

        x = torch.randn(2, 3)
        nn.Softmax(1)(x), nn.LogSoftmax(dim=-1)(x), F.softmax(x, 1), F.log_softmax(x, dim=0), x.softmax(-1)
        nn.Softmax2d()(torch.randn(1, 2, 3, 3))
        nn.Softmax(**json.loads('{"dim": 1}'))(x)
        """,
        # A function and a class of that name.
        """
        import torch


        def softmax(x):
            return torch.softmax(x, dim=-1)


        class Softmax(torch.nn.Module):
            def forward(self, x):
                return softmax(x)


        Softmax()(torch.randn(2, 3))
        """,
    ),
    is_fixable=True,
)
