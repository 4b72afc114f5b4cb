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

from dryfit.syntax.tree_expressions import (
    Argument as Argument,
)
from dryfit.syntax.tree_expressions import (
    Attribute as Attribute,
)
from dryfit.syntax.tree_expressions import (
    Binary as Binary,
)
from dryfit.syntax.tree_expressions import (
    Call as Call,
)
from dryfit.syntax.tree_expressions import (
    Clause as Clause,
)
from dryfit.syntax.tree_expressions import (
    Comparison as Comparison,
)
from dryfit.syntax.tree_expressions import (
    Comprehension as Comprehension,
)
from dryfit.syntax.tree_expressions import (
    Conditional as Conditional,
)
from dryfit.syntax.tree_expressions import (
    Constant as Constant,
)
from dryfit.syntax.tree_expressions import (
    ConstantValue as ConstantValue,
)
from dryfit.syntax.tree_expressions import (
    Dictionary as Dictionary,
)
from dryfit.syntax.tree_expressions import (
    Expression as Expression,
)
from dryfit.syntax.tree_expressions import (
    FormattedString as FormattedString,
)
from dryfit.syntax.tree_expressions import (
    Lambda as Lambda,
)
from dryfit.syntax.tree_expressions import (
    Logical as Logical,
)
from dryfit.syntax.tree_expressions import (
    Name as Name,
)
from dryfit.syntax.tree_expressions import (
    Other as Other,
)
from dryfit.syntax.tree_expressions import (
    Parameter as Parameter,
)
from dryfit.syntax.tree_expressions import (
    Sequence as Sequence,
)
from dryfit.syntax.tree_expressions import (
    Starred as Starred,
)
from dryfit.syntax.tree_expressions import (
    Subscript as Subscript,
)
from dryfit.syntax.tree_expressions import (
    Unary as Unary,
)
from dryfit.syntax.tree_expressions import (
    Walrus as Walrus,
)
from dryfit.text.span import Span


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
