"""Validation is asked for after more batches than an epoch has.

What it does:
Reports an integer `val_check_interval` of a Trainer that is larger than the number of batches `fit` certainly trains on
in an epoch: the loader's samples and batch size are known, and `limit_train_batches`, if it is given. Silent with
`check_val_every_n_epoch=None`, which counts batches across epochs.

Why it matters:
`ValueError: val_check_interval (100) must be less than or equal to the number of the training batches (4)` when `fit`
looks at the loader, before the first batch.

Fix safety:
Unsafe. Offered if nothing is said about epochs: the interval is counted across them then. An interval within the epoch
is the other way.

Source:
`lightning.pytorch.loops.fit_loop._FitLoop.setup_data`, lightning 2.6.6.
"""

import math
from collections.abc import Iterator

from dryfit.rulekit import (
    UNKNOWN,
    Arguments,
    Example,
    Finding,
    Fix,
    Operand,
    Raises,
    Related,
    Rule,
    SemanticModel,
    Severity,
    facts,
    insert_after,
)

HELP = "pass `check_val_every_n_epoch=None` to count batches across epochs"


def check(model: SemanticModel) -> Iterator[Finding]:
    for fit in model.facts(facts.TrainerCall):
        built = next((b for b in model.facts(facts.TrainerBuilt) if b.trainer.is_same(fit.trainer)), None)
        interval = None if built is None else built.arguments.known(None, "val_check_interval")
        loader = fit.loaders("train") if fit.method == "fit" and not fit.is_expected_to_fail else None
        if built is None or interval is None or not isinstance(loader, Operand) or not _is_an_epochs(built.arguments):
            continue
        found = _built(model, loader)
        batches = None if found is None else _batches(found, built.arguments)
        if found is not None and batches and type(interval.literal) is int and interval.literal > batches:
            yield Finding(
                interval.site,
                f"`val_check_interval` is {interval.literal}, an epoch has {batches} batches",
                "`fit` raises ValueError before the first batch: it must be at most the number of training batches",
                HELP,
                _fix(built.arguments),
                (Related(found.site, f"{batches} batches"),),
            )


def _built(model: SemanticModel, loader: Operand) -> facts.LoaderBuilt | None:
    """Where the loader is built: the one that is given, or the only one that is built in the hook that returns it."""
    built = list(model.facts(facts.LoaderBuilt))
    if any(b.loader.is_same(loader) for b in built):
        return next(b for b in built if b.loader.is_same(loader))
    inside = [b for b in built if b.site[:2] == loader.site[:2]] if facts.loader_count(loader) == (1, 1) else []
    is_one = len({b.site for b in inside}) == 1 and len({b.samples for b in inside}) == 1
    return inside[0] if is_one and loader.is_a("torch.utils.data.DataLoader") else None


def _is_an_epochs(arguments: Arguments) -> bool:
    """Is the interval certainly counted within an epoch, in a run that validates?"""
    every, limit = arguments.get(None, "check_val_every_n_epoch"), arguments.get(None, "limit_val_batches")
    is_counted = every is None or (isinstance(every, Operand) and type(every.literal) is int)
    validates = limit is None or (isinstance(limit, Operand) and limit.literal not in (UNKNOWN, 0))
    others = [arguments.get(None, name) for name in ("fast_dev_run", "overfit_batches")]
    return is_counted and validates and all(o is None or (isinstance(o, Operand) and o.literal == 0) for o in others)


def _batches(loader: facts.LoaderBuilt, trainer: Arguments) -> int | None:
    """How many batches an epoch has, at most; None if that is not known."""
    size, drop = loader.arguments.get(1, "batch_size"), loader.arguments.get(8, "drop_last")
    batch_size = 1 if size is None else size.literal if isinstance(size, Operand) else UNKNOWN
    drops = False if drop is None else drop.literal if isinstance(drop, Operand) else UNKNOWN
    is_plain = loader.arguments.get(4, "batch_sampler") is None
    limit = trainer.get(None, "limit_train_batches")
    most = 1.0 if limit is None else limit.literal if isinstance(limit, Operand) else UNKNOWN
    if loader.samples is None or type(batch_size) is not int or batch_size < 1 or not is_plain:
        return None
    if not isinstance(drops, bool) or not isinstance(most, (int, float)):
        return None
    batches = loader.samples // batch_size if drops else math.ceil(loader.samples / batch_size)
    return min(most, batches) if isinstance(most, int) else int(most * batches)


