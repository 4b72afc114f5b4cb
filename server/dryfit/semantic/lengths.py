"""How many there are: of a list, a range, a tensor, a dataset. None wherever it is not certain."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dryfit.semantic.heap import DictObject, Instance, ListObject
from dryfit.semantic.objects import is_instance_of
from dryfit.semantic.values import (
    NONE,
    UNKNOWN,
    ClassValue,
    ConstantValue,
    External,
    Ref,
    TensorValue,
    TupleValue,
    Value,
    constant,
)
from dryfit.syntax import tree
from dryfit.text.span import Span

if TYPE_CHECKING:
    from dryfit.semantic.calls import Passed
    from dryfit.semantic.evaluator import Evaluator

_SIZE = "<size>"
NOWHERE = Span(0, 0, 0, 0)
# Functions of torch whose first arguments are the sizes.
_SIZED = frozenset("randn rand zeros ones empty".split())
_LIKE = frozenset("zeros_like ones_like rand_like randn_like full_like empty_like".split())


def of(ev: Evaluator, value: Value | None) -> int | None:
    """`len(value)`; a dataset of the project is asked by what its `__len__` returns."""
    if isinstance(value, TupleValue):
        return len(value.items)
    if isinstance(value, TensorValue):
        return value.length
    if isinstance(value, ConstantValue):
        return len(value.value) if isinstance(value.value, (str, bytes)) else None
    thing = ev.get(value)
    if isinstance(thing, ListObject):
        return len(thing.items) if thing.rest is None and thing.kind != "set" else thing.length
    if isinstance(thing, DictObject):
        return None if thing.is_open else len(thing.entries)
    if isinstance(thing, Instance) and isinstance(value, Ref):
        is_range = isinstance(thing.cls, External) and thing.cls.path == "builtins.range"
        return _of_object(ev, value, thing) if is_range or not thing.escaped else None
    return None


def samples(ev: Evaluator, dataset: Value | None, sampler: Value | None) -> int | None:
    """How many samples a loader draws in one pass; a sampler decides, if there is one."""
    if sampler is not None and sampler != NONE:
        thing = ev.get(sampler)
        path = thing.cls.path if isinstance(thing, Instance) and isinstance(thing.cls, External) else ""
        if path == "torch.utils.data.SubsetRandomSampler":
            return of(ev, sampler)
        if path != "torch.utils.data.RandomSampler" or not isinstance(thing, Instance) or len(thing.arguments) != 1:
            return None
    thing = ev.get(dataset)
    if isinstance(dataset, Ref) and not dataset.is_below(ev.frames[0].label):
        return None  # made by another walk: what has been done to it since is not known
    if isinstance(thing, Instance) and is_instance_of(ev.program, thing, "torch.utils.data.IterableDataset"):
        return None
    return of(ev, dataset)


def split(ev: Evaluator, passed: Passed) -> Value:
    """`random_split(dataset, lengths)`: one subset for each length, whole numbers or shares."""
    from dryfit.semantic import containers

    dataset, wanted = passed.get(0, "dataset"), passed.get(1, "lengths")
    numbers = [_scalar(v) for v in containers.elements(ev, wanted) or ()] if wanted is not None else []
    total = of(ev, dataset)
    if not numbers or any(n is None for n in numbers):
        return UNKNOWN
    sizes = [n for n in numbers if n is not None]
    if math.isclose(sum(sizes), 1) and sum(sizes) <= 1:
        if total is None:
            return UNKNOWN
        sizes = [math.floor(total * share) for share in sizes]
        for i in range(total - sum(int(n) for n in sizes)):
            sizes[i % len(sizes)] += 1
    subset = External("torch.utils.data.Subset")
    made = ev.new(passed.node, "parts", ListObject())
    parts = [made.part(str(i)) for i in range(len(sizes))]
    for part, size in zip(parts, sizes, strict=True):
        ev.put(part, Instance(subset, (), {_SIZE: constant(int(size))}, is_open=True))
    ev.put(made, ListObject(tuple(parts), (None,) * len(parts)))
    return made


def _scalar(value: Value) -> int | float | None:
    number = value.value if isinstance(value, ConstantValue) else None
    return number if isinstance(number, (int, float)) and not isinstance(number, bool) else None


def _of_object(ev: Evaluator, ref: Ref, thing: Instance) -> int | None:
    given = dict(thing.arguments)
    if isinstance(thing.cls, ClassValue):
        return _asked(ev, ref, thing.cls)
    path = thing.cls.path if isinstance(thing.cls, External) else ""
    first = given.get(0)
    if "**" in given:
        return None
    if path == "builtins.range":
        return _of_range([v for k, v in sorted(given.items(), key=lambda item: str(item[0])) if isinstance(k, int)])
    if path == "torch.utils.data.TensorDataset":
        return of(ev, first)
    if path == "torch.utils.data.Subset":
        return _number(thing.attributes.get(_SIZE)) or of(ev, given.get(1, given.get("indices")))
    if path in ("torch.utils.data.SubsetRandomSampler", "torch.utils.data.SequentialSampler"):
        return of(ev, first)
    if path == "torch.utils.data.ConcatDataset":
        from dryfit.semantic import containers

        parts = containers.elements(ev, first) if first is not None else None
        sizes = [of(ev, part) for part in parts or ()]
        return None if parts is None or None in sizes else sum(size for size in sizes if size is not None)
    return None


def _asked(ev: Evaluator, ref: Ref, cls: ClassValue) -> int | None:
    """What the `__len__` of a project class returns."""
    from dryfit.semantic import calls

    found = ev.program.member(cls, "__len__")
    if found is None or found.function is None:
        return None
    node = tree.Call(tree.Constant(None, NOWHERE), (), NOWHERE)
    value = calls.inline(ev, found.function, calls.Passed(node), ref, found.owner)
    return value.value if isinstance(value, ConstantValue) and type(value.value) is int else None


def _of_range(bounds: list[Value]) -> int | None:
    numbers = [b.value for b in bounds if isinstance(b, ConstantValue) and type(b.value) is int]
    if len(numbers) != len(bounds) or not 1 <= len(numbers) <= 3 or (len(numbers) == 3 and numbers[2] == 0):
        return None
    return len(range(*numbers))


def made(ev: Evaluator, name: str, passed: Passed) -> int | None:
    """The first dimension of what `torch.name(...)` makes."""
    first = passed.positional[0] if passed.positional else None
    if passed.open_positional or passed.open_keywords:
        return None
    if name in _SIZED or (name == "randint" and len(passed.positional) == 3):
        if name == "randint":
            first = passed.positional[2]
        size = first if first is not None else passed.keywords.get("size")
        return _number(size.items[0] if isinstance(size, TupleValue) and size.items else _first_item(ev, size))
    if name in ("arange",):
        return _of_range(passed.positional) if not passed.keywords.keys() & {"start", "end", "step"} else None
    if name == "randperm":
        return _number(first)
    if name == "linspace":
        return _number(passed.get(2, "steps"))
    if name in ("full",):
        return _number(first.items[0]) if isinstance(first, TupleValue) and first.items else None
    if name in _LIKE or name in ("tensor", "as_tensor"):
        return of(ev, first)
    return None


def _first_item(ev: Evaluator, size: Value | None) -> Value | None:
    thing = ev.get(size)
    return thing.items[0] if isinstance(thing, ListObject) and thing.items else size


def _number(value: Value | None) -> int | None:
    return value.value if isinstance(value, ConstantValue) and type(value.value) is int else None


def sliced(ev: Evaluator, node: object, base: Value) -> int | None:
    """The length of `base[a:b]`, for bounds that are known."""
    length = of(ev, base)
    bounds = slice_of(ev, node) if length is not None else None
    return None if length is None or bounds is None else len(range(length)[bounds])


def slice_of(ev: Evaluator, node: object) -> slice | None:
    """`[a:b]`, for bounds that are known."""
    written = node.index if isinstance(node, tree.Subscript) else None
    bounds = _bounds(written) if isinstance(written, tree.Other) else ()
    numbers = [None if bound is None else _number(_quietly(ev, bound)) for bound in bounds]
    if not bounds or any(number is None for number, bound in zip(numbers, bounds, strict=True) if bound is not None):
        return None
    return slice(*numbers)


def range_items(ev: Evaluator, value: Value, at_most: int) -> tuple[Value, ...] | None:
    """The numbers of a short `range`; None if they are not known, or too many."""
    thing = ev.get(value)
    if not isinstance(thing, Instance) or thing.cls != External("builtins.range"):
        return None
    numbers = [v.value for _, v in thing.arguments if isinstance(v, ConstantValue) and type(v.value) is int]
    length = _of_range([v for _, v in thing.arguments])
    if length is None or length > at_most or len(numbers) != len(thing.arguments):
        return None
    return tuple([constant(number) for number in range(*numbers)])


def _bounds(node: tree.Other) -> tuple[tree.Expression | None, ...]:
    """(lower, upper) of a slice without a step; () if the tree does not tell which of them is written.

    The tree keeps the expressions and the place of the whole: what is left of the first is the colon, or nothing.
    """
    span, items = node.span, node.items
    first = items[0].span if items else span
    if span.line != span.end_line:
        return ()
    if len(items) == 1 and first.column == span.column and first.end_column < span.end_column:
        return (items[0], None)
    if len(items) == 1 and first.column == span.column + 1 and first.end_column == span.end_column:
        return (None, items[0])
    if len(items) == 2 and first.column == span.column and items[1].span.end_column == span.end_column:
        return items if items[1].span.column == first.end_column + 1 else ()
    return ()


def _quietly(ev: Evaluator, node: tree.Expression) -> Value | None:
    """The value of an expression that does nothing."""
    from dryfit.semantic import expressions

    if any(isinstance(part, (tree.Call, tree.Walrus)) for part in tree.walk(node)):
        return None
    return expressions.evaluate(ev, node)
