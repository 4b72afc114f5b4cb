# ----------------------------------------------------------------------------------------------------------------------
# Another class of that name: the author decides what the method returns.
import torch
from torch.optim.lr_scheduler import StepLR


class LightningModule(torch.nn.Module):
    pass


class Net(LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        return optimizer, StepLR(optimizer, 1)


optimizer, scheduler = Net().configure_optimizers()


# ----------------------------------------------------------------------------------------------------------------------
# Driven by the author's own loop over Fabric: no Trainer looks at what is returned.
import torch
from lightning.fabric import Fabric
from lightning.pytorch import LightningModule
from torch.optim.lr_scheduler import StepLR


class Net(LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        return optimizer, StepLR(optimizer, 1)


fabric = Fabric(accelerator="cpu", devices=1)
net = Net()
optimizer, scheduler = net.configure_optimizers()
net, optimizer = fabric.setup(net, optimizer)
