"""The same parameters are given to an optimizer twice.

What it does:
Compares the parameter groups that an optimizer of `torch.optim` is built from, and those added later, and reports a
group that certainly holds parameters of an earlier one: the same module, or a module and a part of it. Reports one
`nn.Parameter` that stands twice in a list, too.

Why it matters:
Two groups: `ValueError: some parameters appear in more than one parameter group`, when the optimizer is built or the
group is added. Twice in one list: a `UserWarning`, and every step is taken twice: with SGD and a rate of 0.1 a weight
of 1 with gradient 1 goes to 0.8.

Source:
`torch.optim.Optimizer.add_param_group`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Operand,
    Raises,
    Related,
    Rule,
    SemanticModel,
    Severity,
    Site,
    Warns,
    facts,
)


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.OptimizerBuilt):
        if built.is_of_torch and isinstance(built.parameters, Operand):
            yield from _between_groups(built.parameters)
            for collection in (built.parameters, *_contents(built.parameters)):
                yield from _within(collection)
    for added in model.facts(facts.GroupAdded):
        if added.method == "add_param_group" and added.repeats and isinstance(added.group, Operand):
            yield _overlap(
                added.group, "the added group holds parameters that the optimizer holds already", "it is added"
            )


def _between_groups(groups: Operand) -> Iterator[Finding]:
    dicts = [(i, group) for i, group in enumerate(groups.known_elements) if group.kind == "dict"]
    for position, (index, group) in enumerate(dicts):
        for earlier_index, earlier in dicts[:position]:
            if not group.is_same(earlier) and group.shares_parameters(earlier):
                message = f"parameter group {index} holds parameters of parameter group {earlier_index}"
                yield _overlap(
                    group, message, "the optimizer is built", Related(_place(earlier), "they are here already")
                )
                break


def _overlap(group: Operand, message: str, moment: str, *related: Related) -> Finding:
    return Finding(
        _place(group),
        message,
        f"raises ValueError when {moment}: some parameters appear in more than one parameter group",
        "leave the shared parameters out of one of the groups",
        related=related,
    )


def _place(group: Operand) -> Site:
    params = group.entry("params")
    return params.site if isinstance(params, Operand) else group.site


def _contents(groups: Operand) -> Iterator[Operand]:
    for group in groups.known_elements:
        params = group.entry("params")
        if isinstance(params, Operand):
            yield params


def _within(collection: Operand) -> Iterator[Finding]:
    """One `nn.Parameter` object twice in a list or tuple."""
    elements = collection.known_elements if collection.kind in ("list", "tuple") else ()
    for i, element in enumerate(elements):
        twin = next((e for e in elements[:i] if element.kind == "parameter" and element.is_same(e)), None)
        if twin is not None:
            yield Finding(
                element.site,
                "the same parameter stands twice in one list of parameters",
                "torch warns, and every step changes it twice",
                "remove one of the two",
                related=(Related(twin.site, "it is here already"),),
                severity=Severity.WARNING,
            )


RULE = Rule(
    name="parameter-in-two-groups",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn


                class Net(nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.body = nn.Linear(4, 4)
                        self.head = nn.Linear(4, 2)


                net = Net()
                optimizer = torch.optim.SGD(
                    [{"params": net.parameters()}, {"params": net.head.parameters(), "lr": 0.1}],
                    #                                         ^^^^^^^^^^^^^^^^^^^^^ parameter-in-two-groups
                    lr=0.01,
                )
            """,
            good="""
                import torch
                from torch import nn


                class Net(nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.body = nn.Linear(4, 4)
                        self.head = nn.Linear(4, 2)


                net = Net()
                optimizer = torch.optim.SGD(
                    [{"params": net.body.parameters()}, {"params": net.head.parameters(), "lr": 0.1}],
                    lr=0.01,
                )
            """,
            witness=Raises("ValueError", "some parameters appear in more than one parameter group"),
        ),
        Example(
            bad="""
                from torch import nn, optim


                def group(module, rate):
                    return {"params": list(module.parameters()), "lr": rate}


                encoder, decoder = nn.Linear(4, 4), nn.Linear(4, 2)
                groups = [group(encoder, 1e-4)]
                groups.append({"params": encoder.parameters(), "lr": 1e-3})
                #                        ^^^^^^^^^^^^^^^^^^^^ parameter-in-two-groups
                optimizer = optim.AdamW(groups)
            """,
            good="""
                from torch import nn, optim


                def group(module, rate):
                    return {"params": list(module.parameters()), "lr": rate}


                encoder, decoder = nn.Linear(4, 4), nn.Linear(4, 2)
                groups = [group(encoder, 1e-4)]
                groups.append({"params": decoder.parameters(), "lr": 1e-3})
                optimizer = optim.AdamW(groups)
            """,
            witness=Raises("ValueError", "some parameters appear in more than one parameter group"),
        ),
        Example(
            bad="""
                import torch
                import torch.optim as optim
                from lightning.pytorch import LightningModule


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.body = torch.nn.Linear(4, 4)
                        self.head = torch.nn.Linear(4, 2)

                    def configure_optimizers(self):
                        optimizer = optim.Adam(self.parameters(), lr=1e-3)
                        optimizer.add_param_group({"params": self.head.parameters(), "lr": 1e-2})
                        #                                    ^^^^^^^^^^^^^^^^^^^^^^ parameter-in-two-groups
                        return optimizer


                Net().configure_optimizers()
            """,
            good="""
                import torch
                import torch.optim as optim
                from lightning.pytorch import LightningModule


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.body = torch.nn.Linear(4, 4)
                        self.head = torch.nn.Linear(4, 2)

                    def configure_optimizers(self):
                        optimizer = optim.Adam(self.body.parameters(), lr=1e-3)
                        optimizer.add_param_group({"params": self.head.parameters(), "lr": 1e-2})
                        return optimizer


                Net().configure_optimizers()
            """,
            witness=Raises("ValueError", "some parameters appear in more than one parameter group"),
        ),
        Example(
            bad="""
                import torch

                scale = torch.nn.Parameter(torch.ones(1))
                shift = torch.nn.Parameter(torch.zeros(1))
                optimizer = torch.optim.SGD([scale, shift, scale], lr=0.1)
                #                                          ^^^^^ parameter-in-two-groups
            """,
            good="""
                import torch

                scale = torch.nn.Parameter(torch.ones(1))
                shift = torch.nn.Parameter(torch.zeros(1))
                optimizer = torch.optim.SGD([scale, shift], lr=0.1)
            """,
            witness=Warns("UserWarning", "optimizer contains a parameter group with duplicate parameters"),
        ),
    ),
    near_misses=(
        # Tied weights: `parameters()` gives them once.
        """
        import torch

        net = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Linear(4, 4))
        net[1].weight = net[0].weight
        optimizer = torch.optim.SGD([{"params": net.parameters()}], lr=0.1)
        """,
        # Two optimizers over the same parameters are another matter.
        """
        import torch

        net = torch.nn.Linear(4, 4)
        first = torch.optim.SGD(net.parameters(), lr=0.1)
        second = torch.optim.Adam(net.parameters(), lr=0.1)
        """,
    ),
)
