"""Whatever is in a file: one clear line where something is wrong, the rest checked, never a traceback, never a hang."""

from __future__ import annotations

import builtins
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fake_pack import Done, Run

SEEDED = b"import torch\ntorch.manual_seed(1)\n"


def check(dryfit: Run, **files: bytes) -> tuple[list[tuple[str, int, int]], Done]:
    """Places of the findings in these files, and what was said on standard error."""
    for name, data in files.items():
        Path(f"{name}.py").write_bytes(data)
    done = dryfit("check", "--output-format", "json")
    found = [(d["path"], d["range"]["start"]["line"], d["range"]["start"]["column"]) for d in json.loads(done.out)]
    return found, done


def test_an_empty_file(dryfit: Run) -> None:
    found, done = check(dryfit, a=b"")
    assert (found, done.code, done.err) == ([], 0, "")


def test_a_literal_of_2000_lines(dryfit: Run) -> None:
    literal = b"x = {\n" + b"".join(b"    'key%d': [%d, %d],\n" % (i, i, i) for i in range(2000)) + b"}\n"
    found, done = check(dryfit, a=literal + SEEDED)
    assert (found, done.err) == ([("a.py", 2004, 1)], "")


def test_tabs_and_form_feeds(dryfit: Run) -> None:
    found, done = check(dryfit, a=b"import torch\n\x0c\nif True:\n\ttorch.manual_seed(1)\n\x0ctorch.manual_seed(2)\n")
    assert (found, done.err) == ([("a.py", 4, 2), ("a.py", 5, 2)], "")


def test_newlines_of_all_kinds(dryfit: Run) -> None:
    found, done = check(
        dryfit, a=b"import torch\r\n\r\ntorch.manual_seed(1)\r\n", b=b"import torch\rtorch.manual_seed(1)\r"
    )
    assert (found, done.err) == ([("a.py", 3, 1), ("b.py", 2, 1)], "")


def test_a_byte_order_mark(dryfit: Run) -> None:
    found, done = check(dryfit, a=b"\xef\xbb\xbf" + SEEDED)
    assert (found, done.err) == ([("a.py", 2, 1)], "")


def test_latin_1_with_a_coding_line(dryfit: Run) -> None:
    found, done = check(dryfit, a=b"# -*- coding: latin-1 -*-\nimport torch\nx = '\xe9\xe9'; torch.manual_seed(1)\n")
    assert (found, done.err) == ([("a.py", 3, 11)], "")


def test_columns_are_code_points(dryfit: Run) -> None:
    found, _ = check(dryfit, a="import torch\nx = '🔥模'; torch.manual_seed(1)\n".encode())
    assert found == [("a.py", 2, 11)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"x = 1\ny = '\xff'\n", "a.py:2: not checked: line 2 is not valid utf-8 (byte 0xff)"),
        (b"x = 1\n\0\n", "a.py:2: not checked: line 2 holds a NUL character"),
        (b"# coding: klingon\n", "a.py: not checked: unknown encoding: klingon"),
        ("x = 1\n".encode("utf-16"), "a.py:1: not checked: the file is UTF-16 or UTF-32, Python reads UTF-8"),
    ],
)
def test_bytes_that_are_no_python(dryfit: Run, data: bytes, reason: str) -> None:
    found, done = check(dryfit, a=data, b=SEEDED)
    assert found == [("b.py", 2, 1)]
    assert done.err == f"dryfit: {reason}\n"
    assert done.code == 1


def test_python_2(dryfit: Run) -> None:
    found, done = check(dryfit, a=b"import torch\n\ndef f():\n    print 'x'\n\ntorch.manual_seed(1)\n")
    assert found == [("a.py", 6, 1)]
    assert done.err.startswith("dryfit: a.py:4:5: syntax error: ")
    assert done.err.count("\n") == 1
    assert done.code == 1


def test_ten_thousand_brackets(dryfit: Run) -> None:
    deep = b"x = " + b"(" * 10_000 + b")" * 10_000 + b"\n"
    found, done = check(dryfit, a=SEEDED + deep, b=b"[" * 10_000, c=SEEDED)
    assert ("c.py", 2, 1) in found
    assert "a.py:" in done.err
    assert "b.py:" in done.err
    assert done.err.count("\n") == 2


def test_deep_chains_and_deep_nesting(dryfit: Run) -> None:
    chain = b"x = " + b"f." * 3_000 + b"f\ny = " + b"+".join([b"1"] * 5_000) + b"\n\n\ndef g():\n    pass\n\n\n"
    nested = b"".join(b" " * depth + b"if x:\n" for depth in range(90)) + b" " * 90 + b"pass\n"
    calls = b"z = " + b"f(" * 80 + b")" * 80 + b"\n"
    found, done = check(dryfit, a=chain + SEEDED, b=b"x = 1\n" + nested + SEEDED, c=calls + SEEDED)
    assert [path for path, _, _ in found] == ["a.py", "b.py", "c.py"]
    assert done.err in ("", "dryfit: a.py:1:1: syntax error: nested too deeply for Python's parser\n")


def test_half_a_program(dryfit: Run) -> None:
    found, done = check(dryfit, a=SEEDED + b"def f(\n    x = '''\n")
    assert found == [("a.py", 2, 1)]
    assert "syntax error" in done.err


