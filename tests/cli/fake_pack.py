"""A rule pack of two small rules, so that the command line is tested whatever the built-in rules say."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

from dryfit.cli.main import main
from dryfit.rulekit import (
    Argued,
    Example,
    Finding,
    Fix,
    Observes,
    Related,
    Rule,
    SemanticModel,
    Severity,
    replace,
)


def seeded(model: SemanticModel) -> Iterator[Finding]:
    """Every call of `torch.manual_seed`; the fix asks for another function."""
    previous = None
    for call in model.calls_to("torch.manual_seed"):
        yield Finding(
            site=call.site,
            message="the seed is set",
            note="the run is reproducible",
            help="use `torch.initial_seed()`",
            fix=Fix.safe("use `torch.initial_seed()`", replace(call.site, "torch.initial_seed()")),
            related=() if previous is None else (Related(previous, "set before"),),
        )
        previous = call.site


def threaded(model: SemanticModel) -> Iterator[Finding]:
    """Every call of `torch.set_num_threads`; the fix is the author's choice."""
    for call in model.calls_to("torch.set_num_threads"):
        yield Finding(
            site=call.site,
            message="the number of threads is set",
            note="it is faster or slower",
            help="remove the number",
            fix=Fix.unsafe("remove the number", replace(call.site, "pass")),
        )


def crashing(model: SemanticModel) -> Iterator[Finding]:
    """Fails if the program seeds CUDA."""
    for _ in model.calls_to("torch.seed"):
        raise ZeroDivisionError("by design")
    yield from ()


def _rule(check: Any, name: str, severity: Severity, *, is_fixable: bool, is_default: bool = True) -> Rule:
    module = ModuleType(f"pack.random.{name.replace('-', '_')}", f"{check.__doc__}\n\nSource:\n    Invented.")
    sys.modules[module.__name__] = module
    check.__module__ = module.__name__
    witness = Observes("True") if is_default else Argued("nothing")
    examples = (Example("x = 1", "x = 2", witness),)
    return Rule(name=name, severity=severity, check=check, examples=examples, is_fixable=is_fixable)


RULES = (
    _rule(crashing, "crashing-rule", Severity.ERROR, is_fixable=False),
    _rule(seeded, "seed-set", Severity.ERROR, is_fixable=True),
    _rule(threaded, "threads-set", Severity.WARNING, is_fixable=True),
)


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did."""

    code: int
    out: str
    err: str


class Run:
    """Runs `dryfit` in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Done:
        try:
            code = main(arguments)
        except SystemExit as stop:  # argparse ends so
            code = int(stop.code or 0)
        captured = self._capsys.readouterr()
        assert "Traceback" not in captured.err
        return Done(code, captured.out, captured.err)
