"""A method is named like a hook that the installed Lightning does not call any more.

What it does:
Reports methods of a `LightningModule`, a `Callback` or a `LightningDataModule` that were hooks once, by the history of
the installed version: `training_epoch_end`, `validation_epoch_end`, `training_step_end`, `tbptt_split_batch`,
`on_epoch_end`, `on_batch_start` and others. A method that the class uses itself is a helper and is not reported.

Why it matters:
`training_epoch_end`, `validation_epoch_end` and `test_epoch_end` raise `NotImplementedError` before the loop starts.
All others are never called, without an error or a warning: metrics are not computed, schedules do not move. 1.8 and 1.9
refuse those that went in 1.8, `on_epoch_end` among them, with `RuntimeError` (`NotImplementedError` for data modules).

Fix safety:
Unsafe. The method gets the name of the hook that takes its place, where that takes the same parameters. It runs at
another moment than the old one did: `on_epoch_end` also ran after validation.

Source:
`lightning.pytorch.trainer.configuration_validator`, lightning 2.6.6; the changelogs of 1.5 to 2.6, each version run.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Fix,
    Observes,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    replace,
    tree,
)

COMMON = ("add_to_queue", "get_from_queue", "log_grad_norm", "summarize")  # too common to be taken for hooks


def check(model: SemanticModel) -> Iterator[Finding]:
    for defined in model.facts(facts.HookDefined):
        removal = model.frameworks.removed_hooks(defined.kind).get(defined.name)
        if removal is None or defined.name in COMMON:
            continue
        is_refused = "raises" in removal.today
        if defined.owner.is_driven_by_hand or (not is_refused and _may_be_called(defined)):
            continue
        text = f"rename it to `{removal.replacement}`" if removal.replacement else "remove it"
        fits = removal.replacement is not None and _fits(model, defined, removal.replacement)
        if removal.replacement and not fits:
            text = f"move its work to `{removal.replacement}`"
        yield Finding(
            defined.site,
            f"`{defined.name}` was removed in lightning {removal.removed_in}"
            if removal.removed_in
            else f"`{defined.name}` is not a hook",
            removal.today,
            text,
            Fix.unsafe(text, replace(defined.site, removal.replacement)) if removal.replacement and fits else None,
            severity=Severity.ERROR if is_refused else None,
        )


def _may_be_called(defined: facts.HookDefined) -> bool:
    """By a base that is not known, by one of the project, or by another method of the class."""
    return (
        defined.owner.is_open
        or defined.is_called_above
        or any(
            isinstance(node, tree.Attribute) and node.name == defined.name
            for name, method in defined.owner.methods.items()
            for node in tree.walk(method)
            if name != defined.name
        )
    )


def _fits(model: SemanticModel, defined: facts.HookDefined, replacement: str) -> bool:
    """Does the hook that takes its place take the same parameters, and is its name free?"""
    hook = model.frameworks.hook(defined.kind, replacement)
    if hook is None or replacement in defined.owner.methods or not defined.is_plain or defined.is_static:
        return False
    required = [p for p in defined.function.parameters[1:] if p.default is None and p.kind in ("pos", "posonly")]
    has_only_these = all(p.kind in ("pos", "posonly") for p in defined.function.parameters)
    return has_only_these and not hook.keyword and len(required) == len(hook.positional)


RULE = Rule(
    name="removed-hook",
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

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def validation_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def validation_epoch_end(self, outputs):
                    #   ^^^^^^^^^^^^^^^^^^^^ removed-hook
                        self.mean = torch.stack(outputs).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), DataLoader(torch.randn(8, 4)), DataLoader(torch.randn(8, 4)))
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.utils.data import DataLoader


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)
                        self.outputs = []

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def validation_step(self, batch, batch_idx):
                        self.outputs.append(self.layer(batch).mean())

                    def on_validation_epoch_end(self):
                        self.mean = torch.stack(self.outputs).mean()
                        self.outputs.clear()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), DataLoader(torch.randn(8, 4)), DataLoader(torch.randn(8, 4)))
            """,
            witness=Raises("NotImplementedError", "Support for `validation_epoch_end` has been removed"),
            fix_is_good=False,
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                class Counter(pl.Callback):
                    epochs = 0

                    def on_epoch_end(self, trainer, pl_module):
                    #   ^^^^^^^^^^^^ removed-hook
                        self.epochs += 1


                counter = Counter()
                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=2, barebones=True, callbacks=[counter]).fit(Net(), loader)
            """,
            good="""
                import pytorch_lightning as pl
                import torch


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                class Counter(pl.Callback):
                    epochs = 0

                    def on_train_epoch_end(self, trainer, pl_module):
                        self.epochs += 1


                counter = Counter()
                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=2, barebones=True, callbacks=[counter]).fit(Net(), loader)
            """,
            witness=Observes("counter.epochs == 0"),
        ),
    ),
    near_misses=(
        # Hooks of the author's own trainer.
        """
        class Callback:
            def on_epoch_end(self, epoch):
                self.epoch = epoch


        class Model:
            def validation_epoch_end(self, outputs):
                return sum(outputs)


        Callback().on_epoch_end(1)
        """,
    ),
    is_fixable=True,
)
