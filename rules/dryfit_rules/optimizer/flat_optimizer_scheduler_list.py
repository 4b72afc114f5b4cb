"""`configure_optimizers` returns optimizers and schedulers in one flat list.

What it does:
Looks at what `configure_optimizers` of a `LightningModule` returns and reports a list that holds optimizers and
schedulers side by side. Lightning takes a list of optimizers, or two lists.

Why it matters:
`fit` raises `MisconfigurationException: Unknown configuration for model optimizers` before the first batch, with manual
optimization as well.

Fix safety:
Safe. The list was refused; as two lists it is taken.

Source:
`lightning.pytorch.core.optimizer._configure_optimizers`, lightning 2.6.6.
"""

from collections.abc import Iterator
from itertools import pairwise

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
    insert_after,
    insert_before,
)

OPTIMIZER = "torch.optim.Optimizer"
SCHEDULER = "torch.optim.lr_scheduler.LRScheduler"
HELP = "return the optimizers and the schedulers as two lists"


def check(model: SemanticModel) -> Iterator[Finding]:
    for returned in model.facts(facts.OptimizersReturned):
        mixed = [_parts(option) for option in returned.value.options]
        if all(optimizers and schedulers for optimizers, schedulers in mixed):
            optimizers, schedulers = mixed[0]
            yield Finding(
                returned.value.site,
                f"one list holds the optimizer {_name(optimizers[0])} and the scheduler {_name(schedulers[0])}",
                "`fit` raises MisconfigurationException: Unknown configuration for model optimizers",
                HELP,
                _fix(returned.value, optimizers, schedulers),
            )


def _parts(value: Operand) -> tuple[list[Operand], list[Operand]]:
    """The optimizers and the schedulers of a list that certainly holds nothing else; otherwise none of either."""
    elements = value.elements
    if value.kind != "list" or elements is UNKNOWN:
        return [], []
    optimizers = [element for element in elements if _is_all(element, OPTIMIZER)]
    schedulers = [element for element in elements if _is_all(element, SCHEDULER) or _is_config(element)]
    return (optimizers, schedulers) if len(optimizers) + len(schedulers) == len(elements) else ([], [])


def _is_config(operand: Operand) -> bool:
    scheduler = operand.entry("scheduler")
    return isinstance(scheduler, Operand) and _is_all(scheduler, SCHEDULER)


def _is_all(operand: Operand, class_name: str) -> bool:
    return all(option.is_a(class_name) for option in operand.options)


def _name(operand: Operand) -> str:
    found = operand.entry("scheduler")
    return f"`{(found if isinstance(found, Operand) else operand).class_name}`"


def _fix(returned: Operand, optimizers: list[Operand], schedulers: list[Operand]) -> Fix | None:
    """Two lists, if the list is written in the return itself, the optimizers first and the brackets right around it."""
    elements = [*optimizers, *schedulers]
    spans = [element.site.span for element in elements]
    first, last, whole = spans[0], spans[-1], returned.site.span
    are_in_order = all(a[2:] < b[:2] for a, b in pairwise(spans))
    is_tight = (first.line, first.column - 1, last.end_line, last.end_column + 1) == whole
    if not (are_in_order and is_tight and all(e.site.place == returned.site.place for e in elements)):
        return None
    return Fix.safe(HELP, insert_after(optimizers[-1].site, "]"), insert_before(schedulers[0].site, "["))


RULE = Rule(
    name="flat-optimizer-scheduler-list",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.optim.lr_scheduler import CosineAnnealingLR


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        optimizer = torch.optim.Adam(self.parameters())
                        return [optimizer, CosineAnnealingLR(optimizer, T_max=10)]
                        #      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ flat-optimizer-scheduler-list


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_steps=1, barebones=True).fit(Net(), loader)
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.optim.lr_scheduler import CosineAnnealingLR


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        optimizer = torch.optim.Adam(self.parameters())
                        return [optimizer], [CosineAnnealingLR(optimizer, T_max=10)]


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_steps=1, barebones=True).fit(Net(), loader)
            """,
            witness=Raises("MisconfigurationException", "Unknown configuration for model optimizers"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch import optim


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        config = [optim.SGD(self.parameters(), lr=0.1)]
                        config.append(optim.lr_scheduler.StepLR(config[0], step_size=1))
                        return config
                        #      ^^^^^^ flat-optimizer-scheduler-list


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_steps=1, barebones=True).fit(Net(), loader)
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch import optim


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        optimizers = [optim.SGD(self.parameters(), lr=0.1)]
                        schedulers = [optim.lr_scheduler.StepLR(optimizers[0], step_size=1)]
                        return optimizers, schedulers


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_steps=1, barebones=True).fit(Net(), loader)
            """,
            witness=Raises("MisconfigurationException", "Unknown configuration for model optimizers"),
            fix_is_good=False,
        ),
    ),
    near_misses=(
        # A list of two lists is taken like a tuple of two lists.
        """
        import torch
        from lightning.pytorch import LightningModule, Trainer
        from torch.optim.lr_scheduler import StepLR


        class Net(LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 2)

            def training_step(self, batch, batch_idx):
                return self.layer(batch).mean()

            def configure_optimizers(self):
                optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                return [[optimizer], [StepLR(optimizer, 1)]]


        loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
        Trainer(accelerator="cpu", max_steps=1, barebones=True).fit(Net(), loader)
        """,
    ),
    is_fixable=True,
)
