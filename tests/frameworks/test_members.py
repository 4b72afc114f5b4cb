"""Members: nothing that a real instance has may be missing where the table claims to know all."""

import re
import warnings

import pytest

from dryfit.frameworks import bundled

from . import real


def instance(path: str) -> object:
    torch = real.module("torch")
    lightning = real.module("lightning.pytorch")
    weight = torch.nn.Parameter(torch.zeros(2))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    dataset = torch.utils.data.TensorDataset(torch.zeros(4, 2))
    makers = {
        "torch.nn.Module": torch.nn.Module,
        "torch.nn.Linear": lambda: torch.nn.Linear(2, 2),
        "torch.nn.BatchNorm2d": lambda: torch.nn.BatchNorm2d(2),
        "torch.nn.MultiheadAttention": lambda: torch.nn.MultiheadAttention(4, 2),
        "torch.nn.CrossEntropyLoss": torch.nn.CrossEntropyLoss,
        "torch.optim.SGD": lambda: optimizer,
        "torch.optim.Adam": lambda: torch.optim.Adam([weight]),
        "torch.optim.lr_scheduler.StepLR": lambda: torch.optim.lr_scheduler.StepLR(optimizer, 1),
        "torch.optim.lr_scheduler.ReduceLROnPlateau": lambda: torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer),
        "torch.utils.data.DataLoader": lambda: torch.utils.data.DataLoader(dataset),
        "torch.utils.data.TensorDataset": lambda: dataset,
        "lightning.pytorch.LightningModule": lightning.LightningModule,
        "lightning.pytorch.LightningDataModule": lightning.LightningDataModule,
        "lightning.pytorch.Callback": lightning.Callback,
        "lightning.pytorch.callbacks.EarlyStopping": lambda: lightning.callbacks.EarlyStopping("loss"),
        "lightning.pytorch.callbacks.ModelCheckpoint": lightning.callbacks.ModelCheckpoint,
        "lightning.pytorch.Trainer": lambda: lightning.Trainer(logger=False, accelerator="cpu"),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return makers[path]()


# What the interpreter adds to every class, and what `typing.Generic` and `abc.ABC` bring along.
AUTOMATIC = set(dir(type("Empty", (), {}))) | {
    "__abstractmethods__", "_abc_impl", "__orig_bases__", "__parameters__", "__class_getitem__",
    "__static_attributes__", "__firstlineno__", "__slots__", "_is_protocol", "__annotations__",
}  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [
        "torch.nn.Module",
        "torch.nn.Linear",
        "torch.nn.BatchNorm2d",
        "torch.nn.MultiheadAttention",
        "torch.nn.CrossEntropyLoss",
        "torch.optim.SGD",
        "torch.optim.Adam",
        "torch.optim.lr_scheduler.StepLR",
        "torch.optim.lr_scheduler.ReduceLROnPlateau",
        "torch.utils.data.DataLoader",
        "torch.utils.data.TensorDataset",
        "lightning.pytorch.LightningModule",
        "lightning.pytorch.LightningDataModule",
        "lightning.pytorch.Callback",
        "lightning.pytorch.callbacks.EarlyStopping",
        "lightning.pytorch.callbacks.ModelCheckpoint",
        "lightning.pytorch.Trainer",
    ],
)
def test_closed_classes_know_what_instances_have(path):
    frameworks = bundled()
    assert frameworks.is_closed(path)
    mangled = re.compile(r"_[A-Z]\w*?__\w+")  # private to one class, nobody asks for them
    names = {name for name in dir(instance(path)) if not mangled.fullmatch(name)} - AUTOMATIC
    assert {name for name in names if not frameworks.has_member(path, name)} == set()


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("torch.optim.Adam", "step", True),
        ("torch.optim.Adam", "param_groups", True),
        ("torch.optim.Adam", "zero_gradients", False),
        ("lightning.Trainer", "fit", True),
        ("lightning.Trainer", "tune", False),
        ("lightning.LightningModule", "parameters", True),
        ("lightning.LightningModule", "automatic_optimization", True),
        ("mine.Net", "forward", False),
    ],
)
def test_has_member(path, name, expected):
    assert bundled().has_member(path, name) is expected


@pytest.mark.parametrize("path", ["torch.Tensor", "torch.nn.Sequential", "torch.nn.LSTM", "mine.Net"])
def test_open_classes(path):
    assert not bundled().is_closed(path)
