"""Watch a training run with a callback, and average the validation loss at the end of an epoch.

What happens: `fit` refuses to start: `NotImplementedError: Support for validation_epoch_end has been removed in
v2.0.0`. With that mended, the first batch ends with `TypeError: Watch.on_train_batch_end() takes 5 positional
arguments but 6 were given`. With that mended too, the training runs, and the callback never says a word about the
validation: no hook is called `on_validation_epoch_ends`.
"""

import lightning.pytorch as pl
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset


class Watch(pl.Callback):
    def __init__(self, every: int = 10) -> None:
        self.every = every

    def on_train_batch_end(self, trainer, pl_module, outputs, batch_idx):
        if batch_idx % self.every == 0:
            print(f"batch {batch_idx}: loss {outputs['loss'].item():.4f}")

    def on_validation_epoch_ends(self, trainer, pl_module):
        print(f"validation: {trainer.callback_metrics['val/loss']:.4f}")


class Autoencoder(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Linear(32, 8)
        self.decoder = nn.Linear(8, 32)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decoder(torch.relu(self.encoder(x)))

    def training_step(self, batch, batch_idx):
        (x,) = batch
        return F.mse_loss(self(x), x)

    def validation_step(self, batch, batch_idx):
        (x,) = batch
        loss = F.mse_loss(self(x), x)
        self.log("val/loss", loss)
        return loss

    def validation_epoch_end(self, outputs):
        print("mean validation loss", torch.stack(outputs).mean().item())

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=1e-3)


def main() -> None:
    train = DataLoader(TensorDataset(torch.randn(640, 32)), batch_size=32, shuffle=True)
    val = DataLoader(TensorDataset(torch.randn(64, 32)), batch_size=32)
    trainer = pl.Trainer(max_epochs=2, accelerator="cpu", callbacks=[Watch()], logger=False, enable_checkpointing=False)
    trainer.fit(Autoencoder(), train, val)


if __name__ == "__main__":
    main()
