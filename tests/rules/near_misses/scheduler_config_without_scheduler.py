# ----------------------------------------------------------------------------------------------------------------------
# No schedulers at all, and a scheduler that comes from outside.
import torch
from lightning.pytorch import LightningModule, Trainer


class Net(LightningModule):
    def __init__(self, schedule=None):
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)
        self.schedule = schedule

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        if self.schedule is None:
            return [optimizer], []
        return {"optimizer": optimizer, "lr_scheduler": self.schedule(optimizer)}


loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
