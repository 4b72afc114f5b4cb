"""One project that uses every hook, argument and value of any version, and what each version of Lightning refuses.

`observed.json` is what `inspect.signature` and the constructor said when eleven versions were run (1.5.10 to 2.6.6; the
values of strategies, accelerators and precisions from 1.9.5 on). A name has its signature under the version since which
it holds, "" for the first, null where it is gone. What is expected is computed from that alone, by Python's own binding
of arguments: no table and no history of ours is asked.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

OBSERVED: dict[str, Any] = json.loads(Path(__file__).with_name("observed.json").read_text(encoding="utf-8"))
HEAD = "import lightning.pytorch as pl\n"
VERSIONS = ("1.9.5", "2.0.9.post0", "2.1.4", "2.2.5", "2.4.0", "2.5.6", "2.6.6")

KINDS = {"module": "LightningModule", "callback": "Callback", "datamodule": "LightningDataModule"}
# What the loops pass by name, and what a base class that takes `*args, **kwargs` is passed.
BY_NAME = {"stage", "gradient_clip_val", "gradient_clip_algorithm", "on_tpu", "using_lbfgs"}
STEPS = ("validation_step", "test_step", "predict_step")
# Signatures that people write though no base class has them.
WRITTEN = {
    "validation_step": ("batch", "batch, batch_idx", "batch, batch_idx, dataloader_idx=0"),
    "test_step": ("batch", "batch, batch_idx"),
    "predict_step": ("batch", "batch, batch_idx"),
    "training_step": ("batch", "batch, batch_idx", "batch, batch_idx, optimizer_idx=0"),
    "validation_step_end": ("outputs", "outputs, more"),
    "optimizer_step": ("epoch, batch_idx, optimizer, optimizer_idx, closure, on_tpu, using_native_amp, using_lbfgs",),
}
REFUSED_PRECISION = ("ValueError", "MisconfigurationException")
# Names that are too common to be taken for hooks that are gone.
COMMON = {"log_grad_norm"}
# Refused, and not reported: other packages register these; 1.9 still lists one that it refuses.
SILENT = {"hpu_parallel", "hpu", "ipu", "npu", "tpu_spawn 1.9.5"}


Subject: TypeAlias = "tuple[str, ...]"  # section of what was observed, name, for a hook its signature
Reports: TypeAlias = "dict[Subject, list[tuple[str, str]]]"  # rules and severities


@dataclass(frozen=True, slots=True)
class Use:
    """A class or a function of two lines; what is reported stands on its line `line`, counted from zero."""

    subject: Subject
    text: str
    line: int


def project() -> dict[str, list[Use]]:
    """The files, one for each section of what was observed, with all that any version knows."""
    files: dict[str, list[Use]] = {}
    for use in _uses():
        files.setdefault(f"{use.subject[0].replace('.', '_').replace(' ', '_')}.py", []).append(use)
    return files


def text_of(file: Sequence[Use]) -> str:
    """Numbered, so that no two names are the same."""
    blocks = [use.text.replace("NUMBER", str(number)) for number, use in enumerate(file)]
    return "\n\n".join([HEAD, *blocks])


def expected(file: Sequence[Use], version: str) -> Reports:
    """What is to be reported, and nothing else."""
    rules = ((use.subject, _expected(use.subject, version)) for use in file)
    return {subject: [rule] for subject, rule in rules if rule is not None}


def by_use(file: Sequence[Use], found: Iterable[tuple[int, str, str]]) -> Reports:
    """Reports with their lines, told by the use that they belong to; the line is told as well if it is not the one."""
    between: list[tuple[Use | None, int]] = [(None, 0), (None, 0)]
    places = [(None, 0), *between]
    for use in file:
        places += [*((use, line) for line in range(use.text.count("\n"))), *between]
    reports: Reports = {}
    for line, rule, severity in found:
        use, place = places[line]
        assert use is not None
        reports.setdefault(use.subject, []).append((rule if place == use.line else f"{rule} in line {place}", severity))
    return reports


def _uses() -> Iterator[Use]:
    for kind, base in KINDS.items():
        for name, history in OBSERVED[kind].items():
            signatures = dict.fromkeys([*(s for s in history.values() if s is not None), *WRITTEN.get(name, ())])
            for signature in signatures if kind == "module" or name not in WRITTEN else ():
                given = f"self, {signature}" if signature else "self"
                text = f"class MineNUMBER(pl.{base}):\n    def {name}({given}):\n        raise NotImplementedError\n"
                yield Use((kind, name, signature), text, 1)
    for name in OBSERVED["trainer"]:
        yield _call(("trainer", name), "useNUMBER(value)", f"pl.Trainer({name}=value)")
    for name in OBSERVED["trainer methods"]:
        yield _call(("trainer methods", name), "useNUMBER()", f"print(pl.Trainer().{name})")
    for method in ("fit", "validate", "test", "predict"):
        for name in OBSERVED[f"trainer.{method}"]:
            yield _call((f"trainer.{method}", name), "useNUMBER(value)", f"pl.Trainer().{method}({name}=value)")
    for values, argument in (("strategies", "strategy"), ("accelerators", "accelerator"), ("precisions", "precision")):
        for value in OBSERVED[values]:
            yield _call((values, value), "useNUMBER()", f"pl.Trainer({argument}={_literal(values, value)})")


def _call(subject: Subject, head: str, call: str) -> Use:
    return Use(subject, f"def {head}:\n    {call}\n", 1)


def _literal(values: str, name: str) -> str:
    if name in ("None", "NoneNoneType"):
        return "None"
    if values == "precisions":
        return name.removesuffix("int") if name.endswith("int") else repr(name.removesuffix("str"))
    return repr(name)


def _expected(subject: Subject, version: str) -> tuple[str, str] | None:
    section, name = subject[:2]
    history = OBSERVED[section][name]
    there = _at(history, version)
    if section in KINDS:
        return _expected_of_hook(section, name, subject[2], version)
    if section in ("strategies", "accelerators", "precisions"):
        refused = "invalid" in there or "Requirement 'lightning-" in there or there in REFUSED_PRECISION
        is_silent = name in SILENT or f"{name} {version}" in SILENT
        rule = {"strategies": "strategy", "accelerators": "accelerator", "precisions": "precision"}[section]
        return (f"invalid-{rule}", "error") if refused and not is_silent else None
    if there is not None:
        return None
    if section == "trainer methods":
        return ("removed-trainer-method", "error") if _was(history, version) else None
    return ("unknown-trainer-argument" if section == "trainer" else "unknown-fit-argument", "error")


def _expected_of_hook(kind: str, name: str, given: str, version: str) -> tuple[str, str] | None:
    history = OBSERVED[kind][name]
    passed = _at(history, version)
    if passed is None:
        if not _was(history, version):
            return "unknown-hook", "warning"
        is_refused = f"{kind} {name}" in OBSERVED["refused hooks"]["2.0" if _release(version) >= (2, 0) else "1.9"]
        return None if name in COMMON else ("removed-hook", "error" if is_refused else "warning")
    if name == "training_step" and "optimizer_idx" in given:
        return ("optimizer-idx-in-training-step", "error") if _release(version) >= (2, 1) else None
    override = inspect.signature(eval(f"lambda {given}: None"))
    calls = _calls(name, passed, override, _release(version))
    return None if any(_binds(override, *call) for call in calls) else ("hook-parameter-count", "error")


def _calls(
    name: str, passed: str, override: inspect.Signature, release: tuple[int, ...]
) -> Iterator[tuple[list[str], set[str]]]:
    """The ways in which a version calls an override: what by position, what by name."""
    parameters = inspect.signature(eval(f"lambda {passed}: None")).parameters.values()
    ordinary = [p for p in parameters if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    by_name = {p.name for p in ordinary} & BY_NAME
    positions = [p.name for p in ordinary if p.name not in by_name]
    if name in STEPS:
        positions = ["batch", "batch_idx", "dataloader_idx"]
    elif name == "training_step":
        positions = ["batch", "batch_idx"]
    elif name.endswith("_step_end"):
        positions = ["outputs"]
    elif name == "forward":  # called by whoever calls it
        positions = []
    if name == "optimizer_step" and "using_native_amp" in override.parameters and release < (2, 0):
        by_name.add("using_native_amp")  # passed to whoever names it
    yield positions, by_name
    is_optional = [p.name for p in ordinary if p.name == "dataloader_idx" and p.default is not p.empty]
    if is_optional or name in STEPS:
        yield positions[:-1], by_name
    if (name in STEPS and release >= (2, 1)) or name == "training_step":
        yield ["batch"], by_name


def _binds(override: inspect.Signature, positions: list[str], names: set[str]) -> bool:
    try:
        override.bind(*positions, **dict.fromkeys(names))
    except TypeError:
        return False
    return True


def _at(history: Mapping[str, Any], version: str) -> Any:
    """What holds in a version."""
    known = [value for since, value in history.items() if _release(since) <= _release(version)]
    return known[-1] if known else None


def _was(history: Mapping[str, Any], version: str) -> bool:
    """Was it there in an earlier version?"""
    return any(value is not None and _release(since) < _release(version) for since, value in history.items())


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:3]) if version else ()
