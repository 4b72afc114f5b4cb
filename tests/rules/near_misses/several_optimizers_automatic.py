# ----------------------------------------------------------------------------------------------------------------------
# Manual optimization, said by a property of a base class.
import torch
from lightning.pytorch import LightningModule, Trainer


class Manual(LightningModule):
    @property
    def automatic_optimization(self):
        return False


class Net(Manual):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 4)

    def training_step(self, batch, batch_idx):
        first, second = self.optimizers()
        first.zero_grad()
        self.manual_backward(self.layer(batch).mean())
        first.step()

    def configure_optimizers(self):
        weight = torch.optim.Adam([self.layer.weight])
        bias = torch.optim.Adam([self.layer.bias])
        return [weight, bias]


loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)


# ----------------------------------------------------------------------------------------------------------------------
# A list of one.
import torch
from lightning.pytorch import LightningModule, Trainer


class Net(LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def configure_optimizers(self):
        return [torch.optim.Adam(self.parameters())]


loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
