"""The lowered tree: the part of Python that matters here, whichever parser made it.

Spans are relative to the unit (line 0 is its first line); columns are code points. Nodes are frozen and compare by
content, spans included, so "nothing changed" is one `==`. What is not modelled is an `Other` that keeps its
sub-expressions: calls inside it are still seen.

The span of a compound statement is that of its header, from its keyword to the end of the last expression in it: the
body moves without changing it. Parentheses belong to the span of a tuple and of a generator expression, to no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from typing import TypeAlias

from dryfit.text.span import Span

ConstantValue: TypeAlias = object  # None, bool, int, float, complex, str, bytes or Ellipsis


# ------------------------------------------------------------------------------------------------ expressions
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
    """An f-string, with what is formatted in it (format specifications left out)."""

    items: tuple[Expression, ...]
    span: Span


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


# ------------------------------------------------------------------------------------------------- statements
@dataclass(frozen=True, slots=True)
class Parameter:
    """`kind`: posonly, pos, kw, *, **; the span is that of the name."""

    name: str
    kind: str
    default: Expression | None
    annotation: Expression | None
    span: Span


@dataclass(frozen=True, slots=True)
class Function:
    """The span goes from `def` (or `async`) to the end of the name."""

    name: str
    parameters: tuple[Parameter, ...]
    returns: Expression | None
    body: tuple[Statement, ...]
    decorators: tuple[Expression, ...]
    is_async: bool
    span: Span
    name_span: Span


@dataclass(frozen=True, slots=True)
class Class:
    """The span goes from `class` to the end of the name."""

    name: str
    bases: tuple[Argument, ...]
    body: tuple[Statement, ...]
    decorators: tuple[Expression, ...]
    span: Span
    name_span: Span


@dataclass(frozen=True, slots=True)
class Assign:
    """`a = b = value` or `a: annotation = value`; the value is None for an annotation alone."""

    targets: tuple[Expression, ...]
    value: Expression | None
    annotation: Expression | None
    span: Span


@dataclass(frozen=True, slots=True)
class AugmentedAssign:
    target: Expression
    op: str
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class ExpressionStatement:
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Assert:
    test: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Return:
    value: Expression | None
    span: Span


@dataclass(frozen=True, slots=True)
class If:
    """An `elif` is an If in `orelse`."""

    test: Expression
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class For:
    target: Expression
    iter: Expression
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class While:
    test: Expression
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class With:
    """`items`: (context, target or None)."""

    items: tuple[tuple[Expression, Expression | None], ...]
    body: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Handler:
    type: Expression | None
    name: str | None
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Try:
    """The span is that of the word `try`."""

    body: tuple[Statement, ...]
    handlers: tuple[Handler, ...]
    orelse: tuple[Statement, ...]
    final: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Alias:
    """`import name as bound`: `import a.b` binds `a` (has_as False), `import a.b as c` binds all of it to `c`."""

    name: str
    bound: str
    has_as: bool


@dataclass(frozen=True, slots=True)
class Import:
    names: tuple[Alias, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ImportFrom:
    """`names` is (Alias("*", "*", False),) for a star import; `level` counts the leading dots."""

    level: int
    module: str
    names: tuple[Alias, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ScopeStatement:
    """`kind`: global or nonlocal."""

    kind: str
    names: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Jump:
    """`kind`: break or continue."""

    kind: str
    span: Span


@dataclass(frozen=True, slots=True)
class Raise:
    value: Expression | None
    span: Span


@dataclass(frozen=True, slots=True)
class Delete:
    targets: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Case:
    """A case of a match: the names its pattern binds (sorted), its guard and its body."""

    names: tuple[str, ...]
    guard: Expression | None
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Match:
    subject: Expression
    cases: tuple[Case, ...]
    span: Span


Expression: TypeAlias = (
    "Name | Constant | Attribute | Call | Sequence | Starred | Dictionary | Subscript | Binary | Unary | Logical | "
    "Comparison | FormattedString | Conditional | Lambda | Comprehension | Walrus | Other"
)
Statement: TypeAlias = (
    "Function | Class | Assign | AugmentedAssign | ExpressionStatement | Assert | Return | If | For | While | With | "
    "Try | Import | ImportFrom | ScopeStatement | Jump | Raise | Delete | Match"
)
Node: TypeAlias = "Expression | Statement | Argument | Parameter | Clause | Handler | Case | Alias"


def children(node: Node) -> Iterator[Node]:
    """The nodes directly inside a node, in the order of the fields; tuples are flattened."""
    return reversed(_reversed_children(node))


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, in source order."""
    stack: list[Node] = [node]
    while stack:
        item = stack.pop()
        yield item
        stack += _reversed_children(item)


def _reversed_children(node: Node) -> list[Node]:
    found: list[Node] = []
    todo: list[object] = [getattr(node, name) for name in _child_fields(type(node))]  # type: ignore[arg-type]
    while todo:
        item = todo.pop()
        if isinstance(item, tuple):
            todo.extend(item)
        elif item is not None and item.__class__ is not str:
            found.append(item)  # type: ignore[arg-type]
    return found


@cache
def _child_fields(node_class: type[object]) -> tuple[str, ...]:
    """The fields of a node class that can hold nodes, by their annotations."""
    kinds = ("Expression", "Statement", "Argument", "Parameter", "Clause", "Handler", "Case", "Alias")
    return tuple(f.name for f in fields(node_class) if any(kind in str(f.type) for kind in kinds))  # type: ignore[arg-type]
