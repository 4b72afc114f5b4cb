# ----------------------------------------------------------------------------------------------------------------------
# Less accuracy lost is better.
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


callbacks = [
    EarlyStopping("acc_drop", mode="min"),
    EarlyStopping("val_accuracy_loss"),
    ModelCheckpoint(monitor="val/acc", mode="max"),
    ModelCheckpoint(monitor="accumulated"),
]


# ----------------------------------------------------------------------------------------------------------------------
# The mode comes from outside.
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint


def stop(metric, mode):
    return EarlyStopping(metric, mode=mode)


def stop_at(settings):
    return EarlyStopping("val_acc", **settings)
