"""`dryfit check`: options, formats, fixes, exit codes."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from fake_pack import RULES, Run
from inline_snapshot import snapshot

from dryfit.engine.packs import Packs

SEEDED = "import torch\n\ntorch.manual_seed(1)\n"
FIXED = "import torch\n\ntorch.initial_seed()\n"
THREADED = "import torch\n\ntorch.set_num_threads(2)\n"


def write(path: str, text: str) -> Path:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")
    return Path(path)


def test_text(dryfit: Run) -> None:
    write("train.py", SEEDED + "torch.manual_seed(2)\n")
    done = dryfit("check", "train.py")
    assert (done.code, done.err) == (1, "")
    assert done.out == snapshot("""\
error[seed-set]: the seed is set
 --> train.py:3:1
  |
3 | torch.manual_seed(1)
  | ^^^^^^^^^^^^^^^^^^^^
  = note: the run is reproducible
  = help: use `torch.initial_seed()`

error[seed-set]: the seed is set
 --> train.py:4:1
  |
4 | torch.manual_seed(2)
  | ^^^^^^^^^^^^^^^^^^^^
 ::: train.py:3:1
  |
3 | torch.manual_seed(1)
  | -------------------- set before
  = note: the run is reproducible
  = help: use `torch.initial_seed()`

2 errors in 1 of 1 file; 2 fixable with --fix
""")


def test_json_is_the_contract(dryfit: Run) -> None:
    write("sub/train.py", SEEDED)
    done = dryfit("check", "--output-format", "json", "sub")
    assert done.code == 1
    place = {"start": {"line": 3, "column": 1}, "end": {"line": 3, "column": 21}}
    assert json.loads(done.out) == [
        {
            "path": "sub/train.py",
            "cell": None,
            "rule": "seed-set",
            "family": "random",
            "severity": "error",
            "message": "the seed is set",
            "note": "the run is reproducible",
            "help": "use `torch.initial_seed()`",
            "range": place,
            "related": [],
            "fixes": [
                {
                    "title": "use `torch.initial_seed()`",
                    "applicability": "safe",
                    "edits": [{"path": "sub/train.py", "range": place, "new_text": "torch.initial_seed()"}],
                }
            ],
            "url": "docs/rules/seed-set.md",
        }
    ]
    assert dryfit("check", "--output-format", "json", "sub").out == done.out


def test_nothing_to_report(dryfit: Run) -> None:
    write("train.py", FIXED)
    assert dryfit("check").out == "nothing found in 1 file\n"
    assert dryfit("check", "--output-format", "json").out == "[]\n"
    assert dryfit("check").code == 0


def test_no_files(dryfit: Run) -> None:
    done = dryfit("check")
    assert (done.code, done.err) == (0, "dryfit: no Python files found\n")


def test_order_is_by_path_then_place(dryfit: Run) -> None:
    write("b.py", SEEDED)
    write("a/z.py", THREADED + SEEDED)
    found = json.loads(dryfit("check", "b.py", "a", "--output-format", "json").out)
    assert [(d["path"], d["range"]["start"]["line"]) for d in found] == [("a/z.py", 3), ("a/z.py", 6), ("b.py", 3)]


def test_many_processes_say_the_same(dryfit: Run) -> None:
    for number in range(12):
        write(f"m{number}.py", SEEDED if number % 2 else THREADED)
    one, two = dryfit("check", "-j", "1"), dryfit("check", "-j", "2")
    assert one == two
    assert "6 errors, 6 warnings in 12 of 12 files" in one.out


def test_fix(dryfit: Run) -> None:
    path = write("train.py", SEEDED + "torch.set_num_threads(2)\n")
    done = dryfit("check", "--fix")
    assert path.read_text() == FIXED + "torch.set_num_threads(2)\n"
    assert done.code == 1
    assert done.out.endswith("fixed 1; 1 warning left in 1 of 1 file; 1 with --fix --unsafe-fixes\n")
    done = dryfit("check", "--fix", "--unsafe-fixes")
    assert path.read_text() == FIXED + "pass\n"
    assert (done.code, done.out) == (0, "fixed 1; nothing else found in 1 file\n")


def test_fix_keeps_the_bytes_around(dryfit: Run) -> None:
    path = Path("train.py")
    path.write_bytes(b"\xef\xbb\xbfimport torch\r\nx = '\xc3\xa9'\r\ntorch.manual_seed(1)")
    assert dryfit("check", "--fix").code == 0
    assert path.read_bytes() == b"\xef\xbb\xbfimport torch\r\nx = '\xc3\xa9'\r\ntorch.initial_seed()"
    path.write_bytes(b"# coding: latin-1\nimport torch\nx = '\xe9'\ntorch.manual_seed(1)\n")
    assert dryfit("check", "--fix").code == 0
    assert path.read_bytes() == b"# coding: latin-1\nimport torch\nx = '\xe9'\ntorch.initial_seed()\n"


def test_diff_changes_nothing(dryfit: Run) -> None:
    path = write("train.py", SEEDED)
    done = dryfit("check", "--diff")
    assert path.read_text() == SEEDED
    assert done.code == 1
    assert done.err == "would fix 1; nothing else found in 1 file\n"
    assert done.out == snapshot("""\
--- train.py
+++ train.py
@@ -1,3 +1,3 @@
 import torch
 
