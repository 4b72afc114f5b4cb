"""The expressions of the lowered tree; `tree` has the statements, and says what both keep to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from dryfit.text.span import Span

ConstantValue: TypeAlias = object  # None, bool, int, float, complex, str, bytes or Ellipsis


@dataclass(frozen=True, slots=True)
class Name:
    id: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A literal. `1`, `1.0` and `True` are three: equality tells them apart."""

    value: ConstantValue
    span: Span

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Constant)
            and self.value.__class__ is other.value.__class__
            and self.value == other.value
            and self.span == other.span
        )

    def __hash__(self) -> int:
        return hash((self.value, self.span))


@dataclass(frozen=True, slots=True)
class Attribute:
    value: Expression
    name: str
    span: Span

    @property
    def name_span(self) -> Span:
        """The attribute's name alone: it is always the last token."""
        _, _, line, column = self.span
        return Span(line, column - len(self.name), line, column)


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a call or a class header. `stars`: 0, 1 for `*value`, 2 for `**value`."""

    keyword: str | None
    stars: int
    value: Expression
    span: Span  # of a keyword argument: from its name; of a starred one: from the stars


@dataclass(frozen=True, slots=True)
class Call:
    func: Expression
    arguments: tuple[Argument, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list, tuple or set display; `kind` says which."""

    kind: str
    items: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Starred:
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Entries in order; the key of a `**value` is None."""

    items: tuple[tuple[Expression | None, Expression], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Subscript:
    value: Expression
    index: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    op: str
    left: Expression
    right: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    """`op`: not, -, +, ~"""

    op: str
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Logical:
    """`a and b and c` or `a or b or c`, flat."""

    op: str
    items: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Comparison:
    """`items[0] ops[0] items[1] ops[1] ...`"""

    ops: tuple[str, ...]
    items: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class FormattedString:
    """An f-string, with what is formatted in it (format specifications left out).

    `texts`: what stands before, between and behind the items; empty if an item is not formatted plainly.
    """

    items: tuple[Expression, ...]
    span: Span
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conditional:
    test: Expression
    body: Expression
    orelse: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Lambda:
    parameters: tuple[Parameter, ...]
    body: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Clause:
    """`for target in iter if ... if ...` of a comprehension."""

    target: Expression
    iter: Expression
    tests: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Comprehension:
    """`kind`: list, set, dict or generator; `key` is None but for a dict."""

    kind: str
    key: Expression | None
    element: Expression
    clauses: tuple[Clause, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Walrus:
    target: Expression
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Other:
    """`kind`: Slice, Await, Yield, YieldFrom, or the name of a node that is not modelled."""

    kind: str
    items: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Parameter:
    """`kind`: posonly, pos, kw, *, **; the span is that of the name."""

    name: str
    kind: str
    default: Expression | None
    annotation: Expression | None
    span: Span


Expression: TypeAlias = (
    "Name | Constant | Attribute | Call | Sequence | Starred | Dictionary | Subscript | Binary | Unary | Logical | "
    "Comparison | FormattedString | Conditional | Lambda | Comprehension | Walrus | Other"
)
