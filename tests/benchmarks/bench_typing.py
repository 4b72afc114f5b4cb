"""What a keystroke costs: typing at many places of real files, with all rules on, the way an editor asks for it.

For each key: the edit, the judgement of what was typed in, and the diagnostics to publish; CPU time. When the typist
pauses, the rest is judged in slices, as at idle. Wherever the text is complete, what is said after settling must equal
what a fresh check says.

A busy machine can be four times slower in CPU time as well, from one minute to the next. So a fixed piece of work is
timed beside the typing, and all times are given as if it had taken what it takes on a quiet machine ("slowed": by how
much it took longer).

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

import libcst

sys.path.insert(0, str(Path(__file__).parent.parent / "engine"))

from typist import BRACKETS, STATEMENT, Key, Place, keys, places

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
SLICE_SECONDS = 0.008
BAR_MS = 10.0
# libcst parses this in so many ms where it parses lightning/pytorch/demos/lstm.py in 7.1.
YARDSTICK = f"def forward(self, model, loader):\n    {STATEMENT}\n    {BRACKETS}\n    return optimizer, values\n"
YARDSTICK_MS = 0.8


@dataclass(slots=True)
class Measured:
    """What typing in one file cost, in CPU ms of a quiet machine."""

    name: str
    lines: int
    roots: int
    opening: float
    keys: list[tuple[float, str]] = field(default_factory=list)  # with what was typed, and where
    slices: list[tuple[float, str]] = field(default_factory=list)  # with what was done
    pauses: list[float] = field(default_factory=list)
    slowness: list[float] = field(default_factory=list)
    checks: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def median(self) -> float:
        return median(spent for spent, _ in self.keys)

    @property
    def p95(self) -> float:
        return _p95([spent for spent, _ in self.keys])

    @property
    def row(self) -> str:
        return (
            f"{self.name[-34:]:34} {self.lines:6} {self.roots:5} {median(self.slowness):6.1f} {self.opening:6.0f} "
            f"{len(self.keys):6} {self.median:6.2f} {self.p95:6.2f} {max(self.keys)[0]:6.1f} | "
            f"{max(self.slices)[0]:6.1f} "
            f"{median(self.pauses):6.1f} {_p95(self.pauses):6.1f} | findings wrong {len(self.wrong)} of {self.checks}"
        )


HEAD = (
    f"{'file':34} {'lines':>6} {'roots':>5} {'slowed':>6} {'open':>6} {'keys':>6} "
    f"{'median':>6} {'p95':>6} {'max':>6} | "
    f"{'slice':>6} {'pause':>6} {'p95':>6} | CPU ms; slice: the largest; pause: all slices of one"
)


def measure(name: str, text: str, each_kind: int, compares: bool = True) -> Measured:
    """Type at so many places of each kind."""
    session = Session(RULES, lambda _: SETTINGS, FRAMEWORKS, guard=False)
    before = slowness()
    start = process_time()
    session.open(name, text)
    session.settle(name)
    original = session.diagnostics(name)
    opening = _ms_since(start) * 2 / (before + slowness())
    result = Measured(name, text.count("\n"), len(session._program.roots(name)), opening)
    _compare(result, session, text, "opened")
    for place in places(text, each_kind):
        _type(result, session, place, list(keys(text, place)), compares)
        assert session.text(name) == text
        if session.diagnostics(name) != original:
            result.wrong.append(f"line {place.line + 1}: not as before after restoring the text")
    return result


def _type(result: Measured, session: Session, place: Place, typed: list[Key], compares: bool) -> None:
    """All keys at one place."""
    pressed: list[tuple[float, str]] = []
    slices: list[tuple[float, str]] = []
    pauses: list[float] = []
    slow: list[float] = []
    for number, key in enumerate(typed):
        where = f"line {place.line + 1} ({place.kind}), key {number} {key.text[:20]!r}"
        pressed.append((_press(result.name, session, key), where))
        if key.is_pause:
            slow.append(slowness())
            done = [(spent, f"{where}: {what}") for spent, what in _idle(result.name, session)]
            slices += done
            pauses.append(sum(spent for spent, _ in done))
        if key.is_complete and compares:
            _compare(result, session, None, where)
    factor = median(slow)
    result.slowness.append(factor)
    result.keys += [(spent / factor, where) for spent, where in pressed]
    result.slices += [(spent / factor, where) for spent, where in slices]
    result.pauses += [spent / factor for spent in pauses]


def _press(name: str, session: Session, key: Key) -> float:
    """What the server does for one key."""
    start = process_time()
    session.edit(name, key.span, key.text)
    session.judge_edited(name)
    session.diagnostics(name)
    return _ms_since(start)


def _idle(name: str, session: Session) -> Iterator[tuple[float, str]]:
    """What the server does while nobody types: each slice, and the first of the roots that were judged in it."""
    goes_on = True
    while goes_on:
        before = list(session._files[name].pending or ())
        start = process_time()
        goes_on = session.judge_some(name, SLICE_SECONDS)
        spent = _ms_since(start)
        yield spent, before[-1] if before else "the first slice"


def slowness() -> float:
    """How much slower than a quiet machine this one is at the moment."""
    start = process_time()
    libcst.parse_module(YARDSTICK)
    return _ms_since(start) / YARDSTICK_MS


def _ms_since(start: float) -> float:
    return (process_time() - start) * 1000


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
        print(f"    slowest key: {max(result.keys)[1]}; slowest slice: {max(result.slices)[1]}")
        for line in result.wrong[:8]:
            print(f"    {line}")
        is_good = is_good and not result.wrong and result.p95 <= BAR_MS
    if not options.no_growth:
        grown = dict(growth())
        for result in grown.values():
            print(result.row, flush=True)
        ratio = grown[COPIES[-1]].median / grown[COPIES[0]].median
        print(f"16 times the file: {ratio:.2f} times the cost of a key")
        is_good = is_good and ratio < 2
    return 0 if is_good else 1


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)] if values else 0.0


if __name__ == "__main__":
    sys.exit(main())
