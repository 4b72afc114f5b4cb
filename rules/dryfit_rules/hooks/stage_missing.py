"""`setup` or `teardown` does not take `stage`.

What it does:
Reports a `setup` or `teardown` of a `LightningModule`, a `Callback` or a `LightningDataModule` that has no parameter
called `stage` and no `**kwargs`.

Why it matters:
Lightning passes `stage` by name: `TypeError: setup() got an unexpected keyword argument 'stage'`, for `setup` at the
very start, for `teardown` after the last epoch. A parameter of another name does not take it.

Fix safety:
Safe. The hook could not be called before.

Source:
`lightning.pytorch.trainer.call._call_setup_hook` and `_call_teardown_hook`, lightning 2.6.6.
"""

from collections.abc import Iterator, Sequence

from dryfit.rulekit import (
    Edit,
    Example,
    Finding,
    Fix,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    insert_after,
    tree,
)


def check(model: SemanticModel) -> Iterator[Finding]:
    for defined in model.facts(facts.HookDefined):
        hook = model.frameworks.hook(defined.kind, defined.name)
        if hook is None or "stage" not in hook.keyword or not defined.is_plain or defined.owner.is_driven_by_hand:
            continue
        parameters = defined.function.parameters
        if any(p.kind == "**" or (p.name == "stage" and p.kind in ("pos", "kw")) for p in parameters):
            continue
        given = parameters if defined.is_static else parameters[1:]
        missing = [name for name in (*hook.positional, "stage") if name not in [p.name for p in given]]
        names = " and ".join(f"`{name}`" for name in missing)
        edits = _added(defined, given, hook.positional)
        text = f"add the parameter{'s' if len(missing) > 1 else ''} {names}"
        if not edits and len(given) > len(hook.positional) and given[-1].kind == "pos":
            text = f"rename `{given[-1].name}` to `stage`"
        yield Finding(
            defined.site,
            f"`{defined.name}` has no parameter `stage`, which Lightning passes by name",
            f"raises TypeError {'before training starts' if defined.name == 'setup' else 'when training is over'}",
            text,
            Fix.safe(text, *edits) if edits else None,
        )


def _added(defined: facts.HookDefined, given: Sequence[tree.Parameter], positional: Sequence[str]) -> list[Edit]:
    """What is missing behind the last parameter, if those that are there are the first that are passed."""
    parameters = defined.function.parameters
    is_start = [p.name for p in given] == list(positional[: len(given)])
    if not is_start or not parameters or any(p.default is not None or p.kind != "pos" for p in parameters):
        return []
    last = parameters[-1]
    end = last.span.to(last.annotation.span if last.annotation else last.span)
    names = ", ".join((*positional[len(given) :], "stage"))
    return [insert_after(defined.site._replace(span=end), f", {names}")]


RULE = Rule(
    name="stage-missing",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningModule, Trainer


                class Net(LightningModule):
                    def setup(self):
                    #   ^^^^^ stage-missing
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule, Trainer


                class Net(LightningModule):
                    def setup(self, stage):
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            witness=Raises("TypeError", "got an unexpected keyword argument 'stage'"),
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

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                class Numbers(pl.LightningDataModule):
                    def setup(self, phase):
                    #   ^^^^^ stage-missing
                        self.phase = phase

                    def train_dataloader(self):
                        return DataLoader(torch.randn(8, 4), batch_size=4)


                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), datamodule=Numbers())
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
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                class Numbers(pl.LightningDataModule):
                    def setup(self, stage):
                        self.phase = stage

                    def train_dataloader(self):
                        return DataLoader(torch.randn(8, 4), batch_size=4)


                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), datamodule=Numbers())
            """,
            witness=Raises("TypeError", "got an unexpected keyword argument 'stage'"),
            fix_is_good=False,
        ),
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from lightning.pytorch.callbacks import Callback


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                class Closer(Callback):
                    def teardown(self, trainer: Trainer, pl_module: LightningModule) -> None:
                    #   ^^^^^^^^ stage-missing
                        self.steps = trainer.global_step


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True, callbacks=Closer()).fit(Net(), loader)
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from lightning.pytorch.callbacks import Callback


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                class Closer(Callback):
                    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage) -> None:
                        self.steps = trainer.global_step


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True, callbacks=Closer()).fit(Net(), loader)
            """,
            witness=Raises("TypeError", "got an unexpected keyword argument 'stage'"),
        ),
    ),
    near_misses=(
        # Not a hook of Lightning's.
        """
        import unittest

        import torch


        class Net(torch.nn.Module):
            def setup(self):
                self.layer = torch.nn.Linear(4, 2)


        class Case(unittest.TestCase):
            def teardown(self):
                pass


        Net().setup()
        """,
    ),
    is_fixable=True,
)
