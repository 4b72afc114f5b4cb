"""`configure_optimizers` returns a `ReduceLROnPlateau` without the metric it watches.

What it does:
Reports a `ReduceLROnPlateau` (or a dict with `"reduce_on_plateau": True`) that `configure_optimizers` of a
`LightningModule` with automatic optimization returns, where Lightning finds no `monitor` for it. A bare scheduler gets
the `monitor` of the dict beside it; one in a dict of its own, or in a list, only what stands in its own dict.

Why it matters:
`fit` raises `MisconfigurationException: ... must include a monitor when a ReduceLROnPlateau scheduler is used` before
the first batch, in every form: `[optimizer], [plateau]`, `{"optimizer": ..., "lr_scheduler": plateau}`, a scheduler's
dict with the `monitor` outside of it, and a list of dicts, where an outer `monitor` is not read. With manual
optimization the author passes the metric to `step`, and nothing is asked for.

Fix safety:
Safe. Offered if the metric is named one level too far out; the configuration was refused before.

Source:
`lightning.pytorch.core.optimizer._configure_schedulers_automatic_opt`, lightning 2.6.6.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    UNKNOWN,
    Edit,
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
    wrap,
)

NOTE = "`fit` raises MisconfigurationException: ... must include a monitor when a `ReduceLROnPlateau` is used"
MOVE = "name the metric in the scheduler's own dict"


def check(model: SemanticModel) -> Iterator[Finding]:
    for returned in model.facts(facts.OptimizersReturned):
        for scheduler, config in returned.schedulers if returned.is_automatic else ():
            outer = config.entry("monitor") if config is not None else None
            if scheduler.kind == "dict":
                if _watches(scheduler) and _is_missing(scheduler.entry("monitor")):
                    yield _finding(scheduler, outer)
            elif _is_plateau(scheduler):
                # A list of dicts wraps each bare scheduler in a dict, out of reach of the `monitor` beside it.
                is_read = returned.value.kind == "dict"
                if _is_missing(outer) or not is_read:
                    yield _finding(scheduler, None if is_read else outer)


def _watches(config: Operand) -> bool:
    """Does a scheduler's dict certainly make Lightning pass it a metric?"""
    flag, scheduler = config.entry("reduce_on_plateau"), config.entry("scheduler")
    if isinstance(flag, Operand):
        return flag.literal is True
    return flag is None and isinstance(scheduler, Operand) and _is_plateau(scheduler)


def _is_plateau(scheduler: Operand) -> bool:
    return all(option.is_a("torch.optim.lr_scheduler.ReduceLROnPlateau") for option in scheduler.options)


def _is_missing(monitor: object) -> bool:
    return monitor is None or (isinstance(monitor, Operand) and monitor.is_none)


def _finding(scheduler: Operand, outer: object) -> Finding:
    """`outer`: a metric that is named where it is not read."""
    metric = outer.literal if isinstance(outer, Operand) else UNKNOWN
    if not isinstance(outer, Operand) or not isinstance(metric, str):
        return Finding(scheduler.site, "`ReduceLROnPlateau` has no `monitor`", NOTE, 'give it a metric as "monitor"')
    edits = _with_monitor(scheduler, metric) if scheduler.site.span != outer.site.span else ()
    return Finding(
        scheduler.site,
        f'`ReduceLROnPlateau` has no `monitor`: "{metric}" stands outside of its dict',
        NOTE,
        MOVE,
        Fix.safe(MOVE, *edits) if edits else None,
        (Related(outer.site, "this `monitor` is not read"),),
    )


def _with_monitor(scheduler: Operand, metric: str) -> tuple[Edit, ...]:
    """Edits that name the metric in the scheduler's dict, if that is written out here, or put one around it."""
    if scheduler.kind != "dict":
        return wrap(scheduler.site, '{"scheduler": ', f', "monitor": "{metric}"}}')
    entries, outer = scheduler.entries, scheduler.site
    if entries is UNKNOWN or not entries or scheduler.entry("monitor") is not None:
        return ()
    sites = [operand.site for entry in entries for operand in entry]
    is_display = all(outer.holds(s) and outer.span[:2] < s.span[:2] and s.span[2:] < outer.span[2:] for s in sites)
    return (insert_after(sites[-1], f', "monitor": "{metric}"'),) if is_display else ()


