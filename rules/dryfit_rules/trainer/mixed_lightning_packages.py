"""The Trainer of one Lightning package is given objects of the other.

What it does:
`lightning.pytorch` and `pytorch_lightning` are two packages with the same names and different classes. Reports a module
or a data module that is given to `fit`, `validate`, `test` or `predict`, and callbacks in `Trainer(callbacks=...)`,
whose Lightning class comes from the other package than the Trainer's, by the imports in the files where both are made.

Why it matters:
A module raises `TypeError: model must be a LightningModule or torch._dynamo.OptimizedModule, got Net`, which does not
mention the packages; a data module `ValueError: Expected a parent` (`TypeError` from 2.0 to 2.2). A callback raises
`TypeError: You passed a pytorch_lightning object to a lightning Trainer` from 2.1 to 2.5 and `ValueError` before. Since
2.6 nothing is raised: a `ModelCheckpoint` is not recognised, a second one with default settings is added.

Source:
`lightning.pytorch.utilities.compile._maybe_unwrap_optimized`, `_CallbackConnector`, both packages in version 2.6.6; run
on 1.9 to 2.6.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Observes, Operand, Raises, Related, Rule, SemanticModel, Severity, facts

STAGES = {"fit": 3, "validate": 4, "test": 4, "predict": 2}
NAMES = {"lightning": "`lightning`", "pytorch_lightning": "`pytorch_lightning`"}
HELP = "import both from one package"


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.TrainerBuilt):
        for callback in _callbacks(built) if built.package and not built.is_expected_to_fail else ():
            package = _package(model, callback)
            outcome = _outcome_of_callback(model, callback)
            if package and package != built.package and outcome is not None:
                yield _finding(built, callback, package, "the callback", *outcome)
    for call in model.facts(facts.TrainerCall):
        maker = next((b for b in model.facts(facts.TrainerBuilt) if b.trainer.is_same(call.trainer)), None)
        if maker is None or not maker.package or call.method not in STAGES or call.is_expected_to_fail:
            continue
        module, data = call.model, call.arguments.known(STAGES[call.method], "datamodule")
        if module is not None and _is_other(module, maker) and module.is_a("lightning.pytorch.LightningModule"):
            note = f"`{call.method}` raises TypeError: `model` must be a `LightningModule`, got `{module.class_name}`"
            yield _finding(maker, module, module.package, "the module", note, Severity.ERROR)
        elif data is not None and _is_other(data, maker) and data.is_a("lightning.pytorch.LightningDataModule"):
            since, until = (model.frameworks.lightning_since(version) for version in ("2.0", "2.3"))
            error = "TypeError: an invalid dataloader" if since and not until else "ValueError: Expected a parent"
            yield _finding(maker, data, data.package, "the data module", f"raises {error}", Severity.ERROR)


def _callbacks(built: facts.TrainerBuilt) -> tuple[Operand, ...]:
    given = built.arguments.known(None, "callbacks")
    return () if given is None else given.known_elements or (given,)


def _package(model: SemanticModel, callback: Operand) -> str:
    """The package of a callback: of its class above, or of the one that is called to make it."""
    if callback.kind != "instance" or not callback.is_a("lightning.pytorch.Callback"):
        return ""
    if callback.package:
        return callback.package
    calls = model.calls_to(callback.class_names[0])
    return next((call.package for call in calls if call.result.is_same(callback)), "")


def _is_other(given: Operand, built: facts.TrainerBuilt) -> bool:
    return bool(given.package) and given.package != built.package


def _outcome_of_callback(model: SemanticModel, callback: Operand) -> tuple[str, Severity] | None:
    """What comes of it; None if it works all the same: since 2.6 callbacks do that nobody looks for by their class."""
    if not model.frameworks.lightning_since("2.1"):
        return "raises ValueError when the Trainer is built: Expected a parent", Severity.ERROR
    if not model.frameworks.lightning_since("2.6"):
        return "raises TypeError when the Trainer is built, from lightning 2.1 to 2.5", Severity.ERROR
    if callback.is_a("lightning.pytorch.callbacks.ModelCheckpoint"):
        return "it is not recognised: a second checkpoint with default settings is added", Severity.WARNING
    return None


def _finding(
    built: facts.TrainerBuilt, given: Operand, package: str, what: str, note: str, severity: Severity
) -> Finding:
    return Finding(
        given.site,
        f"{what} `{given.class_name}` is of {NAMES[package]}, the Trainer of {NAMES[built.package]}",
        note,
        HELP,
        None,
        (Related(built.site, f"the Trainer of {NAMES[built.package]}"),),
        severity=severity,
    )


RULE = Rule(
    name="mixed-lightning-packages",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from lightning.pytorch import Trainer
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), loader)
                #           ^^^^^ mixed-lightning-packages
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), loader)
            """,
            witness=Raises("TypeError", "`model` must be a `LightningModule`"),
        ),
        Example(
            bad="""
                from lightning.pytorch import Trainer
                from pytorch_lightning.callbacks import ModelCheckpoint

                best = ModelCheckpoint("checkpoints", monitor="val_loss")
                trainer = Trainer(accelerator="cpu", logger=False, callbacks=[best])
                #                                                             ^^^^ mixed-lightning-packages
                saving = [type(callback).__module__ for callback in trainer.checkpoint_callbacks]
            """,
            good="""
                from lightning.pytorch import Trainer
                from lightning.pytorch.callbacks import ModelCheckpoint

                best = ModelCheckpoint("checkpoints", monitor="val_loss")
                trainer = Trainer(accelerator="cpu", logger=False, callbacks=[best])
                saving = [type(callback).__module__ for callback in trainer.checkpoint_callbacks]
            """,
            witness=Observes("best not in trainer.checkpoint_callbacks and len(saving) == 1"),
        ),
        Example(
            bad="""
                import lightning as L
                import pytorch_lightning as pl
                import torch


                class Data(pl.LightningDataModule):
                    def train_dataloader(self):
                        return torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)



                class Net(L.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                data = Data()
                L.Trainer(accelerator="cpu", max_epochs=1).fit(Net(), datamodule=data)
                #                                                                ^^^^ mixed-lightning-packages
            """,
            good="""
                import lightning as L
                import torch


                class Data(L.LightningDataModule):
                    def train_dataloader(self):
                        return torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)



                class Net(L.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                data = Data()
                L.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), datamodule=data)
            """,
            witness=Raises("ValueError", "Expected a parent"),
        ),
    ),
    near_misses=(
        # Since 2.6 a callback of the other package is called like any other.
        """
        import pytorch_lightning as old
        from lightning.pytorch import Trainer


        class Started(old.Callback):
            def on_train_start(self, trainer, pl_module):
                print("started")


        trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True, callbacks=[Started()])
        """,
        # Two names for one package, and a file that uses whichever is there.
        """
        try:
            import lightning.pytorch as pl
        except ImportError:
            import pytorch_lightning as pl
        import lightning as L
        import torch
        from lightning.pytorch.callbacks import Timer
        from torch.utils.data import DataLoader


        class Net(pl.LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 2)

            def training_step(self, batch, batch_idx):
                return self.layer(batch).square().mean()

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        loader = DataLoader(torch.randn(8, 4), batch_size=4)
        trainer = L.Trainer(accelerator="cpu", max_epochs=1, barebones=True, callbacks=[Timer()])
        trainer.fit(Net(), loader)
        """,
    ),
)
