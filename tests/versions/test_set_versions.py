"""`frameworks = {lightning = "2.2"}` on the command line: the same program under other versions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dryfit.cli.main import main

PROGRAM = """\
from lightning.pytorch import Trainer

trainer = Trainer(gpus=1, barebones=True, weights_save_path="weights")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
    (tmp_path / "train.py").write_text(PROGRAM, encoding="utf-8")
    return tmp_path


def checked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str], list[str]]:
    """Exit code, messages, and what was said besides."""
    code = main(["check", *arguments, "--output-format", "json"])
    captured = capsys.readouterr()
    return code, [item["message"] for item in json.loads(captured.out or "[]")], captured.err.splitlines()


GPUS = "`gpus` was removed from `Trainer` in lightning 2.0"
WEIGHTS = "`weights_save_path` was removed from `Trainer` in lightning 1.8"
BAREBONES = "`Trainer` has no argument `barebones` before lightning 2.0"


@pytest.mark.parametrize(
    ("version", "messages"), [("2.2", [GPUS, WEIGHTS]), ("1.9.5", [BAREBONES, WEIGHTS]), ("2.6", [GPUS, WEIGHTS])]
)
def test_the_version_that_is_set_counts(
    folder: Path, capsys: pytest.CaptureFixture[str], version: str, messages: list[str]
) -> None:
    (folder / "dryfit.toml").write_text(f'frameworks = {{lightning = "{version}"}}\n', encoding="utf-8")
    assert checked(capsys, "train.py") == (1, messages, [])


def test_what_stands_in_is_said_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(30):  # enough for several processes
        (folder / f"train{number}.py").write_text(PROGRAM, encoding="utf-8")
    (folder / "dryfit.toml").write_text('frameworks = {lightning = "1.7"}\n', encoding="utf-8")
    code, messages, said = checked(capsys, ".", "-j", "2")
    assert (code, set(messages), len(messages)) == (1, {BAREBONES}, 31)
    assert said == [
        "dryfit: `frameworks.lightning`: no table of lightning 1.7 is known here; that of 1.9.5 stands in, "
        "put right by what is known to have changed; `python` can name an environment that has 1.7"
    ]


def test_a_value_that_is_no_version(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "dryfit.toml").write_text("frameworks = {lightning = 2.2}\n", encoding="utf-8")
    code, messages, said = checked(capsys, "train.py")
    assert (code, messages) == (2, [])
    assert said == [
        f'dryfit: {folder}/dryfit.toml:1: `frameworks.lightning` is not a version as text; write for instance "2.2"'
    ]
