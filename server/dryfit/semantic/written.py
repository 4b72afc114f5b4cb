"""What is written out at a place: the text that an edit can change without changing anything else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from dryfit.semantic.names import keyword_span
from dryfit.semantic.values import UNKNOWN, ConstantValue, constant
from dryfit.syntax import tree
from dryfit.text.span import Span

if TYPE_CHECKING:
    from dryfit.semantic.operand import Operand

Written: TypeAlias = tree.Constant | tree.Sequence | tree.Dictionary | tree.Argument


def find(statements: Iterable[tree.Statement], span: Span) -> Written | None:
    """The literal, the display or the keyword argument whose name is the text of exactly this span."""
    for statement in statements:
        for node in tree.walk(statement):
            if isinstance(node, tree.Constant | tree.Sequence | tree.Dictionary) and node.span == span:
                return node
            if isinstance(node, tree.Argument) and keyword_span(node) == span:
                return node
    return None


def shows(node: Written | None, operand: Operand) -> bool:
    """Is the operand certainly what this node says? A display says it if each part stands where the node has it."""
    if isinstance(node, tree.Constant):
        return isinstance(operand.value, ConstantValue) and operand.value == constant(node.value)
    if isinstance(node, tree.Argument):
        return operand.literal == node.keyword
    if isinstance(node, tree.Sequence):
        parts, spans = operand.elements, [item.span for item in node.items]
        return operand.kind == node.kind and parts is not UNKNOWN and [p.site.span for p in parts] == spans
    if isinstance(node, tree.Dictionary):
        entries, spans = operand.entries, [value.span for _, value in node.items]
        return entries is not UNKNOWN and [value.site.span for _, value in entries] == spans
    return False
