"""Hooks: what the loops pass, and what was removed."""

import pytest

from dryfit.frameworks import Frameworks, Removal, bundled
from dryfit.frameworks.frameworks import HOOK_CLASSES
from dryfit.frameworks.table import ClassEntry, Table

from . import real


@pytest.mark.parametrize(
    ("kind", "name", "positional", "keyword", "optional"),
    [
        ("module", "training_step", ("batch", "batch_idx"), (), ("batch_idx",)),
        (
            "module",
            "validation_step",
            ("batch", "batch_idx", "dataloader_idx"),
            (),
            ("batch_idx", "dataloader_idx"),
        ),
        ("module", "on_train_batch_end", ("outputs", "batch", "batch_idx"), (), ()),
        (
            "module",
            "on_validation_batch_end",
            ("outputs", "batch", "batch_idx", "dataloader_idx"),
            (),
            ("dataloader_idx",),
        ),
        ("module", "configure_optimizers", (), (), ()),
        ("module", "optimizer_step", ("epoch", "batch_idx", "optimizer", "optimizer_closure"), (), ()),
        ("module", "lr_scheduler_step", ("scheduler", "metric"), (), ()),
        ("module", "backward", ("loss",), (), ()),
        ("module", "setup", (), ("stage",), ()),
        (
            "module",
            "configure_gradient_clipping",
            ("optimizer",),
            ("gradient_clip_val", "gradient_clip_algorithm"),
            (),
        ),
        ("module", "transfer_batch_to_device", ("batch", "device", "dataloader_idx"), (), ()),
        ("callback", "setup", ("trainer", "pl_module"), ("stage",), ()),
        ("callback", "on_train_batch_end", ("trainer", "pl_module", "outputs", "batch", "batch_idx"), (), ()),
        ("callback", "on_before_optimizer_step", ("trainer", "pl_module", "optimizer"), (), ()),
        ("callback", "state_dict", (), (), ()),
        ("datamodule", "teardown", (), ("stage",), ()),
        ("datamodule", "train_dataloader", (), (), ()),
    ],
)
def test_what_is_passed(kind, name, positional, keyword, optional):
    hook = bundled().hook(kind, name)
    assert hook is not None
    assert (hook.positional, hook.keyword, hook.optional) == (positional, keyword, optional)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("module", "forward"),
        ("module", "log"),
        ("module", "state_dict"),
        ("module", "manual_backward"),
        ("module", "toggle_optimizer"),
        ("module", "training_epoch_end"),
        ("module", "on_epoch_end"),
        ("module", "my_own_step"),
        ("callback", "train_dataloader"),
        ("callback", "state_key"),
        ("datamodule", "from_datasets"),
        ("datamodule", "load_from_checkpoint"),
    ],
)
def test_what_is_no_hook(kind, name):
    assert bundled().hook(kind, name) is None


@pytest.mark.parametrize("kind", ["module", "callback", "datamodule"])
def test_every_hook_is_a_method_of_the_real_class(kind):
    module, _, cls = HOOK_CLASSES[kind].rpartition(".")
    base = getattr(real.module(module), cls)
    hooks = bundled().hooks(kind)
    assert [name for name in hooks if not callable(getattr(base, name, None))] == []
    ours = {name for name in dir(base) if name.startswith("on_") and callable(getattr(base, name))}
    assert ours - hooks.keys() == set()


@pytest.mark.parametrize("kind", ["module", "callback", "datamodule"])
def test_removed_hooks_are_not_there(kind):
    module, _, cls = HOOK_CLASSES[kind].rpartition(".")
    base = getattr(real.module(module), cls)
    removed = bundled().removed_hooks(kind)
    assert [name for name in removed if hasattr(base, name)] == []
    hooks = bundled().hooks(kind)
    methods = {r.replacement for r in removed.values() if r.replacement and r.replacement.isidentifier()}
    assert methods - hooks.keys() == set()


def test_removals():
    frameworks = bundled()
    assert frameworks.removed_hooks("module")["training_epoch_end"] == Removal(
        "training_epoch_end", "2.0", "on_train_epoch_end", "raises NotImplementedError before the loop starts"
    )
    assert frameworks.removed_hooks("callback")["on_epoch_end"] == Removal(
        "on_epoch_end", "1.8", "on_train_epoch_end", "never called, no error, no warning"
    )
    assert frameworks.removed_trainer_arguments["gpus"].today == "raises TypeError when the Trainer is built"
    assert frameworks.removed_trainer_methods["tune"].removed_in == "2.0"
    assert frameworks.removed_strategies["dp"].replacement == "ddp"
    assert frameworks.misspelt_trainer_arguments["epochs"] == "max_epochs"


def test_nothing_removed_is_accepted():
    frameworks = bundled()
    trainer = frameworks.signature("lightning.Trainer")
    assert trainer is not None
    assert [name for name in frameworks.removed_trainer_arguments if trainer.accepts(name)] == []
    assert [name for name in frameworks.misspelt_trainer_arguments if trainer.accepts(name)] == []
    assert set(frameworks.misspelt_trainer_arguments.values()) <= {p.name for p in trainer.parameters}
    assert frameworks.removed_strategies.keys() & (frameworks.strategies or set()) == set()
    methods = frameworks.removed_trainer_methods
    assert [name for name in methods if hasattr(real.module("lightning.pytorch").Trainer, name)] == []


def version(number: str, **methods: str) -> Frameworks:
    """A Lightning of this version whose LightningModule has these methods and whose Trainer takes `gpus`."""
    classes = {
        "lightning.pytorch.LightningModule": ClassEntry(methods=methods),
        "lightning.pytorch.LightningDataModule": ClassEntry(methods={"on_save_checkpoint": "_\n__", "setup": "stage"}),
        "lightning.pytorch.Trainer": ClassEntry(methods={"__init__": "gpus=None", "tune": "model"}),
    }
    lightning = Table("lightning", number, classes, {}, {}, strategies=frozenset({"dp"}))
    return Frameworks(bundled().torch, lightning, lightning_version=number)


def test_old_versions_still_have_what_they_have():
    frameworks = version("1.9.5", training_epoch_end="outputs", training_step="*args\n**kwargs", setup="stage")
    assert "training_epoch_end" not in frameworks.removed_hooks("module")
    assert frameworks.hook("module", "training_epoch_end") is not None
    assert "gpus" not in frameworks.removed_trainer_arguments
    assert "tune" not in frameworks.removed_trainer_methods
    assert "dp" not in frameworks.removed_strategies
    assert frameworks.removed_hooks("module")["on_epoch_end"].today == "raises RuntimeError at fit, test and predict"


def test_a_method_that_only_refuses_is_no_hook():
    frameworks = version("1.9.5")
    assert list(frameworks.hooks("datamodule")) == ["setup"]
    removal = frameworks.removed_hooks("datamodule")["on_save_checkpoint"]
    assert removal.today == "raises NotImplementedError at fit, test and predict"


@pytest.mark.parametrize(
    ("number", "positional", "optional"),
    [
        ("1.9.5", ("batch", "batch_idx", "dataloader_idx"), ("dataloader_idx",)),
        ("2.0.9.post0", ("batch", "batch_idx", "dataloader_idx"), ("dataloader_idx",)),
        ("2.1.0", ("batch", "batch_idx", "dataloader_idx"), ("batch_idx", "dataloader_idx")),
    ],
)
def test_calls_depend_on_the_version(number, positional, optional):
    hook = version(number, validation_step="*args\n**kwargs").hook("module", "validation_step")
    assert hook is not None
    assert (hook.positional, hook.optional) == (positional, optional)
