"""An optimizer is given what `state_dict()` returns.

What it does:
Reports `Adam(net.state_dict())` and `Adam(net.state_dict().values())`, also through variables and lists.

Why it matters:
The dict itself raises `TypeError: optimizer can only optimize Tensors, but one of the params is str`. Its values are
accepted and do not move: they share the memory of the parameters, but are other tensors, which never get a gradient
(measured: 0 of 2 changed).

Source:
`torch.nn.Module.state_dict` detaches, `torch.optim.Optimizer.add_param_group`, torch 2.13.0; run on 2.0 to 2.15.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Observes, Operand, Raises, Rule, SemanticModel, Severity, facts

HELP = "pass `parameters()` of the module"


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.OptimizerBuilt):
        given = built.parameters
        if not isinstance(given, Operand) or built.arguments.is_expected_to_fail:
            continue
        if _is_state(given):
            yield Finding(
                given.site,
                "the parameters are a state dict",
                "raises TypeError when the optimizer is built: optimizer can only optimize Tensors, not str",
                HELP,
            )
        elif _are_values(given):
            yield Finding(
                given.site,
                "the parameters are the values of a state dict",
                "they never get a gradient: no step changes the module",
                HELP,
            )


def _is_state(value: Operand) -> bool:
    """What `state_dict()` of a module returned: an instance that knows its module."""
    given = value.arguments
    return value.kind == "instance" and set(given) == {"of"} and given["of"].is_a("torch.nn.Module")


def _are_values(value: Operand) -> bool:
    element = value.any_element
    return not value.known_elements and element is not None and element.tag == "state"


RULE = Rule(
    name="parameters-from-state-dict",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn

                net = nn.Linear(4, 2)
                optimizer = torch.optim.SGD(net.state_dict(), lr=0.1)
                #                           ^^^^^^^^^^^^^^^^ parameters-from-state-dict
            """,
            good="""
                import torch
                from torch import nn

                net = nn.Linear(4, 2)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            """,
            witness=Raises("TypeError", "one of the params is str"),
        ),
        Example(
            bad="""
                import torch
                from torch import nn

                net = nn.Linear(4, 2)
                before = net.weight.clone()
                weights = list(net.state_dict().values())
                optimizer = torch.optim.SGD(weights, lr=0.1)
                #                           ^^^^^^^ parameters-from-state-dict
                net(torch.randn(8, 4)).square().mean().backward()
                optimizer.step()
            """,
            good="""
                import torch
                from torch import nn

                net = nn.Linear(4, 2)
                before = net.weight.clone()
                weights = list(net.parameters())
                optimizer = torch.optim.SGD(weights, lr=0.1)
                net(torch.randn(8, 4)).square().mean().backward()
                optimizer.step()
            """,
            witness=Observes("torch.equal(net.weight, before)"),
        ),
    ),
    near_misses=(
        # Averages kept of a state dict, and an ordered dict of the program's own.
        """
        from collections import OrderedDict

        import torch
        from torch import nn

        net = nn.Linear(4, 2)
        kept = [value.clone() for value in net.state_dict().values()]
        for mine, other in zip(net.state_dict().values(), kept):
            mine.mul_(0.9).add_(other, alpha=0.1)
        named = OrderedDict(net.named_parameters())
        optimizer = torch.optim.SGD(list(named.values()), lr=0.1)
        optimizer.load_state_dict(optimizer.state_dict())
        """,
        # A class whose state dict is a list of parameters.
        """
        import torch


        class Ensemble:
            def __init__(self):
                self.nets = [torch.nn.Linear(4, 2) for _ in range(2)]

            def state_dict(self):
                return [p for net in self.nets for p in net.parameters()]


        optimizer = torch.optim.SGD(Ensemble().state_dict(), lr=0.1)
        """,
    ),
)