RULE = Rule(
    name="plateau-without-monitor",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.optim.lr_scheduler import ReduceLROnPlateau


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        self.log("loss", loss)
                        return loss

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        plateau = ReduceLROnPlateau(optimizer, patience=3)
                        return [optimizer], [plateau]
                        #                    ^^^^^^^ plateau-without-monitor


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False,
                                  enable_progress_bar=False, enable_model_summary=False)
                trainer.fit(Net(), loader)
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.optim.lr_scheduler import ReduceLROnPlateau


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        self.log("loss", loss)
                        return loss

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        plateau = ReduceLROnPlateau(optimizer, patience=3)
                        return [optimizer], [{"scheduler": plateau, "monitor": "loss"}]


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False,
                                  enable_progress_bar=False, enable_model_summary=False)
                trainer.fit(Net(), loader)
            """,
            witness=Raises("MisconfigurationException", "must include a monitor when a `ReduceLROnPlateau`"),
            fix_is_good=False,
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch.optim import Adam, lr_scheduler


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        self.log("loss", loss)
                        return loss

                    def configure_optimizers(self):
                        opt = Adam(self.parameters())
                        return {
                            "optimizer": opt,
                            "lr_scheduler": {"scheduler": lr_scheduler.ReduceLROnPlateau(opt)},
                            #               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ plateau-without-monitor
                            "monitor": "loss",
                        }


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False,
                                     enable_progress_bar=False, enable_model_summary=False)
                trainer.fit(Net(), loader)
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch.optim import Adam, lr_scheduler


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        self.log("loss", loss)
                        return loss

                    def configure_optimizers(self):
                        opt = Adam(self.parameters())
                        return {
                            "optimizer": opt,
                            "lr_scheduler": {"scheduler": lr_scheduler.ReduceLROnPlateau(opt), "monitor": "loss"},
                            "monitor": "loss",
                        }


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False,
                                     enable_progress_bar=False, enable_model_summary=False)
                trainer.fit(Net(), loader)
            """,
            witness=Raises("MisconfigurationException", "must include a monitor when a `ReduceLROnPlateau`"),
        ),
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.optim.lr_scheduler import ReduceLROnPlateau


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        self.log("loss", loss)
                        return loss

                    def configure_optimizers(self):
                        sgd = torch.optim.SGD(self.parameters(), lr=0.1)
                        plateau = ReduceLROnPlateau(sgd)
                        return [{"optimizer": sgd, "lr_scheduler": plateau, "monitor": "loss"}]
                        #                                          ^^^^^^^ plateau-without-monitor


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False,
                                  enable_progress_bar=False, enable_model_summary=False)
                trainer.fit(Net(), loader)
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.optim.lr_scheduler import ReduceLROnPlateau


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        self.log("loss", loss)
                        return loss

                    def configure_optimizers(self):
                        sgd = torch.optim.SGD(self.parameters(), lr=0.1)
                        plateau = ReduceLROnPlateau(sgd)
                        return {"optimizer": sgd, "lr_scheduler": plateau, "monitor": "loss"}


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False,
                                  enable_progress_bar=False, enable_model_summary=False)
                trainer.fit(Net(), loader)
            """,
            witness=Raises("MisconfigurationException", "must include a monitor when a `ReduceLROnPlateau`"),
            fix_is_good=False,
        ),
    ),
    near_misses=(
        # Another scheduler needs none.
        """
        import torch
        from lightning.pytorch import LightningModule, Trainer
        from torch.optim.lr_scheduler import StepLR as ReduceLROnPlateau


        class Net(LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 2)

            def training_step(self, batch, batch_idx):
                return self.layer(batch).mean()

            def configure_optimizers(self):
                optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                return [optimizer], [ReduceLROnPlateau(optimizer, 1)]


        loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
        Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
        """,
    ),
    is_fixable=True,
)
