"""A schedule that is counted in steps is stepped once an epoch.

What it does:
Reports a scheduler that `configure_optimizers` of a `LightningModule` with automatic optimization returns without
`"interval": "step"`, if its length is certainly a number of batches or steps: `OneCycleLR(steps_per_epoch=...)`, or a
`total_steps`, `T_max`, `T_0`, `total_iters`, `step_size` or `num_training_steps` that is computed from the length of a
loader or from `trainer.estimated_stepping_batches`. Silent if the module steps schedulers itself.

Why it matters:
Lightning steps a scheduler at the end of each epoch unless it is told otherwise. The rate gets through a fraction of
its schedule: measured, `OneCycleLR` over 16 steps ends at 0.9992, its peak, instead of 0.0195, and `CosineAnnealingLR`
over 32 at 0.099 instead of 0. Of `OneCycleLR` in a dict Lightning warns, of nothing else.

Fix safety:
Unsafe. It changes how training runs. Another way is to count the schedule in epochs.

Source:
`lightning.pytorch.core.optimizer._configure_schedulers_automatic_opt`,
`lightning.pytorch.utilities.types.LRSchedulerConfig`, lightning 2.6.6.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    UNKNOWN,
    Edit,
    Example,
    Finding,
    Fix,
    Observes,
    Operand,
    Related,
    Rule,
    SemanticModel,
    Severity,
    Site,
    facts,
    insert_after,
    rewrite_string,
    tree,
    wrap,
)

SCHEDULERS = "torch.optim.lr_scheduler."
# Where a scheduler's length is given, by position and name.
LENGTHS: dict[str, tuple[tuple[int | None, str], ...]] = {
    "OneCycleLR": ((4, "steps_per_epoch"), (2, "total_steps")),
    "CosineAnnealingLR": ((1, "T_max"),),
    "CosineAnnealingWarmRestarts": ((1, "T_0"),),
    "LinearLR": ((3, "total_iters"),),
    "ConstantLR": ((2, "total_iters"),),
    "PolynomialLR": ((1, "total_iters"),),
    "StepLR": ((1, "step_size"),),
    "LambdaLR": ((None, "num_training_steps"),),  # of the schedules of transformers
}
NOTE = "the rate takes one step of its schedule an epoch, and never gets to its end"
HELP = 'set `"interval": "step"`'


def check(model: SemanticModel) -> Iterator[Finding]:
    for returned in model.facts(facts.OptimizersReturned):
        for config, _ in returned.schedulers if returned.is_automatic else ():
            scheduler = config.entry("scheduler") if config.kind == "dict" else config
            if not isinstance(scheduler, Operand) or not _is_by_epoch(config) or _steps_itself(returned.hook.owner):
                continue
            found = _counted(model, scheduler)
            if found is not None:
                name, length = found
                edits = _edits(config)
                yield Finding(
                    _place(config),
                    f"`{scheduler.class_name}` is counted in steps and stepped once an epoch",
                    NOTE,
                    HELP,
                    Fix.unsafe(HELP, *edits) if edits else None,
                    (Related(length.site, f"`{name}` is a number of batches"),),
                )


def _place(config: Operand) -> Site:
    """The interval, or else what is given to Lightning; of a dict that is written there, the key of the scheduler."""
    entries = config.entries if config.kind == "dict" else UNKNOWN
    if entries is UNKNOWN:
        return config.site
    interval = config.entry("interval")
    if isinstance(interval, Operand):
        return interval.site
    keys = [key for key, _ in entries if key.literal == "scheduler"]
    return keys[0].site if keys and config.is_written else config.site


def _is_by_epoch(config: Operand) -> bool:
    """Is it certainly stepped at the end of an epoch?"""
    interval = config.entry("interval") if config.kind == "dict" else None
    return interval is None or (isinstance(interval, Operand) and interval.literal == "epoch")


def _steps_itself(owner: facts.ClassDefined) -> bool:
    """Might the module step schedulers, or decide when they are?"""
    if not isinstance(owner.instance, Operand) or owner.instance.method("lr_scheduler_step") is not None:
        return True
    parts = [part for name, method in owner.methods.items() for part in tree.walk(method)]
    calls = [part.func for part in parts if isinstance(part, tree.Call) and isinstance(part.func, tree.Attribute)]
    return any(call.name in ("lr_schedulers", "step") for call in calls)


def _counted(model: SemanticModel, scheduler: Operand) -> tuple[str, Operand] | None:
    """The name and the value of a length that is a number of batches."""
    kind = scheduler.class_names[0].removeprefix(SCHEDULERS) if scheduler.class_names else ""
    built = next((b for b in model.facts(facts.SchedulerBuilt) if b.scheduler.is_same(scheduler)), None)
    for position, name in LENGTHS.get(kind, ()):
        if built is None:
            given = scheduler.arguments.get(name) if position is None else None
        else:
            given = built.arguments.known(position, name)
        if given is not None and _is_number_of_steps(name, given):
            return name, given
    parts = built.arguments.known(1, "schedulers") if built is not None and kind == "SequentialLR" else None
    counted = [_counted(model, part) for part in (parts.known_elements if parts is not None else ())]
    return next((found for found in counted if found is not None), None)


def _is_number_of_steps(name: str, given: Operand) -> bool:
    """A number of batches; steps of an epoch are that whatever is given, unless it is one or None."""
    if name == "steps_per_epoch" and not given.is_none and given.kind != "one-of":
        return given.literal is UNKNOWN or given.literal != 1
    return all(option.tag == "batches" for option in given.options)


def _edits(config: Operand) -> tuple[Edit, ...]:
    """Edits that name the interval in the scheduler's dict, if that is written out here, or put one around it."""
    if config.kind != "dict":
        return wrap(config.site, '{"scheduler": ', ', "interval": "step"}')
    interval = config.entry("interval")
    if isinstance(interval, Operand):
        edit = rewrite_string(interval, "step")
        return () if edit is None else (edit,)
    entries = config.entries
    if entries is UNKNOWN or not entries:
        return ()
    key, value = entries[-1]
    is_display = key.is_written and key.site.place == value.site.place and key.site.span[2:] <= value.site.span[:2]
    return (insert_after(value.site, ', "interval": "step"'),) if is_display else ()


