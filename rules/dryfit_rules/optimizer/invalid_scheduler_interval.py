"""The `interval` of a scheduler is neither "step" nor "epoch".

What it does:
Reports the value under `interval` in a scheduler's dict that `configure_optimizers` of a `LightningModule` with
automatic optimization returns, if it is certainly another one ("batch", "epochs", a number).

Why it matters:
`fit` raises `MisconfigurationException: The "interval" key in lr scheduler dict must be "step" or "epoch"` before the
first batch. With manual optimization the value is not looked at.

Fix safety:
Safe. The value was refused. Offered where the word leaves one meaning: "batch" and "iteration" are steps.

Source:
`lightning.pytorch.core.optimizer._configure_schedulers_automatic_opt`, lightning 2.6.6.
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
    tree,
)

INTERVALS = ("step", "epoch")
MEANT = {
    **dict.fromkeys(("steps", "batch", "batches", "iteration", "iterations", "iter", "update"), "step"),
    **dict.fromkeys(("epochs", "epcoh", "ephoc"), "epoch"),
}


def check(model: SemanticModel) -> Iterator[Finding]:
    for hook, returned in _returned(model):
        for scheduler in _schedulers(returned):
            interval = scheduler.entry("interval")
            if isinstance(interval, Operand) and all(_is_refused(option) for option in interval.options):
                literal = interval.options[0].literal
                meant = MEANT.get(str(literal).strip().lower(), "") or _lower(literal)
                text = f'write "{meant}"' if meant else 'write "step" or "epoch"'
                edit = _rewritten(hook, interval, meant) if meant else None
                yield Finding(
                    interval.site,
                    f'the scheduler\'s interval is {_shown(literal)}, neither "step" nor "epoch"',
                    '`fit` raises MisconfigurationException: The "interval" key must be "step" or "epoch"',
                    text,
                    Fix.safe(text, edit) if edit else None,
                )


def _returned(model: SemanticModel) -> Iterator[tuple[facts.HookDefined, Operand]]:
    """What `configure_optimizers` hands to a Trainer that steps by itself, return by return."""
    for hook in model.facts(facts.HookDefined):
        if (hook.kind, hook.name) == ("module", "configure_optimizers") and hook.is_plain:
            if hook.owner.uses_automatic_optimization is True and not hook.owner.is_driven_by_hand:
                for end in model.facts(facts.FunctionEnded):
                    if end.name == hook.name:
                        yield from [(hook, r.value) for r in end.returns if r.value is not None]


def _schedulers(returned: Operand) -> Iterator[Operand]:
    """The schedulers, or their dicts, in any of the forms that are taken."""
    parts = returned.known_elements
    if len(parts) == 2 and parts[0].kind == "list":
        yield from parts[1].known_elements if parts[1].kind == "list" else (parts[1],)
        return
    for config in parts or (returned,):
        scheduler = config.entry("lr_scheduler")
        if isinstance(scheduler, Operand):
            yield scheduler


def _is_refused(interval: Operand) -> bool:
    return interval.literal is not UNKNOWN and interval.literal not in INTERVALS


def _lower(literal: object) -> str:
    """ "Epoch" means "epoch"."""
    return str(literal).lower() if str(literal).lower() in INTERVALS else ""


def _shown(literal: object) -> str:
    return f'"{literal}"' if isinstance(literal, str) else f"`{literal}`"


def _rewritten(hook: facts.HookDefined, interval: Operand, meant: str) -> Edit | None:
    """Another text for a string that is written out in the hook, quotes kept."""
    nodes = [node for statement in hook.function.body for node in tree.walk(statement)]
    is_here = any(
        isinstance(n, tree.Constant) and (n.span, n.value) == (interval.site.span, interval.literal) for n in nodes
    )
    _, column, _, end_column = interval.site.span
    if not is_here or interval.site.place != hook.site.place or end_column - column != len(str(interval.literal)) + 2:
        return None
    inside = interval.site.span._replace(column=column + 1, end_column=end_column - 1)
    return replace(interval.site._replace(span=inside), meant)


RULE = Rule(
    name="invalid-scheduler-interval",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.optim.lr_scheduler import OneCycleLR


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        scheduler = OneCycleLR(optimizer, max_lr=0.1, total_steps=10)
                        return [optimizer], [{"scheduler": scheduler, "interval": "batch"}]
                        #                                                         ^^^^^^^ invalid-scheduler-interval


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.optim.lr_scheduler import OneCycleLR


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        scheduler = OneCycleLR(optimizer, max_lr=0.1, total_steps=10)
                        return [optimizer], [{"scheduler": scheduler, "interval": "step"}]


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            witness=Raises("MisconfigurationException", 'must be "step" or "epoch" but is "batch"'),
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
                        config = {}
                        config["optimizer"] = optim.SGD(self.parameters(), lr=0.1)
                        config["lr_scheduler"] = {
                            'scheduler': optim.lr_scheduler.StepLR(config["optimizer"], step_size=1),
                            'interval': 'epochs',
                            #           ^^^^^^^^ invalid-scheduler-interval
                        }
                        return config


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
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
                        config = {}
                        config["optimizer"] = optim.SGD(self.parameters(), lr=0.1)
                        config["lr_scheduler"] = {
                            'scheduler': optim.lr_scheduler.StepLR(config["optimizer"], step_size=1),
                            'interval': 'epoch',
                        }
                        return config


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            witness=Raises("MisconfigurationException", 'must be "step" or "epoch" but is "epochs"'),
        ),
    ),
    near_misses=(
        # With manual optimization nothing reads the interval but a monitor callback.
        """
        import torch
        from lightning.pytorch import LightningModule, Trainer
        from torch.optim.lr_scheduler import StepLR


        class Net(LightningModule):
            def __init__(self):
                super().__init__()
                self.automatic_optimization = False
                self.layer = torch.nn.Linear(4, 2)

            def training_step(self, batch, batch_idx):
                optimizer = self.optimizers()
                optimizer.zero_grad()
                self.manual_backward(self.layer(batch).mean())
                optimizer.step()
                self.lr_schedulers().step()

            def configure_optimizers(self):
                optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                return [optimizer], [{"scheduler": StepLR(optimizer, 1), "interval": "batch"}]


        loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
        Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
        """,
        # A value that comes from outside.
        """
        import torch
        from lightning.pytorch import LightningModule, Trainer
        from torch.optim.lr_scheduler import StepLR


        class Net(LightningModule):
            def __init__(self, interval):
                super().__init__()
                self.layer = torch.nn.Linear(4, 2)
                self.interval = interval

            def training_step(self, batch, batch_idx):
                return self.layer(batch).mean()

            def configure_optimizers(self):
                optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                return [optimizer], [{"scheduler": StepLR(optimizer, 1), "interval": self.interval.lower()}]


        loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
        Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net("STEP"), loader)
        """,
    ),
    is_fixable=True,
)
