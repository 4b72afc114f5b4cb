"""What operands ask about classes: the part of the program that they see."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from dryfit.semantic import written
from dryfit.semantic.heap import Heap
from dryfit.semantic.values import ClassValue, External, Ref, Site, Unknown, Value
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.lightning_facts import LoggedKey


class Classes(Protocol):
    """What operands ask about classes."""

    def ancestry(self, cls: ClassValue | External) -> tuple[tuple[str, ...], bool]:
        """Canonical names of the class and all classes above it, and whether one of them is not known."""
        ...

    def has_method(self, cls: ClassValue | External, name: str) -> bool | Unknown:
        """Does the class, or one above it, define the method?"""
        ...

    def parameter_owners(self, heap: Heap, refs: Iterable[Ref]) -> frozenset[Ref]:
        """What certainly owns a parameter in or below these modules."""
        ...

    def is_empty_module(self, heap: Heap, ref: Ref) -> bool:
        """Is certainly no parameter registered in or below this module?"""
        ...

    def reads(self, cls: ClassValue, name: str) -> bool:
        """Does a method of the project's classes read this attribute of `self`?"""
        ...

    def method(self, cls: ClassValue, name: str) -> tuple[tree.Function, Site] | Unknown | None:
        """The project's method of that name that objects of the class have, and where its name stands."""
        ...

    def returned(self, cls: ClassValue, name: str) -> tuple[Value, Heap, Site] | Unknown | None:
        """What that method returns, for arguments that are not known."""
        ...

    def logged_keys(self, cls: ClassValue) -> tuple[LoggedKey, ...] | Unknown:
        """Every metric that a LightningModule logs."""
        ...

    def is_quiet(self, cls: ClassValue) -> bool:
        """Does an object of the class certainly log nothing?"""
        ...

    def package(self, cls: ClassValue) -> str:
        """The package of the Lightning class above it: lightning or pytorch_lightning, "" if that is not known."""
        ...

    def written_at(self, site: Site) -> written.Written | None:
        """The literal, the display or the keyword argument whose name is the text of exactly this place."""
        ...
