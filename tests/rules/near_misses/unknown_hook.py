# ----------------------------------------------------------------------------------------------------------------------
# Helpers: used in the class, beside the hook, or named like nothing that Lightning has.
import torch
from lightning.pytorch import LightningModule, Trainer


class Net(LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)

    def training_step(self, batch, batch_idx):
        return self.train_step(batch)

    def validation_step(self, batch, batch_idx):
        return self.val_step(batch)

    def train_step(self, batch):
        return self.layer(batch).mean()

    def val_step(self, batch):
        return self.train_step(batch)

    def configure_optimizers(self):
        return self.configure_optimizer()

    def configure_optimizer(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)

    def on_new_task(self):
        pass

    def on_train_batch_skipped(self):
        pass


loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)


# ----------------------------------------------------------------------------------------------------------------------
# Bases of the author's own call what their subclasses define.
import torch
from lightning.pytorch import Callback, LightningModule, Trainer


class Task(LightningModule):
    def training_step(self, batch, batch_idx):
        return self.train_step(batch)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Net(Task):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)

    def train_step(self, batch):
        return self.layer(batch).mean()


class Periodic(Callback):
    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        self.on_train_batch_ends(batch_idx)


class Printer(Periodic):
    def on_train_batch_ends(self, batch_idx):
        self.last = batch_idx


loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
Trainer(accelerator="cpu", max_epochs=1, barebones=True, callbacks=[Printer()]).fit(Net(), loader)
