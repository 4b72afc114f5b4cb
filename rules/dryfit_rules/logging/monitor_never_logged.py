"""A callback or scheduler watches a metric that nobody logs.

What it does:
Compares the `monitor` of `EarlyStopping`, `ModelCheckpoint` and of a `ReduceLROnPlateau` that `configure_optimizers`
returns with every key that the module given to `fit` logs: by `self.log` and `self.log_dict`, in any hook, in its
helpers and in the classes above it, with the suffixes `_step`, `_epoch` and `/dataloader_idx_0` that Lightning adds.
Silent as soon as one key, one callback or one class above is not known, or anything else could log.

Why it matters:
`EarlyStopping` raises RuntimeError at the end of the first epoch, `ReduceLROnPlateau` and, after a validation,
`ModelCheckpoint` raise MisconfigurationException: an epoch is lost. Without a validation, or with
`every_n_train_steps`, `ModelCheckpoint` saves nothing at all; with `strict=False` training is never stopped, the rate
never lowered. What validation logs by step only, what only `test_step` logs, and what validation logs where there is
none (no validation loader, `limit_val_batches=0`) is not seen by callbacks either.

Fix safety:
Unsafe. Offered if one of the logged names is nearly the same; which of both is meant is the author's to say.

Source:
`EarlyStopping._validate_condition_metric`, `ModelCheckpoint._save_topk_checkpoint`,
`_TrainingEpochLoop._update_learning_rates`, `_ResultCollection.metrics`, lightning 2.6.6.
"""

from collections.abc import Iterator
from dataclasses import replace

from dryfit.rulekit import (
    UNKNOWN,
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
    rewrite_string,
)

STOPPING = "lightning.pytorch.callbacks.EarlyStopping"
CHECKPOINT = "lightning.pytorch.callbacks.ModelCheckpoint"
PLATEAU = "torch.optim.lr_scheduler.ReduceLROnPlateau"
POSITIONS = {STOPPING: 0, CHECKPOINT: 2}
BY_STEPS = ("every_n_train_steps", "train_time_interval")


def check(model: SemanticModel) -> Iterator[Finding]:
    for fit in model.facts(facts.TrainerCall):
        module, metrics = fit.model, facts.metrics_seen(fit)
        if module is None or metrics is None:
            continue
        for what, monitor, note, severity in (*_watching(model, fit, metrics), *_schedulers(module)):
            if isinstance(monitor.literal, str) and not metrics.has(monitor.literal):
                yield replace(_finding(module, metrics, what, monitor, monitor.literal), note=note, severity=severity)


def _watching(
    model: SemanticModel, fit: facts.TrainerCall, metrics: facts.MetricsSeen
) -> Iterator[tuple[str, Operand, str, Severity | None]]:
    """Who watches which metric, and what comes of it if there is none."""
    for callback in metrics.callbacks:
        name = callback.class_names[0]
        monitor = _written_monitor(model, callback, name) if name in POSITIONS else None
        if monitor is not None and name == STOPPING:
            strict = callback.arguments.get("strict", callback.arguments.get(5))
            is_asked = metrics.is_validated or _stops_without_validation(fit.trainer, callback)
            if is_asked and (strict is None or strict.literal is True):
                yield "EarlyStopping", monitor, "raises RuntimeError at the end of the first epoch", None
            elif not is_asked or (strict is not None and strict.literal is False):
                yield "EarlyStopping", monitor, "training is never stopped early, without a word", Severity.WARNING
        elif monitor is not None and monitor.literal not in ("epoch", "step") and _saves_by_metric(callback):
            note = "raises MisconfigurationException after the first validation"
            if any(step in callback.arguments for step in BY_STEPS):
                note = "no checkpoint is saved, without a word"
            elif not metrics.is_validated:
                note = "no checkpoint is saved; a warning at the end of each epoch"
            yield "ModelCheckpoint", monitor, note, None


def _stops_without_validation(trainer: Operand, callback: Operand) -> bool:
    """Does it look at the metric at the end of a training epoch?"""
    checks = callback.arguments.get("check_on_train_epoch_end")
    if checks is not None:
        return checks.literal is True
    return not any(name in trainer.arguments for name in ("val_check_interval", "check_val_every_n_epoch", "**"))


def _saves_by_metric(checkpoint: Operand) -> bool:
    """False if it may save, or leave out, whatever the metric says."""
    given = checkpoint.arguments
    top = given.get("save_top_k", given.get(5))
    return "**" not in given and (top is None or top.literal not in (0, UNKNOWN))


