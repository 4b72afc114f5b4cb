"""`self.log` is called in a hook that cannot log.

What it does:
Reports `self.log` and `self.log_dict` in hooks of a `LightningModule` in which Lightning collects no metrics: `setup`,
`configure_optimizers` and the other `configure_*`, `prepare_data`, the `*_dataloader`, `on_fit_start`, `on_train_end`,
`on_validation_end`, `on_test_end`, everything around `predict`, and the constructor; and `pl_module.log`
and `self.log` in those hooks of a `Callback`. In helpers that a hook calls only what is certainly reached counts.

Why it matters:
`MisconfigurationException: You can't self.log() inside on_validation_end` when the hook is called, at the end of the
validation or of the whole training. In the constructor nothing is raised and nothing is logged.

Fix safety:
Unsafe. Offered where a hook beside it can log and the class does not have that yet: the method gets its name and runs a
little earlier or later.

Source:
`lightning.pytorch.trainer.connectors.logger_connector.fx_validator._FxValidator` and
`lightning.pytorch.LightningModule.log`, lightning 2.6.6.
"""

import re
from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Fix,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    Site,
    facts,
    replace,
    tree,
)

LOG = "lightning.pytorch.LightningModule.log"
BESIDE = {
    "on_validation_end": "on_validation_epoch_end",
    "on_test_end": "on_test_epoch_end",
    "on_fit_start": "on_train_start",
    "on_train_end": "on_train_epoch_end",
}
RENAMED = ("on_validation_end", "on_test_end", "on_fit_start")
REFUSED = re.compile(
    r"setup|teardown|prepare_data|configure_(optimizers|model|sharded_model|callbacks)|(train|val|test|predict)_dataloader"
    r"|on_(fit_start|fit_end|train_end|validation_end|test_end|sanity_check_start|sanity_check_end|save_checkpoint)"
    r"|on_(validation|test)_model_(eval|train|zero_grad)|predict_step|on_predict_\w+|lr_scheduler_step"
    r"|on_before_batch_transfer|on_after_batch_transfer|transfer_batch_to_device"
)


def check(model: SemanticModel) -> Iterator[Finding]:
    for hook in model.facts(facts.HookDefined):
        if hook.owner.is_driven_by_hand or hook.kind == "datamodule":
            continue
        if hook.kind == "callback" and REFUSED.fullmatch(hook.name):
            yield from (_finding(hook, site, name) for site, name in _by_callback(hook))
        elif hook.kind == "module" and (hook.name == "__init__" or REFUSED.fullmatch(hook.name)):
            for call in model.calls_to(LOG, f"{LOG}_dict"):
                if call.receiver is not None and call.receiver.class_name == hook.class_name:
                    if call.is_certain or call.site.place == hook.site.place:
                        yield _finding(hook, call.site, f"self.{call.name.rpartition('.')[2]}")


def _by_callback(hook: facts.HookDefined) -> Iterator[tuple[Site, str]]:
    """Calls of `log` on the module that a callback's hook is passed, or on the callback, which is lent the module's."""
    names = [p.name for p in hook.function.parameters if p.kind in ("pos", "posonly")]
    parts = [part for statement in hook.function.body for part in tree.walk(statement)]
    loggers = {names[2]} if len(names) > 2 and not hook.is_static and hook.is_plain else set()
    if loggers and not hook.owner.is_open and not hook.owner.project_bases:
        loggers.add(names[0])
    bound = {target.id for part in parts for target in _targets(part) if isinstance(target, tree.Name)}
    for call in [part for part in parts if isinstance(part, tree.Call) and isinstance(part.func, tree.Attribute)]:
        assert isinstance(call.func, tree.Attribute)
        base, method = call.func.value, call.func.name
        if method in ("log", "log_dict") and isinstance(base, tree.Name) and base.id in loggers - bound:
            if base.id != names[0] or method not in hook.owner.methods:
                yield hook.site._replace(span=call.span), f"{base.id}.{method}"


def _targets(node: tree.Node) -> tuple[tree.Expression, ...]:
    return node.targets if isinstance(node, tree.Assign) else ()