RULE = Rule(
    name="step-schedule-by-epoch",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import lightning.pytorch as pl
                import torch
                from torch.optim.lr_scheduler import OneCycleLR
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def train_dataloader(self):
                        return DataLoader(torch.randn(16, 4), batch_size=2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        steps = len(self.train_dataloader())
                        schedule = OneCycleLR(optimizer, max_lr=1.0, epochs=2, steps_per_epoch=steps)
                        return [optimizer], [{"scheduler": schedule, "name": "rate"}]
                        #                     ^^^^^^^^^^^ step-schedule-by-epoch


                trainer = pl.Trainer(accelerator="cpu", max_epochs=2, barebones=True)
                trainer.fit(Net())
                last = trainer.optimizers[0].param_groups[0]["lr"]
            """,
            good="""
                import lightning.pytorch as pl
                import torch
                from torch.optim.lr_scheduler import OneCycleLR
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def train_dataloader(self):
                        return DataLoader(torch.randn(16, 4), batch_size=2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        steps = len(self.train_dataloader())
                        schedule = OneCycleLR(optimizer, max_lr=1.0, epochs=2, steps_per_epoch=steps)
                        return [optimizer], [{"scheduler": schedule, "name": "rate", "interval": "step"}]


                trainer = pl.Trainer(accelerator="cpu", max_epochs=2, barebones=True)
                trainer.fit(Net())
                last = trainer.optimizers[0].param_groups[0]["lr"]
            """,
            witness=Observes("last > 0.04"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch.optim import lr_scheduler
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        steps = self.trainer.estimated_stepping_batches
                        cosine = lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
                        return {"optimizer": optimizer, "lr_scheduler": cosine}
                        #                                               ^^^^^^ step-schedule-by-epoch


                trainer = pl.Trainer(accelerator="cpu", max_epochs=2, barebones=True)
                trainer.fit(Net(), DataLoader(torch.randn(16, 4), batch_size=2))
                last = trainer.optimizers[0].param_groups[0]["lr"]
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch.optim import lr_scheduler
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        steps = self.trainer.estimated_stepping_batches
                        cosine = lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
                        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": cosine, "interval": "step"}}


                trainer = pl.Trainer(accelerator="cpu", max_epochs=2, barebones=True)
                trainer.fit(Net(), DataLoader(torch.randn(16, 4), batch_size=2))
                last = trainer.optimizers[0].param_groups[0]["lr"]
            """,
            witness=Observes("last > 0.05"),
        ),
        Example(
            bad="""
                import lightning as L
                import torch
                from torch.optim.lr_scheduler import LinearLR
                from torch.utils.data import DataLoader

                EPOCHS = 2
                loader = DataLoader(torch.randn(16, 4), batch_size=2)


                def schedule(optimizer, steps):
                    return LinearLR(optimizer, start_factor=1.0, end_factor=0.01, total_iters=steps)


                class Net(L.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        config = {"interval": "epoch", "scheduler": schedule(optimizer, EPOCHS * len(loader))}
                        #                     ^^^^^^^ step-schedule-by-epoch
                        return {"optimizer": optimizer, "lr_scheduler": config}


                trainer = L.Trainer(accelerator="cpu", max_epochs=EPOCHS, barebones=True)
                trainer.fit(Net(), loader)
                last = trainer.optimizers[0].param_groups[0]["lr"]
            """,
            good="""
                import lightning as L
                import torch
                from torch.optim.lr_scheduler import LinearLR
                from torch.utils.data import DataLoader

                EPOCHS = 2
                loader = DataLoader(torch.randn(16, 4), batch_size=2)


                def schedule(optimizer, steps):
                    return LinearLR(optimizer, start_factor=1.0, end_factor=0.01, total_iters=steps)


                class Net(L.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        config = {"interval": "step", "scheduler": schedule(optimizer, EPOCHS * len(loader))}
                        return {"optimizer": optimizer, "lr_scheduler": config}


                trainer = L.Trainer(accelerator="cpu", max_epochs=EPOCHS, barebones=True)
                trainer.fit(Net(), loader)
                last = trainer.optimizers[0].param_groups[0]["lr"]
            """,
            witness=Observes("last > 0.05"),
        ),
    ),
    near_misses=(
        # Counted in epochs, in batches divided by batches, by a module that steps itself, and a length from outside.
        """
        import lightning.pytorch as pl
        import torch
        from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR
        from torch.utils.data import DataLoader

        loader = DataLoader(torch.randn(16, 4), batch_size=2)


        class Net(pl.LightningModule):
            def __init__(self, cycle=2):
                super().__init__()
                self.layer = torch.nn.Linear(4, 1)
                self.cycle = cycle

            def training_step(self, batch, batch_idx):
                return self.layer(batch).mean()

            def configure_optimizers(self):
                optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                return [optimizer], [OneCycleLR(optimizer, max_lr=1.0, total_steps=self.trainer.max_epochs)]


        class InEpochs(Net):
            def configure_optimizers(self):
                optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                epochs = self.trainer.estimated_stepping_batches // self.trainer.num_training_batches
                return [optimizer], [CosineAnnealingLR(optimizer, epochs)]


        class FromOutside(Net):
            def configure_optimizers(self):
                optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                return [optimizer], [OneCycleLR(optimizer, 1.0, epochs=self.cycle, steps_per_epoch=1)]


        class ByHand(Net):
            def __init__(self):
                super().__init__()
                self.automatic_optimization = False

            def training_step(self, batch, batch_idx):
                optimizer, schedule = self.optimizers(), self.lr_schedulers()
                optimizer.zero_grad()
                self.manual_backward(self.layer(batch).mean())
                optimizer.step()
                schedule.step()

            def configure_optimizers(self):
                optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                return [optimizer], [CosineAnnealingLR(optimizer, T_max=len(loader) * 2)]


        for module in (Net(), InEpochs(), FromOutside(), ByHand()):
            pl.Trainer(accelerator="cpu", max_epochs=2, barebones=True).fit(module, loader)
        """,
    ),
    is_fixable=True,
)
