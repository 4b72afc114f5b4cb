"""Witnesses: what the real framework does with a rule's examples, found out by running them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from textwrap import dedent
from types import TracebackType
from typing import Any

from dryfit.rulekit import Argued, Example, Observes, Raises, Rule, Verdict, Warns, Witness

SECONDS_FOR_A_PROGRAM = 120.0
AT_ONCE = 2
OUTCOMES = ("failed", "proven", "skipped", "argued")  # the first that is among a rule's examples speaks for the rule


class HostError(Exception):
    """The interpreter could not be started, or ended too early."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened when a program ran.

    `exception`: names of its class and those above, and its text. `observed`: the value of the witness's expression,
    None if it was not reached. `problem`: it could not be told.
    """

    exception: tuple[tuple[str, ...], str] | None
    warnings: tuple[tuple[tuple[str, ...], str], ...]
    observed: bool | None
    problem: str | None
    output: str = ""

    @property
    def is_missing_module(self) -> bool:
        """It needs a package that is not installed."""
        return self.exception is not None and "ModuleNotFoundError" in self.exception[0]


@dataclass(frozen=True, slots=True)
class WitnessRun:
    """One example of a rule: `outcome` is proven, failed, argued, or skipped; `reason` says why not proven."""

    rule: str
    index: int
    outcome: str
    reason: str = ""


class Host:
    """An interpreter that has the frameworks imported and runs programs in fresh processes."""

    def __init__(self, python: Path | str, at_once: int = AT_ONCE) -> None:
        self._python = python
        self._waiting = 0
        self._answers: dict[str, Outcome] = {}
        environment = {
            **os.environ,
            "CUDA_VISIBLE_DEVICES": "",
            "PYTHONIOENCODING": "utf-8",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        environment.pop("PYTHONPATH", None)
        try:
            self._process = subprocess.Popen(
                [str(python), "-c", host_source(), str(at_once)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            raise HostError(f"{python}: cannot be started: {error.strerror}") from error
        try:
            self.installed: Mapping[str, str | None] = self._read()["installed"]
        except HostError:
            self.close()
            raise

    def __enter__(self) -> Host:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def submit(self, name: str, program: str, expression: str | None, seconds: float = SECONDS_FOR_A_PROGRAM) -> None:
        """Ask for a run under a name of the caller's choice; it starts as soon as there is room."""
        assert self._process.stdin is not None
        job = {"id": name, "program": program, "expression": expression, "seconds": seconds}
        try:
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise HostError("the interpreter that runs the witnesses has ended") from error
        self._waiting += 1

    def result(self, name: str) -> Outcome:
        """Wait for the run of this name."""
        while name not in self._answers:
            if not self._waiting:
                raise KeyError(name)
            answer = self._read()
            self._waiting -= 1
            self._answers[answer["id"]] = _outcome(answer)
        return self._answers[name]

    def close(self) -> None:
        """End the host; what still runs is not waited for."""
        self._process.kill()
        self._process.communicate()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        try:
            answer: dict[str, Any] = json.loads(line)
        except ValueError:
            raise HostError(f"{self._python}: ended before it answered") from None
        return answer


def host_source() -> str:
    """The text of the host, for `python -c`."""
    return files("dryfit.engine").joinpath("witness_host.py").read_text(encoding="utf-8")


def verify(rules: Sequence[Rule], host: Host) -> Iterator[tuple[Rule, tuple[WitnessRun, ...]]]:
    """Replay the witnesses of the rules, in their order."""
    for rule in rules:
        for index, example in enumerate(rule.examples):
            submit_example(host, rule, index, example)
    for rule in rules:
        yield rule, tuple(judge_example(host, rule, index, example) for index, example in enumerate(rule.examples))


def submit_example(host: Host, rule: Rule, index: int, example: Example) -> None:
    """Start both programs of an example, if they can be run here."""
    if can_run(example.witness):
        expression = example.witness.expression if isinstance(example.witness, Observes) else None
        for side, program in (("bad", example.bad), ("good", example.good)):
            host.submit(_job(rule, index, side), dedent(program).lstrip("\n"), expression)


def judge_example(host: Host, rule: Rule, index: int, example: Example) -> WitnessRun:
    """Does the witness hold for bad and fail for good?"""
    if isinstance(example.witness, Argued):
        return WitnessRun(rule.name, index, "argued", example.witness.source)
    if not can_run(example.witness):
        return WitnessRun(rule.name, index, "skipped", "needs the one-step run")
    bad, good = (host.result(_job(rule, index, side)) for side in ("bad", "good"))
    if bad.is_missing_module or good.is_missing_module:
        missing = (bad if bad.is_missing_module else good).exception
        return WitnessRun(rule.name, index, "skipped", missing[1] if missing else "")
    reason = why_not(example.witness, bad, good)
    return WitnessRun(rule.name, index, "failed" if reason else "proven", reason)


def can_run(witness: Witness) -> bool:
    """Is running the program all it takes?"""
    return not isinstance(witness, Argued | Verdict)


def why_not(witness: Witness, bad: Outcome, good: Outcome) -> str:
    """Why the two outcomes do not prove the witness; "" if they do."""
    if good.exception is not None:
        return f"the good program ends with {_told(good)}"
    if good.problem is not None:
        return f"the good program: {good.problem}"
    if holds(witness, good):
        return "the witness holds for the good program as well"
    if isinstance(witness, Observes) and good.observed is None:
        return "the expression was not reached in the good program"
    if bad.problem is not None:
        return f"the bad program: {bad.problem}"
    if not holds(witness, bad):
        return f"the bad program {_behaviour(bad)}"
    return ""


def holds(witness: Witness, outcome: Outcome) -> bool:
    """Is what the witness says true of this run?"""
    if isinstance(witness, Raises):
        return (
            outcome.exception is not None
            and witness.type in outcome.exception[0]
            and witness.text in outcome.exception[1]
        )
    if isinstance(witness, Warns):
        return any(witness.category in types and witness.text in text for types, text in outcome.warnings)
    return isinstance(witness, Observes) and outcome.observed is True


def overall(runs: Sequence[WitnessRun]) -> str:
    """One word for a rule: failed if any example is, proven if any is proven and none failed."""
    outcomes = [run.outcome for run in runs]
    return next((word for word in OUTCOMES if word in outcomes), "skipped")


def _job(rule: Rule, index: int, side: str) -> str:
    return f"{rule.name}/{index}/{side}"


def _outcome(answer: Mapping[str, Any]) -> Outcome:
    exception = answer["exception"]
    return Outcome(
        exception=(tuple(exception["types"]), exception["text"]) if exception else None,
        warnings=tuple((tuple(w["types"]), w["text"]) for w in answer["warnings"]),
        observed=answer["observed"],
        problem=answer["problem"],
        output=answer["output"],
    )


def _told(outcome: Outcome) -> str:
    assert outcome.exception is not None
    types, text = outcome.exception
    return f"{types[0]}: {text.strip().splitlines()[0] if text.strip() else ''}".rstrip(": ")


def _behaviour(outcome: Outcome) -> str:
    if outcome.exception is not None:
        return f"ends with {_told(outcome)}"
    said = "; ".join(f"{types[0]}: {text.splitlines()[0] if text else ''}" for types, text in outcome.warnings[:3])
    seen = "" if outcome.observed is None else f", the expression is {outcome.observed}"
    return (f"runs and warns {said}" if said else "runs without a warning") + seen
