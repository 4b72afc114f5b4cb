# ----------------------------------------------------------------------------------------------------------------------
# A default, a keyword-only parameter, and `**kwargs` take it as well.
import torch
from lightning.pytorch import Callback, LightningModule, Trainer


class Net(LightningModule):
    def setup(self, stage=None):
        self.layer = torch.nn.Linear(4, 2)

    def teardown(self, **kwargs):
        self.last = kwargs["stage"]

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Opener(Callback):
    def setup(self, trainer, pl_module, *, stage):
        self.first = stage


loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
Trainer(accelerator="cpu", max_epochs=1, barebones=True, callbacks=Opener()).fit(Net(), loader)
