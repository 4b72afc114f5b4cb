"""Classes of the project and of the frameworks: ancestry, members, what kind of thing they describe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dryfit.semantic.heap import Heap
from dryfit.semantic.values import ClassValue, External, FunctionValue, Value

if TYPE_CHECKING:
    from dryfit.semantic.program import Program

MODULE = "torch.nn.Module"
LIGHTNING_MODULE = "lightning.pytorch.LightningModule"
PARAMETER = "torch.nn.Parameter"
OPTIMIZER = "torch.optim.Optimizer"
SCHEDULER = "torch.optim.lr_scheduler.LRScheduler"

# Classes that add nothing to an instance's attributes.
_EMPTY_BASES = frozenset(
    {
        "builtins.object",
        "abc.ABC",
        "typing.Generic",
        "typing.Protocol",
        "typing_extensions.Protocol",
        "typing_extensions.Generic",
    }
)

_KINDS = (
    ("lightning.pytorch.LightningModule", "lightning_module"),
    ("lightning.pytorch.Callback", "callback"),
    ("lightning.pytorch.callbacks.Callback", "callback"),
    ("lightning.pytorch.LightningDataModule", "datamodule"),
    (SCHEDULER, "scheduler"),
    (OPTIMIZER, "optimizer"),
    (MODULE, "module"),
    ("torch.utils.data.Dataset", "dataset"),
)


class Member(NamedTuple):
    """A member found in `owner`; `function` if it is a method that can be followed, `getter` if it is a property that
    can be, else its value."""

    owner: ClassValue
    function: FunctionValue | None
    is_static: bool
    is_class_method: bool
    value: Value
    heap: Heap
    getter: FunctionValue | None = None
    is_cached: bool = False


def ancestry(program: Program[Any], cls: ClassValue | External) -> tuple[tuple[str, ...], bool]:
    """Names of the class and all classes above it, project classes by their plain name; is one of them not known?"""
    if isinstance(cls, External):
        found = program.bases(cls.path)
        return found, not found
    mro, is_open = program.mro(cls)
    names: list[str] = []
    for c in mro:
        for name in (c.path,) if isinstance(c, ClassValue) else program.bases(c.path) or (c.path,):
            if name not in names:
                names.append(name)
    return tuple(names), is_open


def framework_bases(program: Program[Any], cls: ClassValue | External) -> tuple[str, ...]:
    """The framework classes among the ancestors."""
    if isinstance(cls, External):
        return program.bases(cls.path)
    names: list[str] = []
    for c in program.mro(cls)[0]:
        if isinstance(c, External):
            names += [n for n in program.bases(c.path) if n not in names]
    return tuple(names)


def nearest_framework_class(program: Program[Any], cls: ClassValue | External) -> str:
    """The first framework class above a class of the project, or the class itself; "" if there is none."""
    if isinstance(cls, External):
        return cls.path
    for c in program.mro(cls)[0]:
        if isinstance(c, External) and program.bases(c.path):
            return c.path
    return ""


def kind_of(program: Program[Any], cls: ClassValue | External) -> str:
    """module, lightning_module, callback, datamodule, dataset, optimizer, scheduler, or ""."""
    bases = framework_bases(program, cls)
    return next((kind for name, kind in _KINDS if name in bases), "")


def is_module_class(program: Program[Any], cls: ClassValue | External) -> bool:
    return MODULE in framework_bases(program, cls)


def is_known_base(program: Program[Any], path: str) -> bool:
    """Is everything known that a base class of this name adds?"""
    return path in _EMPTY_BASES or bool(program.frameworks.bases(path)) or path.startswith("builtins.")


def is_empty_base(path: str) -> bool:
    return path in _EMPTY_BASES


def member(program: Program[Any], cls: ClassValue, name: str, *, after: ClassValue | bool = False) -> Member | None:
    """A member by the linearised bases of the project, from the class itself on, or from behind it or `after`.

    None if no project class there defines it.
    """
    for c in behind(program, cls, cls if after is True else after or None):
        if isinstance(c, ClassValue):
            found: Member | None = program.ask("member", c.module, c.path, name)
            if found is not None:
                return found
    return None


def behind(program: Program[Any], cls: ClassValue, after: ClassValue | None) -> tuple[ClassValue | External, ...]:
    """The lookup order of a class, from behind `after` on: where `super()` looks in a method of that one."""
    order = program.mro(cls)[0]
    return order[order.index(after) + 1 :] if after in order else order
