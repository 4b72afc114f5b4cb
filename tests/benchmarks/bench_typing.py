"""What a keystroke costs: typing at many places of real files, with all rules on, the way an editor asks for it.

For each key: the edit, the judgement of what was typed in, and the diagnostics to publish; CPU time. When the typist
pauses, the rest is judged in slices, as at idle. Wherever the text is complete, what is said after settling must equal
what a fresh check says. `python tests/benchmarks/bench_typing.py [--quick] [--growth] [FILE...]`

Exit code 1 if a finding differs, if the p95 of a file is above 10 ms, or if the cost grows with the file.
"""

from __future__ import annotations

import argparse
import ast
import gc
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import process_time

sys.path.insert(0, str(Path(__file__).parent.parent / "engine"))

from typist import Key, Place, keys, places

from dryfit.engine.check import check
from dryfit.engine.diagnostic import Diagnostic
from dryfit.engine.environment import cache_folder, frameworks_of
from dryfit.engine.packs import load_packs
from dryfit.engine.session import Session
from dryfit.engine.settings import Settings
from dryfit.lsp.server import GC_THRESHOLDS

RULES = load_packs().rules
FRAMEWORKS = frameworks_of(Path(sys.executable), cache_folder({}))
SETTINGS = Settings()
FILES = (
    "lightning/pytorch/demos/lstm.py",
    "training_script.py",
    "lightning/pytorch/callbacks/model_checkpoint.py",
    "torch/_inductor/utils.py",
)
COPIED = "lightning/pytorch/callbacks/model_checkpoint.py"
COPIES = (1, 2, 4, 8, 16)
SLICE_SECONDS = 0.005
BAR_MS = 10.0


@dataclass(slots=True)
class Measured:
    """What typing in one file cost, in CPU ms."""

    name: str
    lines: int
    roots: int
    opening: float
    keys: list[float] = field(default_factory=list)
    slices: list[float] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    slowest_key: str = ""
    slowest_slice: str = ""
    checks: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def row(self) -> str:
        key, rest = sorted(self.keys), sorted(self.pauses)
        return (
            f"{self.name[-34:]:34} {self.lines:6} {self.roots:5} {self.opening:7.0f} {len(key):6} "
            f"{median(key):7.2f} {_p95(key):6.2f} {key[-1]:7.2f} | {max(self.slices):6.1f} {median(rest):6.1f} "
            f"{_p95(rest):7.1f} | findings wrong {len(self.wrong)} of {self.checks}"
        )


HEAD = (
    f"{'file':34} {'lines':>6} {'roots':>5} {'open':>7} {'keys':>6} {'median':>7} {'p95':>6} {'max':>7} | "
    f"{'slice':>6} {'pause':>6} {'p95':>7} |  CPU ms; slice: largest; pause: all slices of one"
)


def measure(name: str, text: str, each_kind: int, compares: bool = True) -> Measured:
    """Type at so many places of each kind."""
    session = Session(RULES, lambda _: SETTINGS, FRAMEWORKS, guard=False)
    start = process_time()
    session.open(name, text)
    session.settle(name)
    original = session.diagnostics(name)
    program = session._program
    result = Measured(name, text.count("\n"), len(program.roots(name)), (process_time() - start) * 1000)
    _compare(result, session, text, "opened")
    for place in places(text, each_kind):
        for number, key in enumerate(keys(text, place)):
            _press(result, session, key, place, number)
            if key.is_pause:
                _idle(result, session, place, number)
            if key.is_complete and compares:
                _compare(result, session, None, f"line {place.line + 1}, key {number}")
        assert session.text(name) == text
        if session.diagnostics(name) != original:
            result.wrong.append(f"line {place.line + 1}: not as before after restoring the text")
    return result


def _press(result: Measured, session: Session, key: Key, place: Place, number: int) -> None:
    """What the server does for one key."""
    start = process_time()
    session.edit(result.name, key.span, key.text)
    session.judge_edited(result.name)
    session.diagnostics(result.name)
    spent = (process_time() - start) * 1000
    if not result.keys or spent > max(result.keys):
        result.slowest_key = f"line {place.line + 1} ({place.kind}), key {number} {key.text[:30]!r}"
    result.keys.append(spent)


