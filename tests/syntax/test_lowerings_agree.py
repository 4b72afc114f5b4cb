"""A sample of the installed packages, lowered by both parsers; `lowering_agreement.py` compares all of them."""

import random
from pathlib import Path

from .lowering_agreement import PACKAGES, check, files_of

SAMPLE = 120
MOST_BYTES = 40_000  # a sample has to be quick; the whole comparison skips nothing


def sample() -> list[Path]:
    files = [path for package in PACKAGES for path in files_of(package) if path.stat().st_size <= MOST_BYTES]
    return random.Random(0).sample(files, SAMPLE)


def test_both_lowerings_agree_on_installed_packages() -> None:
    outcomes = [(path, *check(path)) for path in sample()]
    assert [(path, why) for path, outcome, why in outcomes if outcome == "differs"] == []
    assert sum(outcome == "same" for _, outcome, _ in outcomes) > SAMPLE * 0.9
