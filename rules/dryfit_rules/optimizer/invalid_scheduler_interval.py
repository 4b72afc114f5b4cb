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

INTERVALS = ("step", "epoch")
MEANT = {
    **dict.fromkeys(("steps", "batch", "batches", "iteration", "iterations", "iter", "update"), "step"),
    **dict.fromkeys(("epochs", "epcoh", "ephoc"), "epoch"),
}


def check(model: SemanticModel) -> Iterator[Finding]:
    for returned in model.facts(facts.OptimizersReturned):
        for scheduler, _ in returned.schedulers if returned.is_automatic else ():
            interval = scheduler.entry("interval")
            if isinstance(interval, Operand) and all(_is_refused(option) for option in interval.options):
                literal = interval.options[0].literal
                meant = MEANT.get(str(literal).strip().lower(), "") or _lower(literal)
                text = f'write "{meant}"' if meant else 'write "step" or "epoch"'
                is_here = interval.site.place == returned.hook.site.place
                edit = rewrite_string(interval, meant) if meant and is_here else None
                yield Finding(
                    interval.site,
                    f'the scheduler\'s interval is {_shown(literal)}, neither "step" nor "epoch"',
                    '`fit` raises MisconfigurationException: The "interval" key must be "step" or "epoch"',
                    text,
                    Fix.safe(text, edit) if edit else None,
                )


def _is_refused(interval: Operand) -> bool:
    return interval.literal is not UNKNOWN and interval.literal not in INTERVALS


def _lower(literal: object) -> str:
    """ "Epoch" means "epoch"."""
    return str(literal).lower() if str(literal).lower() in INTERVALS else ""


def _shown(literal: object) -> str:
    return f'"{literal}"' if isinstance(literal, str) else f"`{literal}`"


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
