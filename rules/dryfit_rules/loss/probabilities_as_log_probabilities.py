"""A loss that expects log-probabilities is given probabilities.

What it does:
Reports `NLLLoss`, `F.nll_loss`, `KLDivLoss` or `F.kl_div` whose input is certainly the output of a softmax.
`log_softmax`, and the logarithm of a softmax, are right.

Why it matters:
The losses use the input as it is: with probabilities, the likelihood loss lies between -1 and 0 and its gradient does
not grow where the answer is wrong; the divergence of two equal distributions is not zero (measured: -1.0 for a
perfect answer, and -1.3 for equal inputs). Nothing is raised.

Fix safety:
Unsafe. The loss has other values from then on; the learning rate was chosen for the old ones.

Source:
`torch.nn.functional.nll_loss` and `kl_div`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Fix, Observes, Operand, Rule, SemanticModel, Severity, facts, replace, tree

LOSSES = ("NLLLoss", "nll_loss", "KLDivLoss", "kl_div")
SOFTMAX = ("torch.softmax", "torch.nn.functional.softmax")
HELP = "take `log_softmax` of the scores"


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.LossCall):
        if (
            fact.name in LOSSES
            and isinstance(fact.input, Operand)
            and all(o.tag == "softmax" for o in fact.input.options)
        ):
            yield Finding(
                fact.input.site,
                f"`{fact.name}` expects log-probabilities and is given the output of a softmax",
                "the loss is wrong: a perfect answer does not cost zero, and wrong ones cost little",
                HELP,
                _fix(model, fact.input),
            )


def _fix(model: SemanticModel, given: Operand) -> Fix | None:
    """`F.softmax(...)` renamed, if the argument is that call."""
    for call in model.calls_to(*SOFTMAX):
        function = call.arguments.call.func
        if call.site == given.site and isinstance(function, tree.Attribute) and function.name == "softmax":
            return Fix.unsafe(HELP, replace(call.arguments.site_of(function.name_span), "log_softmax"))
    return None


RULE = Rule(
    name="probabilities-as-log-probabilities",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                import torch.nn.functional as F


                def loss_of(logits, target):
                    return F.nll_loss(F.softmax(logits, dim=1), target)
                #                     ^^^^^^^^^^^^^^^^^^^^^^^^ probabilities-as-log-probabilities


                loss = loss_of(100 * torch.eye(3), torch.arange(3))
            """,
            good="""
                import torch
                import torch.nn.functional as F


                def loss_of(logits, target):
                    return F.nll_loss(F.log_softmax(logits, dim=1), target)


                loss = loss_of(100 * torch.eye(3), torch.arange(3))
            """,
            witness=Observes("loss.item() < -0.9"),
        ),
        Example(
            bad="""
                import torch
                from torch import nn

                net = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Softmax(dim=1))
                net[0].weight.data = 100 * torch.eye(3)
                criterion = nn.NLLLoss()
                output = net(torch.eye(3))
                loss = criterion(output, torch.arange(3))
                #                ^^^^^^ probabilities-as-log-probabilities
            """,
            good="""
                import torch
                from torch import nn

                net = nn.Sequential(nn.Linear(3, 3, bias=False), nn.LogSoftmax(dim=1))
                net[0].weight.data = 100 * torch.eye(3)
                criterion = nn.NLLLoss()
                output = net(torch.eye(3))
                loss = criterion(output, torch.arange(3))
            """,
            witness=Observes("loss.item() < -0.9"),
        ),
        Example(
            bad="""
                import torch
                from torch.nn import KLDivLoss


                def distill(student, teacher):
                    divergence = KLDivLoss(reduction="batchmean")
                    return divergence(student.softmax(dim=-1), teacher.softmax(dim=-1))
                #                     ^^^^^^^^^^^^^^^^^^^^^^^ probabilities-as-log-probabilities


                scores = torch.ones(4, 3)
                loss = distill(scores, scores)
            """,
            good="""
                import torch
                from torch.nn import KLDivLoss


                def distill(student, teacher):
                    divergence = KLDivLoss(reduction="batchmean")
                    return divergence(student.log_softmax(dim=-1), teacher.softmax(dim=-1))


                scores = torch.ones(4, 3)
                loss = distill(scores, scores)
            """,
            witness=Observes("abs(loss.item()) > 1.0"),
        ),
    ),
    near_misses=(
        # The logarithm is taken, in one step or in two.
        """
        import torch
        from torch import nn

        scores, target = torch.randn(4, 3), torch.tensor([0, 1, 2, 0])
        losses = [
            nn.functional.nll_loss(torch.log_softmax(scores, dim=1), target),
            nn.functional.nll_loss(torch.log(torch.softmax(scores, dim=1) + 1e-9), target),
            nn.NLLLoss()(nn.LogSoftmax(dim=1)(scores), target),
            nn.NLLLoss()(scores.softmax(1).clamp_min(1e-9).log(), target),
        ]
        """,
        # The target of a divergence is a distribution.
        """
        import torch
        import torch.nn.functional as F

        student, teacher = torch.randn(4, 3), torch.randn(4, 3)
        loss = F.kl_div(F.log_softmax(student, dim=1), F.softmax(teacher, dim=1), reduction="batchmean")
        """,
        # A loss of the same name that takes probabilities.
        """
        import torch
        from torch import nn


        class NLLLoss(nn.Module):
            def forward(self, probabilities, target):
                return nn.functional.nll_loss(probabilities.log(), target)


        loss = NLLLoss()(torch.randn(4, 3).softmax(1), torch.tensor([0, 1, 2, 0]))
        """,
        # Either kind, as the caller wants.
        """
        import torch
        from torch import nn


        def predict(scores, is_log):
            return scores.log_softmax(1) if is_log else scores.softmax(1)


        loss = nn.NLLLoss()(predict(torch.randn(4, 3), True), torch.tensor([0, 1, 2, 0]))
        """,
    ),
    is_fixable=True,
)