def _written_monitor(model: SemanticModel, callback: Operand, name: str) -> Operand | None:
    """The metric a callback watches, where it is written if that is in sight."""
    for call in model.calls_to(name):
        if call.result.is_same(callback):
            return call.arguments.known(POSITIONS[name], "monitor")
    return callback.arguments.get("monitor", callback.arguments.get(POSITIONS[name]))


def _schedulers(module: Operand) -> Iterator[tuple[str, Operand, str, Severity | None]]:
    automatic = module.attribute("automatic_optimization")
    result = module.method_result("configure_optimizers")
    if isinstance(result, Operand) and (
        automatic is None or (isinstance(automatic, Operand) and automatic.literal is True)
    ):
        for scheduler, config in facts.schedulers_in(result):
            monitor = (scheduler if scheduler.kind == "dict" else config or result).entry("monitor")
            plateau = scheduler.entry("scheduler") if scheduler.kind == "dict" else scheduler
            strict = scheduler.entry("strict") if scheduler.kind == "dict" else None
            if isinstance(monitor, Operand) and isinstance(plateau, Operand) and plateau.is_a(PLATEAU):
                if strict is None or (isinstance(strict, Operand) and strict.literal is True):
                    note = "raises MisconfigurationException at the end of the first epoch"
                    yield "ReduceLROnPlateau", monitor, note, None
                elif isinstance(strict, Operand) and strict.literal is False:
                    note = "the learning rate is never lowered; a warning each epoch"
                    yield "ReduceLROnPlateau", monitor, note, Severity.WARNING


def _finding(module: Operand, metrics: facts.MetricsSeen, what: str, monitor: Operand, name: str) -> Finding:
    """All but the note."""
    fact, help_text, edit = f"which `{module.class_name}` does not log", "log it with `self.log`", None
    key = metrics.logged_as(name)
    near = metrics.nearest(name) if key is None else None
    if near is not None:
        key, help_text, edit = near, f"monitor `{near.key}`", rewrite_string(monitor, near.key)
    elif key is not None and key.is_watchable and not metrics.is_validated:
        fact, help_text = f"which `{key.hook}` logs: `fit` does not validate", "give `fit` a validation loader"
    elif key is not None and key.is_watchable:
        fact, help_text = (
            f"which has a suffix for each of {metrics.loaders[0]} loaders",
            f"monitor `{name}/dataloader_idx_0`",
        )
    elif key is not None and "validation" in key.hook:
        fact, help_text = "which validation logs by step only", "log it by epoch in validation"
    elif key is not None:
        fact, help_text = f"which only `{key.hook}` logs", "log it in `validation_step`"
    fix = Fix.unsafe(help_text, edit) if edit is not None else None
    message = f"`{what}` monitors `{name}`, {fact}"
    return Finding(monitor.site, message, "", help_text, fix, _related(module, metrics.logged, key))


def _related(module: Operand, logged: tuple[facts.LoggedKey, ...], key: facts.LoggedKey | None) -> tuple[Related, ...]:
    """Where the key in question is logged, or else where the module trains."""
    if key is not None:
        return (Related(key.site, f"`{key.key}` is logged here"),)
    method = module.method("training_step")
    if method is None or method is UNKNOWN:
        return ()
    keys = ", ".join(f"`{name}`" for name in dict.fromkeys(k.key for k in logged if k.is_watchable))
    return (Related(method[1], f"`{module.class_name}` logs {keys or 'nothing'}"),)


