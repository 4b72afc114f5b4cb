"""Facts about Lightning: what is defined for a Trainer, and what a Trainer is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dryfit.semantic.arguments import Arguments
from dryfit.semantic.operand import Operand
from dryfit.semantic.values import Site, Unknown
from dryfit.syntax import tree


@dataclass(frozen=True, slots=True)
class TrainerBuilt:
    """`lightning.pytorch.Trainer(...)`."""

    site: Site
    arguments: Arguments
    trainer: Operand


@dataclass(frozen=True, slots=True)
class TrainerCall:
    """`trainer.fit(...)`, `validate`, `test`, `predict`, or a call on the class (`Trainer.from_argparse_args`)."""

    site: Site
    name_site: Site
    method: str
    arguments: Arguments
    trainer: Operand


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
    the same unit as the site). `is_plain`: no decorator that could change what it takes.
    """

    site: Site
    kind: str
    name: str
    class_name: str
    function: tree.Function
    is_static: bool
    is_plain: bool
    owner: ClassDefined


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
