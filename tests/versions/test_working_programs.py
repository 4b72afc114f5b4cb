"""Programs that run on Lightning 1.9.5, most of which are refused since: nothing is said about them under 1.9."""

from __future__ import annotations

from textwrap import dedent

import pytest

from dryfit.engine.check import check
from dryfit.engine.packs import load_packs
from dryfit.engine.settings import Settings
from dryfit.frameworks import installed

RULES = load_packs().rules
BASE = """\
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Base(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 2)

    def loss(self, batch):
        x, y = batch
        return nn.functional.mse_loss(self.layer(x), y)

    def training_step(self, batch, batch_idx):
        return self.loss(batch)

    def validation_step(self, batch, batch_idx):
        self.log("val_loss", self.loss(batch))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def loader():
    return DataLoader(TensorDataset(torch.randn(16, 4), torch.randn(16, 2)), batch_size=4)


def trainer(**options):
    return pl.Trainer(max_epochs=1, logger=False, enable_checkpointing=False, enable_progress_bar=False, **options)


def fit(model, **options):
    trainer(**options).fit(model, loader(), loader())


"""
METHODS = {
    "training_epoch_end": "def training_epoch_end(self, outputs): pass",
    "validation_epoch_end": "def validation_epoch_end(self, outputs): pass",
    "test_epoch_end": "def test_epoch_end(self, outputs): pass",
    "training_step_end": "def training_step_end(self, output): return output",
    "validation_step_end": "def validation_step_end(self, output): return output",
    "on_predict_epoch_end": "def on_predict_epoch_end(self, results): pass",
    "an index without default": "def on_validation_batch_end(self, outputs, batch, batch_idx, dataloader_idx): pass",
    "lr_scheduler_step": "def lr_scheduler_step(self, scheduler, optimizer_idx, metric): scheduler.step()",
    "optimizer_zero_grad": """
        def optimizer_zero_grad(self, epoch, batch_idx, optimizer, optimizer_idx):
            optimizer.zero_grad()
    """,
    "optimizer_step": """
        def optimizer_step(self, epoch, batch_idx, optimizer, optimizer_idx, optimizer_closure, on_tpu=False,
                           using_native_amp=False, using_lbfgs=False):
            optimizer.step(closure=optimizer_closure)
    """,
    "configure_gradient_clipping": """
        def configure_gradient_clipping(self, optimizer, optimizer_idx, gradient_clip_val, gradient_clip_algorithm):
            pass
    """,
    "backward": "def backward(self, loss, optimizer, optimizer_idx): loss.backward()",
    "on_before_optimizer_step": "def on_before_optimizer_step(self, optimizer, optimizer_idx): pass",
    "an optimizer_idx with a default": """
        def training_step(self, batch, batch_idx, optimizer_idx=0):
            return self.loss(batch)
    """,
    "a dict as a value": """
        def training_step(self, batch, batch_idx):
            self.log("x", {"a": 1.0})
            return self.loss(batch)
    """,
    "nested dicts": """
        def training_step(self, batch, batch_idx):
            self.log_dict({"a": {"b": 1.0}})
            return self.loss(batch)
    """,
    "opt_idx": """
        def configure_optimizers(self):
            optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
            return [optimizer], [{"scheduler": torch.optim.lr_scheduler.StepLR(optimizer, 1), "opt_idx": 0}]
    """,
    "frequency": """
        def configure_optimizers(self):
            return [{"optimizer": torch.optim.SGD(self.parameters(), lr=0.1), "frequency": 1}]
    """,
}
CALLS = (
    "trainer().tune(Base())",
    "pl.Trainer(accelerator='cpu', devices=None)",
    "fit(Base(), accumulate_grad_batches={0: 2})",
    "fit(Base(), replace_sampler_ddp=False)",
    "fit(Base(), resume_from_checkpoint=None)",
    "fit(Base(), auto_lr_find=False)",
    "fit(Base(), strategy='dp')",
    "fit(Base(), precision='bf16')",
    "fit(Base(), accelerator=None, strategy=None)",
)


@pytest.mark.parametrize("name", METHODS)
def test_a_method(name: str) -> None:
    method = dedent(METHODS[name]).strip().replace("\n", "\n    ")
    assert reported(f"{BASE}class Mine(Base):\n    {method}\n\n\nfit(Mine())\n") == []


@pytest.mark.parametrize("call", CALLS)
def test_a_call(call: str) -> None:
    assert reported(f"{BASE}{call}\n") == []


def reported(program: str) -> list[tuple[str, str]]:
    frameworks = installed((), wanted={"lightning": "1.9.5"})
    result = check(program, "train.py", RULES, Settings(), frameworks, guard=False)
    assert result.syntax is None
    return [(found.rule, found.message) for found in result.diagnostics]