RULE = Rule(
    name="monitor-never-logged",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import lightning.pytorch as pl
                import torch
                from lightning.pytorch.callbacks import EarlyStopping
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self._step(batch, "train")

                    def validation_step(self, batch, batch_idx):
                        self._step(batch, "valid")

                    def _step(self, batch, stage):
                        loss = self.layer(batch).mean()
                        self.log(f"{stage}_loss", loss)
                        return loss

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                options = dict(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer = pl.Trainer(callbacks=[EarlyStopping("val_loss")], **options)
                #                                             ^^^^^^^^^^ monitor-never-logged
                trainer.fit(Net(), loader, loader)
            """,
            good="""
                import lightning.pytorch as pl
                import torch
                from lightning.pytorch.callbacks import EarlyStopping
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self._step(batch, "train")

                    def validation_step(self, batch, batch_idx):
                        self._step(batch, "valid")

                    def _step(self, batch, stage):
                        loss = self.layer(batch).mean()
                        self.log(f"{stage}_loss", loss)
                        return loss

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                options = dict(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer = pl.Trainer(callbacks=[EarlyStopping("valid_loss")], **options)
                trainer.fit(Net(), loader, loader)
            """,
            witness=Raises("RuntimeError", "Early stopping conditioned on metric `val_loss` which is not available"),
        ),
        Example(
            bad="""
                import tempfile

                import pytorch_lightning as pl
                import torch
                from pytorch_lightning.callbacks import ModelCheckpoint
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        self.log_dict({"train/loss": self.layer(batch).mean(), "train/norm": batch.norm()})
                        return self.layer(batch).mean()

                    def validation_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                settings = {"monitor": "val/loss", "mode": "min"}
                #                      ^^^^^^^^^^ monitor-never-logged
                with tempfile.TemporaryDirectory() as folder:
                    best = ModelCheckpoint(folder, **settings)
                    trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, callbacks=best)
                    trainer.fit(Net(), loader, loader)
            """,
            good="""
                import tempfile

                import pytorch_lightning as pl
                import torch
                from pytorch_lightning.callbacks import ModelCheckpoint
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        self.log_dict({"train/loss": self.layer(batch).mean(), "train/norm": batch.norm()})
                        return self.layer(batch).mean()

                    def validation_step(self, batch, batch_idx):
                        self.log("val/loss", self.layer(batch).mean())

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                settings = {"monitor": "val/loss", "mode": "min"}
                with tempfile.TemporaryDirectory() as folder:
                    best = ModelCheckpoint(folder, **settings)
                    trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, callbacks=best)
                    trainer.fit(Net(), loader, loader)
            """,
            witness=Raises("MisconfigurationException", "could not find the monitored key in the returned metrics"),
        ),
        Example(
            bad="""
                import lightning as L
                import torch
                from torch.optim.lr_scheduler import ReduceLROnPlateau
                from torch.utils.data import DataLoader


                class Net(L.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        self.log("train_loss", loss, on_epoch=True)
                        return loss

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        plateau = ReduceLROnPlateau(optimizer)
                        return [optimizer], [{"scheduler": plateau, "monitor": "val_loss"}]
                        #                                                      ^^^^^^^^^^ monitor-never-logged


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                L.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False).fit(Net(), loader)
            """,
            good="""
                import lightning as L
                import torch
                from torch.optim.lr_scheduler import ReduceLROnPlateau
                from torch.utils.data import DataLoader


                class Net(L.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        self.log("train_loss", loss, on_epoch=True)
                        return loss

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        plateau = ReduceLROnPlateau(optimizer)
                        return [optimizer], [{"scheduler": plateau, "monitor": "train_loss_epoch"}]


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                L.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False).fit(Net(), loader)
            """,
            witness=Raises("MisconfigurationException", "ReduceLROnPlateau conditioned on metric val_loss"),
        ),
    ),
    near_misses=(
        # A callback that logs, a metric under a suffix, and one that is not literal.
        """
        import lightning.pytorch as pl
        import torch
        from torch.utils.data import DataLoader


        class Net(pl.LightningModule):
            def __init__(self, key="val_loss"):
                super().__init__()
                self.layer, self.key = torch.nn.Linear(4, 1), key

            def training_step(self, batch, batch_idx):
                self.log("train_loss", self.layer(batch).mean(), on_epoch=True)
                return self.layer(batch).mean()

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        class Named(Net):
            def validation_step(self, batch, batch_idx):
                self.log(self.key, self.layer(batch).mean())


        class Logging(pl.Callback):
            def on_train_epoch_end(self, trainer, pl_module):
                pl_module.log("norm", pl_module.layer.weight.norm())


        def trainer(*callbacks):
            options = dict(logger=False, enable_checkpointing=False, callbacks=list(callbacks))
            return pl.Trainer(accelerator="cpu", max_epochs=1, **options)


        loader = DataLoader(torch.randn(8, 4), batch_size=4)
        trainer(pl.callbacks.EarlyStopping("val_loss")).fit(Named(), loader, loader)
        trainer(pl.callbacks.EarlyStopping("norm"), Logging()).fit(Net(), loader)
        trainer(pl.callbacks.EarlyStopping("train_loss_epoch")).fit(Net(), loader)
        """,
    ),
    is_fixable=True,
)
