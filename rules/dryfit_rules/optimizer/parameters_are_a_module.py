"""A module is passed to an optimizer, not its parameters.

What it does:
Looks at what an optimizer of `torch.optim` is built from, at the groups in it and at those added later, and reports a
`torch.nn.Module` where parameters belong. A `ParameterList` can be iterated and is taken as it is.

Why it matters:
`TypeError: 'Net' object is not iterable` when the optimizer is built. A `Sequential` or a list of modules gives
`TypeError: optimizer can only optimize Tensors, but one of the params is torch.nn.modules.linear.Linear`.

Fix safety:
Safe. The module was refused. In a list, each module becomes a group of its own.

Source:
`torch.optim.Optimizer.__init__` and `add_param_group`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Edit,
    Example,
    Finding,
    Fix,
    Operand,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    insert_after,
    wrap,
)

OF_MODULES = ("Sequential", "ModuleList", "ModuleDict", "ParameterDict")  # can be iterated, but not over parameters


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.OptimizerBuilt):
        if built.is_of_torch and isinstance(built.parameters, Operand):
            yield from _findings(built.parameters, built.class_name)
    for added in model.facts(facts.GroupAdded):
        if added.method == "add_param_group" and isinstance(added.group, Operand):
            yield from _in_group(added.group, next(iter(added.optimizer.class_names), ""))


def _findings(given: Operand, optimizer: str) -> Iterator[Finding]:
    if all(_is_no_iterable_of_tensors(option) for option in given.options):
        yield _finding(given, optimizer, [insert_after(given.site, ".parameters()")])
    elif given.kind in ("list", "tuple"):
        further = given.any_element
        elements = (*given.known_elements, *(() if further is None else (further,)))
        # With the modules made groups, nothing but dicts is left.
        is_mendable = all(e.kind == "dict" or e.is_a("torch.nn.Module") for e in elements) and "LBFGS" not in optimizer
        for element in elements:
            if all(option.is_a("torch.nn.Module") for option in element.options):
                has_own_text = is_mendable and element.site != given.site
                edits = wrap(element.site, '{"params": ', ".parameters()}") if has_own_text else ()
                yield _finding(element, optimizer, list(edits))
            else:
                yield from _in_group(element, optimizer)


def _in_group(group: Operand, optimizer: str) -> Iterator[Finding]:
    params = group.entry("params")
    if isinstance(params, Operand) and all(_is_no_iterable_of_tensors(option) for option in params.options):
        yield _finding(params, optimizer, [insert_after(params.site, ".parameters()")])


def _is_no_iterable_of_tensors(operand: Operand) -> bool:
    if not operand.is_a("torch.nn.Module"):
        return False
    if operand.class_names[0] in [f"torch.nn.{name}" for name in OF_MODULES]:
        return True
    return operand.has_method("__iter__") is False and operand.has_method("__getitem__") is False


def _finding(module: Operand, optimizer: str, edits: list[Edit]) -> Finding:
    class_name = module.class_name
    title = "pass its parameters: `.parameters()`"
    return Finding(
        module.site,
        f"`{optimizer.rpartition('.')[2]}` is given a module of class `{class_name}`, not its parameters",
        "raises TypeError when the optimizer is built",
        title,
        Fix.safe(title, *edits) if edits and len(module.options) == 1 else None,
    )


RULE = Rule(
    name="parameters-are-a-module",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch


                class Net(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)


                model = Net()
                optimizer = torch.optim.SGD(model, lr=0.1)
                #                           ^^^^^ parameters-are-a-module
            """,
            good="""
                import torch


                class Net(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)


                model = Net()
                optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            """,
            witness=Raises("TypeError", "'Net' object is not iterable"),
        ),
        Example(
            bad="""
                import torch.optim as optim
                from torch import nn


                def build(net, rate):
                    return optim.Adam(params=net, lr=rate)
                    #                        ^^^ parameters-are-a-module


                optimizer = build(nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2)), 1e-3)
            """,
            good="""
                import torch.optim as optim
                from torch import nn


                def build(net, rate):
                    return optim.Adam(params=net.parameters(), lr=rate)


                optimizer = build(nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2)), 1e-3)
            """,
            witness=Raises("TypeError", "one of the params is torch.nn.modules.linear.Linear"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                from torch import nn
                from torch.optim import AdamW


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.body = nn.Linear(4, 4)
                        self.head = nn.Linear(4, 2)

                    def configure_optimizers(self):
                        groups = [{"params": self.body, "lr": 1e-4}, self.head]
                        #                    ^^^^^^^^^ parameters-are-a-module
                        #                                            ^^^^^^^^^ parameters-are-a-module
                        return AdamW(groups)


                Net().configure_optimizers()
            """,
            good="""
                import pytorch_lightning as pl
                from torch import nn
                from torch.optim import AdamW


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.body = nn.Linear(4, 4)
                        self.head = nn.Linear(4, 2)

                    def configure_optimizers(self):
                        groups = [{"params": self.body.parameters(), "lr": 1e-4}, {"params": self.head.parameters()}]
                        return AdamW(groups)


                Net().configure_optimizers()
            """,
            witness=Raises("TypeError"),
        ),
    ),
    near_misses=(
        # No modules: an own class, and a variable of that name.
        """
        import torch


        class Model:
            def __init__(self):
                self.tensors = [torch.nn.Parameter(torch.ones(2))]

            def __iter__(self):
                return iter(self.tensors)


        first = torch.optim.SGD(Model(), lr=0.1)
        model = list(torch.nn.Linear(4, 2).parameters())
        second = torch.optim.SGD(model, lr=0.1)
        """,
        # An optimizer that takes a module.
        """
        import torch


        class ForModules(torch.optim.Adam):
            def __init__(self, module, **settings):
                super().__init__(module.parameters(), **settings)


        optimizer = ForModules(torch.nn.Linear(4, 2), lr=1e-3)
        """,
    ),
    is_fixable=True,
)
