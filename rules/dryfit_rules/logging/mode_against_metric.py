"""A metric is watched in the wrong direction.

What it does:
Reports `EarlyStopping`, `ModelCheckpoint` and `ReduceLROnPlateau` that watch a metric whose name says that more is
better (accuracy, F1, AUROC, IoU, BLEU ...) with `mode="min"`, their default, or one whose name says that less is better
(loss, error, perplexity, MSE ...) with `mode="max"`. Names that say both ("acc_loss") or neither are left alone.

Why it matters:
Nothing is raised. Measured with an accuracy that grows every epoch: training stops after three epochs, the "best"
checkpoint is that of epoch 0, the learning rate falls from 0.1 to 0.001 while the model improves.

Fix safety:
Unsafe. The name tells the direction, the values do.

Source:
`EarlyStopping`, `ModelCheckpoint` of `lightning.pytorch.callbacks`, lightning 2.6.6,
`torch.optim.lr_scheduler.ReduceLROnPlateau`, torch 2.13.0.
"""

import re
from collections.abc import Iterator

from dryfit.rulekit import (
    UNKNOWN,
    Arguments,
    Example,
    Finding,
    Fix,
    Observes,
    Operand,
    Related,
    Rule,
    SemanticModel,
    Severity,
    facts,
    insert_after,
    rewrite_string,
)

CALLBACKS = "lightning.pytorch.callbacks."
PLATEAU = "torch.optim.lr_scheduler.ReduceLROnPlateau"
# Where a callback takes the metric and the mode, and what the wrong direction does.
WATCHING = {
    "EarlyStopping": (0, 4, "training stops while the metric gets better"),
    "ModelCheckpoint": (2, 8, "the worst checkpoints are kept, the best are deleted"),
}
MORE = frozenset(
    """acc accuracy top1 top5 f1 fbeta auc auroc auprc aucroc precision recall sensitivity specificity iou miou jaccard
    dice map map50 bleu rouge meteor cider ndcg mrr r2 psnr ssim kappa mcc pearson spearman accuracies""".split()
)
LESS = frozenset(
    """loss losses error err mse rmse mae mape nll bce ce perplexity ppl wer cer fid lpips eer hter""".split()
)


def check(model: SemanticModel) -> Iterator[Finding]:
    for name, (metric_at, mode_at, effect) in WATCHING.items():
        for call in model.calls_to(CALLBACKS + name):
            metric = call.arguments.known(metric_at, "monitor")
            kept = call.arguments.known(5, "save_top_k") if name == "ModelCheckpoint" else None
            if metric is not None and (kept is None or kept.literal not in (-1, 0, UNKNOWN)):
                yield from _against(name, metric, call.arguments, mode_at, effect)
    for returned in model.facts(facts.OptimizersReturned):
        for config, outer in returned.schedulers if returned.is_automatic else ():
            scheduler = config.entry("scheduler") if config.kind == "dict" else config
            metric_or_not = (config if config.kind == "dict" else outer or config).entry("monitor")
            for built in model.facts(facts.SchedulerBuilt):
                is_it = isinstance(scheduler, Operand) and built.scheduler.is_same(scheduler)
                if is_it and built.class_name == PLATEAU and isinstance(metric_or_not, Operand):
                    effect = "the learning rate falls while the metric gets better"
                    yield from _against("ReduceLROnPlateau", metric_or_not, built.arguments, 1, effect)


def _against(what: str, metric: Operand, arguments: Arguments, position: int, effect: str) -> Iterator[Finding]:
    given = arguments.get(position, "mode")
    mode = given.literal if isinstance(given, Operand) else "min" if given is None else UNKNOWN
    wanted = _direction(metric.literal) if isinstance(metric.literal, str) else ""
    if mode not in ("min", "max") or wanted in ("", mode):
        return
    is_given = isinstance(given, Operand)
    better = "more" if wanted == "max" else "less"
    help_text = f'pass `mode="{wanted}"`'
    yield Finding(
        given.site if isinstance(given, Operand) else metric.site,
        f'`{what}` watches `{metric.literal}` with `mode="{mode}"`' + ("" if is_given else ", its default"),
        f"{effect}: {better} is better; no error, no warning",
        help_text,
        _fix(help_text, given, arguments, metric, wanted),
        (Related(metric.site, "the metric"),) if isinstance(given, Operand) and given.site != metric.site else (),
    )


