# ----------------------------------------------------------------------------------------------------------------------
# A list whose length is not known.
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


def run(loaders):
    trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
    trainer.fit(Net(), loaders[0], loaders)


run([DataLoader(torch.randn(8, 4), batch_size=4)] * 2)


# ----------------------------------------------------------------------------------------------------------------------
# Two in one way of the program, one in the other.
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

    def val_dataloader(self):
        return [loader, loader] if torch.rand(1) < 2 else loader

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


loader = DataLoader(torch.randn(8, 4), batch_size=4)
trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
trainer.fit(Net(), loader)
