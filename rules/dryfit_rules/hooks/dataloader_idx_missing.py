"""An evaluation step without `dataloader_idx` is run over several loaders.

What it does:
Reports `validation_step`, `test_step`, `predict_step` and the batch hooks beside them (`on_validation_batch_end` ...)
of a `LightningModule` that have no parameter `dataloader_idx`, if `fit`, `validate`, `test` or `predict` certainly runs
them over two loaders or more: a list, tuple or dict of loaders as an argument, or returned by the `val_dataloader`
(`test_dataloader`, `predict_dataloader`) of the data module or of the module itself. `*args` takes it too.

Why it matters:
The loop compares names before the first batch and raises `RuntimeError: You provided multiple val_dataloader, but no
dataloader_idx argument in Net.validation_step()`. In `fit` that is the sanity check, before any training. Callbacks are
not compared: theirs raises TypeError when it is called. Before 2.0 the steps raised TypeError too, and the batch hooks
always got the index.

Fix safety:
Safe. The loop could not begin; the default keeps every other call as it is. The names under which the step logs get a
suffix then, `val_loss/dataloader_idx_0`.

Source:
`lightning.pytorch.loops.utilities._verify_dataloader_idx_requirement`, lightning 2.6.6; run on 1.9 to 2.6.
"""

from collections.abc import Iterator

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
    Site,
    facts,
    insert_after,
    tree,
)

HOOKS = {
    "val": ("validation_step", "on_validation_batch_start", "on_validation_batch_end"),
    "test": ("test_step", "on_test_batch_start", "on_test_batch_end"),
    "predict": ("predict_step", "on_predict_batch_start", "on_predict_batch_end"),
}
STAGES = {"fit": "val", "validate": "val", "test": "test", "predict": "predict"}
# The batch hooks of callbacks, and how many values they are passed, `self` and the index included, less one.
PASSED = {
    f"on_{stage}_batch_{moment}": count
    for stage in ("validation", "test", "predict")
    for moment, count in (("start", 5), ("end", 6))
}
HELP = "add the parameter `dataloader_idx=0`"


def check(model: SemanticModel) -> Iterator[Finding]:
    for call in model.facts(facts.TrainerCall):
        stage, module = STAGES.get(call.method, ""), call.model
        loaders = call.loaders(stage) if stage else None
        if module is None or not isinstance(loaders, Operand) or call.is_expected_to_fail:
            continue
        if _is_switched_off(call.trainer, stage):
            continue
        least, _ = facts.loader_count(loaders)
        for name in HOOKS[stage] if least > 1 else ():
            hook = model.frameworks.hook("module", name)
            if hook is None or "dataloader_idx" not in hook.optional:
                continue  # 1.x always passes it to the batch hooks; then they take too few, whatever the loaders
            method = module.method(name)
            if method is not None and method is not UNKNOWN and _lacks_index(method[0]):
                is_compared = model.frameworks.lightning_since("2.0")
                error = "RuntimeError before the first batch" if is_compared else "TypeError"
                note = f"`{call.method}` raises {error}: no `dataloader_idx` argument"
                yield _finding(call, *method, loaders, note)
            for callback in _callbacks(call.trainer) if name in PASSED else ():
                method = callback.method(name)
                if method is not None and method is not UNKNOWN and _lacks_room(method[0], PASSED[name]):
                    yield _finding(
                        call, *method, loaders, "raises TypeError when it is called: the index is passed too"
                    )


def _is_switched_off(trainer: Operand, stage: str) -> bool:
    """May the Trainer leave the stage out?"""
    given = trainer.arguments
    limit = given.get(f"limit_{stage}_batches")
    return limit.literal in (UNKNOWN, 0) if limit is not None else "**" in given or (not given and trainer.is_unknown)


def _lacks_index(function: tree.Function) -> bool:
    """Would Lightning find no parameter for the loader's index? One by keyword only does not count."""
    names = [p.name for p in function.parameters if p.kind in ("pos", "posonly")]
    takes_any = any(p.kind == "*" for p in function.parameters)
    return not takes_any and "dataloader_idx" not in names[1:] and "dataloader_iter" not in names


def _lacks_room(function: tree.Function, passed: int) -> bool:
    """Does a callback's hook take one value less than it is passed by position?"""
    names = [p.name for p in function.parameters if p.kind in ("pos", "posonly")]
    return len(names) == passed and not any(p.kind == "*" for p in function.parameters)


def _callbacks(trainer: Operand) -> tuple[Operand, ...]:
    """Those that are certainly given."""
    given = trainer.arguments.get("callbacks")
    return () if given is None else (given,) if given.kind == "instance" else given.known_elements


def _finding(call: facts.TrainerCall, function: tree.Function, name: Site, loaders: Operand, note: str) -> Finding:
    least, most = facts.loader_count(loaders)
    number = f"{least} loaders" if most == least else f"{least} or more loaders"
    return Finding(
        name,
        f"`{function.name}` has no `dataloader_idx`, and `{call.method}` runs it over {number}",
        note,
        HELP,
        Fix.safe(HELP, insert_after(_last(function, name), ", dataloader_idx=0")),
        (Related(loaders.site, "the loaders come from here"),),
    )


