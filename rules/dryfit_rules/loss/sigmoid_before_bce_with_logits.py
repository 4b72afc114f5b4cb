"""Sigmoid is applied to the scores before a loss that applies it again.

What it does:
Reports `BCEWithLogitsLoss` or `F.binary_cross_entropy_with_logits` whose input is certainly the output of a sigmoid,
also when that is the last layer of the network. `BCELoss` wants probabilities and is not reported.

Why it matters:
The loss expects unnormalized scores. Probabilities lie between 0 and 1, which as scores mean 0.5 to 0.73: the loss
cannot fall below 0.313 for positives and 0.693 for negatives (measured), and its gradients shrink. Nothing is raised.

Fix safety:
Unsafe. The loss has other values from then on; the learning rate was chosen for the old ones.

Source:
`torch.nn.functional.binary_cross_entropy_with_logits`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Fix, Observes, Operand, Rule, SemanticModel, Severity, facts, unwrap

LOSSES = ("BCEWithLogitsLoss", "binary_cross_entropy_with_logits")
SIGMOID = ("torch.sigmoid", "torch.nn.functional.sigmoid", "torch.special.expit")
HELP = "pass the scores without sigmoid"


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.LossCall):
        if (
            fact.name in LOSSES
            and isinstance(fact.input, Operand)
            and all(o.tag == "sigmoid" for o in fact.input.options)
        ):
            yield Finding(
                fact.input.site,
                f"`{fact.name}` is given the output of a sigmoid, and applies one itself",
                "a perfect answer still costs 0.313 or 0.693 and gradients shrink: training stalls",
                HELP,
                _fix(model, fact.input),
            )


def _fix(model: SemanticModel, given: Operand) -> Fix | None:
    """What sigmoid is called with, if the argument is that call."""
    edits = [unwrap(call.arguments, "input") for call in model.calls_to(*SIGMOID) if call.site == given.site]
    return Fix.unsafe(HELP, *edits[0]) if edits and edits[0] else None


RULE = Rule(
    name="sigmoid-before-bce-with-logits",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn

                detector = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Sigmoid())
                detector[0].weight.data.fill_(100.0)
                criterion = nn.BCEWithLogitsLoss()
                probability = detector(torch.tensor([[1.0], [-1.0]]))
                loss = criterion(probability, torch.tensor([[1.0], [0.0]]))
                #                ^^^^^^^^^^^ sigmoid-before-bce-with-logits
            """,
            good="""
                import torch
                from torch import nn

                detector = nn.Sequential(nn.Linear(1, 1, bias=False))
                detector[0].weight.data.fill_(100.0)
                criterion = nn.BCEWithLogitsLoss()
                probability = detector(torch.tensor([[1.0], [-1.0]]))
                loss = criterion(probability, torch.tensor([[1.0], [0.0]]))
            """,
            witness=Observes("loss.item() > 0.5"),
        ),
        Example(
            bad="""
                import torch
                import torch.nn.functional as F


                class Detector(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.fc = torch.nn.Linear(4, 1)

                    def forward(self, x):
                        return self.fc(x).squeeze(-1)

                    def loss(self, x, y):
                        return F.binary_cross_entropy_with_logits(torch.sigmoid(self(x)), y)
                #                                                 ^^^^^^^^^^^^^^^^^^^^^^ sigmoid-before-bce-with-logits


                detector = Detector()
                with torch.no_grad():
                    detector.fc.weight.zero_()
                    detector.fc.bias.fill_(-100.0)
                loss = detector.loss(torch.randn(8, 4), torch.zeros(8))
            """,
            good="""
                import torch
                import torch.nn.functional as F


                class Detector(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.fc = torch.nn.Linear(4, 1)

                    def forward(self, x):
                        return self.fc(x).squeeze(-1)

                    def loss(self, x, y):
                        return F.binary_cross_entropy_with_logits(self(x), y)


                detector = Detector()
                with torch.no_grad():
                    detector.fc.weight.zero_()
                    detector.fc.bias.fill_(-100.0)
                loss = detector.loss(torch.randn(8, 4), torch.zeros(8))
            """,
            witness=Observes("loss.item() > 0.69"),
        ),
    ),
    near_misses=(
        # The loss for probabilities.
        """
        import torch
        from torch import nn

        scores, target = torch.randn(4, 1), torch.ones(4, 1)
        losses = nn.BCELoss()(torch.sigmoid(scores), target), nn.BCEWithLogitsLoss()(scores, target)
        """,
        # Probabilities are for the accuracy, the scores for the loss.
        """
        import torch
        from torch import nn


        def evaluate(model, x, y):
            scores = model(x)
            loss = nn.functional.binary_cross_entropy_with_logits(scores, y)
            accuracy = ((torch.sigmoid(scores) > 0.5) == y.bool()).float().mean()
            return loss, accuracy


        evaluate(nn.Linear(4, 1), torch.randn(8, 4), torch.ones(8, 1))
        """,
        # Back to scores, or another range.
        """
        import torch
        from torch import nn

        probability = torch.sigmoid(torch.randn(4, 1))
        losses = [
            nn.functional.binary_cross_entropy_with_logits(torch.logit(probability), torch.ones(4, 1)),
            nn.functional.binary_cross_entropy_with_logits(20 * probability - 10, torch.ones(4, 1)),
        ]
        """,
        # Sigmoid in evaluation only.
        """
        import torch
        from torch import nn


        class Detector(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(4, 1)

            def forward(self, x):
                scores = self.fc(x)
                if not self.training:
                    scores = torch.sigmoid(scores)
                return scores


        loss = nn.BCEWithLogitsLoss()(Detector()(torch.randn(8, 4)), torch.ones(8, 1))
        """,
    ),
    is_fixable=True,
)
