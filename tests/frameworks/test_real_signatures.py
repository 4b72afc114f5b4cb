"""Signatures read from the sources, against `inspect.signature` of the imported frameworks."""

import inspect

import pytest

from dryfit.frameworks import Signature, bundled

from . import real
from .test_signature_text import KINDS

# A default that is no literal is kept as its source text; these are compared by name and kind only.
LITERALS = (type(None), bool, int, float, str, tuple)


def shape(signature: Signature) -> list[tuple[str, str, bool]]:
    return [(p.name, p.kind, p.default is not None) for p in signature.parameters]


def real_shape(target: object) -> list[tuple[str, str, bool]]:
    parameters = inspect.signature(target).parameters.values()  # type: ignore[arg-type]
    return [(p.name, KINDS[p.kind], p.default is not p.empty) for p in parameters]


def has_own_constructor(cls: type) -> bool:
    """`@deprecated` wraps a constructor into one that seems to take anything."""
    if "__deprecated__" in vars(cls):
        return False
    return any("__init__" in vars(base) or "__new__" in vars(base) for base in cls.__mro__[:-1])


@pytest.mark.parametrize(
    "module",
    [
        "torch.optim",
        "torch.optim.lr_scheduler",
        "torch.optim.swa_utils",
        "torch.nn",
        "torch.utils.data",
        "torch.amp",
        "torch.cuda.amp",
        "lightning.pytorch",
        "lightning.pytorch.callbacks",
        "lightning.pytorch.loggers",
        "lightning.pytorch.profilers",
        "lightning.pytorch.strategies",
        "lightning.pytorch.tuner",
        "lightning.pytorch.utilities",
        "lightning.fabric",
    ],
)
def test_constructors(module):
    wrong = {}
    for name, cls in real.classes(module).items():
        signature = bundled().signature(name)
        if signature is not None and has_own_constructor(cls) and shape(signature) != real_shape(cls):
            wrong[name] = (shape(signature), real_shape(cls))
    assert wrong == {}


def test_constructors_that_are_not_known():
    modules = ("torch.optim", "torch.optim.lr_scheduler", "torch.nn", "lightning.pytorch.callbacks")
    unknown = {name for module in modules for name in real.classes(module) if bundled().signature(name) is None}
    assert unknown == set()


@pytest.mark.parametrize(
    "path",
    [
        "torch.optim.Adam",
        "torch.optim.SGD",
        "torch.optim.lr_scheduler.OneCycleLR",
        "torch.optim.lr_scheduler.ReduceLROnPlateau",
        "torch.utils.data.DataLoader",
        "torch.nn.Conv2d",
        "lightning.pytorch.Trainer",
        "lightning.pytorch.callbacks.ModelCheckpoint",
        "lightning.pytorch.callbacks.EarlyStopping",
    ],
)
def test_defaults(path):
    module, _, name = path.rpartition(".")
    signature = bundled().signature(path)
    assert signature is not None
    for parameter in inspect.signature(getattr(real.module(module), name)).parameters.values():
        read = signature.parameter(parameter.name)
        assert read is not None
        if parameter.default is not parameter.empty and isinstance(parameter.default, LITERALS):
            assert eval(read.default or "", {}) == parameter.default, parameter.name


@pytest.mark.parametrize(
    ("module", "cls"),
    [
        ("torch.optim", "Optimizer"),
        ("torch.optim", "Adam"),
        ("torch.optim", "LBFGS"),
        ("torch.optim.lr_scheduler", "ReduceLROnPlateau"),
        ("torch.nn", "Module"),
        ("torch.nn", "Sequential"),
        ("lightning.pytorch", "Trainer"),
        ("lightning.pytorch", "LightningModule"),
        ("lightning.pytorch", "LightningDataModule"),
        ("lightning.pytorch", "Callback"),
        ("lightning.pytorch.callbacks", "ModelCheckpoint"),
    ],
)
def test_methods(module, cls):
    """Every public method, inherited ones included, that is a plain function at run time.

    `forward` of a bare Module is an attribute that holds a function of another name.
    """
    wrong = {}
    for name, method in inspect.getmembers(getattr(real.module(module), cls), inspect.isfunction):
        if name.startswith("_") or name == "forward" or not method.__module__.startswith(("torch.", "lightning.")):
            continue
        is_static = isinstance(inspect.getattr_static(getattr(real.module(module), cls), name), staticmethod)
        expected = real_shape(method)[0 if is_static else 1 :]
        signature = bundled().signature(f"{module}.{cls}.{name}")
        if signature is None or shape(signature) != expected:
            wrong[name] = (signature and shape(signature), expected)
    assert wrong == {}


@pytest.mark.parametrize("module", ["torch.nn.functional", "torch.nn.init", "torch.nn.utils"])
def test_functions(module):
    wrong = {}
    for name, function in vars(real.module(module)).items():
        signature = bundled().signature(f"{module}.{name}")
        if inspect.isfunction(function) and signature is not None and not name.startswith("_"):
            if shape(signature) != real_shape(function):
                wrong[name] = (shape(signature), real_shape(function))
    assert wrong == {}


def test_functions_that_matter_are_known():
    known = {
        path: bundled().signature(path)
        for path in (
            "torch.nn.functional.cross_entropy",
            "torch.nn.functional.mse_loss",
            "torch.nn.utils.clip_grad_norm_",
            "torch.save",
            "torch.load",
            "torch.manual_seed",
            "torch.compile",
            "torch.utils.checkpoint.checkpoint",
            "torch.distributed.init_process_group",
            "lightning.seed_everything",
        )
    }
    assert [path for path, signature in known.items() if signature is None] == []


def test_unknown_paths_have_no_signature():
    frameworks = bundled()
    assert frameworks.signature("torch.nn.Linear.no_such_method") is None
    assert frameworks.signature("torch.tensor") is None
    assert frameworks.signature("mine.Net") is None
    assert frameworks.signature("") is None


def test_trainer_takes_keywords_alone():
    signature = bundled().signature("pytorch_lightning.Trainer")
    assert signature is not None
    assert signature.positional == ()
    assert not signature.has_var_keyword
    assert signature.accepts("max_epochs")
    assert not signature.accepts("gpus")