def _idle(result: Measured, session: Session, place: Place, number: int) -> None:
    """What the server does while nobody types."""
    total, goes_on = 0.0, True
    while goes_on:
        pending = session._files[result.name].pending
        before = list(pending) if pending else []
        start = process_time()
        goes_on = session.judge_some(result.name, SLICE_SECONDS)
        spent = (process_time() - start) * 1000
        if not result.slices or spent > max(result.slices):
            after = session._files[result.name].pending or []
            done = before[len(after) :] if before else ["the beginning"]
            result.slowest_slice = f"{spent:.1f} ms: line {place.line + 1}, key {number}: {done[:1]} ({len(done)} roots)"
        result.slices.append(spent)
        total += spent
    result.pauses.append(total)


def _compare(result: Measured, session: Session, text: str | None, where: str) -> None:
    """Is what is said what a fresh check says?"""
    session.settle(result.name)
    said = session.diagnostics(result.name)
    fresh = check(text or session.text(result.name), result.name, RULES, SETTINGS, FRAMEWORKS, guard=False)
    result.checks += 1
    if fresh.syntax is not None:
        result.wrong.append(f"{where}: the benchmark types what does not parse: {fresh.syntax}")
    elif said != fresh.diagnostics:
        result.wrong.append(f"{where}: {_difference(said, fresh.diagnostics)}")


def _difference(said: tuple[Diagnostic, ...], right: tuple[Diagnostic, ...]) -> str:
    more = [f"+{d.span.line + 1}:{d.rule}" for d in said if d not in right]
    less = [f"-{d.span.line + 1}:{d.rule}" for d in right if d not in said]
    return " ".join([*more, *less][:6])


def copies(text: str, count: int) -> str:
    """The file's definitions so many times, under other names, below its imports."""
    tree = ast.parse(text)
    lines = text.splitlines(keepends=True)
    defined = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    first = min(node.lineno - 1 - len(node.decorator_list) for node in defined)
    body = "".join(lines[first:])
    pattern = re.compile(r"\b(" + "|".join(re.escape(node.name) for node in defined) + r")\b")
    return "".join(lines[:first]) + "".join(pattern.sub(rf"\1_{i}", body) + "\n\n" for i in range(count))


def find(name: str) -> Path:
    """A file of an installed package, of this folder, or as it is given."""
    if (Path(__file__).parent / name).exists():
        return Path(__file__).parent / name
    spec = find_spec(name.split("/")[0]) if not Path(name).exists() else None
    return Path(name) if spec is None or spec.origin is None else Path(spec.origin).parent.parent / name


def growth() -> Iterator[tuple[int, Measured]]:
    """The same typing in longer and longer files."""
    text = find(COPIED).read_text()
    for count in COPIES:
        yield count, measure(f"{count} x {COPIED}", copies(text, count), 2, compares=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", default=FILES)
    parser.add_argument("--places", type=int, default=4, help="of each kind")
    parser.add_argument("--no-growth", action="store_true")
    options = parser.parse_args()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    is_good = True
    print(f"{len(RULES)} rules\n{HEAD}")
    for name in options.files:
        result = measure(name, find(name).read_text(), options.places)
        print(result.row, flush=True)
        print(f"    slowest key: {result.slowest_key}; slowest slice: {result.slowest_slice}")
        for line in result.wrong[:8]:
            print(f"    {line}")
        is_good = is_good and not result.wrong and _p95(result.keys) <= BAR_MS
    if not options.no_growth:
        grown = dict(growth())
        for result in grown.values():
            print(result.row, flush=True)
        ratio = median(grown[COPIES[-1]].keys) / median(grown[COPIES[0]].keys)
        print(f"16 times the file: {ratio:.2f} times the cost of a key")
        is_good = is_good and ratio < 2
    return 0 if is_good else 1


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)] if values else 0.0


if __name__ == "__main__":
    sys.exit(main())
