"""`configure_optimizers` returns an optimizer and a scheduler as a plain tuple.

What it does:
Looks at what `configure_optimizers` of a `LightningModule` returns and reports a pair of an optimizer (or a tuple of
optimizers) and a scheduler. Lightning takes such a pair only as two lists, `[optimizer], [scheduler]`, or as a list of
optimizers with one bare scheduler.

Why it matters:
`fit` raises `MisconfigurationException: Unknown configuration for model optimizers` before the first batch. A list of
optimizers with a tuple of schedulers gets further and raises `AttributeError: 'tuple' object has no attribute
'optimizer'`. Both happen with manual optimization as well.

Fix safety:
Safe. The pair was refused; as two lists it is taken.

Source:
`lightning.pytorch.core.optimizer._configure_optimizers` and `_validate_optimizers_attached`, lightning 2.6.6.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    UNKNOWN,
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
    replace,
    wrap,
)

OPTIMIZER = "torch.optim.Optimizer"
SCHEDULER = "torch.optim.lr_scheduler.LRScheduler"
HELP = "return them as two lists"


def check(model: SemanticModel) -> Iterator[Finding]:
    for returned in [fact.value for fact in model.facts(facts.OptimizersReturned)]:
        pair = returned.options[0].elements
        if pair is not UNKNOWN and all(_is_refused(option) for option in returned.options):
            error = "MisconfigurationException: Unknown configuration for model optimizers"
            if pair[0].kind == "list":
                error = "AttributeError: 'tuple' object has no attribute 'optimizer'"
            message = f"`configure_optimizers` returns the tuple ({_text(pair[0])}, {_text(pair[1])})"
            yield Finding(returned.site, message, f"`fit` raises {error}", HELP, _fix(returned, *pair))


def _is_refused(value: Operand) -> bool:
    """A pair of optimizer and scheduler, at least one half of which is in no list."""
    pair = value.elements
    if value.kind != "tuple" or pair is UNKNOWN or len(pair) != 2:
        return False
    # A list of optimizers goes with a list of schedulers or with one of them, never with a tuple.
    is_listed = pair[0].kind == "list" and pair[1].kind != "tuple"
    return not is_listed and _are_all(pair[0], OPTIMIZER) and _are_all(pair[1], SCHEDULER)


def _are_all(operand: Operand, class_name: str) -> bool:
    """Certainly an instance of the class, or a list or tuple of nothing else; a scheduler may be in a dict."""
    elements = operand.elements
    if operand.kind in ("list", "tuple"):
        return elements is not UNKNOWN and bool(elements) and all(_is_one(e, class_name) for e in elements)
    return _is_one(operand, class_name)


def _is_one(operand: Operand, class_name: str) -> bool:
    if operand.kind == "dict" and class_name == SCHEDULER:
        scheduler = operand.entry("scheduler")
        return isinstance(scheduler, Operand) and _is_one(scheduler, class_name)
    return all(option.is_a(class_name) for option in operand.options)


def _text(operand: Operand) -> str:
    """How an operand reads in the message."""
    if operand.kind in ("list", "tuple", "dict"):
        return operand.kind
    return f"`{operand.class_name}`"


def _fix(returned: Operand, optimizers: Operand, schedulers: Operand) -> Fix | None:
    """Two lists, if both halves are written in the return itself: elsewhere the tuple may have other uses."""
    if not all(returned.site.holds(half.site) for half in (optimizers, schedulers)):
        return None
    edits = [_listed(half) for half in (optimizers, schedulers)]
    # Ways through the program that disagree leave the halves without a place of their own.
    if None in edits or optimizers.site.span.overlaps(schedulers.site.span):
        return None
    return Fix.safe(HELP, *[edit for half in edits for edit in half or ()])


def _listed(half: Operand) -> tuple[Edit, ...] | None:
    """Edits that make a list of it; None if it is a tuple that is written elsewhere."""
    if half.kind != "tuple":
        return () if half.kind == "list" else wrap(half.site, "[", "]")
    elements = half.elements
    if elements is UNKNOWN or not all(half.site.holds(e.site) and e.site != half.site for e in elements):
        return None
    before = half.site.span.at_start.to(elements[0].site.span.at_start)
    after = elements[-1].site.span.at_end.to(half.site.span.at_end)
    return replace(half.site._replace(span=before), "["), replace(half.site._replace(span=after), "]")


RULE = Rule(
    name="optimizer-scheduler-tuple",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
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
                        optimizer = torch.optim.Adam(self.parameters(), lr=1e-3)
                        scheduler = StepLR(optimizer, step_size=10)
                        return optimizer, scheduler
                        #      ^^^^^^^^^^^^^^^^^^^^ optimizer-scheduler-tuple


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_steps=1, barebones=True).fit(Net(), loader)
            """,
            good="""
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
                        optimizer = torch.optim.Adam(self.parameters(), lr=1e-3)
                        scheduler = StepLR(optimizer, step_size=10)
                        return [optimizer], [scheduler]


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_steps=1, barebones=True).fit(Net(), loader)
            """,
            witness=Raises("MisconfigurationException", "Unknown configuration for model optimizers"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch import nn, optim


                class Net(pl.LightningModule):
                    def __init__(self, lr=0.1):
                        super().__init__()
                        self.lr = lr
                        self.layer = nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def schedule(self, optimizer):
                        return {"scheduler": optim.lr_scheduler.ExponentialLR(optimizer, 0.9), "interval": "step"}

                    def configure_optimizers(self):
                        sgd = optim.SGD(self.parameters(), lr=self.lr)
                        decay = self.schedule(sgd)
                        return ((sgd,), (decay,))
                        #      ^^^^^^^^^^^^^^^^^^ optimizer-scheduler-tuple


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_steps=1, barebones=True).fit(Net(), loader)
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch import nn, optim


                class Net(pl.LightningModule):
                    def __init__(self, lr=0.1):
                        super().__init__()
                        self.lr = lr
                        self.layer = nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def schedule(self, optimizer):
                        return {"scheduler": optim.lr_scheduler.ExponentialLR(optimizer, 0.9), "interval": "step"}

                    def configure_optimizers(self):
                        sgd = optim.SGD(self.parameters(), lr=self.lr)
                        decay = self.schedule(sgd)
                        return ([sgd], [decay])


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_steps=1, barebones=True).fit(Net(), loader)
            """,
            witness=Raises("MisconfigurationException", "Unknown configuration for model optimizers"),
        ),
    ),
    near_misses=(
        # One bare scheduler beside a list of optimizers is taken.
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
                return [optimizer], StepLR(optimizer, 1)


        loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
        Trainer(accelerator="cpu", max_steps=1, barebones=True).fit(Net(), loader)
        """,
    ),
    is_fixable=True,
)
