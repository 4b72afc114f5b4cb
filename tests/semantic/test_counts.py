"""Numbers that are known to be numbers of batches."""

from __future__ import annotations

import pytest
from facts_of import facts_of

from dryfit.semantic.facts import SchedulerBuilt

SETTING = """
import math
from torch.utils.data import DataLoader
class M(L.LightningModule):
    def train_dataloader(self):
        return DataLoader(self.rows)
    def configure_optimizers(self):
        optimizer = optim.SGD(self.parameters(), lr=1)
        return lr_scheduler.CosineAnnealingLR(optimizer, {length})
"""


@pytest.mark.parametrize(
    ("length", "tag"),
    [
        ("len(self.train_dataloader())", "batches"),
        ("int(len(self.train_dataloader()) * self.epochs)", "batches"),
        ("self.trainer.estimated_stepping_batches", "batches"),
        ("max(1, self.trainer.num_training_batches // self.trainer.accumulate_grad_batches)", "batches"),
        ("math.ceil(0.1 * self.trainer.estimated_stepping_batches)", "batches"),
        ("self.trainer.estimated_stepping_batches - self.warmup", "batches"),
        ("len(self.trainer.train_dataloader)", "batches"),
        ("self.trainer.max_epochs", ""),
        ("self.trainer.estimated_stepping_batches // self.trainer.num_training_batches", ""),
        ("self.trainer.estimated_stepping_batches // self.steps", ""),
        ("len(self.rows)", ""),
        ("self.helper.estimated_stepping_batches", ""),
    ],
)
def test_counts(length: str, tag: str) -> None:
    (built,) = facts_of(SETTING.format(length=length), SchedulerBuilt)
    given = built.arguments.known(1, "T_max")
    assert given is not None
    assert given.tag == tag
