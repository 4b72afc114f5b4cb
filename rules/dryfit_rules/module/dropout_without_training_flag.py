"""`F.dropout` in a module's `forward` is not told whether the module is in training.

What it does:
Reports `torch.nn.functional.dropout` and its like in a module's `forward`, where `training` is certainly not given and
the call is behind no `if`. `training=True` written out is taken for Monte Carlo dropout.

Why it matters:
`training` is True by default, so `model.eval()` does not switch it off: predictions are random, and a validation loss
is that of a network with holes (measured: zeros in the output in evaluation mode).

Fix safety:
Unsafe: evaluation gives other results from then on, as it was meant to.

Source:
`torch.nn.functional.dropout`, torch 2.13.0.
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
    insert_after,
    tree,
)

NAMES = frozenset(f"torch.nn.functional.{name}" for name in ("dropout", "dropout1d", "dropout2d", "dropout3d"))


def check(model: SemanticModel) -> Iterator[Finding]:
    for call in model.facts(facts.CalledInForward):
        if call.name in NAMES and call.is_certain and _is_always_on(call):
            name = call.name.rpartition(".")[2]
            training = f"{call.self_name or 'self'}.training"
            title = f"pass `training={training}`"
            written = call.arguments.call.arguments
            is_here = call.self_name and call.site.inside is None
            fix = Fix.unsafe(title, insert_after(call.arguments.site_of(written[-1].span), f", training={training}"))
            yield Finding(
                call.site,
                f"`{name}` is not told whether the module is in training",
                "it drops in evaluation as well: `training` is True by default",
                title,
                fix if is_here else None,
            )


def _is_always_on(call: facts.CalledInForward) -> bool:
    """`training` is not given, and the rate is no choice between two: 0 in evaluation would be right."""
    written = call.arguments.call.arguments
    if not written or not call.arguments.are_complete or call.arguments.get(2, "training") is not None:
        return False
    rate = call.arguments.known(1, "p")
    if rate is None:
        return True
    if rate.is_constant:
        return rate.literal != 0
    source = next((a.value for i, a in enumerate(written) if a.keyword == "p" or (i == 1 and a.keyword is None)), None)
    return isinstance(source, tree.Attribute)


RULE = Rule(
    name="dropout-without-training-flag",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                import torch.nn.functional as F
                from torch import nn


                class Net(nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.fc = nn.Linear(100, 100)

                    def forward(self, x):
                        return F.dropout(self.fc(x), 0.5)
                #              ^^^^^^^^^^^^^^^^^^^^^^^^^^ dropout-without-training-flag


                net = Net().eval()
                output = net(torch.ones(1, 100))
            """,
            good="""
                import torch
                import torch.nn.functional as F
                from torch import nn


                class Net(nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.fc = nn.Linear(100, 100)

                    def forward(self, x):
                        return F.dropout(self.fc(x), 0.5, training=self.training)


                net = Net().eval()
                output = net(torch.ones(1, 100))
            """,
            witness=Observes("bool((output == 0).any())"),
        ),
        Example(
            bad="""
                import torch
                from torch.nn.functional import dropout2d


                class Block(torch.nn.Module):
                    def __init__(self, rate=0.9):
                        super().__init__()
                        self.rate = rate

                    def forward(block, x):
                        x = dropout2d(x, p=block.rate)
                #           ^^^^^^^^^^^^^^^^^^^^^^^^^^ dropout-without-training-flag
                        return x


                net = Block().eval()
                output = net(torch.ones(1, 100, 2, 2))
            """,
            good="""
                import torch
                from torch.nn.functional import dropout2d


                class Block(torch.nn.Module):
                    def __init__(self, rate=0.9):
                        super().__init__()
                        self.rate = rate

                    def forward(block, x):
                        x = dropout2d(x, p=block.rate, training=block.training)
                        return x


                net = Block().eval()
                output = net(torch.ones(1, 100, 2, 2))
            """,
            witness=Observes("bool((output == 0).any())"),
        ),
    ),
    near_misses=(
        # Told in one way or another, on purpose, or with nothing to drop.
        """
        import torch
        import torch.nn.functional as F


        class Net(torch.nn.Module):
            def forward(self, x):
                if self.training:
                    x = F.dropout(x, 0.5)
                x = F.dropout(x, 0.5, self.training)
                x = F.dropout(x, p=0.5 if self.training else 0.0)
                x = F.dropout(x, p=0.1, training=True)
                rate = 0.5 * self.training
                return F.dropout(F.dropout(x, rate), 0.0)


        Net()(torch.ones(1, 4))
        """,
        # Not in a module's forward: noise on data, and a function that is called in training alone.
        """
        import torch
        import torch.nn.functional as F


        def augmented(x):
            return F.dropout(x, 0.1)


        class Net(torch.nn.Module):
            def forward(self, x, **options):
                return F.dropout(x, **options)

            def sample(self, x):
                return F.dropout(x, 0.5)


        Net()(augmented(torch.ones(1, 4)), training=False)
        """,
    ),
    is_fixable=True,
)
