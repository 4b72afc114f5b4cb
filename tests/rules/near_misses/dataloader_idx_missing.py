# ----------------------------------------------------------------------------------------------------------------------
# A combined loader that runs them side by side gives no index.
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader
from lightning.pytorch.utilities import CombinedLoader


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def validation_step(self, batch, batch_idx):
        first, second = batch
        return self.layer(first).mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


loader = DataLoader(torch.randn(8, 4), batch_size=4)
trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
trainer.fit(Net(), loader, CombinedLoader([loader, loader], "min_size"))


# ----------------------------------------------------------------------------------------------------------------------
# How many there are depends on what is known elsewhere.
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def validation_step(self, batch, batch_idx):
        self.log("val_loss", self.layer(batch).mean())

    def val_dataloader(self):
        return [DataLoader(part, batch_size=4) for part in self.parts]

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


net = Net()
net.parts = [torch.randn(8, 4)]
trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
trainer.fit(net, DataLoader(torch.randn(8, 4), batch_size=4))


# ----------------------------------------------------------------------------------------------------------------------
# The argument wins over the hook that returns two.
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def validation_step(self, batch, batch_idx):
        self.log("val_loss", self.layer(batch).mean())

    def val_dataloader(self):
        return [loader, loader]

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


loader = DataLoader(torch.randn(8, 4), batch_size=4)
trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
trainer.fit(Net(), loader, loader)


# ----------------------------------------------------------------------------------------------------------------------
# The subclass that is trained takes the index.
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def validation_step(self, batch, batch_idx):
        self.log("val_loss", self.layer(batch).mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Several(Net):
    def validation_step(self, batch, batch_idx, dataloader_idx=0):
        super().validation_step(batch, batch_idx)


loader = DataLoader(torch.randn(8, 4), batch_size=4)
trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
trainer.fit(Several(), loader, [loader, loader])


# ----------------------------------------------------------------------------------------------------------------------
# A test that waits for the error.
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader

import pytest


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def validation_step(self, batch, batch_idx):
        self.log("val_loss", self.layer(batch).mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


loader = DataLoader(torch.randn(8, 4), batch_size=4)


def test_two_loaders():
    trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
    with pytest.raises(RuntimeError, match="dataloader_idx"):
        trainer.fit(Net(), loader, [loader, loader])


# ----------------------------------------------------------------------------------------------------------------------
# No validation runs.
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def validation_step(self, batch, batch_idx):
        self.log("val_loss", self.layer(batch).mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


loader = DataLoader(torch.randn(8, 4), batch_size=4)
trainer = pl.Trainer(accelerator="cpu", max_epochs=1, limit_val_batches=0)
trainer.fit(Net(), loader, [loader, loader])
