"""Further programs that look like a mistake and are right: a file for a rule, a program after a line and its reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dryfit.engine.packs import load_packs
from dryfit.frameworks import bundled
from dryfit.testing import Bench
from dryfit_rules import RULES

FOLDER = Path(__file__).with_name("near_misses")
FILES = sorted(FOLDER.glob("*.py"))
HEAD = re.compile(r"^# ----.*\n# (.+)\n", re.MULTILINE)
BENCH = Bench(load_packs().rules, bundled())


def near_misses() -> Iterator[object]:
    """Each program of each file, named after its rule and counted from one."""
    for path in FILES:
        pieces = HEAD.split(path.read_text(encoding="utf-8"))
        for number, program in enumerate(pieces[2::2], 1):
            yield pytest.param(program, id=f"{path.stem.replace('_', '-')}-near-miss{number}")


@pytest.mark.parametrize("program", list(near_misses()))
def test_near_miss(program: str) -> None:
    compile(program, "near_miss.py", "exec", dont_inherit=True)
    BENCH.check_silent(program)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.stem.replace("_", "-")))
def test_every_program_has_its_reason(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert HEAD.match(text), "a file begins with a line `# ----` and, below it, the reason"
    assert len(HEAD.findall(text)) == len(re.findall(r"^# ----", text, re.MULTILINE)), "a program has no reason"
    assert path.stem.replace("_", "-") in {rule.name for rule in RULES}, "a file is called like its rule"
