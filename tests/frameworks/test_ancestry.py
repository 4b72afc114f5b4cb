"""Ancestry, against the method resolution orders of the real classes."""

import inspect

import pytest

from dryfit.frameworks import bundled
from dryfit.frameworks.lineage import linearised

from . import real

TORCH_MODULES = ("torch.optim", "torch.optim.lr_scheduler", "torch.optim.swa_utils", "torch.nn", "torch.utils.data")
LIGHTNING_MODULES = ("lightning.pytorch", "lightning.pytorch.callbacks", "lightning.pytorch.loggers")


def real_order(cls: type) -> list[str]:
    """Canonical names of the ancestors that torch and Lightning define; `_LRScheduler` counts as LRScheduler."""
    names = [bundled().canonical(f"{base.__module__}.{base.__qualname__}") for base in inspect.getmro(cls)]
    return list(dict.fromkeys(name for name in names if name.startswith(("torch.", "lightning."))))


@pytest.mark.parametrize("module", [*TORCH_MODULES, *LIGHTNING_MODULES])
def test_order_is_the_real_one(module):
    wrong = {}
    for name, cls in real.classes(module).items():
        if "datapipes._decorator" in cls.__module__:
            continue  # not read: internal
        read = [base for base in bundled().bases(name) if base.startswith(("torch.", "lightning."))]
        if read != real_order(cls):
            wrong[name] = (read, real_order(cls))
    assert wrong == {}


@pytest.mark.parametrize(
    ("path", "bases"),
    [
        ("torch.optim.Adam", ("torch.optim.Adam", "torch.optim.Optimizer")),
        ("torch.optim.AdamW", ("torch.optim.AdamW", "torch.optim.Adam", "torch.optim.Optimizer")),
        ("torch.nn.Linear", ("torch.nn.Linear", "torch.nn.Module")),
        (
            "torch.optim.lr_scheduler.ReduceLROnPlateau",
            ("torch.optim.lr_scheduler.ReduceLROnPlateau", "torch.optim.lr_scheduler.LRScheduler"),
        ),
        ("torch.utils.data.TensorDataset", ("torch.utils.data.TensorDataset", "torch.utils.data.Dataset")),
        (
            "pytorch_lightning.callbacks.EarlyStopping",
            ("lightning.pytorch.callbacks.EarlyStopping", "lightning.pytorch.Callback"),
        ),
        ("torch.tensor", ()),
        ("torch.nn.functional.relu", ()),
        ("mine.Net", ()),
    ],
)
def test_bases(path, bases):
    assert bundled().bases(path) == bases


@pytest.mark.parametrize(
    ("path", "base", "expected"),
    [
        ("lightning.LightningModule", "torch.nn.modules.module.Module", True),
        ("torch.nn.Linear", "torch.nn.Linear", True),
        ("torch.nn.Module", "torch.nn.Linear", False),
        ("torch.optim.lr_scheduler.OneCycleLR", "torch.optim.lr_scheduler._LRScheduler", True),
        ("torch.utils.data.IterableDataset", "torch.utils.data.Dataset", True),
        ("torch.nn.Parameter", "torch.Tensor", True),
        ("mine.Net", "mine.Net", False),
    ],
)
def test_is_subclass(path, base, expected):
    assert bundled().is_subclass(path, base) is expected


def test_diamond_is_merged_as_python_does():
    class A: ...

    class B(A): ...

    class C(A): ...

    class D(B, C): ...

    classes = {cls.__name__: cls for cls in (A, B, C, D)}
    order = linearised("D", lambda name: [b.__name__ for b in classes[name].__bases__ if b is not object])
    assert order == tuple(cls.__name__ for cls in D.__mro__[:-1])


@pytest.mark.parametrize(
    "bases",
    [{"A": ["A"]}, {"A": ["B"], "B": ["A"]}, {"A": ["B", "C"], "B": ["C", "D"], "C": ["D"], "D": ["B"]}],
)
def test_impossible_ancestry_ends(bases):
    assert linearised("A", lambda name: bases.get(name, []))[0] == "A"
