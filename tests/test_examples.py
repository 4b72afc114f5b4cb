"""The example scripts: what is found in them, what is mended, and that they fail as they say."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dryfit.cli.main import main
from dryfit.engine.check import check
from dryfit.engine.packs import load_packs
from dryfit.engine.settings import Settings
from dryfit.engine.witness import Host, Outcome, holds
from dryfit.frameworks import bundled
from dryfit.rulekit import Raises, Warns, Witness

FOLDER = Path(__file__).parents[1] / "examples"

FINDINGS = {
    "actor_critic.py": [("parameters-no-optimizer-holds", 35)],
    "callbacks.py": [("hook-parameter-count", 20), ("unknown-hook", 24), ("removed-hook", 47)],
    "experts.py": [("modules-in-plain-container", 17), ("softmax-before-cross-entropy", 36)],
    "finetune.py": [("param-group-not-a-dict", 35), ("unknown-optimizer-config-key", 41)],
    "nothing_moves.py": [("gradients-cleared-before-step", 31)],
    "old_trainer.py": [
        ("unknown-trainer-argument", 34),
        ("unknown-trainer-argument", 36),
        ("unknown-trainer-argument", 37),
    ],
    "step_schedule.py": [("scheduler-step-before-optimizer", 31), ("get-lr-outside-scheduler", 39)],
}

# What the safe fixes change: the line, counted from one, as it was and as it is then.
MENDED = {
    "callbacks.py": [
        (
            20,
            "def on_train_batch_end(self, trainer, pl_module, outputs, batch_idx):",
            "def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):",
        )
    ],
    "finetune.py": [(35, "self.head.parameters(),", '{"params": self.head.parameters()},')],
    "old_trainer.py": [
        (34, "gpus=0,", 'accelerator="cpu",'),
        (37, "checkpoint_callback=False,", "enable_checkpointing=False,"),
    ],
    "step_schedule.py": [(39, "rate = scheduler.get_lr()[0]", "rate = scheduler.get_last_lr()[0]")],
}

# What a run shows: how it ends, or a pattern of what it prints.
RUNS: dict[str, Witness | str] = {
    "actor_critic.py": r"the critic moved by 0\.000\n",
    "callbacks.py": Raises("NotImplementedError", "Support for `validation_epoch_end` has been removed in v2.0.0"),
    "experts.py": r"parameters that are trained: 52\n",
    "finetune.py": Raises("TypeError", "param_group must be a dict, but got <class 'generator'>"),
    "nothing_moves.py": r"epoch 0: loss (\S+)\n(.*\n)*epoch 4: loss \1\n",
    "old_trainer.py": Raises("TypeError", "Trainer.__init__() got an unexpected keyword argument 'gpus'"),
    "step_schedule.py": Warns("UserWarning", "Detected call of `lr_scheduler.step()` before `optimizer.step()`"),
}


def text_of(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def mended(name: str) -> str:
    """The text of an example after its safe fixes."""
    lines = text_of(name).split("\n")
    for number, before, after in MENDED.get(name, []):
        assert lines[number - 1].strip() == before
        lines[number - 1] = lines[number - 1].replace(before, after)
    return "\n".join(lines)


def test_what_is_found() -> None:
    found = {}
    for path in sorted(FOLDER.glob("*.py")):
        result = check(text_of(path.name), path.name, load_packs().rules, Settings(), bundled(), guard=False)
        found[path.name] = [(diagnostic.rule, diagnostic.span.line + 1) for diagnostic in result.diagnostics]
    assert found == FINDINGS


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the examples, as the current folder."""
    copy = Path(shutil.copytree(FOLDER, tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__")))
    monkeypatch.chdir(copy)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_COLOR", "1")
    return copy


def texts_in(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))}


def test_the_diff_shows_what_the_safe_fixes_would_change(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--diff", "--python", sys.executable]) == 1
    lines = capsys.readouterr().out.splitlines()
    changes = [line[1:].strip() for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert changes == [text for name in sorted(MENDED) for mend in MENDED[name] for text in mend[1:]]
    assert texts_in(folder) == {name: text_of(name) for name in FINDINGS}


def test_safe_fixes_change_these_lines_and_no_others(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--fix", "--python", sys.executable]) == 1
    assert texts_in(folder) == {name: mended(name) for name in FINDINGS}
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"fixed {sum(map(len, MENDED.values()))}; ")


@pytest.fixture(scope="module")
def outcomes() -> Iterator[dict[str, Outcome]]:
    """What happens when the examples are run, each in a fresh process."""
    with Host(sys.executable) as host:
        for name in RUNS:
            host.submit(name, text_of(name), None)
        yield {name: host.result(name) for name in RUNS}


@pytest.mark.parametrize("name", RUNS)
def test_an_example_fails_as_it_says(name: str, outcomes: dict[str, Outcome]) -> None:
    outcome, expected = outcomes[name], RUNS[name]
    if isinstance(expected, str):
        assert outcome.exception is None
        assert re.search(expected, outcome.output), outcome.output
    else:
        assert holds(expected, outcome), outcome


def test_every_example_says_what_happens() -> None:
    assert {name for name in FINDINGS if "\nWhat happens: " in text_of(name).split('"""')[1]} == FINDINGS.keys()


def test_the_readme_shows_what_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(FOLDER.parent)
    monkeypatch.setenv("NO_COLOR", "1")
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\$ dryfit check (\S+)\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    assert shown
    for path, output in shown:
        main(["check", path, "--no-cache", "--python", sys.executable])
        assert capsys.readouterr().out == output