def _fix(arguments: Arguments) -> Fix | None:
    written = arguments.written("val_check_interval")
    if written is None or arguments.get(None, "check_val_every_n_epoch") is not None:
        return None
    return Fix.unsafe(HELP, insert_after(arguments.site_of(written.span), ", check_val_every_n_epoch=None"))


RULE = Rule(
    name="validation-interval-beyond-epoch",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import lightning.pytorch as pl
                import torch
                from torch.utils.data import DataLoader, TensorDataset


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch[0]).mean()

                    def validation_step(self, batch, batch_idx):
                        return self.layer(batch[0]).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                dataset = TensorDataset(torch.randn(64, 4))
                loader = DataLoader(dataset, batch_size=16, shuffle=True)
                trainer = pl.Trainer(
                    accelerator="cpu",
                    max_epochs=1,
                    val_check_interval=100,
                    #                  ^^^ validation-interval-beyond-epoch
                    logger=False,
                    enable_checkpointing=False,
                )
                trainer.fit(Net(), loader, DataLoader(dataset, batch_size=16))
            """,
            good="""
                import lightning.pytorch as pl
                import torch
                from torch.utils.data import DataLoader, TensorDataset


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch[0]).mean()

                    def validation_step(self, batch, batch_idx):
                        return self.layer(batch[0]).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                dataset = TensorDataset(torch.randn(64, 4))
                loader = DataLoader(dataset, batch_size=16, shuffle=True)
                trainer = pl.Trainer(
                    accelerator="cpu",
                    max_epochs=1,
                    val_check_interval=100, check_val_every_n_epoch=None,
                    logger=False,
                    enable_checkpointing=False,
                )
                trainer.fit(Net(), loader, DataLoader(dataset, batch_size=16))
            """,
            witness=Raises("ValueError", "must be less than or equal to the number of the training batches (4)"),
        ),
        Example(
            bad="""
                import lightning as L
                import torch
                from torch.utils.data import DataLoader, Dataset


                class Numbers(Dataset):
                    def __init__(self, count=64):
                        self.values = torch.randn(count, 4)

                    def __len__(self):
                        return len(self.values)

                    def __getitem__(self, index):
                        return self.values[index]


                class Net(L.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def validation_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                def main():
                    settings = {"accelerator": "cpu", "max_epochs": 1, "logger": False, "enable_checkpointing": False}
                    settings["val_check_interval"] = 7
                    #                                ^ validation-interval-beyond-epoch
                    trainer = L.Trainer(**settings)
                    loader = DataLoader(Numbers(), batch_size=10, drop_last=True)
                    trainer.fit(Net(), train_dataloaders=loader, val_dataloaders=loader)


                main()
            """,
            good="""
                import lightning as L
                import torch
                from torch.utils.data import DataLoader, Dataset


                class Numbers(Dataset):
                    def __init__(self, count=64):
                        self.values = torch.randn(count, 4)

                    def __len__(self):
                        return len(self.values)

                    def __getitem__(self, index):
                        return self.values[index]


                class Net(L.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def validation_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                def main():
                    settings = {"accelerator": "cpu", "max_epochs": 1, "logger": False, "enable_checkpointing": False}
                    settings["val_check_interval"] = 6
                    trainer = L.Trainer(**settings)
                    loader = DataLoader(Numbers(), batch_size=10, drop_last=True)
                    trainer.fit(Net(), train_dataloaders=loader, val_dataloaders=loader)


                main()
            """,
            witness=Raises("ValueError", "must be less than or equal to the number of the training batches (6)"),
        ),
    ),
    near_misses=(
        # At most an epoch, across epochs, and never.
        """
        import lightning.pytorch as pl
        import torch
        from torch.utils.data import DataLoader, TensorDataset


        class Net(pl.LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 1)

            def training_step(self, batch, batch_idx):
                return self.layer(batch[0]).mean()

            def validation_step(self, batch, batch_idx):
                return self.layer(batch[0]).mean()

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        dataset = TensorDataset(torch.randn(64, 4))
        loader = DataLoader(dataset, batch_size=16, shuffle=True)
        trainer = pl.Trainer(
            accelerator="cpu",
            max_epochs=1,
            val_check_interval=4,
            logger=False,
            enable_checkpointing=False,
        )
        across = pl.Trainer(
            accelerator="cpu", max_epochs=1, val_check_interval=9, check_val_every_n_epoch=None, logger=False
        )
        unseen = pl.Trainer(accelerator="cpu", max_epochs=1, val_check_interval=9, limit_val_batches=0, logger=False)
        trainer.fit(Net(), loader, DataLoader(dataset, batch_size=16))
        """,
    ),
    is_fixable=True,
)
