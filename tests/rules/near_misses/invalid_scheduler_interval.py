# ----------------------------------------------------------------------------------------------------------------------
# With manual optimization nothing reads the interval but a monitor callback.
import torch
from lightning.pytorch import LightningModule, Trainer
from torch.optim.lr_scheduler import StepLR


class Net(LightningModule):
    def __init__(self):
        super().__init__()
        self.automatic_optimization = False
        self.layer = torch.nn.Linear(4, 2)

    def training_step(self, batch, batch_idx):
        optimizer = self.optimizers()
        optimizer.zero_grad()
        self.manual_backward(self.layer(batch).mean())
        optimizer.step()
        self.lr_schedulers().step()

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        return [optimizer], [{"scheduler": StepLR(optimizer, 1), "interval": "batch"}]


loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
