"""Which metrics a module logs, and when that cannot be told."""

from __future__ import annotations

from textwrap import dedent

import pytest
from facts_of import HEAD, program_of

from dryfit.semantic.values import UNKNOWN, ClassValue, Unknown

MODULE = """
class Base(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 1)
    def training_step(self, batch, batch_idx):
        return self._step(batch, "train")
    def _step(self, batch, stage):
        loss = self.layer(batch).mean()
        self.log(f"{stage}_loss", loss)
        return loss
"""


def logged(text: str) -> tuple[tuple[str, str], ...] | Unknown:
    """(key, hook) of what the class `M` logs."""
    found = program_of(HEAD + MODULE + dedent(text)).logged_keys(ClassValue("t.py", "M"))
    return found if found is UNKNOWN else tuple((key.key, key.hook) for key in found)


def test_keys_of_helpers_and_bases() -> None:
    assert logged("""
        class M(Base):
            def validation_step(self, batch, batch_idx):
                self._step(batch, "val")
            def on_train_epoch_end(self):
                self.log_dict({"a": 1.0, "b": 2.0})
        """) == (
        ("a", "on_train_epoch_end"),
        ("b", "on_train_epoch_end"),
        ("train_loss", "training_step"),
        ("val_loss", "validation_step"),
    )


def test_a_method_that_is_overridden_does_not_count() -> None:
    assert logged("""
        class M(Base):
            def _step(self, batch, stage):
                self.log("loss", self.layer(batch).mean(), prog_bar=True)
                return self.layer(batch).mean()
        """) == (("loss", "training_step"),)


def test_what_else_is_called_log_is_let_through() -> None:
    assert logged("""
        import math
        class M(Base):
            def validation_step(self, batch, batch_idx):
                self.log("val", torch.log(batch).mean() + math.log(2) + batch.log().mean())
                self.logger.experiment.log({"a": 1}, step=2)
        """) == (("train_loss", "training_step"), ("val", "validation_step"))


@pytest.mark.parametrize(
    "method",
    [
        "def validation_step(self, batch, batch_idx, name): self.log(name, 1.0)",
        "def validation_step(self, batch, batch_idx): self.log_dict(self.metrics(batch))",
        "def validation_step(self, batch, batch_idx): report(self, batch)",
        "def validation_step(self, batch, batch_idx): getattr(self, batch_idx)('val')",
        "def validation_step(self, batch, batch_idx): self.trainer.callback_metrics['x'] = 1",
        "def validation_step(self, batch, batch_idx): list(map(self.log, ['a'], [1.0]))",
        "def validation_step(self, batch, batch_idx): self.inner.validation_step(batch, batch_idx)",
        "def never_called(self): self.log('a', 1.0)",
        "def configure_callbacks(self): return []",
    ],
)
def test_what_is_not_known_makes_everything_unknown(method: str) -> None:
    assert logged(f"class M(Base):\n    {method}\n") is UNKNOWN


def test_an_unknown_base_makes_everything_unknown() -> None:
    assert logged("class M(Base, Mixin):\n    pass\n") is UNKNOWN


@pytest.mark.parametrize(
    ("call", "names", "is_watchable"),
    [
        ("self.log('a', 1.0)", {"a"}, True),
        ("self.log('a', 1.0, on_step=True)", {"a", "a_step", "a_epoch"}, True),
        ("self.log('a', 1.0, False, True, True, False)", {"a"}, False),
        ("self.log('a', 1.0, on_step=batch_idx)", {"a", "a_step", "a_epoch"}, True),
    ],
)
def test_names_and_suffixes(call: str, names: set[str], is_watchable: bool) -> None:
    text = HEAD + MODULE + f"class M(Base):\n    def validation_step(self, batch, batch_idx): {call}\n"
    found = program_of(text).logged_keys(ClassValue("t.py", "M"))
    assert found is not UNKNOWN
    (key,) = (key for key in found if key.key == "a")
    assert (key.names, key.is_watchable) == (names, is_watchable)
