"""Which Lightning package something comes from, what is imported from the frameworks, what is expected to fail."""

from files import facts_in, program_of

from dryfit.semantic.facts import ClassDefined, FrameworkCall, FrameworkImported, TrainerBuilt, TrainerCall
from dryfit.semantic.operand import Operand

MIXED = """
import lightning as L
import pytorch_lightning as pl
from pytorch_lightning.callbacks import ModelCheckpoint as Saving
from nets import Above, Other

class Net(Above):
    pass

class Both(pl.LightningModule, L.LightningModule):
    pass

trainer = L.Trainer(callbacks=[Saving()])
trainer.fit(Net())
trainer.fit(Other())
trainer.fit(Both())
"""
NETS = """
import pytorch_lightning
from lightning.pytorch import LightningModule
from base import pl

class Above(pytorch_lightning.LightningModule):
    pass

class Other(pl.LightningModule):
    pass
"""


def test_packages_of_what_is_made() -> None:
    files = {"train.py": MIXED, "nets.py": NETS, "base.py": "import lightning.pytorch as pl"}
    program = program_of(files, "train.py")
    assert [built.package for built in facts_in(program, "train.py", TrainerBuilt)] == ["lightning"]
    calls = facts_in(program, "train.py", FrameworkCall)
    assert [call.package for call in calls if call.name.endswith("Checkpoint")] == ["pytorch_lightning"]
    models = [call.model for call in facts_in(program, "train.py", TrainerCall)]
    packages = [model.package for model in models if isinstance(model, Operand)]
    assert packages == ["pytorch_lightning", "lightning", ""]


def test_two_sources_of_a_name() -> None:
    text = """
    try:
        import lightning.pytorch as pl
    except ImportError:
        import pytorch_lightning as pl

    class Net(pl.LightningModule):
        pass

    pl.Trainer()
    """
    program = program_of({"train.py": text}, "train.py")
    assert [built.package for built in facts_in(program, "train.py", TrainerBuilt)] == [""]
    owners = [fact.instance for fact in facts_in(program, "train.py", ClassDefined)]
    assert [owner.package for owner in owners if isinstance(owner, Operand)] == [""]


def test_imports_at_the_top() -> None:
    text = """
    import torch.nn as nn, numpy
    from pytorch_lightning.metrics import Accuracy, F1
    from lightning.pytorch import *
    try:
        from pytorch_lightning.utilities.cli import LightningCLI
    except ImportError:
        pass
    def late():
        import lightning
    """
    program = program_of({"train.py": text}, "train.py")
    paths = [fact.path for fact in facts_in(program, "train.py", FrameworkImported)]
    assert paths == [
        "torch.nn",
        "pytorch_lightning.metrics.Accuracy",
        "pytorch_lightning.metrics.F1",
        "lightning.pytorch",
    ]


def test_calls_that_are_expected_to_fail() -> None:
    text = """
    import lightning as L
    import pytest

    first = L.Trainer()
    with pytest.raises(TypeError):
        second = L.Trainer(gpus=1)
    """
    program = program_of({"train.py": text}, "train.py")
    assert [b.is_expected_to_fail for b in facts_in(program, "train.py", TrainerBuilt)] == [False, True]
    calls = [c for c in facts_in(program, "train.py", FrameworkCall) if c.name == "lightning.pytorch.Trainer"]
    assert [call.is_expected_to_fail for call in calls] == [False, True]
