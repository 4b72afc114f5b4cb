"""A Trainer is told 1 or True where all of an epoch is meant.

What it does:
Reports `val_check_interval=1`, which validates after every batch where `1.0` does once an epoch; `True` for
`limit_train_batches`, `limit_val_batches`, `limit_test_batches`, `limit_predict_batches` and `overfit_batches`; and 1
for one of those where another one of the same call is `1.0`. Silent for an interval in a run that is cut short in some
other way.

Why it matters:
An integer is a number of batches, a float a share of the epoch, and True an integer. Measured on four batches:
`val_check_interval=1` validates four times, `1.0` once; `limit_train_batches=1` or True trains on one of them.

Fix safety:
Unsafe. One batch can be what is wanted.

Source:
`lightning.pytorch.trainer.setup._determine_batch_limits` and `_FitLoop.setup_data`, lightning 2.6.6.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Fix,
    Observes,
    Operand,
    Rule,
    SemanticModel,
    Severity,
    facts,
    replace,
)

INTERVAL = "val_check_interval"
LIMITS = ("limit_train_batches", "limit_val_batches", "limit_test_batches", "limit_predict_batches", "overfit_batches")
SHORT = (*LIMITS, "fast_dev_run", "max_steps", "max_time")  # of a run that is cut short
HELP = "write `1.0` for all of it"


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.TrainerBuilt):
        given = {name: built.arguments.get(None, name) for name in (INTERVAL, *SHORT, "check_val_every_n_epoch")}
        interval, every = given[INTERVAL], given["check_val_every_n_epoch"]
        is_by_epoch = every is None or (isinstance(every, Operand) and type(every.literal) is int)
        if isinstance(interval, Operand) and is_by_epoch and all(given[name] is None for name in SHORT):
            if type(interval.literal) is int and interval.literal == 1:
                note = "runs the whole validation as often as there are batches; `1.0` is once an epoch"
                yield _finding(interval, f"`{INTERVAL}=1` validates after every batch", note, Severity.INFO)
        limits = {name: value for name in LIMITS if isinstance(value := given[name], Operand)}
        has_share = any(type(value.literal) is float and value.literal == 1.0 for value in limits.values())
        for name, value in limits.items():
            is_one = type(value.literal) is int and value.literal == 1 and has_share
            if value.literal is True or is_one:
                message = f"`{name}={value.literal}` is one batch, not all of them"
                yield _finding(value, message, "the others are left out; no error, no warning", None)


def _finding(value: Operand, message: str, note: str, severity: Severity | None) -> Finding:
    fix = Fix.unsafe(HELP, replace(value.site, "1.0")) if value.is_written else None
    return Finding(value.site, message, note, HELP, fix, severity=severity)


RULE = Rule(
    name="one-batch-for-all",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import lightning.pytorch as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)
                        self.validations = 0

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def validation_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def on_validation_epoch_end(self):
                        self.validations += 1

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                net = Net()
                loader = DataLoader(torch.randn(8, 4), batch_size=2)
                options = dict(accelerator="cpu", max_epochs=1, barebones=True)
                trainer = pl.Trainer(val_check_interval=1, **options)
                #                                       ^ one-batch-for-all
                trainer.fit(net, loader, loader)
            """,
            good="""
                import lightning.pytorch as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)
                        self.validations = 0

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def validation_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def on_validation_epoch_end(self):
                        self.validations += 1

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                net = Net()
                loader = DataLoader(torch.randn(8, 4), batch_size=2)
                options = dict(accelerator="cpu", max_epochs=1, barebones=True)
                trainer = pl.Trainer(val_check_interval=1.0, **options)
                trainer.fit(net, loader, loader)
            """,
            witness=Observes("net.validations == 4"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, limit_train_batches=True, barebones=True)
                #                                                                         ^^^^ one-batch-for-all
                trainer.fit(Net(), DataLoader(torch.randn(8, 4), batch_size=2))
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, limit_train_batches=1.0, barebones=True)
                trainer.fit(Net(), DataLoader(torch.randn(8, 4), batch_size=2))
            """,
            witness=Observes("trainer.global_step == 1"),
        ),
        Example(
            bad="""
                import lightning as L
                import torch
                from torch.utils.data import DataLoader


                class Net(L.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                options = dict(accelerator="cpu", max_epochs=1, barebones=True)
                trainer = L.Trainer(limit_train_batches=1, limit_val_batches=1.0, **options)
                #                                       ^ one-batch-for-all
                trainer.fit(Net(), DataLoader(torch.randn(8, 4), batch_size=2))
            """,
            good="""
                import lightning as L
                import torch
                from torch.utils.data import DataLoader


                class Net(L.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                options = dict(accelerator="cpu", max_epochs=1, barebones=True)
                trainer = L.Trainer(limit_train_batches=1.0, limit_val_batches=1.0, **options)
                trainer.fit(Net(), DataLoader(torch.randn(8, 4), batch_size=2))
            """,
            witness=Observes("trainer.global_step == 1"),
        ),
    ),
    near_misses=(
        # One batch for a trial, an interval across epochs, a number of batches.
        """
        import pytorch_lightning as pl
        import torch
        from torch.utils.data import DataLoader


        class Net(pl.LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 1)

            def training_step(self, batch, batch_idx):
                return self.layer(batch).mean()

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        trials = dict(accelerator="cpu", max_epochs=1, barebones=True)
        quick = pl.Trainer(limit_train_batches=1, val_check_interval=1, **trials)
        across = pl.Trainer(val_check_interval=1, check_val_every_n_epoch=None, **trials)
        trainer = pl.Trainer(accelerator="cpu", max_epochs=1, limit_train_batches=2, barebones=True)
        trainer.fit(Net(), DataLoader(torch.randn(8, 4), batch_size=2))
        """,
    ),
    is_fixable=True,
)
