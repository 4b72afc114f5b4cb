"""What is said about versions: the consequence is that of the version that counts, and no version is guessed."""

from __future__ import annotations

import re

import pytest

from dryfit.engine.check import check
from dryfit.engine.packs import load_packs
from dryfit.engine.settings import Settings
from dryfit.frameworks import Frameworks, bundled, installed
from dryfit.testing import split_carets

RULES = load_packs().rules
VERSION = re.compile(r"\b(?:torch|lightning) \d[\d.]*", re.IGNORECASE)
RANGE = re.compile(r"\b(?:since|before|in) (?:torch|lightning) \d[\d.]*")


def said(program: str, frameworks: Frameworks) -> list[tuple[str, str, str]]:
    """Severity, message and note of each finding."""
    result = check(split_carets(program)[0], "train.py", RULES, Settings(select=("all",)), frameworks, guard=False)
    return [(found.severity.value, found.message, found.note) for found in result.diagnostics]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_nobody_is_told_the_version_of_a_table_that_stands_in(rule) -> None:
    """Versions in which something changed can be told, the bundled ones are nobody's."""
    assert bundled().is_bundled
    newest = {f"lightning {bundled().lightning.version}", f"torch {bundled().torch.version}"}
    lines = {name.rpartition(".")[0] for name in newest}
    for example in rule.examples:
        for _, *texts in said(example.bad, bundled()):
            for text in texts:
                assert set(VERSION.findall(RANGE.sub("", text))) == set()
                assert set(VERSION.findall(text)).isdisjoint(newest | lines)


OLD_STEP = """
    from lightning.pytorch import LightningModule

    class Net(LightningModule):
        def on_before_optimizer_step(self, optimizer, optimizer_idx):
            self.rate = optimizer.param_groups[0]["lr"]
"""
NEW_STEP = OLD_STEP.replace(", optimizer_idx", "")
REQUIRED = """
    from lightning.pytorch import LightningModule

    class Net(LightningModule):
        def training_step(self, batch, batch_idx, optimizer_idx):
            return self.layer(batch).mean()
"""
DEFAULT = REQUIRED.replace("optimizer_idx", "optimizer_idx=0")
DATASET = """
    import torch
    from lightning.pytorch import LightningModule, Trainer
    from torch.utils.data import TensorDataset

    data = TensorDataset(torch.randn(16, 4))
    Trainer().fit(LightningModule(), data)
"""
VALIDATED = DATASET.replace("fit(LightningModule(), data)", "validate(LightningModule(), data)")
PRECISION = """
    from lightning.pytorch import Trainer

    Trainer(precision="fp16")
"""
EPOCH_END = """
    from lightning.pytorch import Callback

    class Counter(Callback):
        def on_epoch_end(self, trainer, pl_module):
            self.epochs += 1
"""
DATA_MODULE = """
    from lightning.pytorch import LightningDataModule

    class Data(LightningDataModule):
        def on_save_checkpoint(self, checkpoint):
            checkpoint["seen"] = self.seen
"""
CALL_HOOK = """
    from lightning.pytorch import Trainer

    Trainer().call_hook("on_fit_start")
"""
OPT_IDX = """
    import torch
    from lightning.pytorch import LightningModule

    class Net(LightningModule):
        def configure_optimizers(self):
            opt = torch.optim.SGD(self.parameters(), lr=0.1)
            return [opt], [{"scheduler": torch.optim.lr_scheduler.StepLR(opt, 1), "opt_idx": 0}]
"""
TWO_OPTIMIZERS = """
    import torch
    from lightning.pytorch import LightningModule

    class Net(LightningModule):
        def __init__(self):
            super().__init__()
            self.a, self.b = torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)

        def training_step(self, batch, batch_idx):
            return self.b(self.a(batch)).mean()

        def configure_optimizers(self):
            return [torch.optim.SGD(self.a.parameters(), lr=0.1), torch.optim.SGD(self.b.parameters(), lr=0.1)]
"""
TAKEN_IN_TURNS = TWO_OPTIMIZERS.replace("batch_idx)", "batch_idx, optimizer_idx)")

NOT_PASSED = "`training_step` takes `optimizer_idx`, which Lightning does not pass since 2.0"
NOT_A_LOADER = "`fit` gets the dataset `TensorDataset` as `train_dataloaders`, not a loader"
ONE_SAMPLE = "each step gets one sample, without a batch axis and in order; no error, no warning"
GONE = "`on_epoch_end` was removed in lightning 1.8"
SILENT = "never called, no error, no warning"
TWO = "`configure_optimizers` returns 2 optimizers (`SGD`, `SGD`) in automatic optimization"
BY_THE_MODULE = "`on_save_checkpoint` was removed in lightning 1.8"


