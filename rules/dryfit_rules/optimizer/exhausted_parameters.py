"""An iterator of parameters was used up before the optimizer saw it.

What it does:
Follows iterators (`net.parameters()`, filters and chains of it, generator expressions) and reports one that was
certainly run to its end (counted, printed, frozen in a loop, given to another optimizer) before an optimizer of
`torch.optim` is built from it, at the top or inside a parameter group.

Why it matters:
At the top: `ValueError: optimizer got an empty parameter list`. Inside a group there is no complaint at all: the
group stays empty and its parameters are never trained.

Fix safety:
Safe. The parameters were meant, and a list can be gone through as often as one likes. Offered where the iterator is
made at one place that can be seen.

Source:
`torch.optim.Optimizer.__init__` and `add_param_group`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Fix,
    Observes,
    Operand,
    Raises,
    Related,
    Rule,
    SemanticModel,
    Severity,
    facts,
    wrap,
)

HELP = "keep the parameters in a list"


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.OptimizerBuilt):
        if built.is_of_torch and isinstance(built.parameters, Operand):
            if _is_exhausted(built.parameters):
                yield _finding(built.parameters, "raises ValueError: optimizer got an empty parameter list")
            for group in built.parameters.known_elements:
                yield from _in_group(group)
    for added in model.facts(facts.GroupAdded):
        if isinstance(added.group, Operand):
            yield from _in_group(added.group)


def _in_group(group: Operand) -> Iterator[Finding]:
    params = group.entry("params")
    if isinstance(params, Operand) and _is_exhausted(params):
        yield _finding(params, "the group stays empty, and its parameters are never trained")


def _is_exhausted(operand: Operand) -> bool:
    return all(option.is_exhausted for option in operand.options)


def _finding(iterator: Operand, consequence: str) -> Finding:
    origin = iterator.options[0].origin
    what = f"`{origin}`" if origin.isidentifier() else origin or "its function"
    used = iterator.options[0].used_at
    return Finding(
        iterator.site,
        f"the iterator made by {what} was run to its end before",
        consequence,
        HELP,
        _fix(iterator),
        () if used is None else (Related(used, "it is run to its end here"),),
    )


def _fix(iterator: Operand) -> Fix | None:
    made = iterator.made_at
    # A generator expression alone in a call's parentheses shares them with the call.
    if made is None or iterator.origin == "generator expression" or len(iterator.options) > 1:
        return None
    return Fix.safe(HELP, *wrap(made, "list(", ")"))


RULE = Rule(
    name="exhausted-parameters",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch

                net = torch.nn.Linear(4, 2)
                params = net.parameters()
                count = sum(p.numel() for p in params)
                optimizer = torch.optim.SGD(params, lr=0.1)
                #                           ^^^^^^ exhausted-parameters
            """,
            good="""
                import torch

                net = torch.nn.Linear(4, 2)
                params = list(net.parameters())
                count = sum(p.numel() for p in params)
                optimizer = torch.optim.SGD(params, lr=0.1)
            """,
            witness=Raises("ValueError", "optimizer got an empty parameter list"),
        ),
        Example(
            bad="""
                import torch
                from torch import nn, optim


                def build(net):
                    trainable = filter(lambda p: p.requires_grad, net.parameters())
                    for p in trainable:
                        nn.init.zeros_(p)
                    return optim.AdamW([{"params": trainable, "weight_decay": 0.1}], lr=0.1)
                    #                              ^^^^^^^^^ exhausted-parameters


                net = nn.Linear(4, 2)
                optimizer = build(net)
                net(torch.ones(1, 4)).sum().backward()
                optimizer.step()
            """,
            good="""
                import torch
                from torch import nn, optim


                def build(net):
                    trainable = list(filter(lambda p: p.requires_grad, net.parameters()))
                    for p in trainable:
                        nn.init.zeros_(p)
                    return optim.AdamW([{"params": trainable, "weight_decay": 0.1}], lr=0.1)


                net = nn.Linear(4, 2)
                optimizer = build(net)
                net(torch.ones(1, 4)).sum().backward()
                optimizer.step()
            """,
            witness=Observes("all(bool((p == 0).all()) for p in net.parameters())"),
        ),
        Example(
            bad="""
                from itertools import chain

                from torch.nn import Linear
                from torch.optim import SGD, Adam

                actor, critic = Linear(4, 2), Linear(4, 1)
                both = chain(actor.parameters(), critic.parameters())
                warm_up = SGD(both, lr=0.1)
                main = Adam(both, lr=1e-3)
                #           ^^^^ exhausted-parameters
            """,
            good="""
                from itertools import chain

                from torch.nn import Linear
                from torch.optim import SGD, Adam

                actor, critic = Linear(4, 2), Linear(4, 1)
                both = list(chain(actor.parameters(), critic.parameters()))
                warm_up = SGD(both, lr=0.1)
                main = Adam(both, lr=1e-3)
            """,
            witness=Raises("ValueError", "optimizer got an empty parameter list"),
        ),
    ),
    near_misses=(
        # A fresh iterator each time, and a list.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        count = sum(p.numel() for p in net.parameters())
        first = torch.optim.SGD(net.parameters(), lr=0.1)
        params = list(net.parameters())
        count = sum(p.numel() for p in params)
        second = torch.optim.SGD(params, lr=0.1)
        """,
        # The loop may be left before the end.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        params = net.parameters()
        for p in params:
            if p.ndim > 1:
                break
        optimizer = torch.optim.SGD(params, lr=0.1)
        """,
    ),
    is_fixable=True,
)
