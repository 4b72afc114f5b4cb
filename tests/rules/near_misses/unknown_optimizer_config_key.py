# ----------------------------------------------------------------------------------------------------------------------
# `monitor` belongs to both levels, `interval` and `frequency` to the scheduler's dict.
import torch
from lightning.pytorch import LightningModule, Trainer
from torch.optim.lr_scheduler import StepLR


class Net(LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        config = {"scheduler": StepLR(optimizer, 1), "interval": "step", "frequency": 2}
        return {"optimizer": optimizer, "lr_scheduler": config, "monitor": "loss"}


loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
