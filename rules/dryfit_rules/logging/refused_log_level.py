"""`self.log` asks for a level, by step or by epoch, that the hook does not have.

What it does:
Reports `on_step=True` and `on_epoch=False` in hooks that run once an epoch (`on_train_epoch_end`,
`on_validation_epoch_end`, `on_train_start` ...), and calls of `self.log` and `self.log_dict` that leave neither level:
`on_step=False` in `training_step`, whose default is by step only, `on_epoch=False` in `validation_step`, or both.

Why it matters:
`MisconfigurationException: You can't self.log(on_step=True) inside on_train_epoch_end`, or `self.log(on_step=False,
on_epoch=False) is not useful`, as soon as the line is reached: at the end of the first epoch.

Fix safety:
Safe. The call was refused. What an epoch hook cannot do is left out; a step that is not to log by step logs by epoch.

Source:
`lightning.pytorch.trainer.connectors.logger_connector.fx_validator._FxValidator` and `_ResultMetric`, lightning 2.6.6.
"""

import re
from collections.abc import Iterator

from dryfit.rulekit import (
    UNKNOWN,
    Example,
    Finding,
    Fix,
    Operand,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    insert_after,
    remove_argument,
)

LOG = "lightning.pytorch.LightningModule.log"
BY_EPOCH = re.compile(r"on_(train|validation|test)_(start|epoch_start|epoch_end)")
BY_STEP = re.compile(
    r"training_step|on_train_batch_(start|end)|on_before_(backward|optimizer_step|zero_grad)|on_after_backward|backward"
    r"|optimizer_step|optimizer_zero_grad|configure_gradient_clipping"
)
BY_BOTH = re.compile(r"(validation|test)_step|on_(validation|test)_batch_(start|end)")
ON_STEP, ON_EPOCH = 4, 5  # of `log`; one less in `log_dict`


def check(model: SemanticModel) -> Iterator[Finding]:
    for hook, call in _logged(model):
        shift = 0 if call.name == LOG else 1
        step, epoch = call.arguments.get(ON_STEP - shift, "on_step"), call.arguments.get(ON_EPOCH - shift, "on_epoch")
        if BY_EPOCH.fullmatch(hook.name):
            if isinstance(step, Operand) and step.literal is True:
                yield _refused(hook, call, step, "on_step=True")
            elif isinstance(epoch, Operand) and epoch.literal is False:
                yield _refused(hook, call, epoch, "on_epoch=False")
        elif BY_STEP.fullmatch(hook.name) or BY_BOTH.fullmatch(hook.name):
            is_by_step = BY_STEP.fullmatch(hook.name) is not None
            if _level(step, is_by_step) is False and _level(epoch, not is_by_step) is False:
                yield _without_level(hook, call, step, epoch)


def _logged(model: SemanticModel) -> Iterator[tuple[facts.HookDefined, facts.FrameworkCall]]:
    """What a hook of a LightningModule logs: in its own body, or where it certainly leads to."""
    for hook in model.facts(facts.HookDefined):
        for call in (
            model.calls_to(LOG, f"{LOG}_dict") if hook.kind == "module" and not hook.owner.is_driven_by_hand else ()
        ):
            if call.receiver is not None and call.receiver.class_name == hook.class_name:
                if call.is_certain or call.site.place == hook.site.place:
                    yield hook, call


def _level(given: object, default: bool) -> object:
    """What is in force; Unknown if it cannot be told."""
    if given is None or (isinstance(given, Operand) and given.is_none):
        return default
    return given.literal if isinstance(given, Operand) else UNKNOWN


def _refused(hook: facts.HookDefined, call: facts.FrameworkCall, given: Operand, what: str) -> Finding:
    written = call.arguments.written(what.partition("=")[0])
    help_text = f"remove `{what}`"
    return Finding(
        given.site,
        f"`{hook.name}` runs once an epoch and is asked to log with `{what}`",
        "raises MisconfigurationException as soon as it is reached",
        help_text,
        Fix.safe(help_text, remove_argument(call.arguments, written)) if written is not None else None,
    )


def _without_level(hook: facts.HookDefined, call: facts.FrameworkCall, step: object, epoch: object) -> Finding:
    given = step if isinstance(step, Operand) and not step.is_none else epoch
    assert isinstance(given, Operand)
    what, other = ("on_step=False", "on_epoch") if given is step else ("on_epoch=False", "on_step")
    both = step is not None and epoch is not None
    note = "raises MisconfigurationException as soon as it is reached: it is not useful"
    written = call.arguments.written(what.partition("=")[0])
    help_text = f"add `{other}=True`" if not both else "log it by step or by epoch"
    fix = None
    if not both and written is not None:
        fix = Fix.safe(help_text, insert_after(call.arguments.site_of(written.span), f", {other}=True"))
    message = f"`{what}` leaves nothing to log in `{hook.name}`: `{other}` is False there"
    return Finding(given.site, message, note, help_text, fix)


RULE = Rule(
    name="refused-log-level",
    severity=Severity.ERROR,
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

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        return loss

                    def on_train_epoch_end(self):
                        self.log("norm", self.layer.weight.norm(), on_step=True)
                        #                                                  ^^^^ refused-log-level

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader)
            """,
            good="""
                import lightning.pytorch as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        return loss

                    def on_train_epoch_end(self):
                        self.log("norm", self.layer.weight.norm())

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader)
            """,
            witness=Raises(
                "MisconfigurationException", "You can't `self.log(on_step=True)` inside `on_train_epoch_end`"
            ),
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
                        loss = self.layer(batch).mean()
                        self.log("loss", loss, prog_bar=True, on_step=False)
                        #                                             ^^^^^ refused-log-level
                        return loss

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader)
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
                        loss = self.layer(batch).mean()
                        self.log("loss", loss, prog_bar=True, on_step=False, on_epoch=True)
                        return loss

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader)
            """,
            witness=Raises("MisconfigurationException", "`self.log(on_step=False, on_epoch=False)` is not useful"),
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
                        loss = self.layer(batch).mean()
                        return loss

                    def validation_step(self, batch, batch_idx):
                        self._report(loss=self.layer(batch).mean())
                    
                    def _report(self, **metrics):
                        settings = {"on_epoch": False}
                        #                       ^^^^^ refused-log-level
                        self.log_dict(metrics, **settings)

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = L.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader, loader)
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
                        loss = self.layer(batch).mean()
                        return loss

                    def validation_step(self, batch, batch_idx):
                        self._report(loss=self.layer(batch).mean())
                    
                    def _report(self, **metrics):
                        settings = {"on_epoch": True}
                        self.log_dict(metrics, **settings)

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = L.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader, loader)
            """,
            witness=Raises("MisconfigurationException", "is not useful"),
        ),
    ),
    near_misses=(
        # The levels are the defaults, or depend on what is running.
        """
        import lightning.pytorch as pl
        import torch
        from torch.utils.data import DataLoader


        class Net(pl.LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 1)

            def training_step(self, batch, batch_idx):
                loss = self.layer(batch).mean()
                self._report("loss", loss)
                return loss

            def validation_step(self, batch, batch_idx):
                self._report("val_loss", self.layer(batch).mean())
            
            def on_train_epoch_end(self):
                self.log("epoch", float(self.current_epoch), on_step=False, on_epoch=True)
            
            def _report(self, name, value):
                self.log(name, value, on_step=self.training, on_epoch=not self.training)

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        loader = DataLoader(torch.randn(8, 4), batch_size=4)
        trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
        trainer.fit(Net(), loader, loader)
        """,
    ),
    is_fixable=True,
)
