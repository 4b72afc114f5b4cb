"""The scheduler that `configure_optimizers` returns is a dict without `scheduler`, or None.

What it does:
Looks at the schedulers in what `configure_optimizers` of a `LightningModule` returns (under `lr_scheduler`, or in the
second of two lists) and reports dicts that certainly have no key `scheduler`, and `None` in place of a scheduler.

Why it matters:
A dict without `scheduler` raises `MisconfigurationException: The lr scheduler dict must have the key "scheduler"`
(`TypeError` with manual optimization), `None` raises `AttributeError: 'NoneType' object has no attribute 'optimizer'`,
both in `fit`, before the first batch. "No scheduler" is said by leaving `lr_scheduler` out.

Fix safety:
Safe. Offered if one key of the dict holds a scheduler, which gets the name `scheduler`; the dict was refused before.

Source:
`lightning.pytorch.core.optimizer._configure_schedulers_automatic_opt`, `_configure_schedulers_manual_opt` and
`_validate_optimizers_attached`, lightning 2.6.6.
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

SCHEDULER = "torch.optim.lr_scheduler.LRScheduler"
NO_OPTIMIZER = "`fit` raises AttributeError: 'NoneType' object has no attribute 'optimizer'"


def check(model: SemanticModel) -> Iterator[Finding]:
    for returned in model.facts(facts.OptimizersReturned):
        for scheduler, _ in returned.schedulers:
            inner = scheduler.entry("scheduler") if scheduler.kind == "dict" else scheduler
            if inner is None:
                yield _missing(scheduler, returned.is_manual)
            elif isinstance(inner, Operand) and inner.is_none:
                yield Finding(inner.site, "the scheduler is None", NO_OPTIMIZER, "return the optimizer without it")


def _missing(config: Operand, is_manual: bool) -> Finding:
    entries = config.entries
    held = [] if entries is UNKNOWN else [k for k, v in entries if all(o.is_a(SCHEDULER) for o in v.options)]
    text = f"rename `{held[0].literal}` to `scheduler`" if len(held) == 1 else "give the scheduler as `scheduler`"
    edit = rewrite_string(held[0], "scheduler") if len(held) == 1 else None
    error = 'MisconfigurationException: The lr scheduler dict must have the key "scheduler"'
    return Finding(
        held[0].site if len(held) == 1 else config.site,
        "the scheduler's configuration has no key `scheduler`",
        f"`fit` raises {'TypeError by LRSchedulerConfig' if is_manual else error}",
        text,
        Fix.safe(text, edit) if edit else None,
    )


RULE = Rule(
    name="scheduler-config-without-scheduler",
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
                        opt = torch.optim.SGD(self.parameters(), lr=0.1)
                        config = {"lr_scheduler": StepLR(opt, step_size=1), "interval": "step"}
                        #         ^^^^^^^^^^^^^^ scheduler-config-without-scheduler
                        return {"optimizer": opt, "lr_scheduler": config}


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
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
                        opt = torch.optim.SGD(self.parameters(), lr=0.1)
                        config = {"scheduler": StepLR(opt, step_size=1), "interval": "step"}
                        return {"optimizer": opt, "lr_scheduler": config}


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            witness=Raises("MisconfigurationException", 'must have the key "scheduler"'),
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
                        opt = optim.AdamW(self.parameters())
                        decay = optim.lr_scheduler.ExponentialLR(opt, gamma=0.9)
                        return [opt], [dict(sched=decay, frequency=2)]
                        #                   ^^^^^ scheduler-config-without-scheduler


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
                        opt = optim.AdamW(self.parameters())
                        decay = optim.lr_scheduler.ExponentialLR(opt, gamma=0.9)
                        return [opt], [dict(scheduler=decay, frequency=2)]


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            witness=Raises("MisconfigurationException", 'must have the key "scheduler"'),
        ),
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningModule, Trainer


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        return {"optimizer": optimizer, "lr_scheduler": None}
                        #                                               ^^^^ scheduler-config-without-scheduler


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule, Trainer


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        return {"optimizer": optimizer}


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            witness=Raises("AttributeError", "'NoneType' object has no attribute 'optimizer'"),
            fix_is_good=False,
        ),
    ),
    near_misses=(
        # The key is added later.
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
                config = {"interval": "epoch"}
                config["scheduler"] = StepLR(optimizer, step_size=1)
                return {"optimizer": optimizer, "lr_scheduler": config}


        loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
        Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
        """,
    ),
    is_fixable=True,
)