def _last(function: tree.Function, name: Site) -> Site:
    """The last parameter that takes a value by position, with its annotation and default."""
    parameter = [p for p in function.parameters if p.kind in ("pos", "posonly")][-1]
    span = parameter.span
    for more in (parameter.annotation, parameter.default):
        span = span if more is None else span.to(more.span)
    return name._replace(span=span)


RULE = Rule(
    name="dataloader-idx-missing",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import lightning as L
                import torch
                from torch.utils.data import DataLoader


                class Data(L.LightningDataModule):
                    def train_dataloader(self):
                        return DataLoader(torch.randn(8, 4), batch_size=4)

                    def val_dataloader(self):
                        return [DataLoader(part, batch_size=4) for part in (torch.randn(8, 4), torch.zeros(8, 4))]


                class Net(L.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def validation_step(self, batch, batch_idx):
                    #   ^^^^^^^^^^^^^^^ dataloader-idx-missing
                        self.log("val_loss", self.layer(batch).mean())

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                def main():
                    trainer = L.Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                    trainer.validate(Net(), datamodule=Data(), verbose=False)


                main()
            """,
            good="""
                import lightning as L
                import torch
                from torch.utils.data import DataLoader


                class Data(L.LightningDataModule):
                    def train_dataloader(self):
                        return DataLoader(torch.randn(8, 4), batch_size=4)

                    def val_dataloader(self):
                        return [DataLoader(part, batch_size=4) for part in (torch.randn(8, 4), torch.zeros(8, 4))]


                class Net(L.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def validation_step(self, batch, batch_idx, dataloader_idx=0):
                        self.log("val_loss", self.layer(batch).mean())

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                def main():
                    trainer = L.Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                    trainer.validate(Net(), datamodule=Data(), verbose=False)


                main()
            """,
            witness=Raises("RuntimeError", "but no `dataloader_idx` argument in `Net.validation_step()`"),
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
                        return self.layer(batch).mean()

                    def test_step(self, batch, batch_idx: int) -> torch.Tensor:
                    #   ^^^^^^^^^ dataloader-idx-missing
                        return self.layer(batch).mean()

                    def on_test_batch_end(self, outputs, batch, batch_idx):
                    #   ^^^^^^^^^^^^^^^^^ dataloader-idx-missing
                        self.last = outputs

                    def test_dataloader(self):
                        clean = DataLoader(torch.randn(8, 4), batch_size=4)
                        noisy = DataLoader(torch.randn(8, 4), batch_size=4)
                        return {"clean": clean, "noisy": noisy}

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                pl.Trainer(accelerator="cpu", barebones=True).test(Net())
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
                        return self.layer(batch).mean()

                    def test_step(self, batch, batch_idx: int, dataloader_idx=0) -> torch.Tensor:
                        return self.layer(batch).mean()

                    def on_test_batch_end(self, outputs, batch, batch_idx, dataloader_idx=0):
                        self.last = outputs

                    def test_dataloader(self):
                        clean = DataLoader(torch.randn(8, 4), batch_size=4)
                        noisy = DataLoader(torch.randn(8, 4), batch_size=4)
                        return {"clean": clean, "noisy": noisy}

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                pl.Trainer(accelerator="cpu", barebones=True).test(Net())
            """,
            witness=Raises("RuntimeError", "but no `dataloader_idx` argument in `Net.test_step()`"),
        ),
        Example(
            bad="""
                import lightning.pytorch as pl
                import torch
                from torch.utils.data import DataLoader


                class Base(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def validation_step(self, batch, batch_idx):
                    #   ^^^^^^^^^^^^^^^ dataloader-idx-missing
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                class Net(Base):
                    pass


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                evaluated_on = [loader]
                evaluated_on.append(DataLoader(torch.randn(8, 4), batch_size=8))
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader, evaluated_on)
            """,
            good="""
                import lightning.pytorch as pl
                import torch
                from torch.utils.data import DataLoader


                class Base(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def validation_step(self, batch, batch_idx, dataloader_idx=0):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                class Net(Base):
                    pass


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                evaluated_on = [loader]
                evaluated_on.append(DataLoader(torch.randn(8, 4), batch_size=8))
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader, evaluated_on)
            """,
            witness=Raises("RuntimeError", "but no `dataloader_idx` argument in `Net.validation_step()`"),
        ),
    ),
    near_misses=(
        # `*args` takes the index, one loader needs none, and a data module without the hook means no validation.
        """
        import lightning.pytorch as pl
        import torch
        from torch.utils.data import DataLoader


        class Net(pl.LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 1)

            def training_step(self, batch, batch_idx):
                return self.layer(batch).mean()

            def validation_step(self, batch, *rest):
                return self.layer(batch).mean()

            def test_step(self, batch, batch_idx):
                return self.layer(batch).mean()

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        class Data(pl.LightningDataModule):
            def train_dataloader(self):
                return loader


        class Other(Net):
            def validation_step(self, batch, batch_idx):
                return self.layer(batch).mean()

            def val_dataloader(self):
                return [loader, loader]


        loader = DataLoader(torch.randn(8, 4), batch_size=4)
        trainer = pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True)
        trainer.fit(Net(), loader, [loader, loader])
        trainer.test(Net(), [loader])
        trainer.fit(Other(), datamodule=Data())
        """,
    ),
    is_fixable=True,
)