def _finding(hook: facts.HookDefined, site: Site, name: str) -> Finding:
    if hook.name == "__init__":
        return Finding(
            site,
            f"`{name}` is called in the constructor",
            "nothing is logged: there is no Trainer yet; a warning says so",
            "log it in `on_train_start`",
            severity=Severity.WARNING,
        )
    beside = BESIDE.get(hook.name, "")
    note = "raises MisconfigurationException when Lightning calls the hook"
    if "predict" in hook.name:
        return Finding(
            site, f"`{name}` is called in `{hook.name}`", note, "return the value, or write it with `self.logger`"
        )
    help_text = f"log in `{beside}`" if beside else "log it in a hook of the training loop"
    fix = None
    if hook.name in RENAMED and beside not in hook.owner.methods:
        fix = Fix.unsafe(help_text, replace(hook.site, beside))
    return Finding(site, f"`{name}` is called in `{hook.name}`, which cannot log", note, help_text, fix)


RULE = Rule(
    name="log-in-unsupported-hook",
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
                        self.losses = []

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def validation_step(self, batch, batch_idx):
                        self.losses.append(self.layer(batch).mean())

                    def on_validation_end(self):
                        self.log("val_loss", torch.stack(self.losses).mean())
                        #^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ log-in-unsupported-hook
                        self.losses.clear()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader, loader)
            """,
            good="""
                import lightning.pytorch as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)
                        self.losses = []

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def validation_step(self, batch, batch_idx):
                        self.losses.append(self.layer(batch).mean())

                    def on_validation_epoch_end(self):
                        self.log("val_loss", torch.stack(self.losses).mean())
                        self.losses.clear()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader, loader)
            """,
            witness=Raises("MisconfigurationException", "You can't `self.log()` inside `on_validation_end`"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Base(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def evaluate(self, batch):
                        output = self.layer(batch)
                        self.log("output", output.mean())
                        #^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ log-in-unsupported-hook
                        return output


                class Net(Base):
                    def predict_step(self, batch):
                        return self.evaluate(batch)


                trainer = pl.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
                trainer.predict(Net(), DataLoader(torch.randn(8, 4), batch_size=4))
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Base(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def evaluate(self, batch):
                        output = self.layer(batch)
                        return output


                class Net(Base):
                    def predict_step(self, batch):
                        return self.evaluate(batch)


                trainer = pl.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
                trainer.predict(Net(), DataLoader(torch.randn(8, 4), batch_size=4))
            """,
            witness=Raises("MisconfigurationException", "the loop's result collection is not registered yet"),
        ),
        Example(
            bad="""
                import lightning as L
                import torch
                from torch.utils.data import DataLoader


                class Size(L.Callback):
                    def on_fit_start(self, trainer, pl_module):
                        pl_module.log("size", sum(p.numel() for p in pl_module.parameters()))
                        #^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ log-in-unsupported-hook


                class Net(L.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                trainer = L.Trainer(
                    accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False, callbacks=[Size()]
                )
                trainer.fit(Net(), DataLoader(torch.randn(8, 4), batch_size=4))
            """,
            good="""
                import lightning as L
                import torch
                from torch.utils.data import DataLoader


                class Size(L.Callback):
                    def on_train_start(self, trainer, pl_module):
                        pl_module.log("size", sum(p.numel() for p in pl_module.parameters()))


                class Net(L.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                trainer = L.Trainer(
                    accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False, callbacks=[Size()]
                )
                trainer.fit(Net(), DataLoader(torch.randn(8, 4), batch_size=4))
            """,
            witness=Raises("MisconfigurationException", "You can't `self.log()` inside `on_fit_start`"),
        ),
    ),
    near_misses=(
        # `forward` logs only while it trains, a helper is told not to, and a logger of the author's is another one.
        """
        import logging

        import lightning.pytorch as pl
        import torch
        from torch.utils.data import DataLoader


        class Net(pl.LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 1)
                self.console = logging.getLogger(__name__)

            def setup(self, stage):
                self.console.log(logging.INFO, "stage %s", stage)

            def forward(self, x):
                if self.training:
                    self.log("norm", x.norm())
                return self.layer(x)

            def training_step(self, batch, batch_idx):
                return self._step(batch, "train")

            def predict_step(self, batch, batch_idx):
                return self._step(batch, "predict")

            def _step(self, batch, stage):
                output = self(batch)
                if stage != "predict":
                    self.log(f"{stage}_output", output.mean())
                return output.mean()

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        loader = DataLoader(torch.randn(8, 4), batch_size=4)
        trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
        trainer.fit(Net(), loader)
        trainer.predict(Net(), loader)
        """,
    ),
    is_fixable=True,
)
