# ----------------------------------------------------------------------------------------------------------------------
# By hand: the author passes the metric.
import torch
from lightning.pytorch import LightningModule, Trainer
from torch.optim.lr_scheduler import ReduceLROnPlateau


class Net(LightningModule):
    def __init__(self):
        super().__init__()
        self.automatic_optimization = False
        self.layer = torch.nn.Linear(4, 2)

    def training_step(self, batch, batch_idx):
        loss = self.layer(batch).mean()
        optimizer = self.optimizers()
        optimizer.zero_grad()
        self.manual_backward(loss)
        optimizer.step()
        self.lr_schedulers().step(loss)

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        return [optimizer], [ReduceLROnPlateau(optimizer)]


loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)


# ----------------------------------------------------------------------------------------------------------------------
# The metric comes later, and from outside.
import torch
from lightning.pytorch import LightningModule, Trainer
from torch.optim.lr_scheduler import ReduceLROnPlateau


class Net(LightningModule):
    def __init__(self, extra):
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)
        self.extra = extra

    def training_step(self, batch, batch_idx):
        loss = self.layer(batch).mean()
        self.log("loss", loss)
        return loss

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        config = {"scheduler": ReduceLROnPlateau(optimizer), **self.extra}
        return {"optimizer": optimizer, "lr_scheduler": config}


loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
trainer = Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False,
                  enable_progress_bar=False, enable_model_summary=False)
trainer.fit(Net({"monitor": "loss"}), loader)