def _direction(name: str) -> str:
    """Does the metric's name say that it is to grow or to fall? "" if it says neither, or both."""
    words = set(re.split(r"[^a-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()))
    if words & LESS:
        return "" if words & MORE else "min"
    has_opposite = words & {
        "neg",
        "negative",
        "inverse",
        "inv",
        "one",
        "minus",
        "drop",
        "gap",
        "false",
        "non",
        "no",
        "1",
    }
    return "max" if words & MORE and not has_opposite else ""


def _fix(title: str, given: object, arguments: Arguments, metric: Operand, wanted: str) -> Fix | None:
    """The other mode where one is written; else an argument behind the last one that is."""
    if isinstance(given, Operand):
        edit = rewrite_string(given, wanted)
        return None if edit is None else Fix.unsafe(title, edit)
    written = arguments.call.arguments
    if not written or any(argument.stars for argument in written) or arguments.site.span != arguments.call.span:
        return None
    return Fix.unsafe(title, insert_after(arguments.site_of(written[-1].span), f', mode="{wanted}"'))


RULE = Rule(
    name="mode-against-metric",
    severity=Severity.WARNING,
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
                        self.log("train_acc", 0.1 * self.current_epoch)
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        return optimizer


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                stopping = EarlyStopping("train_acc", patience=2)
                #                        ^^^^^^^^^^^ mode-against-metric
                trainer = pl.Trainer(
                    accelerator="cpu", max_epochs=6, logger=False, enable_checkpointing=False, callbacks=[stopping]
                )
                trainer.fit(Net(), loader)
                last = trainer.current_epoch
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
                        self.log("train_acc", 0.1 * self.current_epoch)
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        return optimizer


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                stopping = EarlyStopping("train_acc", patience=2, mode="max")
                trainer = pl.Trainer(
                    accelerator="cpu", max_epochs=6, logger=False, enable_checkpointing=False, callbacks=[stopping]
                )
                trainer.fit(Net(), loader)
                last = trainer.current_epoch
            """,
            witness=Observes("last < 5"),
        ),
        Example(
            bad="""
                import tempfile

                import pytorch_lightning as pl
                import torch
                from pytorch_lightning import callbacks
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        self.log("train_acc", 0.1 * self.current_epoch)
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        return optimizer


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                folder = tempfile.mkdtemp()
                settings = {"monitor": "train_acc", "mode": "min", "save_top_k": 1}
                #                                           ^^^^^ mode-against-metric
                best = callbacks.ModelCheckpoint(folder, **settings)
                trainer = pl.Trainer(accelerator="cpu", max_epochs=3, logger=False, callbacks=[best])
                trainer.fit(Net(), loader)
                score = float(best.best_model_score)
            """,
            good="""
                import tempfile

                import pytorch_lightning as pl
                import torch
                from pytorch_lightning import callbacks
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        self.log("train_acc", 0.1 * self.current_epoch)
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        return optimizer


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                folder = tempfile.mkdtemp()
                settings = {"monitor": "train_acc", "mode": "max", "save_top_k": 1}
                best = callbacks.ModelCheckpoint(folder, **settings)
                trainer = pl.Trainer(accelerator="cpu", max_epochs=3, logger=False, callbacks=[best])
                trainer.fit(Net(), loader)
                score = float(best.best_model_score)
            """,
            witness=Observes("score < 0.15"),
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
                        self.log("train_acc", 0.1 * self.current_epoch)
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        plateau = ReduceLROnPlateau(optimizer, patience=1)
                        metric = "train_acc"
                        return {"optimizer": optimizer, "lr_scheduler": plateau, "monitor": metric}
                        #                                                                   ^^^^^^ mode-against-metric


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = L.Trainer(accelerator="cpu", max_epochs=6, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader)
                last = trainer.optimizers[0].param_groups[0]["lr"]
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
                        self.log("train_acc", 0.1 * self.current_epoch)
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        plateau = ReduceLROnPlateau(optimizer, patience=1, mode="max")
                        metric = "train_acc"
                        return {"optimizer": optimizer, "lr_scheduler": plateau, "monitor": metric}


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = L.Trainer(accelerator="cpu", max_epochs=6, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader)
                last = trainer.optimizers[0].param_groups[0]["lr"]
            """,
            witness=Observes("last < 0.05"),
        ),
    ),
    near_misses=(
        # The right mode, a name that says both or neither.
        """
        import lightning.pytorch as pl
        import torch
        from lightning.pytorch.callbacks import EarlyStopping
        from torch.utils.data import DataLoader


        class Net(pl.LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 1)

            def training_step(self, batch, batch_idx):
                self.log("train_acc", 0.1 * self.current_epoch)
                self.log_dict({"train_acc_loss": 1.0, "score": 1.0, "train_loss": 1.0})
                return self.layer(batch).mean()

            def configure_optimizers(self):
                optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                return optimizer


        MODE = "max"
        loader = DataLoader(torch.randn(8, 4), batch_size=4)
        trainer = pl.Trainer(
            accelerator="cpu", max_epochs=2, logger=False, enable_checkpointing=False, callbacks=[
                EarlyStopping("train_acc", mode=MODE),
                EarlyStopping("train_acc_loss", strict=False),
                EarlyStopping("score", strict=False),
                EarlyStopping("train_loss", mode="min", strict=False),
            ]
        )
        trainer.fit(Net(), loader)
        print(trainer.current_epoch)
        """,
    ),
    is_fixable=True,
)
