"""What the index keeps of a file: enough to say who imports what and who inherits from whom, and no more."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from dryfit.semantic.values import UNKNOWN, Unknown

FORMAT: Final = 1  # another one when a row of the same text comes out differently
STAR: Final = "*"


class Import(NamedTuple):
    """`from ..module import name as bound`, or, without names, `import module as bound`.

    `names`: pairs of the name there and the name here; ("*", "*") for all. `bound`: what `import module` binds, ""
    with names. `is_top`: it binds in the module, not in a function or class.
    """

    level: int
    module: str
    names: tuple[tuple[str, str], ...] = ()
    bound: str = ""
    is_top: bool = True


class ClassRow(NamedTuple):
    """A class of the module or of a class in it.

    `path`: `Outer.Inner`. `bases`: dotted, as they are written, without `[...]`; "" for what is no name. `attributes`:
    what its methods assign to on the instance.
    """

    path: str
    bases: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file.

    `names`: what the module binds, sorted, imported names too. `exports`: its `__all__`; None without one, Unknown if
    it is computed. `starts_training`: a Trainer, or a method with the name of one of its entry points, is called in
    it, if only in a comment. `is_whole`: all of it could be parsed.
    """

    imports: tuple[Import, ...] = ()
    names: tuple[str, ...] = ()
    exports: tuple[str, ...] | Unknown | None = None
    classes: tuple[ClassRow, ...] = ()
    functions: tuple[str, ...] = ()
    uses_fabric: bool = False
    starts_training: bool = False
    is_whole: bool = True


def to_payload(row: FileRow) -> str:
    """The row in one line of text."""
    exports = False if isinstance(row.exports, Unknown) else row.exports
    flags = (row.uses_fabric, row.starts_training, row.is_whole)
    values = (row.imports, row.names, exports, row.classes, row.functions, *flags)
    return json.dumps(values, separators=(",", ":"))


def from_payload(payload: str) -> FileRow:
    """The row that `to_payload` wrote. Raises ValueError for another text."""
    try:
        imports, names, exports, classes, functions, uses_fabric, starts_training, is_whole = json.loads(payload)
        return FileRow(
            imports=tuple([Import(level, module, _pairs(pairs), *rest) for level, module, pairs, *rest in imports]),
            names=tuple(names),
            exports=UNKNOWN if exports is False else None if exports is None else tuple(exports),
            classes=tuple([ClassRow(path, *[tuple(part) for part in parts]) for path, *parts in classes]),
            functions=tuple(functions),
            uses_fabric=uses_fabric,
            starts_training=starts_training,
            is_whole=is_whole,
        )
    except TypeError as error:
        raise ValueError("not a row of the index") from error


def _pairs(pairs: Any) -> tuple[tuple[str, str], ...]:
    return tuple([(name, bound) for name, bound in pairs])
