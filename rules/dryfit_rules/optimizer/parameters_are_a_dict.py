"""A dict is passed to an optimizer, not a list of groups.

What it does:
Looks at what an optimizer of `torch.optim` is built from and reports a dict: one parameter group that is in no list,
or a dict from names to parameters.

Why it matters:
Iterating a dict gives its keys: `TypeError: optimizer can only optimize Tensors, but one of the params is str`.

Fix safety:
Safe for a group, which is put in a list: the dict alone was refused. None for other dicts.

Source:
`torch.optim.Optimizer.__init__`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import UNKNOWN, Example, Finding, Fix, Operand, Raises, Rule, SemanticModel, Severity, facts, wrap


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.OptimizerBuilt):
        given = built.parameters
        if built.is_of_torch and isinstance(given, Operand) and all(_is_filled_dict(o) for o in given.options):
            yield _finding(given, built.class_name.rpartition(".")[2])


def _is_filled_dict(given: Operand) -> bool:
    """A dict whose keys are all known, and are text: torch takes no such element."""
    entries = given.entries if given.kind == "dict" else UNKNOWN
    return entries is not UNKNOWN and bool(entries) and all(isinstance(key.literal, str) for key, _ in entries)


def _finding(given: Operand, optimizer: str) -> Finding:
    params = given.entry("params")
    is_group = all(isinstance(option.entry("params"), Operand) for option in given.options)
    title = "put the group in a list" if is_group else "pass the values of the dict"
    is_mendable = isinstance(params, Operand) and params.is_parameters and params.kind != "set"
    return Finding(
        given.site,
        f"`{optimizer}` is given {'a parameter group that is in no list' if is_group else 'a dict'}",
        "raises TypeError when the optimizer is built: one of the params is str",
        title,
        Fix.safe(title, *wrap(given.site, "[", "]")) if is_mendable else None,
    )


RULE = Rule(
    name="parameters-are-a-dict",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.AdamW({"params": net.parameters(), "weight_decay": 0.1}, lr=1e-3)
                #                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ parameters-are-a-dict
            """,
            good="""
                import torch

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.AdamW([{"params": net.parameters(), "weight_decay": 0.1}], lr=1e-3)
            """,
            witness=Raises("TypeError", "one of the params is str"),
        ),
        Example(
            bad="""
                from torch import nn
                from torch.optim import SGD as Descent


                def build(body, head):
                    groups = {"body": list(body.parameters()), "head": list(head.parameters())}
                    return Descent(groups, lr=0.1)
                    #              ^^^^^^ parameters-are-a-dict


                optimizer = build(nn.Linear(4, 4), nn.Linear(4, 2))
            """,
            good="""
                from torch import nn
                from torch.optim import SGD as Descent


                def build(body, head):
                    groups = {"body": list(body.parameters()), "head": list(head.parameters())}
                    return Descent([{"params": params} for params in groups.values()], lr=0.1)


                optimizer = build(nn.Linear(4, 4), nn.Linear(4, 2))
            """,
            witness=Raises("TypeError", "one of the params is str"),
        ),
    ),
    near_misses=(
        # The values of a dict, and a dict whose keys are the parameters.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        named = {"weight": net.weight, "bias": net.bias}
        first = torch.optim.SGD(named.values(), lr=0.1)
        second = torch.optim.SGD({net.weight: 1.0, net.bias: 2.0}, lr=0.1)
        third = torch.optim.SGD(named.items(), lr=0.1)
        """,
        # One group in a list, and an optimizer of the project that takes a dict.
        """
        import torch


        class Grouped(torch.optim.SGD):
            def __init__(self, groups, lr):
                super().__init__([{"params": params} for params in groups.values()], lr=lr)


        net = torch.nn.Linear(4, 2)
        group = {"params": net.parameters(), "weight_decay": 0.1}
        first = torch.optim.SGD([group], lr=0.1)
        second = Grouped({"all": list(net.parameters())}, lr=0.1)
        """,
    ),
    is_fixable=True,
)
