"""The four articles the project started from: exactly what is wrong in their programs is found, and nothing else.

What the programs do when they are run, and what the articles only believe, was found out by running them. Where the
articles are not beside the repository, these tests are skipped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from dryfit.engine.check import check
from dryfit.engine.diagnostic import Diagnostic
from dryfit.engine.packs import load_packs
from dryfit.engine.settings import Settings
from dryfit.frameworks import bundled
from dryfit.text.edit import apply_edits

FOLDER = Path(__file__).parents[2] / "shared" / "facts" / "seeds"
PROGRAM = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Said:
    """A finding: its line, counted from one, the code its span begins with, its rule, and how the fix writes the line.

    `fix`: "" for no fix.
    """

    line: int
    at: str
    rule: str
    fix: str = ""


BATCHES = "batches-given-to-fit"

EXPECTED: dict[tuple[str, int], list[Said]] = {
    ("000", 1): [
        Said(
            28,
            "self.fc2.parameters()",
            "param-group-not-a-dict",
            'safe: {"params": self.fc2.parameters()} # Error here',
        ),
        Said(37, "[[dummy_input, dummy_target]]", BATCHES),
    ],
    ("000", 2): [
        Said(29, ".param_groups.append", "param-groups-append"),
        Said(36, "[[dummy_input, dummy_target]]", BATCHES),
    ],
    ("000", 3): [
        Said(39, "[[dummy_input, dummy_target]]", BATCHES),
    ],
    ("001", 1): [],
    ("001", 2): [
        Said(10, "scheduler.step()", "scheduler-step-before-optimizer"),
        Said(
            12,
            "get_lr",
            "get-lr-outside-scheduler",
            'safe: print(f"Scheduler LR: {scheduler.get_last_lr()[0]}")  # Output: 0.001',
        ),
    ],
    ("001", 3): [
        Said(
            15,
            "get_lr",
            "get-lr-outside-scheduler",
            'safe: print(f"Scheduler LR: {scheduler.get_last_lr()[0]}")  # Output: 0.001',
        ),
        Said(
            18,
            "get_lr",
            "get-lr-outside-scheduler",
            'safe: print(f"Scheduler LR after second step: {scheduler.get_last_lr()[0]}")'
            " # Output: 0.001 (No further change in this example)",
        ),
    ],
    ("002", 1): [],
    ("002", 2): [
        Said(
            6,
            "on_train_batch_end",
            "hook-parameter-count",
            "safe: def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):",
        ),
        Said(
            11,
            "on_train_batch_end",
            "hook-parameter-count",
            "safe: def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):",
        ),
    ],
    ("002", 3): [],
    ("003", 1): [
        Said(20, "optim.Adam([{'params': network.shared_layer.parameters()}]", "parameters-no-optimizer-holds"),
    ],
    ("003", 2): [
        Said(9, "self.weight.requires_grad", "frozen-parameter-in-optimizer"),
    ],
    ("003", 3): [
        Said(12, "torch.autograd.grad(loss, network.parameters())", "gradients-never-assigned"),
    ],
}

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the articles are not beside the repository")


def programs() -> dict[tuple[str, int], str]:
    """The fenced programs by the number of their article and their own, both as the table has them."""
    found = {}
    for path in sorted(FOLDER.glob("*.txt")):
        for number, program in enumerate(PROGRAM.findall(path.read_text(encoding="utf-8")), 1):
            found[path.name[:3], number] = program
    return found


def findings(text: str) -> tuple[Diagnostic, ...]:
    result = check(text, "article.py", load_packs().rules, Settings(), bundled(), guard=False)
    assert result.syntax is None
    return result.diagnostics


def said(diagnostic: Diagnostic, text: str, at: str) -> Said:
    """What a diagnostic says, in the table's words; `at`: how much of the code to quote."""
    span = diagnostic.span
    code = text.split("\n")[span.line][span.column :][: len(at)]
    fixes = [
        f"{fix.applicability.value}: {apply_edits(text, fix.edits).split(chr(10))[span.line].strip()}"
        for fix in diagnostic.fixes
    ]
    return Said(span.line + 1, code, diagnostic.rule, "; ".join(fixes))


def test_all_programs_of_the_articles_are_in_the_table() -> None:
    assert programs().keys() == EXPECTED.keys()


@pytest.mark.parametrize("key", EXPECTED, ids=lambda key: f"{key[0]}-{key[1]}")
def test_article(key: tuple[str, int]) -> None:
    text, expected = programs()[key], EXPECTED[key]
    quotes = [entry.at for entry in expected]
    found = findings(text)
    quotes += [""] * (len(found) - len(quotes))
    assert [said(diagnostic, text, at) for diagnostic, at in zip(found, quotes, strict=False)] == expected


def test_the_layers_without_an_optimizer_are_called_by_name() -> None:
    (diagnostic,) = findings(programs()["003", 1])
    assert diagnostic.message == "no optimizer holds the parameters of `network.critic_layer` and `network.actor_layer`"


def test_the_weight_that_was_switched_off_is_called_by_name() -> None:
    (diagnostic,) = findings(programs()["003", 2])
    assert "`CustomLayer.weight`" in diagnostic.message
