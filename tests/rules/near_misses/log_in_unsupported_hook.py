# ----------------------------------------------------------------------------------------------------------------------
# The training's own hooks, and one of the author's.
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def on_train_start(self):
        self.log("size", 4.0)

    def on_validation_epoch_end(self):
        self.log("done", 1.0)

    def on_finished(self):
        self.log("never", 1.0)

    def on_after_backward(self):
        self.log("norm", self.layer.weight.grad.norm())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


loader = DataLoader(torch.randn(8, 4), batch_size=4)
trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
trainer.fit(Net(), loader, loader)


# ----------------------------------------------------------------------------------------------------------------------
# `log` is the logger's, or a mathematician's.
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader
import math


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def setup(self, stage):
        self.scale = math.log(4)

    def on_train_end(self):
        torch.log(self.layer.weight.abs())
        if self.logger is not None:
            self.logger.log_metrics({"scale": self.scale})

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


loader = DataLoader(torch.randn(8, 4), batch_size=4)
trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
trainer.fit(Net(), loader)


# ----------------------------------------------------------------------------------------------------------------------
# A callback of the author's in its own words.
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Watch(pl.Callback):
    def on_train_end(self, trainer, pl_module):
        self.log("done")

    def log(self, text):
        print(text)


loader = DataLoader(torch.randn(8, 4), batch_size=4)
trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, callbacks=[Watch()])
trainer.fit(Net(), loader)
