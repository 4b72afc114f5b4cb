"""A module that Fabric drives from the file beside it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dryfit.engine.batch import BatchOptions, check_some

MODEL = """
import lightning as L
import torch


class Model(L.LightningModule):
    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        return optimizer, torch.optim.lr_scheduler.StepLR(optimizer, 1)
"""


@pytest.mark.parametrize(
    ("beside", "rules"),
    [
        ("from lightning.fabric import Fabric\nfrom model import Model\n", []),
        ("import lightning as L\nimport models.model\nfabric = L.Fabric()\n", []),
        ("from lightning.fabric import Fabric\n", ["optimizer-scheduler-tuple"]),  # nothing to do with the model
        ("from lightning import Trainer\nfrom model import Model\n", ["optimizer-scheduler-tuple"]),
        ("# Fabric is a word\n", ["optimizer-scheduler-tuple"]),
    ],
)
@pytest.mark.parametrize("where", ["train.py", "../train.py"])
def test_hooks_that_fabric_calls_are_left_alone(tmp_path: Path, beside: str, rules: list[str], where: str) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "model.py").write_text(MODEL)
    (folder / where).write_text(beside)
    (report,) = check_some([str(folder / "model.py")], BatchOptions(tmp_path, Path(sys.executable), use_cache=False))
    assert [diagnostic.rule for diagnostic in report.diagnostics] == rules
