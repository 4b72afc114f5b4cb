# ----------------------------------------------------------------------------------------------------------------------
# Helpers of the class that happen to have such a name.
import torch
from lightning.pytorch import LightningModule, Trainer


class Net(LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)
        self.losses = []

    def training_step(self, batch, batch_idx):
        return self.training_step_end(self.layer(batch).mean())

    def training_step_end(self, loss):
        self.losses.append(loss.item())
        return loss

    def on_train_epoch_end(self):
        self.on_epoch_end()

    def on_validation_epoch_end(self):
        self.on_epoch_end()

    def on_epoch_end(self):
        self.losses.clear()

    def summarize(self):
        return len(self.losses)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)


# ----------------------------------------------------------------------------------------------------------------------
# The project's own hook: the class above calls it when an epoch is over.
import torch
from lightning.pytorch import LightningModule, Trainer


class Base(LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)
        self.outputs = []

    def training_step(self, batch, batch_idx):
        self.outputs.append(batch_idx)
        return self.layer(batch).mean()

    def on_train_epoch_end(self):
        self.on_epoch_end(self.outputs)
        self.outputs.clear()

    def on_epoch_end(self, outputs):
        pass

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Net(Base):
    def on_epoch_end(self, outputs):
        print(len(outputs))


loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
