"""A script that trained well under Lightning 1.5.

What happens: `TypeError: Trainer.__init__() got an unexpected keyword argument 'gpus'`. The arguments were renamed or
removed on the way to 2.0, and Python names only the first of them; the next run names the next one.
"""

import torch
from pytorch_lightning import LightningModule, Trainer
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset


class Digits(LightningModule):
    def __init__(self, lr: float = 1e-3) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))

    def training_step(self, batch, batch_idx):
        images, labels = batch
        loss = F.cross_entropy(self.layers(images), labels)
        self.log("train_loss", loss)
        return loss

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.hparams.lr)


def main() -> None:
    images = torch.rand(256, 1, 8, 8)
    labels = torch.randint(0, 10, (256,))
    trainer = Trainer(
        gpus=0,
        max_epochs=3,
        progress_bar_refresh_rate=20,
        checkpoint_callback=False,
        logger=False,
    )
    trainer.fit(Digits(), DataLoader(TensorDataset(images, labels), batch_size=32, shuffle=True))


if __name__ == "__main__":
    main()
