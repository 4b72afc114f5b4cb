"""Fine-tune a small encoder: the body gently, the head fast, both on a cosine schedule.

What happens: `fit` ends before the first batch with `TypeError: param_group must be a dict, but got <class
'generator'>`. With that mended the training runs, but at a constant rate: Lightning looks for the schedule under the
key "lr_scheduler" and drops the key "scheduler" with a warning that scrolls by.
"""

import lightning as L
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, TensorDataset


class Classifier(L.LightningModule):
    def __init__(self, width: int = 64, classes: int = 4) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(16, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.head = nn.Linear(width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.encoder(x))

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = F.cross_entropy(self(x), y)
        self.log("train/loss", loss, prog_bar=True)
        return loss

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(
            [
                {"params": self.encoder.parameters(), "lr": 1e-4},
                self.head.parameters(),
            ],
            lr=1e-3,
            weight_decay=0.01,
        )
        schedule = CosineAnnealingLR(optimizer, T_max=10)
        return {"optimizer": optimizer, "scheduler": schedule}


def main() -> None:
    L.seed_everything(0)
    x = torch.randn(512, 16)
    y = x[:, :4].argmax(dim=1)
    loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
    trainer = L.Trainer(max_epochs=10, accelerator="cpu", logger=False, enable_checkpointing=False)
    trainer.fit(Classifier(), loader)


if __name__ == "__main__":
    main()