-torch.manual_seed(1)
+torch.initial_seed()
""")


def test_select_and_ignore(dryfit: Run) -> None:
    write("train.py", SEEDED + "torch.set_num_threads(2)\n")

    def rules(*options: str) -> list[str]:
        return [d["rule"] for d in json.loads(dryfit("check", "--output-format", "json", *options).out)]

    assert rules() == ["seed-set", "threads-set"]
    assert rules("--select", "threads-set") == ["threads-set"]
    assert rules("--select", "random", "--ignore", "threads-set") == ["seed-set"]
    assert rules("--ignore", "threads-set,seed-set") == []
    done = dryfit("check", "--select", "thread-set")
    assert done.code == 2
    assert done.err == "dryfit: --select: no rule or family is called `thread-set`; did you mean `threads-set`?\n"


def test_settings(dryfit: Run) -> None:
    write("train.py", SEEDED)
    write("old/train.py", SEEDED)
    write("pyproject.toml", "[tool.dryfit]\nexclude = ['old']\nseverity = {seed-set = 'info'}\n")
    assert "1 info in 1 of 1 file" in dryfit("check").out
    write("pyproject.toml", "[tool.dryfit]\nexlude = ['old']\n")
    done = dryfit("check")
    assert done.code == 2
    assert done.err.endswith("pyproject.toml:2: unknown key `exlude`; did you mean `exclude`?\n")


def test_suppressions(dryfit: Run) -> None:
    path = write("train.py", "import torch\ntorch.manual_seed(1)  # dryfit: ignore[seed-set]\n")
    assert dryfit("check").code == 0
    path.write_text("import torch\nx = 1  # dryfit: ignore[seed-set]\n")
    done = dryfit("check", "--fix")
    assert (done.code, done.out) == (0, "fixed 1; nothing else found in 1 file\n")
    assert path.read_text() == "import torch\nx = 1\n"


def test_add_ignores(dryfit: Run) -> None:
    path = write("train.py", SEEDED + "torch.manual_seed(2); torch.set_num_threads(2)  # here\n")
    done = dryfit("check", "--add-ignores")
    assert (done.code, done.out) == (0, "ignored 3; nothing else found in 1 file\n")
    assert path.read_text() == (
        "import torch\n\ntorch.manual_seed(1)  # dryfit: ignore[seed-set]\n"
        "torch.manual_seed(2); torch.set_num_threads(2)  # here  # dryfit: ignore[seed-set, threads-set]\n"
    )
    assert dryfit("check").code == 0


def test_exit_zero_and_statistics(dryfit: Run) -> None:
    write("train.py", SEEDED + "torch.manual_seed(2)\n" + "torch.set_num_threads(2)\n")
    done = dryfit("check", "--exit-zero", "--statistics")
    assert done.code == 0
    assert done.out.splitlines()[:2] == ["     2  seed-set", "     1  threads-set"]


def test_standard_input(dryfit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def given(text: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))

    given(SEEDED.encode())
    done = dryfit("check", "-", "--stdin-filename", "sub/train.py", "--output-format", "json")
    assert (done.code, [d["path"] for d in json.loads(done.out)]) == (1, ["sub/train.py"])
    given(SEEDED.encode())
    assert " --> -:3:1" in dryfit("check", "-").out
    given(b"x = '\xff'\n")
    done = dryfit("check", "-")
    assert done.code == 0
    assert done.err.startswith("dryfit: -:1: not checked: ")


def test_contradictions_are_refused(dryfit: Run) -> None:
    for options, reason in (
        (["--unsafe-fixes"], "--unsafe-fixes needs --fix or --diff"),
        (["--add-ignores", "--fix"], "--add-ignores cannot be combined with --fix or --diff"),
        (["-", "a.py"], "`-` cannot be checked together with other paths"),
        (["--stdin-filename", "x.py"], "--stdin-filename needs `-` as the only path"),
        (["-j", "0"], "-j: at least one process has to run"),
        (["--statistics", "--output-format", "json"], "--statistics is for the text format"),
        (["--python", "nowhere/python"], "--python: no interpreter at `nowhere/python`"),
    ):
        done = dryfit("check", *options)
        assert (done.code, done.err) == (2, f"dryfit: {reason}\n")


@pytest.mark.parametrize("options", [["--no-such-option"], ["--output-format", "sarif"], ["-j", "many"]])
def test_what_is_not_there_is_refused(dryfit: Run, options: list[str]) -> None:
    done = dryfit("check", *options)
    assert done.code == 2
    assert done.err.startswith("dryfit")
    assert done.err.count("\n") == 1


def test_a_crashing_rule_is_named_and_the_others_are_heard(dryfit: Run) -> None:
    write("train.py", SEEDED + "torch.seed()\n")
    done = dryfit("check")
    assert done.code == 2
    assert "error[seed-set]" in done.out
    assert done.err.startswith("dryfit: train.py: rule `crashing-rule` crashed and was left out here: ")
    assert "ZeroDivisionError: by design (fake_pack.py:" in done.err


def test_a_pack_that_is_not_loaded(dryfit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dryfit.cli.options.load_packs", lambda: Packs(RULES, ("rule pack `acme` was not loaded",)))
    write("train.py", FIXED)
    done = dryfit("check")
    assert (done.code, done.err) == (2, "dryfit: rule pack `acme` was not loaded\n")


def test_colour(dryfit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write("train.py", SEEDED)
    plain = dryfit("check").out
    assert "\x1b" not in plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = dryfit("check").out
    assert "\x1b[1;31merror[seed-set]\x1b[0m" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert dryfit("check").out == plain
