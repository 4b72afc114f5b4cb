# ----------------------------------------------------------------------------------------------------------------------
# Loaders, data modules, and an iterable dataset that makes batches itself.
import torch
from lightning.pytorch import LightningDataModule, LightningModule, Trainer
from torch.utils.data import DataLoader, IterableDataset, TensorDataset


class Batches(IterableDataset):
    def __iter__(self):
        for _ in range(2):
            yield torch.randn(8, 4), torch.randn(8, 2)


class Data(LightningDataModule):
    def train_dataloader(self):
        return DataLoader(TensorDataset(torch.randn(16, 4), torch.randn(16, 2)), batch_size=8)


class Net(LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)

    def training_step(self, batch, batch_idx):
        x, y = batch
        return torch.nn.functional.mse_loss(self.layer(x), y)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


for data in (Batches(), Data()):
    Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), data)
trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
trainer.fit(Net(), Batches())
