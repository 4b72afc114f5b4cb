"""Facts about Lightning: what is defined for a Trainer, and what a Trainer is asked to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dryfit.semantic.arguments import Arguments
from dryfit.semantic.operand import Operand
from dryfit.semantic.values import UNKNOWN, Site, Unknown
from dryfit.syntax import tree

DATA_MODULE = "lightning.pytorch.LightningDataModule"
COMBINED_LOADER = "lightning.pytorch.utilities.CombinedLoader"
_DATAMODULE = {"fit": 3, "validate": 4, "test": 4, "predict": 2}  # where a data module can be given by position


@dataclass(frozen=True, slots=True)
class TrainerBuilt:
    """`lightning.pytorch.Trainer(...)`. `package`: lightning or pytorch_lightning, "" if that is not known.

    `is_expected_to_fail`: the code around it waits for an exception, and goes on after it.
    """

    site: Site
    arguments: Arguments
    trainer: Operand
    package: str = ""
    is_expected_to_fail: bool = False


@dataclass(frozen=True, slots=True)
class TrainerCall:
    """`trainer.fit(...)`, `validate`, `test`, `predict`, or a call on the class (`Trainer.from_argparse_args`).

    `is_expected_to_fail`: the code around it waits for an exception, and goes on after it.
    """

    site: Site
    name_site: Site
    method: str
    arguments: Arguments
    trainer: Operand
    is_expected_to_fail: bool = False

    @property
    def model(self) -> Operand | None:
        """The module that is certainly given."""
        return self.arguments.known(0, "model")

    def loaders(self, stage: str) -> Operand | Unknown | None:
        """Where the batches of a stage (train, val, test, predict) come from: an argument, or what a hook returns.

        None: nothing gives any. Source: lightning 2.6.6, `_DataConnector.attach_data`: a data module that is given
        counts for all stages, whether it has the hook or not.
        """
        if self.method not in _DATAMODULE:
            return UNKNOWN
        data = self.arguments.get(_DATAMODULE[self.method], "datamodule")
        first = self.arguments.get(1, "train_dataloaders" if self.method == "fit" else "dataloaders")
        given = self.arguments.get(2, "val_dataloaders") if (self.method, stage) == ("fit", "val") else first
        if isinstance(first, Operand) and first.is_a(DATA_MODULE):
            data = first
        elif given is UNKNOWN or (isinstance(given, Operand) and not given.is_none):
            return given
        elif first is UNKNOWN or (isinstance(first, Operand) and not first.is_not_a(DATA_MODULE)):
            return UNKNOWN  # it may be a data module
        if data is None or (isinstance(data, Operand) and data.is_none):
            data = self.model
            return UNKNOWN if data is None else data.method_result(f"{stage}_dataloader")
        if isinstance(data, Operand) and data.is_a(DATA_MODULE):
            return data.method_result(f"{stage}_dataloader")
        return UNKNOWN


def loader_count(loaders: Operand) -> tuple[int, int | None]:
    """How many loaders there are, at least and (None: not known) at most: collections are opened, as Lightning does.

    What cannot be seen in a collection counts as one at least. Source: lightning 2.6.6, `CombinedLoader`.
    """
    counts = [_count(option, 0) for option in loaders.options]
    most = [upper for _, upper in counts if upper is not None]
    return min(least for least, _ in counts), max(most) if len(most) == len(counts) else None


def _count(loaders: Operand, depth: int) -> tuple[int, int | None]:
    if loaders.kind == "dict":
        entries = loaders.entries
        parts = () if entries is UNKNOWN else tuple(value for _, value in entries)
        is_whole = entries is not UNKNOWN
    elif loaders.kind in ("list", "tuple"):
        parts, is_whole = loaders.known_elements, loaders.elements is not UNKNOWN
    else:
        is_one = loaders.kind in ("instance", "tensor", "generator") and not loaders.is_a(COMBINED_LOADER)
        return int(is_one or depth > 0), 1 if is_one else None
    counts = [_count(part, depth + 1) for part in parts]
    most = [upper for _, upper in counts if upper is not None]
    return sum(least for least, _ in counts), sum(most) if is_whole and len(most) == len(counts) else None


@dataclass(frozen=True, slots=True)
class FrameworkImported:
    """An import at the top of a file, under no condition, of what torch or Lightning offer, by the path as written."""

    site: Site
    path: str


@dataclass(frozen=True, slots=True)
class TrainerAttribute:
    """`trainer.name` or `Trainer.name` read, whatever is done with it."""

    site: Site
    name_site: Site
    name: str
    on_class: bool


@dataclass(frozen=True, slots=True)
class ClassDefined:
    """A class of the file, in the root of the class itself.

    `kind`: module (torch), lightning_module, callback, datamodule, dataset, optimizer, scheduler, or "".
    `framework_bases`: canonical names of all framework classes above. `is_open`: a base, metaclass or decorator is not
    known, so nothing may be said about what the class lacks. `methods`: its own, by name.
    `uses_automatic_optimization`: False if the constructor certainly sets `automatic_optimization = False`.
    `is_driven_by_hand`: no Trainer sees the class and the file drives it by its own loop or by Fabric.
    `project_bases`: names of the project's classes above it.
    """

    site: Site
    name: str
    kind: str
    framework_bases: tuple[str, ...]
    project_bases: tuple[str, ...]
    is_open: bool
    methods: Mapping[str, tree.Function]
    uses_automatic_optimization: bool | Unknown
    is_driven_by_hand: bool
    instance: Operand | Unknown  # after construction with unknown arguments


@dataclass(frozen=True, slots=True)
class HookDefined:
    """A method of a LightningModule, Callback or LightningDataModule, in its own root, whatever its name.

    `kind`: module, callback or datamodule. `site` is the method's name; `function` its definition (spans relative to
    the same unit as the site). `is_plain`: no decorator that could change what it takes. `is_called_above`: a class of
    the project that this one inherits from calls the name, so it is the project's own hook. `is_called_below`, of a
    `training_step`: a class of the same file that inherits from this one calls it and goes on with what it returns.
    """

    site: Site
    kind: str
    name: str
    class_name: str
    function: tree.Function
    is_static: bool
    is_plain: bool
    owner: ClassDefined
    is_called_above: bool
    is_called_below: bool = False


@dataclass(frozen=True, slots=True)
class LoggedKey:
    """A metric that a LightningModule logs in a hook, in the hook itself or in what it calls.

    `on_step` and `on_epoch` as they are in force, the hook's defaults included.
    """

    key: str
    hook: str
    on_step: bool | Unknown
    on_epoch: bool | Unknown
    has_index: bool | Unknown  # with several loaders, the loader's index is added to its name
    site: Site

    @property
    def is_watchable(self) -> bool:
        """Do callbacks of `fit` get to see it? Those of a validation step only at the end of the epoch."""
        if self.hook.startswith(("test_", "on_test_", "predict_", "on_predict_")):
            return False
        return "validation" not in self.hook or self.on_epoch is not False

    @property
    def names(self) -> frozenset[str]:
        """Under which names: with suffixes if it is logged by step and by epoch.

        Source: lightning 2.6.6, `_ResultMetric.forked_name`.
        """
        if self.on_step is False or self.on_epoch is False:
            return frozenset({self.key})
        return frozenset({self.key, f"{self.key}_step", f"{self.key}_epoch"})


@dataclass(frozen=True, slots=True)
class OptimizersReturned:
    """A `return value` of a LightningModule's `configure_optimizers`, if a Trainer gets the value as it is.

    Not emitted for one that is decorated, or that no Trainer calls (`is_driven_by_hand`). `schedulers`: those that are
    certainly in the value, or their dicts, each with the dict of the optimizer beside which it stands, if any.
    """

    site: Site
    hook: HookDefined
    value: Operand
    schedulers: tuple[tuple[Operand, Operand | None], ...]

    @property
    def is_automatic(self) -> bool:
        """Lightning certainly steps by itself."""
        return self.hook.owner.uses_automatic_optimization is True

    @property
    def is_manual(self) -> bool:
        """The module certainly steps."""
        return self.hook.owner.uses_automatic_optimization is False


def schedulers_in(value: Operand) -> Iterator[tuple[Operand, Operand | None]]:
    """The schedulers, or their dicts, in what `configure_optimizers` returns, each with the dict beside it, if any.

    They are the second of two lists, or what stands under `lr_scheduler` in a dict or in a list of dicts.

    Source: lightning 2.6.6, `lightning.pytorch.core.optimizer._configure_optimizers`.
    """
    parts = value.known_elements
    if len(parts) == 2 and parts[0].kind == "list":
        yield from ((scheduler, None) for scheduler in _listed(parts[1]))
        return
    for config in parts or (value,):
        scheduler = config.entry("lr_scheduler")
        if isinstance(scheduler, Operand):
            yield scheduler, config


def _listed(part: Operand) -> tuple[Operand, ...]:
    return part.known_elements if part.kind == "list" else (part,)
