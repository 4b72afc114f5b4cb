# ----------------------------------------------------------------------------------------------------------------------
# The module steps it by hand, after every batch.
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader
from torch.optim.lr_scheduler import OneCycleLR


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        self.cycle = OneCycleLR(optimizer, 1.0, epochs=1, steps_per_epoch=2)
        return [optimizer], [{"scheduler": self.cycle, "interval": "epoch", "frequency": 1000}]

    def on_train_batch_end(self, outputs, batch, batch_idx):
        self.cycle.step()


loader = DataLoader(torch.randn(8, 4), batch_size=4)
trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
trainer.fit(Net(), loader)


# ----------------------------------------------------------------------------------------------------------------------
# Another loop steps it.
import torch
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader

layer = torch.nn.Linear(4, 1)
loader = DataLoader(torch.randn(8, 4), batch_size=4)
optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
scheduler = OneCycleLR(optimizer, 1.0, epochs=2, steps_per_epoch=len(loader))
for _ in range(2):
    for batch in loader:
        optimizer.zero_grad()
        layer(batch).mean().backward()
        optimizer.step()
        scheduler.step()
