"""Abstract values: what an expression is known to be.

Values are immutable and compare by content. Everything that Python can mutate lives in the heap (`heap.py`) and is
reached through a `Ref`, so aliasing costs nothing: two names, one Ref. A Ref is named after what makes it ("the second
Linear in Net.__init__"), never after a line, so that typing above it renames nothing.

Each field says whether it is an upper bound (nothing else is possible) or a lower bound (at least this is certain).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import reduce
from typing import Final, NamedTuple, TypeAlias

from dryfit.semantic.history import OPEN, History, joined
from dryfit.syntax import tree
from dryfit.text.span import Span


class Unknown(Enum):
    """Cannot tell. It absorbs every join, and a rule that meets it is silent."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "Unknown"


UNKNOWN: Final = Unknown.UNKNOWN


class Site(NamedTuple):
    """A place in the program: a span relative to the unit `place` of the file `module`.

    `inside`: what is reported here happens in another file, behind the call that stands here; that is where.
    """

    module: str
    place: str
    span: Span
    inside: Site | None = None

    def holds(self, inner: Site) -> bool:
        """Does the text of this place contain that of the other?"""
        outer, span = self.span, inner.span
        return self[:2] == inner[:2] and outer[:2] <= span[:2] and span[2:] <= outer[2:]


@dataclass(frozen=True, slots=True)
class ConstantValue:
    """A literal; the type is kept because `True == 1`."""

    value: tree.ConstantValue
    type: str


@dataclass(frozen=True, slots=True)
class TupleValue:
    """`sites[i]` is where the expression of item i stands, if one does."""

    items: tuple[Value, ...]
    sites: tuple[Site | None, ...] = ()


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few values: the arms of an if. Upper bound."""

    options: frozenset[Value]


@dataclass(frozen=True, slots=True)
class External:
    """A name of code that is not the project's, by its canonical dotted path."""

    path: str


@dataclass(frozen=True, slots=True)
class ModuleValue:
    """A file or folder of the project, as an import binds it; `key` is what the library calls it."""

    key: str


@dataclass(frozen=True, slots=True)
class FunctionValue:
    """A function of the project, by name: whoever walks its body asks for the definition then.

    `frame` is the activation it closes over, for a function defined inside another; such a one carries its definition.
    """

    module: str
    place: str
    name: str
    frame: str | None = None
    node: tree.Function | tree.Lambda | None = None


@dataclass(frozen=True, slots=True)
class ClassValue:
    """A class of the project; `path` is its qualified name within its module."""

    module: str
    path: str


@dataclass(frozen=True, slots=True)
class BoundMethod:
    """A project function with its first argument, and the class in whose body it was found."""

    receiver: Value
    function: FunctionValue
    owner: ClassValue


@dataclass(frozen=True, slots=True)
class Method:
    """A named attribute of a value whose class is not project code, or is not known."""

    receiver: Value
    name: str


@dataclass(frozen=True, slots=True)
class SuperValue:
    """`super()` in a method of `owner`."""

    owner: ClassValue
    receiver: Value


_BELOW: Final = " > "


class Ref(str):
    """The name of a heap object: the frames that led to it and the occurrence in the last one.

    A string, because heaps are looked up by it all the time and strings remember their hash.
    """

    __slots__ = ()

    def __new__(cls, label: tuple[str, ...]) -> Ref:
        return super().__new__(cls, _BELOW.join(label))

    def part(self, name: str) -> Ref:
        """The name of something that belongs to this object."""
        return Ref((self, name))

    @property
    def depth(self) -> int:
        """How many names it is made of, at least."""
        return self.count(_BELOW) + 1

    def is_below(self, label: tuple[str, ...]) -> bool:
        """Was it made by these frames, or by what they called?"""
        return self.startswith(_BELOW.join(label) + _BELOW)


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """Some trainable parameter(s): an element of `net.parameters()` and what is made from it.

    `of` is an upper bound: it belongs to one of these modules (or is one of these Parameter objects), unless `open`.
    `whole` is a lower bound for the collection it stands for: every parameter of these is certainly in it.
    """

    of: frozenset[Ref]
    is_open: bool = False
    whole: frozenset[Ref] = frozenset()


