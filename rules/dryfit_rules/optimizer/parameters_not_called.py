"""The method `parameters` is passed, not its result.

What it does:
Looks at what an optimizer of `torch.optim` is built from, at the groups in it and at those added later, and reports
the bound method `parameters` or `named_parameters` of a module where its result belongs.

Why it matters:
`TypeError: 'method' object is not iterable` when the optimizer is built; in a list: `TypeError: optimizer can only
optimize Tensors, but one of the params is torch.nn.modules.module.Module.parameters`.

Fix safety:
Safe. The method itself was refused. Not offered for an element of a list, where the parentheses alone are not enough.

Source:
`torch.optim.Optimizer.__init__` and `add_param_group`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
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
)


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.OptimizerBuilt):
        if built.is_of_torch and isinstance(built.parameters, Operand):
            yield from _findings(built.parameters, "the optimizer is built")
    for added in model.facts(facts.GroupAdded):
        if added.method == "add_param_group" and isinstance(added.group, Operand):
            yield from _findings(added.group, "the group is added")


def _findings(given: Operand, moment: str) -> Iterator[Finding]:
    """For the parameters themselves, a group, or a list of either."""
    if all(_is_method(option) for option in given.options):
        yield _finding(given, moment, is_element=False)
        return
    params = given.entry("params")
    if isinstance(params, Operand):
        yield from _findings(params, moment)
    if given.kind in ("list", "tuple"):
        further = given.any_element
        for element in (*given.known_elements, *(() if further is None else (further,))):
            if all(_is_method(option) for option in element.options):
                yield _finding(element, moment, is_element=True)
            elif element.kind == "dict":
                yield from _findings(element, moment)


def _is_method(operand: Operand) -> bool:
    receiver = operand.receiver
    is_of_module = receiver is not None and receiver.is_a("torch.nn.Module")
    return operand.kind == "method" and is_of_module and operand.method_name in ("parameters", "named_parameters")


def _finding(method: Operand, moment: str, *, is_element: bool) -> Finding:
    name = method.options[0].method_name
    title = f"call `{name}`"
    can_call = len(method.options) == 1 and not is_element
    return Finding(
        method.site,
        f"the method `{name}` is passed, not its result",
        f"raises TypeError when {moment}",
        title,
        Fix.safe(title, insert_after(method.site, "()")) if can_call else None,
    )


RULE = Rule(
    name="parameters-not-called",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.Adam(net.parameters, lr=1e-3)
                #                            ^^^^^^^^^^^^^^ parameters-not-called
            """,
            good="""
                import torch

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
            """,
            witness=Raises("TypeError", "'method' object is not iterable"),
        ),
        Example(
            bad="""
                from lightning.pytorch import LightningModule
                from torch import nn, optim


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.body = nn.Linear(4, 4)
                        self.head = nn.Linear(4, 2)

                    def configure_optimizers(self):
                        slow = {"params": self.body.parameters, "lr": 1e-4}
                        #                 ^^^^^^^^^^^^^^^^^^^^ parameters-not-called
                        return optim.SGD([slow, {"params": self.head.parameters()}], lr=1e-2)


                Net().configure_optimizers()
            """,
            good="""
                from lightning.pytorch import LightningModule
                from torch import nn, optim


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.body = nn.Linear(4, 4)
                        self.head = nn.Linear(4, 2)

                    def configure_optimizers(self):
                        slow = {"params": self.body.parameters(), "lr": 1e-4}
                        return optim.SGD([slow, {"params": self.head.parameters()}], lr=1e-2)


                Net().configure_optimizers()
            """,
            witness=Raises("TypeError", "'method' object is not iterable"),
        ),
        Example(
            bad="""
                from torch.nn import Linear
                from torch.optim import SGD as Descent

                first, second = Linear(4, 4), Linear(4, 2)
                groups = []
                groups.append({"params": first.parameters()})
                groups.append(second.parameters)
                #             ^^^^^^^^^^^^^^^^^ parameters-not-called
                optimizer = Descent(params=groups, lr=0.1)
            """,
            good="""
                from torch.nn import Linear
                from torch.optim import SGD as Descent

                first, second = Linear(4, 4), Linear(4, 2)
                groups = []
                groups.append({"params": first.parameters()})
                groups.append({"params": second.parameters()})
                optimizer = Descent(params=groups, lr=0.1)
            """,
            witness=Raises("TypeError", "param_group must be a dict, but got <class 'method'>"),
        ),
    ),
    near_misses=(
        # The method is called later.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        parameters = net.parameters
        optimizer = torch.optim.SGD(parameters(), lr=0.1)
        """,
        # An optimizer that calls it.
        """
        import torch


        class Lazy(torch.optim.SGD):
            def __init__(self, source, lr):
                super().__init__(source(), lr=lr)


        net = torch.nn.Linear(4, 2)
        optimizer = Lazy(net.parameters, lr=0.1)
        """,
    ),
    is_fixable=True,
)
