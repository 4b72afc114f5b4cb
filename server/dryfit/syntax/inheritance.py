"""Which old units live on when a part of a document is cut again.

Whoever keeps answers beside units asks for their identity, so an object is kept as long as nothing that matters in
it has changed: while a comment is written, and while the text does not parse.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from dryfit.syntax import tree
from dryfit.syntax.units import Unit

Statements = tuple[tree.Statement, ...]
Lower = Callable[[Unit], "Statements | None"]


def inherit(
    old: list[Unit], fresh: list[Unit], lower: Lower, touched: Unit | None = None, place: int = 0
) -> list[Unit]:
    """The fresh units, lowered, with old ones in the place of those that say the same.

    Both lists begin at the same place in the file. `touched` is the old unit that is being typed in, at the offset
    `place` of the fresh text; elsewhere a fresh unit follows the old one that began at the same offset.
    """
    by_text: dict[tuple[str, bool], list[Unit]] = defaultdict(list)
    starts: dict[int, int] = {}
    offset = 0
    for unit in old:
        starts[id(unit)] = offset
        offset += len(unit.text)
    for unit in reversed(old):
        by_text[unit.key].append(unit)
    units = [by_text[unit.key].pop() if by_text[unit.key] else None for unit in fresh]
    heirs = {starts[id(unit)]: unit for spare in by_text.values() for unit in spare}

    result = []
    offset = 0
    for unit, same in zip(fresh, units, strict=True):
        if same is not None:
            same.indent, same.has_docstring, same.is_closed = unit.indent, unit.has_docstring, unit.is_closed
            if not same.parsed:
                _settle(same, lower(same))
            result.append(same)
        else:
            start = offset
            if touched is not None and offset <= place <= offset + len(unit.text):
                start = starts[id(touched)]
            result.append(_follow(heirs.get(start), unit, lower(unit), heirs, start))
        offset += len(unit.text)
    return result


def _follow(heir: Unit | None, unit: Unit, statements: Statements | None, heirs: dict[int, Unit], start: int) -> Unit:
    """The old unit with the new text, if its statements stay; else the new one."""
    if heir is not None and heir.is_header == unit.is_header:
        if statements is None or is_same(heir.statements, statements):
            del heirs[start]
            heir.text, heir.lines, heir.indent = unit.text, unit.lines, unit.indent
            heir.has_docstring, heir.is_closed = unit.has_docstring, unit.is_closed
            heir.parsed = statements is not None
            return heir
    _settle(unit, statements)
    return unit


def _settle(unit: Unit, statements: Statements | None) -> None:
    unit.parsed = statements is not None
    if statements is not None and not is_same(unit.statements, statements):
        unit.statements = statements


def is_same(old: Statements, new: Statements) -> bool:
    """Are the trees equal, down to the types of constants? `1`, `1.0` and `True` are equal to Python."""
    try:
        return old is new or (old == new and _constant_types(old) == _constant_types(new))
    except RecursionError:
        return False


def _constant_types(statements: Statements) -> list[type]:
    return [
        node.value.__class__
        for statement in statements
        for node in tree.walk(statement)
        if isinstance(node, tree.Constant)
    ]
