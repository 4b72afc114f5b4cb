"""`LBFGS` is given several parameter groups.

What it does:
Reports `torch.optim.LBFGS` with a list in which there is certainly more than one group, and `add_param_group` on one
that was built.

Why it matters:
`ValueError: LBFGS doesn't support per-parameter options (parameter groups)` when the optimizer is built. A group that
is added later is accepted, and the next step raises `AssertionError: Expected exactly one param_group, but got 2`.

Source:
`torch.optim.LBFGS.__init__`, torch 2.13.0; run on 2.0 to 2.15.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Operand, Raises, Rule, SemanticModel, Severity, facts

LBFGS = "torch.optim.LBFGS"


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.OptimizerBuilt):
        if built.class_name == LBFGS and built.is_of_torch and isinstance(built.parameters, Operand):
            groups = [part for part in built.parameters.known_elements if part.kind == "dict"]
            if len(groups) > 1 and not built.arguments.is_expected_to_fail:
                yield Finding(
                    built.parameters.site,
                    f"`LBFGS` is given {len(groups)} parameter groups",
                    "raises ValueError when the optimizer is built: LBFGS doesn't support per-parameter options",
                    "give one list of parameters",
                )
    for added in model.facts(facts.GroupAdded):
        if added.optimizer.class_names[:1] == (LBFGS,) and added.method == "add_param_group":
            yield Finding(
                added.site,
                "a parameter group is added to `LBFGS`",
                "raises AssertionError in the next step: Expected exactly one param_group",
                "give one list of parameters when it is built",
            )


RULE = Rule(
    name="lbfgs-with-groups",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn

                body, head = nn.Linear(4, 4), nn.Linear(4, 2)
                groups = [{"params": body.parameters()}, {"params": head.parameters()}]
                optimizer = torch.optim.LBFGS(groups, lr=0.5)
                #                             ^^^^^^ lbfgs-with-groups
            """,
            good="""
                import torch
                from torch import nn

                body, head = nn.Linear(4, 4), nn.Linear(4, 2)
                groups = [*body.parameters(), *head.parameters()]
                optimizer = torch.optim.LBFGS(groups, lr=0.5)
            """,
            witness=Raises("ValueError", "LBFGS doesn't support per-parameter options"),
        ),
        Example(
            bad="""
                from torch import nn
                from torch.optim import LBFGS


                def loss():
                    optimizer.zero_grad()
                    value = (body.weight**2).sum() + (head.weight**2).sum()
                    value.backward()
                    return value


                body, head = nn.Linear(4, 4), nn.Linear(4, 2)
                optimizer = LBFGS(body.parameters())
                if True:
                    optimizer.add_param_group({"params": head.parameters()})
                #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ lbfgs-with-groups
                optimizer.step(loss)
            """,
            good="""
                from torch import nn
                from torch.optim import LBFGS


                def loss():
                    optimizer.zero_grad()
                    value = (body.weight**2).sum() + (head.weight**2).sum()
                    value.backward()
                    return value


                body, head = nn.Linear(4, 4), nn.Linear(4, 2)
                optimizer = LBFGS([*body.parameters(), *head.parameters()])
                optimizer.step(loss)
            """,
            witness=Raises("AssertionError", "Expected exactly one param_group"),
        ),
    ),
    near_misses=(
        # One group, and other optimizers with several.
        """
        import torch
        from torch import nn

        body, head = nn.Linear(4, 4), nn.Linear(4, 2)
        first = torch.optim.LBFGS([{"params": body.parameters()}])
        second = torch.optim.LBFGS(list(body.parameters()) + list(head.parameters()), max_iter=5)
        third = torch.optim.SGD([{"params": body.parameters()}, {"params": head.parameters()}], lr=0.1)
        third.add_param_group({"params": nn.Linear(1, 1).parameters()})
        """,
        # A class of that name.
        """
        from torch import nn


        class LBFGS:
            def __init__(self, groups):
                self.groups = groups


        body, head = nn.Linear(4, 4), nn.Linear(4, 2)
        optimizer = LBFGS([{"params": body.parameters()}, {"params": head.parameters()}])
        """,
    ),
)
