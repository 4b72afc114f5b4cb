"""`fit`, `validate`, `test` or `predict` is given loaders and a data module together.

What it does:
Reports a call of a Trainer with a `LightningDataModule` as `datamodule` and with loaders that are certainly not None.

Why it matters:
Raises `MisconfigurationException: You cannot pass train_dataloader or val_dataloaders to trainer.fit(datamodule=...)`
when the line runs.

Source:
`lightning.pytorch.Trainer._fit_impl` and its like for the other stages, lightning 2.6.6; the same from 1.9 on.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Operand, Raises, Related, Rule, SemanticModel, Severity, facts

DATAMODULE = "lightning.pytorch.LightningDataModule"
LOADERS = {
    "fit": ((1, "train_dataloaders"), (2, "val_dataloaders")),
    **dict.fromkeys(("validate", "test", "predict"), ((1, "dataloaders"),)),
}
POSITIONS = {"fit": 3, "validate": 4, "test": 4, "predict": 2}


def check(model: SemanticModel) -> Iterator[Finding]:
    for call in model.facts(facts.TrainerCall):
        data = call.arguments.known(POSITIONS.get(call.method), "datamodule")
        if call.method not in LOADERS or call.is_expected_to_fail or data is None or not data.is_a(DATAMODULE):
            continue
        given = [call.arguments.known(*place) for place in LOADERS[call.method]]
        found = next((value for value in given if value is not None and _are_loaders(value)), None)
        first = given[0]
        if found is not None and (first is None or not first.is_a(DATAMODULE)):
            yield Finding(
                found.site,
                f"`{call.method}` is given loaders beside a data module",
                "raises MisconfigurationException when the line runs",
                "give either the loaders or the data module",
                None,
                (Related(data.site, f"the data module `{data.class_name}`"),),
            )


def _are_loaders(value: Operand) -> bool:
    """Certainly neither None nor a data module."""
    return value.is_not_none and value.is_not_a(DATAMODULE)


RULE = Rule(
    name="loaders-beside-datamodule",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningDataModule, LightningModule, Trainer
                from torch.utils.data import DataLoader


                class Data(LightningDataModule):
                    def train_dataloader(self):
                        return DataLoader(torch.randn(8, 4), batch_size=4)

                    def test_dataloader(self):
                        return DataLoader(torch.randn(8, 4), batch_size=4)



                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def test_step(self, batch, batch_idx):
                        self.log("test_loss", self.layer(batch).mean())

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer.fit(Net(), loader, datamodule=Data())
                #                  ^^^^^^ loaders-beside-datamodule
            """,
            good="""
                import torch
                from lightning.pytorch import LightningDataModule, LightningModule, Trainer
                from torch.utils.data import DataLoader


                class Data(LightningDataModule):
                    def train_dataloader(self):
                        return DataLoader(torch.randn(8, 4), batch_size=4)

                    def test_dataloader(self):
                        return DataLoader(torch.randn(8, 4), batch_size=4)



                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def test_step(self, batch, batch_idx):
                        self.log("test_loss", self.layer(batch).mean())

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), datamodule=Data())
            """,
            witness=Raises("MisconfigurationException", "You cannot pass `train_dataloader` or `val_dataloaders`"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Data(pl.LightningDataModule):
                    def train_dataloader(self):
                        return DataLoader(torch.randn(8, 4), batch_size=4)

                    def test_dataloader(self):
                        return DataLoader(torch.randn(8, 4), batch_size=4)



                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def test_step(self, batch, batch_idx):
                        self.log("test_loss", self.layer(batch).mean())

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                def evaluate(data):
                    trainer = pl.Trainer(accelerator="cpu", barebones=True)
                    trainer.test(Net(), dataloaders=data.test_dataloader(), datamodule=data)
                    #                               ^^^^^^^^^^^^^^^^^^^^^^ loaders-beside-datamodule


                evaluate(Data())
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Data(pl.LightningDataModule):
                    def train_dataloader(self):
                        return DataLoader(torch.randn(8, 4), batch_size=4)

                    def test_dataloader(self):
                        return DataLoader(torch.randn(8, 4), batch_size=4)



                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def test_step(self, batch, batch_idx):
                        self.log("test_loss", self.layer(batch).mean())

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                def evaluate(data):
                    trainer = pl.Trainer(accelerator="cpu", barebones=True)
                    trainer.test(Net(), datamodule=data)


                evaluate(Data())
            """,
            witness=Raises("MisconfigurationException", "You cannot pass"),
        ),
    ),
    near_misses=(
        # One of the two, whichever is there.
        """
        import torch
        from lightning.pytorch import LightningDataModule, LightningModule, Trainer
        from torch.utils.data import DataLoader


        class Data(LightningDataModule):
            def train_dataloader(self):
                return DataLoader(torch.randn(8, 4), batch_size=4)

            def test_dataloader(self):
                return DataLoader(torch.randn(8, 4), batch_size=4)



        class Net(LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 2)

            def training_step(self, batch, batch_idx):
                return self.layer(batch).square().mean()

            def test_step(self, batch, batch_idx):
                self.log("test_loss", self.layer(batch).mean())

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        def fit(data=None, loader=None):
            trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
            trainer.fit(Net(), loader, datamodule=data)


        fit(Data())
        fit(loader=DataLoader(torch.randn(8, 4)))
        fit(None, Data())
        """,
    ),
)
