"""What a method returns for an object of which only the class is known, and how many loaders that makes."""

from __future__ import annotations

from textwrap import dedent

import pytest
from facts_of import facts_of

from dryfit.semantic.facts import TrainerCall, loader_count
from dryfit.semantic.operand import Operand
from dryfit.semantic.values import UNKNOWN

LOADER = "torch.utils.data.DataLoader(self.rows)"


def loaders(method: str, fit: str = "L.Trainer().fit(M())") -> Operand | object:
    """Where the validation loaders of a module with this `val_dataloader` come from."""
    text = f"class M(L.LightningModule):\n    def setup(self, stage): self.rows = [1]\n    {method}\n{dedent(fit)}\n"
    (call,) = facts_of(text, TrainerCall)
    return call.loaders("val")


@pytest.mark.parametrize(
    ("returned", "count"),
    [
        (LOADER, (1, 1)),
        (f"[{LOADER}]", (1, 1)),
        (f"[{LOADER}, {LOADER}]", (2, 2)),
        (f"{{'a': {LOADER}, 'b': ({LOADER}, self.other)}}", (3, None)),
        (f"[{LOADER} for part in (1, 2, 3)]", (3, 3)),
        (f"[{LOADER} for part in self.parts]", (0, None)),
        (f"[{LOADER}, {LOADER}] if self.rows else {LOADER}", (1, 2)),
        ("[]", (0, 0)),
        ("self.given", (0, None)),
    ],
)
def test_loaders_of_a_hook(returned: str, count: tuple[int, int | None]) -> None:
    found = loaders(f"def val_dataloader(self): return {returned}")
    assert isinstance(found, Operand)
    assert loader_count(found) == count


def test_no_hook_is_none() -> None:
    assert loaders("pass") is None


def test_a_hook_that_is_not_seen_is_unknown() -> None:
    assert loaders("@given\n    def val_dataloader(self): return []") is UNKNOWN


def test_a_data_module_counts_whether_it_has_the_hook_or_not() -> None:
    hook = f"def val_dataloader(self): return [{LOADER}, {LOADER}]"
    data = "class D(L.LightningDataModule):\n    def train_dataloader(self): return 1\n"
    assert loaders(hook, data + "L.Trainer().fit(M(), datamodule=D())") is None
    assert loaders(hook, data + "L.Trainer().fit(M(), D())") is None


def test_what_could_be_a_data_module_is_unknown() -> None:
    assert loaders("pass", "def main(data): L.Trainer().fit(M(), data)") is UNKNOWN


def test_an_argument_wins() -> None:
    found = loaders("pass", "def main(a, b): L.Trainer().fit(M(), a, [a, b])")
    assert isinstance(found, Operand)
    assert loader_count(found) == (2, None)
