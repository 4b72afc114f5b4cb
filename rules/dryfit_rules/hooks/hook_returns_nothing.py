"""A hook whose result Lightning goes on with returns nothing.

What it does:
Reports hooks of a `LightningModule` or a `LightningDataModule` that have no `return` with a value on any way and whose
result is used: `train_dataloader` and the other loaders, `on_before_batch_transfer`, `transfer_batch_to_device`,
`on_after_batch_transfer`, and a `predict_step` that computes something and drops it. A loader hook that
does no more than to return None is reported where a Trainer asks it: others can be left unasked.

Why it matters:
Loaders raise `TypeError: An invalid dataloader was returned from Net.train_dataloader(). Found None` (before 2.0 None
for validation, test and prediction is skipped with a warning). Without what the batch
hooks return every batch is `None` and is skipped, with one warning. `predict` gives a list of `None`, with one warning.

Source:
`_check_dataloader_iterable` in `lightning.pytorch.trainer.connectors.data_connector`, `_PredictionLoop`, `Strategy
.batch_to_device`, lightning 2.6.6; run on 1.9 to 2.6.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Operand,
    Raises,
    Related,
    Rule,
    SemanticModel,
    Severity,
    Warns,
    facts,
    tree,
)

LOADERS = ("train_dataloader", "val_dataloader", "test_dataloader", "predict_dataloader")
BATCHES = ("on_before_batch_transfer", "transfer_batch_to_device", "on_after_batch_transfer")


STAGES = {"fit": ("train", "val"), "validate": ("val",), "test": ("test",), "predict": ("predict",)}
POSITIONS = {"fit": 3, "validate": 4, "test": 4, "predict": 2}


def check(model: SemanticModel) -> Iterator[Finding]:
    for call in model.facts(facts.TrainerCall):
        yield from _asked_in_vain(model, call)
    for hook in model.facts(facts.HookDefined):
        end = next((fact for fact in model.facts(facts.FunctionEnded) if fact.name == hook.name), None)
        if hook.kind == "callback" or end is None or not hook.is_plain or hook.owner.is_driven_by_hand:
            continue
        if not _returns_nothing(end):
            continue
        if hook.name in LOADERS and _does_something(hook.function):
            is_needed = hook.name == "train_dataloader" or model.frameworks.lightning_since("2.0")
            note = f"raises TypeError: an invalid dataloader was returned from `{hook.name}`, None"
            if not is_needed:
                note = "it is skipped with a warning before lightning 2.0, and raises TypeError since"
            yield _finding(hook, note, "return the loader", None if is_needed else Severity.WARNING)
        elif hook.name in BATCHES:
            note = "every batch is None and is skipped: one warning, and nothing is trained"
            yield _finding(hook, note, "return the batch", None)
        elif hook.name == "predict_step" and hook.kind == "module" and _ends_with_a_result(hook.function):
            note = "`predict` gives a list of None, with one warning"
            yield _finding(hook, note, "return the predictions", Severity.WARNING)


def _returns_nothing(end: facts.FunctionEnded) -> bool:
    """Does every way to the end lead to None?"""
    values = [returned.value for returned in end.returns]
    ends = end.falls_through or bool(values)
    return ends and all(value is None or value.is_none for value in values)


def _asked_in_vain(model: SemanticModel, call: facts.TrainerCall) -> Iterator[Finding]:
    """Loaders that this call asks a hook for, which says no more than None."""
    for stage in STAGES.get(call.method, ()):
        loaders = call.loaders(stage)
        if not isinstance(loaders, Operand) or not loaders.is_none or call.is_expected_to_fail:
            continue
        data = call.arguments.known(POSITIONS[call.method], "datamodule") or call.model
        name = f"{stage}_dataloader"
        found = None if data is None else data.method(name)
        is_validated = stage != "val" or (call.model is not None and call.model.has_method("validation_step") is True)
        if isinstance(found, tuple) and not _does_something(found[0]) and is_validated:
            if stage == "train" or model.frameworks.lightning_since("2.0"):
                note = f"`{call.method}` raises TypeError: an invalid dataloader was returned from `{name}`, None"
                yield Finding(
                    call.name_site,
                    f"`{call.method}` asks `{name}` for a loader and gets None",
                    note,
                    "return the loader there, or give one here",
                    None,
                    (Related(found[1], "returns None"),),
                )


def _finding(hook: facts.HookDefined, note: str, help_text: str, severity: Severity | None) -> Finding:
    return Finding(hook.site, f"`{hook.name}` returns nothing", note, help_text, severity=severity)


def _does_something(function: tree.Function) -> bool:
    """Is anything called? A loader that is None on purpose has nothing to do."""
    return any(isinstance(node, tree.Call) for statement in function.body for node in tree.walk(statement))


def _ends_with_a_result(function: tree.Function) -> bool:
    """Is the last thing a call of the module, or a variable that is given a value and used nowhere?"""
    last = function.body[-1] if function.body else None
    if isinstance(last, tree.ExpressionStatement) and isinstance(last.value, tree.Call):
        called = last.value.func
        return isinstance(called, tree.Name) and called.id == "self"
    return isinstance(last, tree.Assign) and all(isinstance(target, tree.Name) for target in last.targets)


RULE = Rule(
    name="hook-returns-nothing",
    severity=Severity.ERROR,
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
                        return self.layer(batch).square().mean()

                    def train_dataloader(self):
                        return None

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net())
                #       ^^^ hook-returns-nothing
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.utils.data import DataLoader


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def train_dataloader(self):
                        return None

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), loader)
            """,
            witness=Raises("TypeError", "An invalid dataloader was returned from `Net.train_dataloader()`"),
        ),
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
                        return self.layer(batch).square().mean()

                    def train_dataloader(self):
                    #   ^^^^^^^^^^^^^^^^ hook-returns-nothing
                        data = torch.randn(8, 4)
                        DataLoader(data, batch_size=4)

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net())
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.utils.data import DataLoader


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def train_dataloader(self):
                        data = torch.randn(8, 4)
                        return DataLoader(data, batch_size=4)

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net())
            """,
            witness=Raises("TypeError", "An invalid dataloader was returned from `Net.train_dataloader()`"),
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
                        return self.layer(batch).square().mean()

                    def on_after_batch_transfer(self, batch, dataloader_idx):
                    #   ^^^^^^^^^^^^^^^^^^^^^^^ hook-returns-nothing
                        batch = batch * 2

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
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

                    def on_after_batch_transfer(self, batch, dataloader_idx):
                        batch = batch * 2
                        return batch

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            witness=Warns("UserWarning", "train_dataloader yielded None"),
        ),
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
                        return self.layer(batch).square().mean()

                    def predict_step(self, batch, batch_idx):
                    #   ^^^^^^^^^^^^ hook-returns-nothing
                        classes = self.layer(batch).argmax(dim=1)

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                found = Trainer(accelerator="cpu", logger=False, enable_progress_bar=False).predict(Net(), loader)
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.utils.data import DataLoader


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def predict_step(self, batch, batch_idx):
                        return self.layer(batch).argmax(dim=1)

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                found = Trainer(accelerator="cpu", logger=False, enable_progress_bar=False).predict(Net(), loader)
            """,
            witness=Warns("UserWarning", "predict returned None if it was on purpose"),
        ),
    ),
    near_misses=(
        # Predictions that are kept by hand, a base that leaves it to others, and a hook of a callback.
        """
        import torch
        from lightning.pytorch import LightningModule, Trainer
        from torch.utils.data import DataLoader


        class Net(LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 2)
                self.seen = []

            def training_step(self, batch, batch_idx):
                return self.layer(batch).square().mean()

            def predict_step(self, batch, batch_idx):
                self.seen.append(self.layer(batch))

            def val_dataloader(self):
                pass

            def on_train_batch_end(self, outputs, batch, batch_idx):
                batch = batch * 2

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        net = Net()
        """,
    ),
)
