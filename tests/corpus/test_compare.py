"""The comparison itself, on a code base of one file; and what is on record has been judged."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest
from compare import VERDICTS, CodeBase, Comparison, Entry, Finding, Record, compare, copy_installed, main, updated

TINY = CodeBase("somebody/tiny", "github", "somebody/tiny@0123456")
PROGRAM = """\
import torch
from torch.nn import functional as F


def loss_of(net, x, y):
    probabilities = torch.softmax(net(x), dim=1)
    return F.cross_entropy(probabilities, y)
"""
FOUND = Finding(
    "somebody/tiny",
    "train/loss.py",
    7,
    "softmax-before-cross-entropy",
    "warning",
    "return F.cross_entropy(probabilities, y)",
    "`cross_entropy` is given the output of a softmax, and applies one itself",
)
GONE = Finding("somebody/tiny", "train/main.py", 1, "unknown-hook", "error", "def on_end(self):", "no such hook")
ABSENT = Finding("elsewhere", "main.py", 1, "unknown-hook", "error", "def on_end(self):", "no such hook")


def write_corpus(folder: Path) -> Path:
    (folder / "somebody+tiny" / "train").mkdir(parents=True)
    (folder / "somebody+tiny" / "train" / "loss.py").write_text(PROGRAM, encoding="utf-8")
    (folder / "somebody+tiny" / "train" / "broken.py").write_text("def f(:\n", encoding="utf-8")
    return folder


def record(folder: Path, *entries: Entry) -> Path:
    path = folder / "verdicts.json"
    Record((TINY, CodeBase("elsewhere", "pypi", "elsewhere==1")), entries).write(path)
    return path


def run(corpus: Path, verdicts: Path, *options: str) -> int:
    return main([str(corpus), "--verdicts", str(verdicts), *options])


@pytest.mark.parametrize(
    ("entry", "title", "status"),
    [
        (None, "new", 1),
        (Entry(FOUND), "unjudged", 1),
        (Entry(FOUND, "false", "The net ends with a softmax."), "judged false", 1),
        (Entry(FOUND, "true", "Two softmax."), None, 0),
    ],
)
def test_what_is_not_judged_true_is_told(
    entry: Entry | None, title: str | None, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = write_corpus(tmp_path)
    assert run(corpus, record(tmp_path, *filter(None, [entry]))) == status
    told = f"{title}: somebody/tiny: train/loss.py:7: warning: {FOUND.rule}: {FOUND.message}\n    {FOUND.text}\n"
    assert capsys.readouterr().out == (
        "elsewhere: not there, wanted is elsewhere==1\n" + (told if title else "") + "\n"
        "code base                           files  findings  hints\n"
        "somebody/tiny                           2         1      0\n"
        "together                                2         1      0\n"
        "\n"
        "rule                               findings  true  per 1,000 files\n"
        f"softmax-before-cross-entropy              1     {1 - status}           500.00\n"
        f"all errors and warnings                   1     {1 - status}           500.00\n"
    )


def test_an_update_writes_what_is_there_now_and_keeps_what_it_did_not_look_at(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path)
    elsewhere = Entry(ABSENT, "true", "There is no such hook.")
    verdicts = record(tmp_path, Entry(GONE, "true", "There is no such hook."), elsewhere)
    assert run(corpus, verdicts, "--update") == 1
    assert Record.read(verdicts).entries == (elsewhere, Entry(FOUND))


def test_nothing_to_compare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, record(tmp_path)) == 2
    assert capsys.readouterr().out.splitlines()[-1] == f"no code base in {tmp_path}"


def test_an_entry_stands_for_one_finding() -> None:
    entry = Entry(FOUND, "true", "Two softmax.")
    assert compare([FOUND, FOUND], [entry]) == Comparison((FOUND,), (), (entry,))
    assert compare([FOUND], [entry, entry]) == Comparison((), (entry,), (entry,))


def test_a_new_wording_is_read_again_beside_the_old_reason() -> None:
    reworded = Finding(FOUND.code_base, FOUND.path, 7, FOUND.rule, "warning", FOUND.text, "there are two softmax")
    comparison = compare([reworded], [Entry(FOUND, "true", "Two softmax.")])
    assert updated(comparison) == (Entry(reworded, "unjudged", "Two softmax."),)


def test_an_installed_package_is_copied(tmp_path: Path) -> None:
    folder, version = copy_installed("pytest", sys.executable, tmp_path)
    assert (folder, version) == (tmp_path / "pytest", pytest.__version__)
    assert sorted(path.name for path in (folder / "pytest").iterdir()) == ["__init__.py", "__main__.py"]


def test_a_repository_of_a_framework_is_checked_against_its_own_sources(tmp_path: Path) -> None:
    own = CodeBase("somebody/lightning", "github", "somebody/lightning@0123456", ("lightning-99.0", "src"))
    package = tmp_path / "somebody+lightning" / "src" / "lightning" / "pytorch"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("", encoding="utf-8")
    (package / "__init__.py").write_text(
        "class Trainer:\n    def __init__(self, *, haste=1): ...\n    def fit(self, model): ...\n", encoding="utf-8"
    )
    use = "from lightning.pytorch import Trainer\n\ntrainer = Trainer(haste=2)\nother = Trainer(max_epochs=1)\n"
    (package.parents[2] / "train.py").write_text(use, encoding="utf-8")
    verdicts = tmp_path / "verdicts.json"
    Record((own,), ()).write(verdicts)
    assert run(tmp_path, verdicts, "--update") == 1
    assert [entry.finding.text for entry in Record.read(verdicts).entries] == ["other = Trainer(max_epochs=1)"]


def test_all_that_is_on_record_is_judged_true_with_a_reason() -> None:
    entries = Record.read(VERDICTS).entries
    assert [entry for entry in entries if entry.verdict != "true" or not entry.reason.endswith(".")] == []


def test_the_record_knows_its_code_bases() -> None:
    known = Record.read(VERDICTS)
    assert Counter(base.kind for base in known.code_bases) == {"github": 6, "pypi": 4, "installed": 2}
    assert {entry.finding.code_base for entry in known.entries} <= {base.name for base in known.code_bases}
