"""Operands: values as a rule sees them, at their place and as they stood when the fact happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING

from dryfit.semantic import collections_of_parameters, written
from dryfit.semantic.heap import DictObject, GeneratorObject, Heap, Instance, ListObject
from dryfit.semantic.history import CLOSED, OPEN, History, joined
from dryfit.semantic.operand_classes import Classes
from dryfit.semantic.values import (
    BATCHES,
    PLAIN,
    UNKNOWN,
    BoundMethod,
    ClassValue,
    ConstantValue,
    External,
    FunctionValue,
    Method,
    OneOf,
    ParameterValue,
    Ref,
    Site,
    TensorValue,
    TupleValue,
    Unknown,
    Value,
    options,
)
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.lightning_facts import LoggedKey


@dataclass(frozen=True, slots=True)
class Operand:
    """A value with the heap it lives in. All questions are conservative: True means certain."""

    value: Value
    site: Site
    heap: Heap = field(repr=False, compare=False)
    classes: Classes = field(repr=False, compare=False)

    # ------------------------------------------------------------------------------------------ alternatives
    @property
    def is_unknown(self) -> bool:
        """Nothing at all is known of it."""
        if self.value is UNKNOWN or self.value == PLAIN:
            return True
        thing = self._object
        return isinstance(thing, Instance) and thing.cls is UNKNOWN

    @property
    def options(self) -> tuple[Operand, ...]:
        """What it can be, one by one: itself, unless ways through the program disagree."""
        if isinstance(self.value, OneOf):
            return tuple(self._at(v) for v in options(self.value))
        return (self,)

    @property
    def kind(self) -> str:
        """constant, tuple, list, set, dict, generator, instance, class, function, method, parameter, tensor, name,
        one-of, unknown.

        A `parameter` is one trainable tensor; `method` is a bound method that was not called; `name` a framework
        function or module; a framework class is a `class`.
        """
        value, thing = self.value, self._object
        if self.is_unknown:
            return "unknown"
        if isinstance(thing, ListObject):
            return thing.kind
        if isinstance(thing, DictObject):
            return "dict"
        if isinstance(thing, GeneratorObject):
            return "generator"
        if isinstance(thing, Instance):
            return "parameter" if self.is_a("torch.nn.Parameter") else "instance"
        if isinstance(value, External):
            return "class" if self.classes.ancestry(value)[0] else "name"
        return _KINDS.get(value.__class__, "unknown")

    @property
    def is_not_none(self) -> bool:
        """Certainly an instance, a container or an iterator, on every way."""
        return all(option.kind in ("instance", "list", "set", "tuple", "generator") for option in self.options)

    @property
    def is_written(self) -> bool:
        """The text at the site is certainly its own: a literal, a display, or a key as the name in `dict(name=...)`.

        Elsewhere a variable or a call stands for it, or the site is that of the container it was found in.
        """
        return written.shows(self.classes.written_at(self.site), self)

    # ------------------------------------------------------------------------------------------------ scalars
    @property
    def literal(self) -> tree.ConstantValue | Unknown:
        """The Python constant it certainly is, or Unknown."""
        return self.value.value if isinstance(self.value, ConstantValue) else UNKNOWN

    @property
    def is_constant(self) -> bool:
        return isinstance(self.value, ConstantValue)

    @property
    def is_none(self) -> bool:
        return isinstance(self.value, ConstantValue) and self.value.value is None

    @property
    def method_name(self) -> str:
        """The name of a bound method that was not called ("" if it is none): `net.parameters`."""
        if isinstance(self.value, Method):
            return self.value.name
        return self.value.function.name if isinstance(self.value, BoundMethod) else ""

    @property
    def receiver(self) -> Operand | None:
        """What a bound method is bound to."""
        return self._at(self.value.receiver) if isinstance(self.value, (Method, BoundMethod)) else None

    @property
    def tag(self) -> str:
        """Of a tensor: softmax, log_softmax, sigmoid, loss, gradient, data, or ""; of a number: batches, or ""."""
        return self.value.tag if isinstance(self.value, TensorValue) else "batches" if self.value == BATCHES else ""

    @property
    def history(self) -> History:
        """Where a backward from a tensor leads; of anything else nothing is known."""
        if isinstance(self.value, OneOf):
            return reduce(joined, [option.history for option in self.options])
        if isinstance(self.value, ConstantValue):
            return CLOSED
        return self.value.history if isinstance(self.value, TensorValue) else OPEN

    @property
    def is_output(self) -> bool:
        """A tensor that was certainly computed with a module."""
        return isinstance(self.value, TensorValue) and bool(self.value.through or self.value.sources)

    # ------------------------------------------------------------------------------------------------ classes
    @property
    def class_names(self) -> tuple[str, ...]:
        """Canonical names of its class and of those above that are known; for a class, its own. () if not known.

        A class of the project is called by its plain name.
        """
        cls = self._class
        return () if cls is None else self.classes.ancestry(cls)[0]

    @property
    def class_name(self) -> str:
        """The plain name of its class, or of the first it can be of; "" if that is not known."""
        return next(iter(self.options[0].class_names), "").rpartition(".")[2]

    @property
    def package(self) -> str:
        """Where the Lightning class above one of the project comes from: lightning or pytorch_lightning, else ""."""
        return self.classes.package(self._class) if isinstance(self._class, ClassValue) else ""

    def is_a(self, name: str) -> bool:
        """Certainly an instance of the class with this canonical name."""
        return isinstance(self._object, Instance) and name in self.class_names

    def is_not_a(self, *names: str) -> bool:
        """Certainly an instance of none of these, nor unknown; a value that is no instance is none of them."""
        if self.is_unknown or isinstance(self.value, OneOf):
            return False
        cls = self._class
        if cls is None or not isinstance(self._object, Instance):
            return True
        found, is_open = self.classes.ancestry(cls)
        return not is_open and not any(name in found for name in names)

    def is_class_of(self, name: str) -> bool:
        """Certainly a class (not an instance) that is or derives from the one with this canonical name."""
        return isinstance(self.value, (ClassValue, External)) and name in self.classes.ancestry(self.value)[0]

    def has_method(self, name: str) -> bool | Unknown:
        """Does the class of this instance, or a class above it, define the method? Unknown if one is not known."""
        cls = self._class
        return UNKNOWN if cls is None else self.classes.has_method(cls, name)

    def reads(self, name: str) -> bool:
        """Does a method of its class, or of a project class above it, read this attribute of `self`?"""
        return isinstance(self._class, ClassValue) and self.classes.reads(self._class, name)

    @property
    def _class(self) -> ClassValue | External | None:
        thing = self._object
        if isinstance(thing, Instance):
            return None if thing.cls is UNKNOWN else thing.cls
        return self.value if isinstance(self.value, (ClassValue, External)) else None

    @property
    def arguments(self) -> Mapping[int | str, Operand]:
        """The arguments an instance was made with, by position or keyword; "**" is there if others may be."""
        thing = self._object
        return {k: self._at(v) for k, v in thing.arguments} if isinstance(thing, Instance) else {}

    # --------------------------------------------------------------------------------------------- containers
    @property
    def elements(self) -> tuple[Operand, ...] | Unknown:
        """All elements of a list, tuple or set in order, each at the place where it was written; or Unknown."""
        value, thing = self.value, self._object
        if isinstance(value, TupleValue):
            sites = value.sites or (None,) * len(value.items)
            return tuple(self._at(v, s) for v, s in zip(value.items, sites, strict=True))
        if isinstance(thing, ListObject) and thing.rest is None:
            return tuple(self._at(v, s) for v, s in zip(thing.items, thing.sites, strict=True))
        return UNKNOWN

    @property
    def known_elements(self) -> tuple[Operand, ...]:
        """The elements that are certainly there, whatever else is; those of a rest stand for at least none."""
        elements = self.elements
        if elements is not UNKNOWN:
            return elements
        thing = self._object
        if isinstance(thing, ListObject):
            return tuple(self._at(v, s) for v, s in zip(thing.items, thing.sites, strict=True))
        return ()

    @property
    def any_element(self) -> Operand | None:
        """What any one further element is, of a list that is not fully known or an iterator; None if nothing is."""
        thing = self._object
        if isinstance(thing, ListObject) and thing.rest is not None:
            return self._at(thing.rest, thing.rest_site)
        return self._at(thing.element) if isinstance(thing, GeneratorObject) else None

    @property
    def entries(self) -> tuple[tuple[Operand, Operand], ...] | Unknown:
        """Keys and values of a dict whose keys are all known; or Unknown."""
        thing = self._object
        if not isinstance(thing, DictObject) or thing.is_open:
            return UNKNOWN
        return tuple((self._at(e.key, e.key_site), self._at(e.value, e.value_site)) for e in thing.entries)

    def entry(self, key: str) -> Operand | Unknown | None:
        """The value of a dict's key; None if it certainly has none; Unknown if that cannot be told."""
        thing = self._object
        if not isinstance(thing, DictObject):
            return UNKNOWN
        found = thing.find(ConstantValue(key, "str"))
        if found is not None:
            return self._at(found.value, found.value_site)
        return UNKNOWN if thing.is_open else None

    @property
    def is_exhausted(self) -> bool:
        """An iterator that was certainly run to its end already."""
        thing = self._object
        return isinstance(thing, GeneratorObject) and thing.used is True

    @property
    def made_at(self) -> Site | None:
        """The expression that made an iterator, or an instance of a framework's class."""
        thing = self._object
        return thing.made_at if isinstance(thing, (GeneratorObject, Instance)) else None

    @property
    def used_at(self) -> Site | None:
        """What ran an iterator to its end, if one place did."""
        thing = self._object
        return thing.used_at if isinstance(thing, GeneratorObject) else None

    @property
    def origin(self) -> str:
        """What made an iterator: parameters, named_parameters, filter, chain, "generator expression", ..."""
        thing = self._object
        return thing.origin if isinstance(thing, GeneratorObject) else ""

    # --------------------------------------------------------------------------------------------- parameters
    @property
    def is_parameters(self) -> bool:
        """Certainly one trainable tensor or a collection of nothing else."""
        value, thing = self.value, self._object
        if isinstance(value, ParameterValue) or self.kind == "parameter":
            return True
        if isinstance(value, OneOf):
            return all(o.is_parameters for o in self.options)
        if isinstance(thing, GeneratorObject):
            return self._at(thing.element).is_parameters
        if isinstance(thing, ListObject) or isinstance(value, TupleValue):
            parts = [*self.known_elements, *([self.any_element] if self.any_element else [])]
            return bool(parts) and all(p.is_parameters for p in parts)
        return False

    @property
    def whole_modules(self) -> frozenset[Ref]:
        """Modules (or single Parameter objects) all of whose parameters are certainly in this collection."""
        return frozenset(collections_of_parameters.whole(self))

    def shares_parameters(self, other: Operand) -> bool:
        """Certainly at least one parameter is in both collections (of a dict: in its `params`)."""
        mine = self.classes.parameter_owners(self.heap, self.whole_modules)
        return bool(mine & self.classes.parameter_owners(other.heap, other.whole_modules))

    @property
    def has_no_parameters(self) -> bool:
        """Certainly empty: an empty list, or the parameters of modules in which nothing is registered."""
        return collections_of_parameters.is_empty(self)

    # ------------------------------------------------------------------------------------------------ objects
    def attribute(self, name: str) -> Operand | Unknown | None:
        """An attribute of an instance that was seen being set; None if it certainly has none; else Unknown."""
        thing = self._object
        if not isinstance(thing, Instance):
            return UNKNOWN
        if name in thing.attributes:
            return self._at(thing.attributes[name])
        return UNKNOWN if thing.is_open or thing.escaped or thing.lazy is not None else None

    def method(self, name: str) -> tuple[tree.Function, Site] | Unknown | None:
        """The project's method of this name that the object has, and where its name stands; None if it has none."""
        cls = self._class
        return self.classes.method(cls, name) if isinstance(cls, ClassValue) else UNKNOWN

    def method_result(self, name: str) -> Operand | Unknown | None:
        """What its method returns when Lightning calls it, at the method's name; None and Unknown as above."""
        cls = self._class
        found = self.classes.returned(cls, name) if isinstance(cls, ClassValue) else UNKNOWN
        if found is None or found is UNKNOWN:
            return found
        value, heap, site = found
        return Operand(value, site, heap, self.classes)

    @property
    def logged_keys(self) -> tuple[LoggedKey, ...] | Unknown:
        """Every metric that this LightningModule logs; Unknown if there may be others."""
        cls = self._class
        return self.classes.logged_keys(cls) if isinstance(cls, ClassValue) else UNKNOWN

    @property
    def logs_nothing(self) -> bool:
        """An object of the project's that certainly logs no metric: it does not even mention it."""
        return isinstance(self._class, ClassValue) and self.classes.is_quiet(self._class)

    @property
    def is_escaped(self) -> bool:
        """Code that is not known has held it: nothing absent may be claimed."""
        thing = self._object
        return isinstance(thing, Instance) and thing.escaped

    def is_same(self, other: Operand) -> bool:
        """Certainly the same object."""
        return isinstance(self.value, Ref) and self.value == other.value

    @property
    def _object(self) -> object:
        return self.heap.get(self.value) if isinstance(self.value, Ref) else None

    def _at(self, value: Value, site: Site | None = None) -> Operand:
        return Operand(value, site or self.site, self.heap, self.classes)


_KINDS: Mapping[type, str] = {
    ConstantValue: "constant",
    TupleValue: "tuple",
    OneOf: "one-of",
    ClassValue: "class",
    FunctionValue: "function",
    BoundMethod: "method",
    Method: "method",
    ParameterValue: "parameter",
    TensorValue: "tensor",
}