@dataclass(frozen=True, slots=True)
class TensorValue:
    """A tensor.

    `sources` is a lower bound: a backward from here certainly sends gradients to the parameters of these modules.
    `through` is a lower bound as well: modules it was computed with, whether or not gradients reach them.
    `tag` says what made it, where a rule cares: softmax, log_softmax, sigmoid, loss, gradient, data, leaf for one made
    with `requires_grad=True`, of-leaf for what is computed from that, state for a value of a state dict, and number for
    the Python number in a tensor ("" otherwise). `length` is the size of its first dimension, if that is known.
    """

    sources: frozenset[Ref] = frozenset()
    through: frozenset[Ref] = frozenset()
    tag: str = ""
    length: int | None = None
    history: History = OPEN


Value: TypeAlias = (
    "Unknown | ConstantValue | TupleValue | OneOf | External | ModuleValue | FunctionValue | ClassValue | "
    "BoundMethod | Method | SuperValue | Ref | ParameterValue | TensorValue"
)

NONE: Final = ConstantValue(None, "NoneType")
PARAMETER_NAME: Final = External("builtins.<name of a parameter>")  # the first half of what `named_parameters()` yields
PLAIN: Final = External("builtins.<plain>")  # numbers, texts, batches of data: certainly nothing that has a gradient
BATCHES: Final = External("builtins.<number of batches>")  # how many a loader has, or a multiple or share of that
LEAF_TAG: Final = "leaf"
OF_LEAF: Final = "of-leaf"
STATE_TAG: Final = "state"
MAX_ALTERNATIVES: Final = 4


def constant(value: tree.ConstantValue) -> ConstantValue:
    return ConstantValue(value, type(value).__name__)


def options(value: Value) -> tuple[Value, ...]:
    """What a value can be, one by one, in a fixed order."""
    if value.__class__ is OneOf:
        return tuple(sorted(value.options, key=repr))
    return (value,)


def join(a: Value, b: Value) -> Value:
    """What holds of both: the value where two ways through the program meet."""
    if a is b or a == b:
        return a
    if a is UNKNOWN or b is UNKNOWN:
        return UNKNOWN
    if isinstance(a, TensorValue) and isinstance(b, TensorValue):
        return _join_tensors(a, b)
    if isinstance(a, ParameterValue) and isinstance(b, ParameterValue):
        return ParameterValue(a.of | b.of, a.is_open or b.is_open, a.whole & b.whole)
    if isinstance(a, TupleValue) and isinstance(b, TupleValue) and len(a.items) == len(b.items):
        items = tuple([join(x, y) for x, y in zip(a.items, b.items, strict=True)])
        return TupleValue(items, a.sites if a.sites == b.sites else (None,) * len(items))
    alternatives = {*(a.options if isinstance(a, OneOf) else (a,)), *(b.options if isinstance(b, OneOf) else (b,))}
    tensors = [v for v in alternatives if isinstance(v, TensorValue)]
    if len(tensors) > 1:
        alternatives.difference_update(tensors)
        alternatives.add(reduce(_join_tensors, sorted(tensors, key=repr)))
    if len(alternatives) <= MAX_ALTERNATIVES:
        return OneOf(frozenset(alternatives))
    return PLAIN if all(v == PLAIN or isinstance(v, ConstantValue) for v in alternatives) else UNKNOWN


def _join_tensors(a: TensorValue, b: TensorValue) -> TensorValue:
    return TensorValue(
        a.sources & b.sources,
        a.through & b.through,
        a.tag if a.tag == b.tag else "",
        a.length if a.length == b.length else None,
        joined(a.history, b.history),
    )


def join_optional(a: Value | None, b: Value | None) -> Value | None:
    """`join`, where None is "nothing yet"."""
    if a is None:
        return b
    return a if b is None else join(a, b)


def gather(a: Value | None, b: Value | None) -> Value | None:
    """What any element is, of a collection that holds all of `a`'s and all of `b`'s: bounds from below add up."""
    if isinstance(a, ParameterValue) and isinstance(b, ParameterValue):
        return ParameterValue(a.of | b.of, a.is_open or b.is_open, a.whole | b.whole)
    return join_optional(a, b)