def test_a_folder_called_like_a_file(dryfit: Run) -> None:
    Path("x.py").mkdir()
    Path("x.py/y.py").write_bytes(SEEDED)
    found, done = check(dryfit)
    assert (found, done.err) == ([("x.py/y.py", 2, 1)], "")


def test_a_link_that_leads_nowhere_and_one_that_leads_to_itself(dryfit: Run) -> None:
    Path("gone.py").symlink_to("nowhere.py")
    Path("loop.py").symlink_to("loop.py")
    found, done = check(dryfit, a=SEEDED)
    assert found == [("a.py", 2, 1)]
    assert done.err.splitlines() == [
        "dryfit: gone.py: cannot be read: No such file or directory",
        "dryfit: loop.py: cannot be read: Too many levels of symbolic links",
    ]
    assert done.code == 2


def test_a_loop_of_folders(dryfit: Run) -> None:
    Path("sub").mkdir()
    Path("sub/again").symlink_to("..", target_is_directory=True)
    found, done = check(dryfit, a=SEEDED)
    assert (found, done.err) == ([("a.py", 2, 1)], "")


def test_a_file_that_must_not_be_read(dryfit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = builtins.open

    def refuse(file: object, *arguments: object, **options: object) -> object:
        if str(file).endswith("secret.py"):
            raise PermissionError(13, "Permission denied")
        return opened(file, *arguments, **options)  # type: ignore[call-overload]

    Path("secret.py").write_bytes(SEEDED)
    monkeypatch.setattr(builtins, "open", refuse)
    found, done = check(dryfit, a=SEEDED)
    assert found == [("a.py", 2, 1)]
    assert (done.code, done.err) == (2, "dryfit: secret.py: cannot be read: Permission denied\n")


def test_a_file_that_must_not_be_written(dryfit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = builtins.open

    def refuse(file: object, mode: str = "r", *arguments: object, **options: object) -> object:
        if str(file).endswith("locked.py") and "w" in mode:
            raise PermissionError(13, "Permission denied")
        return opened(file, mode, *arguments, **options)  # type: ignore[call-overload]

    Path("locked.py").write_bytes(SEEDED)
    monkeypatch.setattr(builtins, "open", refuse)
    done = dryfit("check", "--fix")
    assert (done.code, done.err) == (2, "dryfit: locked.py: cannot be written: Permission denied\n")


def test_a_path_that_is_not_there(dryfit: Run) -> None:
    Path("a.py").write_bytes(SEEDED)
    done = dryfit("check", "a.py", "nope.py", "n\0pe.py")
    assert "error[seed-set]" in done.out
    assert done.code == 2
    assert "dryfit: nope.py: no such file or folder\n" in done.err


def test_an_odd_name(dryfit: Run) -> None:
    name = os.fsdecode(b"caf\xe9 \xf0\x9f\x94\xa5.py")
    Path(name).write_bytes(SEEDED)
    done = dryfit("check")
    assert done.code == 1
    assert json.loads(dryfit("check", "--output-format", "json").out)[0]["path"] == name


def test_an_error_of_ours_in_one_file_leaves_the_others(dryfit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from dryfit.engine.check import Checker

    original = Checker.check

    def fail(self: Checker, path: str, text: str, *arguments: object) -> object:
        if path == "bad.py":
            raise RuntimeError("a bug\nof ours")
        return original(self, path, text, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Checker, "check", fail)
    found, done = check(dryfit, bad=SEEDED, good=SEEDED)
    assert found == [("good.py", 2, 1)]
    assert done.code == 2
    expected = "dryfit: bad.py: internal error, the file was left out: RuntimeError: a bug (test_bad_input.py:"
    assert done.err.startswith(expected)


# ------------------------------------------------------------------------------------------------- whole processes
def process(*arguments: str, folder: Path, **options: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "dryfit", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False, **options)  # type: ignore[call-overload, no-any-return]


def test_a_reader_that_has_seen_enough(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"import torch\n")
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "dryfit", "rules"]
    done = subprocess.run(command, cwd=tmp_path, stdout=writing, stderr=subprocess.PIPE, timeout=120, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (2, b"")


def test_a_terminal_that_knows_ascii_only(tmp_path: Path) -> None:
    text = "import torch\nfrom torch.optim import SGD\nname = '模型'; SGD(torch.nn.Linear(1, 1), lr=0.1)\n"
    (tmp_path / "a.py").write_text(text, encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    done = process("check", "a.py", folder=tmp_path, env=environment)
    assert done.stderr == b""
    assert done.returncode in (0, 1)


def test_interrupted(dryfit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr("dryfit.cli.check_command.discover", interrupt)
    done = dryfit("check")
    assert (done.code, done.err) == (2, "dryfit: interrupted\n")


def test_an_error_while_a_command_is_loaded(dryfit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> object:
        raise SyntaxError("in our own files")

    monkeypatch.setattr("dryfit.cli.main.import_module", fail)
    done = dryfit("check")
    assert done.code == 2
    assert done.err.startswith("dryfit: internal error: SyntaxError: in our own files (")
