"""An evaluation step demands `dataloader_idx`, and there is one loader.

What it does:
Reports `validation_step`, `test_step`, `predict_step` and the batch hooks beside them of a `LightningModule` whose
parameter `dataloader_idx` has no default, if `fit`, `validate`, `test` or `predict` certainly runs them over a single
loader: a `DataLoader`, or a list of one.

Why it matters:
Lightning passes the index only if there are several loaders, and compares before the first batch: `RuntimeError: You
provided only a single val_dataloader, but have included dataloader_idx in Net.validation_step()`. In `fit` that is the
sanity check, before any training. Before 2.0 nothing was compared: the steps raise TypeError when they are called, and
the batch hooks always get the index.

Fix safety:
Safe. The loop could not begin; with a default the step takes both.

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
NAME = "dataloader_idx"
HELP = "give it a default: `dataloader_idx=0`"


def check(model: SemanticModel) -> Iterator[Finding]:
    for call in model.facts(facts.TrainerCall):
        stage, module = STAGES.get(call.method, ""), call.model
        loaders = call.loaders(stage) if stage else None
        if module is None or not isinstance(loaders, Operand) or call.is_expected_to_fail:
            continue
        if _is_switched_off(call.trainer, stage):
            continue
        for name in HOOKS[stage] if facts.loader_count(loaders) == (1, 1) else ():
            method = module.method(name)
            hook = model.frameworks.hook("module", name)
            if hook is None or NAME not in hook.optional:
                continue  # 1.x always passes it to the batch hooks
            if method is not None and method is not UNKNOWN and _demanded(method[0]) is not None:
                is_compared = model.frameworks.lightning_since("2.0")
                yield _finding(
                    call, *method, loaders, "RuntimeError before the first batch" if is_compared else "TypeError"
                )


def _is_switched_off(trainer: Operand, stage: str) -> bool:
    """May the Trainer leave the stage out?"""
    given = trainer.arguments
    limit = given.get(f"limit_{stage}_batches")
    return limit.literal in (UNKNOWN, 0) if limit is not None else "**" in given or (not given and trainer.is_unknown)


def _demanded(function: tree.Function) -> tree.Parameter | None:
    """The parameter, if it takes the index by position and has no default."""
    found = [p for p in function.parameters[1:] if p.name == NAME and p.kind in ("pos", "posonly")]
    is_by_iterator = any(p.name == "dataloader_iter" for p in function.parameters)
    return found[0] if found and found[0].default is None and not is_by_iterator else None


def _finding(call: facts.TrainerCall, function: tree.Function, name: Site, loaders: Operand, error: str) -> Finding:
    return Finding(
        name,
        f"`{function.name}` demands `dataloader_idx`, and `{call.method}` runs it over one loader",
        f"`{call.method}` raises {error}: the index is passed for several loaders only",
        HELP,
        _fix(function, name),
        (Related(loaders.site, "the loader comes from here"),),
    )


def _fix(function: tree.Function, name: Site) -> Fix | None:
    """The default; none if a parameter behind it has none either."""
    parameter = _demanded(function)
    assert parameter is not None
    behind = function.parameters[function.parameters.index(parameter) + 1 :]
    if any(p.default is None and p.kind in ("pos", "posonly") for p in behind):
        return None
    if parameter.annotation is None:
        return Fix.safe(HELP, insert_after(name._replace(span=parameter.span), "=0"))
    return Fix.safe(HELP, insert_after(name._replace(span=parameter.annotation.span), " = 0"))


RULE = Rule(
    name="dataloader-idx-without-default",
    severity=Severity.ERROR,
    check=check,
    examples=(
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
                        return self.layer(batch).mean()

                    def validation_step(self, batch, batch_idx, dataloader_idx):
                    #   ^^^^^^^^^^^^^^^ dataloader-idx-without-default
                        self.log("val_loss", self.layer(batch).mean())

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
                        return self.layer(batch).mean()

                    def validation_step(self, batch, batch_idx, dataloader_idx=0):
                        self.log("val_loss", self.layer(batch).mean())

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = L.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader, loader)
            """,
            witness=Raises("RuntimeError", "`dataloader_idx` in `Net.validation_step()`"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader as Loader


                def loader_of(rows):
                    return Loader(torch.randn(rows, 4), batch_size=4)


                class Data(pl.LightningDataModule):
                    def setup(self, stage):
                        self.rows = 8

                    def predict_dataloader(self):
                        return [loader_of(self.rows)]


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def predict_step(self, batch, batch_idx: int, dataloader_idx: int):
                    #   ^^^^^^^^^^^^ dataloader-idx-without-default
                        return self.layer(batch)


                pl.Trainer(accelerator="cpu", barebones=True).predict(Net(), datamodule=Data())
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader as Loader


                def loader_of(rows):
                    return Loader(torch.randn(rows, 4), batch_size=4)


                class Data(pl.LightningDataModule):
                    def setup(self, stage):
                        self.rows = 8

                    def predict_dataloader(self):
                        return [loader_of(self.rows)]


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def predict_step(self, batch, batch_idx: int, dataloader_idx: int = 0):
                        return self.layer(batch)


                pl.Trainer(accelerator="cpu", barebones=True).predict(Net(), datamodule=Data())
            """,
            witness=Raises("RuntimeError", "`dataloader_idx` in `Net.predict_step()`"),
        ),
    ),
    near_misses=(
        # Two loaders, and a validation that is switched off.
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

            def validation_step(self, batch, batch_idx, dataloader_idx):
                return self.layer(batch).mean()

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        loader = DataLoader(torch.randn(8, 4), batch_size=4)
        pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader, (loader, loader))
        pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True, limit_val_batches=0).fit(Net(), loader, loader)
        """,
    ),
    is_fixable=True,
)
