"""Softmax is applied to the scores before a cross entropy that applies it again.

What it does:
Reports `CrossEntropyLoss` or `F.cross_entropy` whose input is certainly the output of a softmax, also when that is
the last layer of the network. `log_softmax` before a cross entropy gives the same loss and is not reported, nor is a
softmax whose logarithm is taken, one that is only shown or returned, or one that scales something else.

Why it matters:
The loss expects unnormalized scores. With probabilities it cannot fall below a floor (measured for a perfect answer:
0.55 with 3 classes, 1.46 with 10), and its gradients shrink: training is slow and stalls. Nothing is raised.

Fix safety:
Unsafe. The loss has other values from then on; the learning rate was chosen for the old ones.

Source:
`torch.nn.functional.cross_entropy` applies `log_softmax` to its input, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Fix, Observes, Operand, Rule, SemanticModel, Severity, facts, unwrap

LOSSES = ("CrossEntropyLoss", "cross_entropy")
SOFTMAX = ("torch.softmax", "torch.nn.functional.softmax", "torch.special.softmax")
HELP = "pass the scores without softmax"


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.LossCall):
        if (
            fact.name in LOSSES
            and isinstance(fact.input, Operand)
            and all(o.tag == "softmax" for o in fact.input.options)
        ):
            yield Finding(
                fact.input.site,
                f"`{fact.name}` is given the output of a softmax, and applies one itself",
                "the loss of a perfect answer stays above zero and gradients shrink: training stalls",
                HELP,
                _fix(model, fact.input),
            )


def _fix(model: SemanticModel, given: Operand) -> Fix | None:
    """What softmax is called with, if the argument is that call."""
    edits = [unwrap(call.arguments, "input") for call in model.calls_to(*SOFTMAX) if call.site == given.site]
    return Fix.unsafe(HELP, *edits[0]) if edits and edits[0] else None


RULE = Rule(
    name="softmax-before-cross-entropy",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                import torch.nn as nn


                class Net(nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.fc = nn.Linear(3, 3, bias=False)
                        self.softmax = nn.Softmax(dim=1)

                    def forward(self, x):
                        return self.softmax(self.fc(x))


                net = Net()
                net.fc.weight.data = 100 * torch.eye(3)
                criterion = nn.CrossEntropyLoss()
                output = net(torch.eye(3))
                loss = criterion(output, torch.arange(3))
                #                ^^^^^^ softmax-before-cross-entropy
            """,
            good="""
                import torch
                import torch.nn as nn


                class Net(nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.fc = nn.Linear(3, 3, bias=False)
                        self.softmax = nn.Softmax(dim=1)

                    def forward(self, x):
                        return self.fc(x)


                net = Net()
                net.fc.weight.data = 100 * torch.eye(3)
                criterion = nn.CrossEntropyLoss()
                output = net(torch.eye(3))
                loss = criterion(output, torch.arange(3))
            """,
            witness=Observes("loss.item() > 0.5"),
        ),
        Example(
            bad="""
                import torch
                import torch.nn.functional as F


                def loss_of(model, x, y):
                    logits = model(x)
                    return F.cross_entropy(F.softmax(logits, dim=-1), y)
                #                          ^^^^^^^^^^^^^^^^^^^^^^^^^ softmax-before-cross-entropy


                loss = loss_of(lambda x: 100 * x, torch.eye(10), torch.arange(10))
            """,
            good="""
                import torch
                import torch.nn.functional as F


                def loss_of(model, x, y):
                    logits = model(x)
                    return F.cross_entropy(logits, y)


                loss = loss_of(lambda x: 100 * x, torch.eye(10), torch.arange(10))
            """,
            witness=Observes("loss.item() > 1.46"),
        ),
        Example(
            bad="""
                import torch
                from torch import nn

                classifier = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 3), nn.Softmax(dim=1))
                optimizer = torch.optim.SGD(classifier.parameters(), lr=0.1)
                measure = nn.functional.cross_entropy
                for _ in range(2):
                    optimizer.zero_grad()
                    scores = classifier(torch.eye(3))
                    loss = measure(scores, torch.arange(3))
                    #              ^^^^^^ softmax-before-cross-entropy
                    loss.backward()
                    optimizer.step()
            """,
            good="""
                import torch
                from torch import nn

                classifier = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 3))
                optimizer = torch.optim.SGD(classifier.parameters(), lr=0.1)
                measure = nn.functional.cross_entropy
                for _ in range(2):
                    optimizer.zero_grad()
                    scores = classifier(torch.eye(3))
                    loss = measure(scores, torch.arange(3))
                    loss.backward()
                    optimizer.step()
            """,
            witness=Observes("torch.allclose(classifier(torch.eye(3)).sum(1), torch.ones(3))"),
        ),
    ),
    near_misses=(
        # The logarithm first: the same loss as without.
        """
        import torch
        from torch import nn

        scores = torch.randn(4, 3)
        target = torch.tensor([0, 1, 2, 0])
        losses = [
            nn.CrossEntropyLoss()(torch.log_softmax(scores, dim=1), target),
            nn.CrossEntropyLoss()(torch.log(torch.softmax(scores, dim=1)), target),
            nn.CrossEntropyLoss()(nn.LogSoftmax(dim=1)(scores), target),
            nn.CrossEntropyLoss()(scores.softmax(1).log(), target),
        ]
        """,
        # Probabilities as the target, or for another loss.
        """
        import torch
        from torch import nn

        teacher, student = torch.randn(4, 3), torch.randn(4, 3, requires_grad=True)
        target = torch.softmax(teacher / 2, dim=1)
        loss = nn.functional.cross_entropy(student / 2, target)
        other = nn.functional.mse_loss(torch.softmax(student, dim=1), target)
        divergence = nn.functional.kl_div(torch.log_softmax(student, dim=1), target, reduction="batchmean")
        """,
        # Sharpened again: scores made of probabilities by scaling.
        """
        import torch
        from torch import nn

        probabilities = torch.softmax(torch.randn(4, 3, requires_grad=True), dim=1)
        scale = nn.Parameter(torch.tensor(10.0))
        loss = nn.functional.cross_entropy(scale * probabilities, torch.tensor([0, 1, 2, 0]))
        """,
    ),
    is_fixable=True,
)
