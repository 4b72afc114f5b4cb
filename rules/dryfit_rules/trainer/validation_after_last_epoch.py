"""The first validation is due after the last epoch.

What it does:
Reports a Trainer whose `check_val_every_n_epoch` is larger than its `max_epochs` while one of its callbacks watches a
metric of validation (`ModelCheckpoint`, `EarlyStopping`), or `fit` is given validation loaders. A number more than ten
times as large says that no validation is wanted: it is left alone if nothing is watched.

Why it matters:
Validation never runs, without an error or a warning: `validation_step` is not called, a `ModelCheckpoint` that watches
its metric saves nothing at all, and there is nothing that could stop early.

Source:
`lightning.pytorch.loops.training_epoch_loop._TrainingEpochLoop._should_check_val_epoch`, lightning 2.6.6; the same from
1.9 on.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Observes, Operand, Related, Rule, SemanticModel, Severity, facts

CALLBACKS = {"lightning.pytorch.callbacks.EarlyStopping": 0, "lightning.pytorch.callbacks.ModelCheckpoint": 2}


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.TrainerBuilt):
        every = built.arguments.known(None, "check_val_every_n_epoch")
        most = built.arguments.known(None, "max_epochs")
        if every is None or most is None or type(every.literal) is not int or type(most.literal) is not int:
            continue
        if 0 < most.literal < every.literal:
            watcher = _watcher(built)
            wanted = watcher is not None or (every.literal <= 10 * most.literal and _is_validated(model, built))
            if wanted:
                related = () if watcher is None else (Related(watcher.site, "watches a metric of it"),)
                yield Finding(
                    every.site,
                    f"validation is due every {every.literal} epochs, and there are {most.literal}",
                    "validation never runs, without a warning: nothing is monitored, no best checkpoint is saved",
                    f"write a number up to {most.literal}",
                    None,
                    related,
                )


def _watcher(built: facts.TrainerBuilt) -> Operand | None:
    """A callback that chooses by a metric that validation logs."""
    callbacks = built.arguments.known(None, "callbacks")
    for callback in () if callbacks is None else callbacks.known_elements or (callbacks,):
        name = callback.class_names[0] if callback.kind == "instance" and callback.class_names else ""
        if name in CALLBACKS:
            monitor = callback.arguments.get("monitor", callback.arguments.get(CALLBACKS[name]))
            if monitor is not None and isinstance(monitor.literal, str) and "val" in monitor.literal:
                return callback
    return None


def _is_validated(model: SemanticModel, built: facts.TrainerBuilt) -> bool:
    """Is `fit` of this Trainer certainly given loaders to validate with?"""
    return any(
        call.method == "fit"
        and call.trainer.is_same(built.trainer)
        and (loaders := call.arguments.known(2, "val_dataloaders")) is not None
        and loaders.is_not_none
        for call in model.facts(facts.TrainerCall)
    )


RULE = Rule(
    name="validation-after-last-epoch",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.utils.data import DataLoader


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)
                        self.validated = 0

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def validation_step(self, batch, batch_idx):
                        self.validated += 1
                        self.log("val_loss", self.layer(batch).mean())

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                net = Net()
                trainer = Trainer(accelerator="cpu", max_epochs=2, check_val_every_n_epoch=5, barebones=True)
                #                                                                          ^ validation-after-last-epoch
                trainer.fit(net, loader, loader)
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.utils.data import DataLoader


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)
                        self.validated = 0

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def validation_step(self, batch, batch_idx):
                        self.validated += 1
                        self.log("val_loss", self.layer(batch).mean())

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                net = Net()
                trainer = Trainer(accelerator="cpu", max_epochs=2, check_val_every_n_epoch=1, barebones=True)
                trainer.fit(net, loader, loader)
            """,
            witness=Observes("net.validated == 0"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)
                        self.validated = 0

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def validation_step(self, batch, batch_idx):
                        self.validated += 1
                        self.log("val_loss", self.layer(batch).mean())

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                net = Net()
                settings = {"max_epochs": 1, "check_val_every_n_epoch": 100, "num_sanity_val_steps": 0}
                #                                                       ^^^ validation-after-last-epoch
                stopping = pl.callbacks.EarlyStopping("val_loss")
                pl.Trainer(
                    accelerator="cpu", logger=False, enable_checkpointing=False, callbacks=[stopping], **settings
                ).fit(net, loader, loader)
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)
                        self.validated = 0

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def validation_step(self, batch, batch_idx):
                        self.validated += 1
                        self.log("val_loss", self.layer(batch).mean())

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                net = Net()
                settings = {"max_epochs": 1, "check_val_every_n_epoch": 1, "num_sanity_val_steps": 0}
                stopping = pl.callbacks.EarlyStopping("val_loss")
                pl.Trainer(
                    accelerator="cpu", logger=False, enable_checkpointing=False, callbacks=[stopping], **settings
                ).fit(net, loader, loader)
            """,
            witness=Observes("net.validated == 0"),
        ),
    ),
    near_misses=(
        # No validation is wanted, and a limit that is not known.
        """
        import os

        import torch
        from lightning.pytorch import LightningModule, Trainer
        from torch.utils.data import DataLoader


        class Net(LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 2)
                self.validated = 0

            def training_step(self, batch, batch_idx):
                return self.layer(batch).square().mean()

            def validation_step(self, batch, batch_idx):
                self.validated += 1
                self.log("val_loss", self.layer(batch).mean())

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)

        loader = DataLoader(torch.randn(8, 4), batch_size=4)
        net = Net()
        epochs = int(os.environ.get("EPOCHS", "1"))
        first = Trainer(accelerator="cpu", max_epochs=1, check_val_every_n_epoch=1000, barebones=True)
        second = Trainer(accelerator="cpu", max_epochs=epochs, check_val_every_n_epoch=5, barebones=True)
        first.fit(net, loader, loader)
        second.fit(net, loader, loader)
        """,
    ),
)
