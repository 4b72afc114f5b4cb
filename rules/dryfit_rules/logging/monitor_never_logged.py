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

import re
from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches

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
SYNONYMS = (
    (r"[/.\- ]", "_"),
    ("validation|valid", "val"),
    ("accuracy", "acc"),
    ("^(avg|mean|epoch)_", ""),
    ("_(epoch|step)$", ""),
)


def check(model: SemanticModel) -> Iterator[Finding]:
    for fit in model.facts(facts.TrainerCall):
        module = fit.model if fit.method == "fit" and not fit.is_expected_to_fail else None
        logged = UNKNOWN if module is None else module.logged_keys
        callbacks = _callbacks(fit.trainer)
        if module is None or logged is UNKNOWN or callbacks is None or not _is_full_run(fit.trainer):
            continue
        if any(_may_log(callback) for callback in callbacks):
            continue
        for what, monitor, note, severity in (*_watching(model, fit, callbacks), *_schedulers(module)):
            found = _finding(fit, module, logged, what, monitor)
            if found is not None:
                yield replace(found, note=note, severity=severity)


def _is_full_run(trainer: Operand) -> bool:
    """Neither a trial that leaves the callbacks out, nor one without logging; and nobody could add a callback."""
    given = trainer.arguments
    quick = [given[name].literal for name in ("fast_dev_run", "barebones") if name in given]
    return all(literal in (False, None, UNKNOWN) for literal in quick) and not trainer.is_escaped


def _is_validated(fit: facts.TrainerCall) -> bool:
    """False if there is certainly no validation."""
    loaders, limit = fit.loaders("val"), fit.trainer.arguments.get("limit_val_batches")
    if loaders is None or (isinstance(loaders, Operand) and facts.loader_count(loaders)[1] == 0):
        return False
    return limit is None or limit.literal is UNKNOWN or limit.literal != 0


def _callbacks(trainer: Operand) -> tuple[Operand, ...] | None:
    """All that are given; None if that is not known."""
    given = trainer.arguments.get("callbacks")
    if given is None:
        return () if "**" not in trainer.arguments and trainer.class_names else None
    if given.is_none or given.kind == "instance":
        return () if given.is_none else (given,)
    return None if given.elements is UNKNOWN else given.elements


def _may_log(callback: Operand) -> bool:
    """Might it log a metric? Those of Lightning do not, but for the monitor of the learning rates."""
    name = callback.class_names[0] if callback.class_names else ""
    if name.startswith("lightning.pytorch.callbacks.") and callback.kind == "instance":
        return name.endswith(("LearningRateMonitor", "LambdaCallback"))
    return not callback.logs_nothing


# ------------------------------------------------------------------------------------------------- who watches
def _watching(
    model: SemanticModel, fit: facts.TrainerCall, callbacks: tuple[Operand, ...]
) -> Iterator[tuple[str, Operand, str, Severity | None]]:
    """Who watches which metric, and what comes of it if there is none."""
    for callback in callbacks:
        name = callback.class_names[0]
        monitor = _written_monitor(model, callback, name) if name in POSITIONS else None
        if monitor is not None and name == STOPPING:
            strict = callback.arguments.get("strict", callback.arguments.get(5))
            is_asked = _is_validated(fit) or _stops_without_validation(fit.trainer, callback)
            if is_asked and (strict is None or strict.literal is True):
                yield "EarlyStopping", monitor, "raises RuntimeError at the end of the first epoch", None
            elif not is_asked or (strict is not None and strict.literal is False):
                yield "EarlyStopping", monitor, "training is never stopped early, without a word", Severity.WARNING
        elif monitor is not None and monitor.literal not in ("epoch", "step") and _saves_by_metric(callback):
            note = "raises MisconfigurationException after the first validation"
            if any(step in callback.arguments for step in BY_STEPS):
                note = "no checkpoint is saved, without a word"
            elif not _is_validated(fit):
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


# ---------------------------------------------------------------------------------------------- what is logged
def _finding(
    fit: facts.TrainerCall, module: Operand, logged: tuple[facts.LoggedKey, ...], what: str, monitor: Operand
) -> Finding | None:
    """If nobody logs what is watched: all but the note."""
    name, loaders = monitor.literal, fit.loaders("val")
    least, most = facts.loader_count(loaders) if isinstance(loaders, Operand) else (0, None)
    is_validated = _is_validated(fit)
    seen = [key for key in logged if key.is_watchable and (is_validated or "validation" not in key.hook)]
    names = {shown: key for key in seen for shown in _shown(key, least, most)}
    if not isinstance(name, str) or any(re.fullmatch(shown, name) for shown in names):
        return None
    fact, help_text, edit = f"which `{module.class_name}` does not log", "log it with `self.log`", None
    key = next((key for key in logged if name in key.names), None)
    near = None if key is not None else _nearest(name, names)
    if near is not None:
        key, help_text, edit = names[re.escape(near)], f"monitor `{near}`", rewrite_string(monitor, near)
    elif key is not None and key.is_watchable and not is_validated:
        fact, help_text = f"which `{key.hook}` logs: `fit` does not validate", "give `fit` a validation loader"
    elif key is not None and key.is_watchable:
        fact, help_text = f"which has a suffix for each of {least} loaders", f"monitor `{name}/dataloader_idx_0`"
    elif key is not None and "validation" in key.hook:
        fact, help_text = "which validation logs by step only", "log it by epoch in validation"
    elif key is not None:
        fact, help_text = f"which only `{key.hook}` logs", "log it in `validation_step`"
    return Finding(
        monitor.site,
        f"`{what}` monitors `{name}`, {fact}",
        "",
        help_text,
        Fix.unsafe(help_text, edit) if edit is not None else None,
        _related(module, logged, key),
    )


