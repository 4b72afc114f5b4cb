# ----------------------------------------------------------------------------------------------------------------------
# Kept on `self` and stepped by hand.
import torch
from lightning.pytorch import LightningModule, Trainer


class Net(LightningModule):
    def __init__(self):
        super().__init__()
        self.automatic_optimization = False
        self.layer = torch.nn.Linear(4, 2)

    def training_step(self, batch, batch_idx):
        self.own.zero_grad()
        self.layer(batch).mean().backward()
        self.own.step()

    def configure_optimizers(self):
        self.own = torch.optim.SGD(self.parameters(), lr=0.1)


loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