@pytest.mark.parametrize(
    ("program", "version", "expected"),
    [
        (OLD_STEP, "1.9", []),
        (
            OLD_STEP,
            "2.2",
            [
                (
                    "error",
                    "`on_before_optimizer_step` takes 2 arguments, lightning 2.2 passes 1",
                    "raises TypeError since lightning 2.0, when Lightning calls it",
                )
            ],
        ),
        (
            NEW_STEP,
            "1.9",
            [
                (
                    "error",
                    "`on_before_optimizer_step` takes 1 argument, lightning 1.9 passes 2",
                    "raises TypeError before lightning 2.0, when Lightning calls it",
                )
            ],
        ),
        (NEW_STEP, "2.0", []),
        (REQUIRED, "1.9", []),
        (
            REQUIRED,
            "2.0",
            [("error", NOT_PASSED, "`fit` raises TypeError: missing 1 required positional argument: 'optimizer_idx'")],
        ),
        (
            REQUIRED,
            "2.1",
            [
                (
                    "error",
                    NOT_PASSED,
                    "`fit` raises RuntimeError: ... Remove the `optimizer_idx` argument from `training_step`",
                )
            ],
        ),
        (DEFAULT, "2.0", []),
        (
            DATASET,
            "1.9",
            [
                (
                    "error",
                    NOT_A_LOADER,
                    "`fit` raises TypeError before lightning 2.0: Expected data to be int, Sequence or Mapping",
                )
            ],
        ),
        (DATASET, "2.0", [("warning", NOT_A_LOADER, ONE_SAMPLE)]),
        (VALIDATED, "1.9", [("warning", NOT_A_LOADER.replace("fit", "validate").replace("train_", ""), ONE_SAMPLE)]),
        (
            PRECISION,
            "1.9",
            [("error", "`'fp16'` is not a precision", "raises MisconfigurationException: Precision 'fp16' is invalid")],
        ),
        (
            PRECISION,
            "2.0",
            [("error", "`'fp16'` is not a precision", "raises ValueError: Precision 'fp16' is invalid")],
        ),
        (EPOCH_END, "1.7", []),
        (EPOCH_END, "1.9", [("error", GONE, "raises RuntimeError at fit, test and predict")]),
        (EPOCH_END, "2.0", [("warning", GONE, SILENT)]),
        (DATA_MODULE, "1.9", [("error", BY_THE_MODULE, "raises NotImplementedError at fit, test and predict")]),
        (DATA_MODULE, "2.6", [("warning", BY_THE_MODULE, SILENT)]),
        (
            CALL_HOOK,
            "1.9",
            [
                (
                    "error",
                    "`Trainer.call_hook` was removed in lightning 1.8",
                    "raises NotImplementedError when it is called",
                )
            ],
        ),
        (
            CALL_HOOK,
            "2.0",
            [
                (
                    "error",
                    "`Trainer.call_hook` was removed in lightning 1.8",
                    "raises AttributeError: 'Trainer' object has no attribute 'call_hook'",
                )
            ],
        ),
        (TAKEN_IN_TURNS, "1.9", []),
        (
            TWO_OPTIMIZERS,
            "1.9",
            [("error", TWO, "`fit` raises ValueError: `training_step` is missing the `optimizer_idx` argument")],
        ),
        (
            TWO_OPTIMIZERS,
            "2.0",
            [
                (
                    "error",
                    TWO,
                    "`fit` raises RuntimeError: multiple optimizers are only supported with manual optimization",
                )
            ],
        ),
        (OPT_IDX, "1.9", []),
        (
            OPT_IDX,
            "2.0",
            [
                (
                    "warning",
                    "`opt_idx` is not a key of the scheduler's configuration",
                    "Lightning drops it with a RuntimeWarning: it has no effect",
                )
            ],
        ),
    ],
)
def test_the_consequence_is_that_of_the_version(
    program: str, version: str, expected: list[tuple[str, str, str]]
) -> None:
    assert said(program, installed((), wanted={"lightning": version})) == expected


ONE_CYCLE = """
    import torch

    optimizer = torch.optim.SGD(torch.nn.Linear(4, 2).parameters(), lr=0.1)
    torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1)
"""
VERBOSE = ONE_CYCLE.replace("OneCycleLR(optimizer, max_lr=0.1)", "StepLR(optimizer, 1, verbose=True)")
NAMES = """
    import torch

    a, b = torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)
    torch.optim.Adam([{"params": a.named_parameters()}, {"params": b.parameters()}], lr=0.1)
"""
SCALER = """
    import torch

    scaler = torch.cuda.amp.GradScaler()
"""
NO_LENGTH = "`OneCycleLR` is built without `total_steps`, nor `epochs` and `steps_per_epoch`"
NO_VERBOSE = "`StepLR` has no argument `verbose` since torch 2.7"
MIXED = "these parameters come without names, others of the optimizer with"


@pytest.mark.parametrize(
    ("program", "version", "expected"),
    [
        (ONE_CYCLE, "2.2", [("error", NO_LENGTH, "raises when the scheduler is built")]),
        (
            ONE_CYCLE,
            "2.4",
            [
                (
                    "error",
                    NO_LENGTH,
                    "raises ValueError: You must define either total_steps OR (epochs AND steps_per_epoch)",
                )
            ],
        ),
        (VERBOSE, "2.6", []),
        (
            VERBOSE,
            "2.7",
            [
                (
                    "error",
                    NO_VERBOSE,
                    "raises TypeError when the scheduler is built: unexpected keyword argument 'verbose'",
                )
            ],
        ),
        (
            NAMES,
            "2.5",
            [("error", MIXED, "raises TypeError before torch 2.6: no parameter of an optimizer has a name")],
        ),
        (
            NAMES,
            "2.6",
            [("error", MIXED, "raises ValueError: all optimizer param groups should be with/without names")],
        ),
        (SCALER, "2.2", []),
        (
            SCALER,
            "2.4",
            [("hint", "`torch.cuda.amp.GradScaler` is deprecated", "issues a FutureWarning with each call")],
        ),
    ],
)
def test_the_consequence_is_that_of_the_version_of_torch(
    program: str, version: str, expected: list[tuple[str, str, str]]
) -> None:
    assert said(program, installed((), wanted={"torch": version})) == expected