def _shown(key: facts.LoggedKey, least: int, most: int | None) -> Iterator[str]:
    """Patterns of the names under which callbacks see it, given how many validation loaders there are."""
    for name in key.names:
        escaped = re.escape(name)
        if key.has_index is False or least < 2:
            yield escaped
        if key.has_index is not False and most != 1:
            yield escaped + r"/dataloader_idx_\d+"


def _nearest(name: str, names: dict[str, facts.LoggedKey]) -> str | None:
    """A logged name that says the same in other words, or nearly in the same letters."""
    plain = {key.key: _normal(key.key) for shown, key in names.items() if shown == re.escape(key.key)}
    same = [key for key, normal in plain.items() if normal == _normal(name)]
    return next(iter(same or get_close_matches(name, plain, 1, 0.85)), None)


def _normal(name: str) -> str:
    name = name.lower()
    for pattern, text in SYNONYMS:
        name = re.sub(pattern, text, name)
    return name


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
                trainer = pl.Trainer(
                    accelerator="cpu",
                    max_epochs=1,
                    logger=False,
                    enable_checkpointing=False,
                    callbacks=[EarlyStopping("val_loss")],
                    #                        ^^^^^^^^^^ monitor-never-logged
                )
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
                trainer = pl.Trainer(
                    accelerator="cpu",
                    max_epochs=1,
                    logger=False,
                    enable_checkpointing=False,
                    callbacks=[EarlyStopping("valid_loss")],
                )
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
                        loss = self.layer(batch).mean()
                        self.log_dict({"train/loss": loss, "train/norm": batch.norm()})
                        return loss

                    def validation_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                def main():
                    loader = DataLoader(torch.randn(8, 4), batch_size=4)
                    settings = {"monitor": "val/loss", "mode": "min"}
                    #                      ^^^^^^^^^^ monitor-never-logged
                    with tempfile.TemporaryDirectory() as folder:
                        best = ModelCheckpoint(folder, **settings)
                        trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, callbacks=best)
                        trainer.fit(Net(), loader, loader)


                main()
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
                        loss = self.layer(batch).mean()
                        self.log_dict({"train/loss": loss, "train/norm": batch.norm()})
                        return loss

                    def validation_step(self, batch, batch_idx):
                        self.log("val/loss", self.layer(batch).mean())

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                def main():
                    loader = DataLoader(torch.randn(8, 4), batch_size=4)
                    settings = {"monitor": "val/loss", "mode": "min"}
                    with tempfile.TemporaryDirectory() as folder:
                        best = ModelCheckpoint(folder, **settings)
                        trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, callbacks=best)
                        trainer.fit(Net(), loader, loader)


                main()
            """,
            witness=Raises("MisconfigurationException", "could not find the monitored key in the returned metrics"),
        ),
        Example(
            bad="""
                import lightning as L
                import torch
                from torch.optim.lr_scheduler import ReduceLROnPlateau
                from torch.utils.data import DataLoader


                class Base(L.LightningModule):
                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        self.log("train_loss", loss, on_epoch=True)
                        return loss

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        plateau = ReduceLROnPlateau(optimizer)
                        return [optimizer], [{"scheduler": plateau, "monitor": "val_loss"}]
                        #                                                      ^^^^^^^^^^ monitor-never-logged


                class Net(Base):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def test_step(self, batch, batch_idx):
                        self.log("val_loss", self.layer(batch).mean())


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                L.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False).fit(Net(), loader)
            """,
            good="""
                import lightning as L
                import torch
                from torch.optim.lr_scheduler import ReduceLROnPlateau
                from torch.utils.data import DataLoader


                class Base(L.LightningModule):
                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        self.log("train_loss", loss, on_epoch=True)
                        return loss

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        plateau = ReduceLROnPlateau(optimizer)
                        return [optimizer], [{"scheduler": plateau, "monitor": "train_loss_epoch"}]


                class Net(Base):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def test_step(self, batch, batch_idx):
                        self.log("val_loss", self.layer(batch).mean())


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                L.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False).fit(Net(), loader)
            """,
            witness=Raises("MisconfigurationException", "ReduceLROnPlateau conditioned on metric val_loss"),
        ),
    ),
    near_misses=(
        # A key that is not literal, a callback that logs, a metric under a suffix, and what is always there.
        """
        import lightning.pytorch as pl
        import torch
        from lightning.pytorch.callbacks import Callback, EarlyStopping
        from torch.utils.data import DataLoader


        class Net(pl.LightningModule):
            def __init__(self, keys=("acc", "val_loss")):
                super().__init__()
                self.layer = torch.nn.Linear(4, 1)
                self.keys = keys

            def training_step(self, batch, batch_idx):
                self.log("train_loss", self.layer(batch).mean(), on_epoch=True)
                return self.layer(batch).mean()

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        class Named(Net):
            def validation_step(self, batch, batch_idx):
                for key in self.keys:
                    self.log(key, self.layer(batch).mean())


        class Logging(Callback):
            def on_train_epoch_end(self, trainer, pl_module):
                pl_module.log("norm", pl_module.layer.weight.norm())


        def trainer(*callbacks):
            return pl.Trainer(
                accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False, callbacks=list(callbacks)
            )


        loader = DataLoader(torch.randn(8, 4), batch_size=4)
        trainer(EarlyStopping("val_loss")).fit(Named(), loader, loader)
        trainer(EarlyStopping("norm"), Logging()).fit(Net(), loader)
        trainer(EarlyStopping("train_loss_epoch")).fit(Net(), loader)
        """,
    ),
    is_fixable=True,
)
