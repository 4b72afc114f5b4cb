"""A key of the scheduler's configuration that Lightning does not know.

What it does:
Looks at the dicts of schedulers in what `configure_optimizers` of a `LightningModule` returns and reports keys other
than `scheduler`, `interval`, `frequency`, `monitor`, `strict`, `name` and `reduce_on_plateau` (before 2.0 also
`opt_idx`).

Why it matters:
Lightning drops the key with one RuntimeWarning, "Found unsupported keys in the lr scheduler dict", and trains: with
`"freq": 2` the scheduler steps every time, as if nothing was written. With manual optimization the key raises
`TypeError: LRSchedulerConfig.__init__() got an unexpected keyword argument`.

Fix safety:
Unsafe. The run worked without the key; with it the learning rate changes.

Source:
`lightning.pytorch.core.optimizer._configure_schedulers_automatic_opt` and `_configure_schedulers_manual_opt`,
`lightning.pytorch.utilities.types.LRSchedulerConfig`, lightning 2.6.6.
"""

from collections.abc import Iterator
from difflib import get_close_matches

from dryfit.rulekit import (
    UNKNOWN,
    Example,
    Finding,
    Fix,
    Observes,
    Operand,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    rewrite_string,
)

KEYS = ("scheduler", "interval", "frequency", "monitor", "strict", "name", "reduce_on_plateau")
MEANT = {"freq": "frequency", "metric": "monitor", "metric_to_track": "monitor", "logging_name": "name"}


def check(model: SemanticModel) -> Iterator[Finding]:
    config = model.frameworks.signature("lightning.pytorch.utilities.types.LRSchedulerConfig")
    known = {*KEYS, *(config.positional if config is not None else ())}
    for returned in model.facts(facts.OptimizersReturned):
        for scheduler, _ in returned.schedulers:
            entries = scheduler.entries
            if entries is not UNKNOWN and scheduler.entry("scheduler") is not None:
                given = [key.literal for key, _ in entries]
                for key in [key for key, _ in entries if isinstance(key.literal, str) and key.literal not in known]:
                    yield _finding(key, given, returned.is_manual)


def _finding(key: Operand, given: list[object], is_manual: bool) -> Finding:
    name = str(key.literal)
    meant = MEANT.get(name) or next(iter(get_close_matches(name, KEYS)), "")
    text = f"rename it to `{meant}`" if meant and meant not in given else "remove it"
    edit = rewrite_string(key, meant) if text != "remove it" else None
    return Finding(
        key.site,
        f"`{name}` is not a key of the scheduler's configuration",
        f"`fit` raises TypeError: unexpected keyword argument '{name}'"
        if is_manual
        else "Lightning drops it with a RuntimeWarning: it has no effect",
        text,
        Fix.unsafe(text, edit) if edit else None,
        severity=Severity.ERROR if is_manual else None,
    )


RULE = Rule(
    name="unknown-scheduler-config-key",
    severity=Severity.WARNING,
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
                        return [opt], [{"scheduler": StepLR(opt, step_size=1), "freq": 2}]
                        #                                                      ^^^^^^ unknown-scheduler-config-key


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), loader)
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
                        return [opt], [{"scheduler": StepLR(opt, step_size=1), "frequency": 2}]


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), loader)
            """,
            witness=Observes("trainer.lr_scheduler_configs[0].frequency == 1"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch import optim


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.automatic_optimization = False
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        optimizer = self.optimizers()
                        optimizer.zero_grad()
                        self.manual_backward(self.layer(batch).mean())
                        optimizer.step()

                    def configure_optimizers(self):
                        adam = optim.Adam(self.parameters())
                        warmup = optim.lr_scheduler.ConstantLR(adam)
                        config = dict(scheduler=warmup, intervall="step")
                        #                               ^^^^^^^^^ unknown-scheduler-config-key
                        return {"optimizer": adam, "lr_scheduler": config}


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
                        self.automatic_optimization = False
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        optimizer = self.optimizers()
                        optimizer.zero_grad()
                        self.manual_backward(self.layer(batch).mean())
                        optimizer.step()

                    def configure_optimizers(self):
                        adam = optim.Adam(self.parameters())
                        warmup = optim.lr_scheduler.ConstantLR(adam)
                        config = dict(scheduler=warmup, interval="step")
                        return {"optimizer": adam, "lr_scheduler": config}


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            witness=Raises("TypeError", "unexpected keyword argument 'intervall'"),
        ),
    ),
    near_misses=(
        # A configuration that the author's own loop reads.
        """
        import torch
        from torch.optim.lr_scheduler import StepLR


        class Recipe:
            def configure_optimizers(self):
                optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
                return {"optimizer": optimizer, "lr_scheduler": {"scheduler": StepLR(optimizer, 1), "every": 10}}


        every = Recipe().configure_optimizers()["lr_scheduler"]["every"]
        """,
    ),
    is_fixable=True,
)
