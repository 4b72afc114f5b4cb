# ----------------------------------------------------------------------------------------------------------------------
# Other names, defaults, stars, and a hook without the `dataloader_idx` that only comes with several loaders.
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch.utils.data import DataLoader


class Net(LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)

    def training_step(self, x):
        return self.layer(x).mean()

    def validation_step(self, x, i, *, scale=1.0):
        return scale * self.layer(x).mean()

    def on_train_epoch_end(self, unused=None):
        pass

    def configure_gradient_clipping(self, optimizer, **values):
        pass

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Everything(Callback):
    def on_train_batch_start(self, *args):
        pass

    def on_train_batch_end(self, t, m, out, x, i, extra=0, **rest):
        pass

    def on_validation_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        pass

    def on_validation_batch_start(self, trainer, pl_module, batch, batch_idx, dataloader_idx=0):
        pass

    @staticmethod
    def on_train_start(trainer, pl_module):
        pass


trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True, callbacks=[Everything()])
trainer.fit(Net(), DataLoader(torch.randn(8, 4), batch_size=4), DataLoader(torch.randn(4, 4)))


# ----------------------------------------------------------------------------------------------------------------------
# A decorator can change what is taken.
import functools

import torch
from lightning.pytorch import Callback, LightningModule, Trainer


class Net(LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def only_index(method):
    @functools.wraps(method)
    def wrapper(self, trainer, pl_module, *rest):
        return method(self, rest[-1])

    return wrapper


class Counter(Callback):
    @only_index
    def on_train_batch_end(self, batch_idx):
        self.last = batch_idx


loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
Trainer(accelerator="cpu", max_epochs=1, barebones=True, callbacks=[Counter()]).fit(Net(), loader)
