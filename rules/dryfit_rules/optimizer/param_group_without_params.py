"""A parameter group has no key `params`.

What it does:
Looks at the dicts that an optimizer of `torch.optim` is built from, and at those given to `add_param_group`, when all
their keys are known. Reports a dict without the key `params`.

Why it matters:
`torch.optim.Optimizer.add_param_group` reads `group["params"]` first: `KeyError: 'params'` when the optimizer is
built, or when the group is added.

Fix safety:
Safe, and offered only where one key is a misspelling (`param`, `parameters`, `Params` ...) whose value is parameters.
The group was refused before.

Source:
`torch.optim.Optimizer.add_param_group`, torch 2.13.0.
"""

from collections.abc import Iterator
from difflib import SequenceMatcher

from dryfit.rulekit import (
    UNKNOWN,
    Example,
    Finding,
    Fix,
    Operand,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    rewrite_string,
)


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.OptimizerBuilt):
        if built.is_of_torch and isinstance(built.parameters, Operand):
            alternatives = [_elements(groups) for groups in built.parameters.options]
            if all(any(_lacks_params(group) for group in groups) for groups in alternatives):
                for groups in alternatives:
                    yield from (_finding(g, "the optimizer is built") for g in groups if _lacks_params(g))
    for added in model.facts(facts.GroupAdded):
        if added.method == "add_param_group" and isinstance(added.group, Operand) and _lacks_params(added.group):
            yield _finding(added.group, "the group is added")


def _elements(groups: Operand) -> tuple[Operand, ...]:
    further = groups.any_element
    return (*groups.known_elements, *(() if further is None else (further,)))


def _lacks_params(group: Operand) -> bool:
    return all(option.kind == "dict" and option.entry("params") is None for option in group.options)


def _finding(group: Operand, moment: str) -> Finding:
    entries = group.options[0].entries
    keys = () if entries is UNKNOWN else entries
    names = ", ".join(f"`{key.literal}`" for key, _ in keys)
    meant = [key for key, value in keys if _is_misspelt(key) and value.is_parameters]
    note = f"raises KeyError: 'params' when {moment}"
    message = f"a parameter group has the keys {names}, not `params`" if names else "a parameter group is empty"
    if len(meant) != 1 or len(group.options) != 1 or meant[0].site == group.site:
        return Finding(group.site, _short(message), note, "put the parameters under the key `params`")
    key = meant[0]
    title = f"rename `{key.literal}` to `params`"
    edit = rewrite_string(key, "params")
    message = f"a parameter group has the key `{key.literal}`, not `params`"
    return Finding(key.site, message, note, title, Fix.safe(title, edit) if edit else None)


def _is_misspelt(key: Operand) -> bool:
    written = key.literal
    return isinstance(written, str) and (
        written.lower() in ("parameters", "parameter", "weights")
        or SequenceMatcher(None, written.lower(), "params").ratio() >= 0.8
    )


def _short(message: str) -> str:
    return message if len(message) <= 100 else "a parameter group has no key `params`"


RULE = Rule(
    name="param-group-without-params",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch

                backbone, head = torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)
                optimizer = torch.optim.SGD(
                    [
                        {"params": backbone.parameters()},
                        {"parameters": head.parameters(), "lr": 0.1},
                    #    ^^^^^^^^^^^^ param-group-without-params
                    ],
                    lr=0.01,
                )
            """,
            good="""
                import torch

                backbone, head = torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)
                optimizer = torch.optim.SGD(
                    [
                        {"params": backbone.parameters()},
                        {"params": head.parameters(), "lr": 0.1},
                    ],
                    lr=0.01,
                )
            """,
            witness=Raises("KeyError", "'params'"),
        ),
        Example(
            bad="""
                from torch import nn, optim


                def group(module, lr):
                    return dict(param=list(module.parameters()), lr=lr)
                    #           ^^^^^ param-group-without-params


                layers = [nn.Linear(4, 4), nn.Linear(4, 2)]
                optimizer = optim.AdamW([group(layers[0], 1e-3), group(layers[1], 1e-2)])
            """,
            good="""
                from torch import nn, optim


                def group(module, lr):
                    return dict(params=list(module.parameters()), lr=lr)


                layers = [nn.Linear(4, 4), nn.Linear(4, 2)]
                optimizer = optim.AdamW([group(layers[0], 1e-3), group(layers[1], 1e-2)])
            """,
            witness=Raises("KeyError", "'params'"),
        ),
        Example(
            bad="""
                from torch import nn, optim

                first, second = nn.Linear(4, 4), nn.Linear(4, 2)
                optimizer = optim.SGD(first.parameters(), lr=0.1)
                optimizer.add_param_group({"name": "second", "lr": 0.01})
                #                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ param-group-without-params
            """,
            good="""
                from torch import nn, optim

                first, second = nn.Linear(4, 4), nn.Linear(4, 2)
                optimizer = optim.SGD(first.parameters(), lr=0.1)
                optimizer.add_param_group({"params": second.parameters(), "name": "second", "lr": 0.01})
            """,
            witness=Raises("KeyError", "'params'"),
        ),
    ),
    near_misses=(
        # The key comes later.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        groups = [{"lr": 0.1}, {"lr": 0.01}]
        groups[0]["params"] = [net.weight]
        groups[1].update(params=[net.bias])
        optimizer = torch.optim.SGD(groups)
        """,
        # Other keys beside `params` are kept and harm nothing.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        optimizer = torch.optim.SGD([{"params": net.parameters(), "name": "all", "parameters": "weights and biases"}])
        """,
        # A class that reads another key.
        """
        import torch


        class Grouped(torch.optim.SGD):
            def __init__(self, groups, lr):
                super().__init__([{"params": g["weights"]} for g in groups], lr=lr)


        net = torch.nn.Linear(4, 2)
        optimizer = Grouped([{"weights": list(net.parameters())}], lr=0.1)
        """,
    ),
    is_fixable=True,
)
