# ----------------------------------------------------------------------------------------------------------------------
# A part of another module, which calls its step and takes the loss out of what that returns.
import torch
from lightning.pytorch import LightningModule, Trainer


class Classifier(LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)

    def training_step(self, batch, batch_idx):
        loss = self.layer(batch).mean()
        return loss, {"online_loss": loss.detach()}


class Net(LightningModule):
    def __init__(self):
        super().__init__()
        self.backbone = torch.nn.Linear(4, 4)
        self.online = Classifier()

    def training_step(self, batch, batch_idx):
        features = self.backbone(batch)
        loss, seen = self.online.training_step(features, batch_idx)
        self.log_dict(seen)
        return features.mean() + loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
# ----------------------------------------------------------------------------------------------------------------------
# A base whose subclass takes what it returns.
import torch
from lightning.pytorch import LightningModule, Trainer
from torch.utils.data import DataLoader


class Net(LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)

    def training_step(self, batch, batch_idx):
        loss = self.layer(batch).mean()
        return loss, batch

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Child(Net):
    def training_step(self, batch, batch_idx):
        loss, _ = super().training_step(batch, batch_idx)
        return loss


net = Child()
loader = DataLoader(torch.randn(8, 4), batch_size=4)
Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
# ----------------------------------------------------------------------------------------------------------------------
# A base that leaves the step to others, and a dict whose keys come from outside.
import torch
from lightning.pytorch import LightningModule, Trainer
from torch.utils.data import DataLoader


class Base(LightningModule):
    def training_step(self, batch, batch_idx):
        pass


class Net(Base):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)

    def training_step(self, batch, batch_idx):
        loss = self.layer(batch).mean()
        return self.outputs(loss)

    def outputs(self, loss):
        return dict([("loss", loss)])

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


net = Net()
loader = DataLoader(torch.randn(8, 4), batch_size=4)
Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
