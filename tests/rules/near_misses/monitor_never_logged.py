# ----------------------------------------------------------------------------------------------------------------------
# A loop over names that come from outside.
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def validation_step(self, batch, batch_idx):
        for name, value in self.metrics(batch).items():
            self.log(f"val_{name}", value)

    def metrics(self, batch):
        return {"loss": self.layer(batch).mean()}

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


loader = DataLoader(torch.randn(8, 4), batch_size=4)
trainer = pl.Trainer(
    accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False, callbacks=[EarlyStopping("val_loss")]
)
trainer.fit(Net(), loader, loader)


# ----------------------------------------------------------------------------------------------------------------------
# A function outside logs for the module.
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint


def report(module, batch):
    module.log("val_loss", module.layer(batch).mean())


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def validation_step(self, batch, batch_idx):
        report(self, batch)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


loader = DataLoader(torch.randn(8, 4), batch_size=4)
trainer = pl.Trainer(
    accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False, callbacks=[EarlyStopping("val_loss")]
)
trainer.fit(Net(), loader, loader)


# ----------------------------------------------------------------------------------------------------------------------
# The module inside logs for itself.
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint


class Inner(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def validation_step(self, batch, batch_idx):
        self.log("val_loss", self.layer(batch).mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)
        self.inner = Inner()

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def validation_step(self, batch, batch_idx):
        self.inner.log("val_loss", self.layer(batch).mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


loader = DataLoader(torch.randn(8, 4), batch_size=4)
trainer = pl.Trainer(
    accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False, callbacks=[EarlyStopping("val_loss")]
)
trainer.fit(Net(), loader, loader)


# ----------------------------------------------------------------------------------------------------------------------
# The learning rate is logged by its own callback.
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.callbacks import LearningRateMonitor
from lightning.pytorch.loggers import CSVLogger


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


loader = DataLoader(torch.randn(8, 4), batch_size=4)
trainer = pl.Trainer(
    accelerator="cpu",
    max_epochs=1,
    logger=CSVLogger("logs"),
    callbacks=[LearningRateMonitor(), ModelCheckpoint(monitor="lr-SGD")],
)
trainer.fit(Net(), loader)


# ----------------------------------------------------------------------------------------------------------------------
# The epoch and the step can always be watched by a checkpoint.
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


loader = DataLoader(torch.randn(8, 4), batch_size=4)
trainer = pl.Trainer(accelerator="cpu", max_epochs=1, callbacks=[ModelCheckpoint(monitor="step", mode="max")])
trainer.fit(Net(), loader)


# ----------------------------------------------------------------------------------------------------------------------
# Nothing is kept by the metric, and a trial run leaves callbacks out.
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


loader = DataLoader(torch.randn(8, 4), batch_size=4)
trainer = pl.Trainer(accelerator="cpu", max_epochs=1, callbacks=[ModelCheckpoint(monitor="x", save_top_k=0)])
trainer.fit(Net(), loader)
trial = pl.Trainer(accelerator="cpu", fast_dev_run=True, callbacks=[EarlyStopping("x")])
trial.fit(Net(), loader)


# ----------------------------------------------------------------------------------------------------------------------
# A base that somebody else completes is not what is trained.
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint


class Base(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Net(Base):
    def validation_step(self, batch, batch_idx):
        self.log("val_loss", self.layer(batch).mean())


loader = DataLoader(torch.randn(8, 4), batch_size=4)
trainer = pl.Trainer(
    accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False, callbacks=[EarlyStopping("val_loss")]
)
trainer.fit(Net(), loader, loader)


# ----------------------------------------------------------------------------------------------------------------------
# `log` is handed on as a function.
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def validation_step(self, batch, batch_idx):
        note = self.log
        note("val_loss", self.layer(batch).mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


loader = DataLoader(torch.randn(8, 4), batch_size=4)
trainer = pl.Trainer(
    accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False, callbacks=[EarlyStopping("val_loss")]
)
trainer.fit(Net(), loader, loader)


# ----------------------------------------------------------------------------------------------------------------------
# Two loaders, and a name that says which.
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def validation_step(self, batch, batch_idx, dataloader_idx=0):
        self.log("val_loss", self.layer(batch).mean())
        self.log(f"loss_{dataloader_idx}", 1.0, add_dataloader_idx=False)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


loader = DataLoader(torch.randn(8, 4), batch_size=4)
trainer = pl.Trainer(
    accelerator="cpu",
    max_epochs=1,
    logger=False,
    enable_checkpointing=False,
    callbacks=[EarlyStopping("val_loss/dataloader_idx_1")],
)
trainer.fit(Net(), loader, [loader, loader])


# ----------------------------------------------------------------------------------------------------------------------
# A mixin that is not known may log.
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from metrics import Metrics


class Net(Metrics, pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


loader = DataLoader(torch.randn(8, 4), batch_size=4)
trainer = pl.Trainer(
    accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False, callbacks=[EarlyStopping("val_loss")]
)
trainer.fit(Net(), loader, loader)
