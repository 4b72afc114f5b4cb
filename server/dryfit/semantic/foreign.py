"""Calls of other installed packages: what they make is asked of somebody who looks into those packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dryfit.semantic import classes
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.heap import Instance
from dryfit.semantic.imports import FRAMEWORKS
from dryfit.semantic.values import UNKNOWN, External, Value

if TYPE_CHECKING:
    from dryfit.semantic.calls import Passed


def result(ev: Evaluator, path: str, passed: Passed) -> Value:
    """What a call of this function gives: a module of a known class, of whose inside nothing is known; or Unknown.

    The class is an upper bound: it may be one below it.
    """
    if path.partition(".")[0] in FRAMEWORKS:
        return UNKNOWN
    made: str | None = ev.program.ask("result_class", path)
    name = "" if made is None else ev.program.frameworks.canonical(made)
    if not name or classes.MODULE not in ev.program.bases(name):
        return UNKNOWN
    site = ev.reported(passed.node.span)
    thing = Instance(External(name), is_open=True, escaped=True, initialised=True, made_at=site)
    return ev.new(passed.node, name.rpartition(".")[2], thing)
