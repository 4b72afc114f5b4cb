"""Which interpreter counts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dryfit.engine.environment import InterpreterError, cache_folder, interpreter


def environment(folder: Path) -> Path:
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("")
    return python


def test_the_order(tmp_path: Path) -> None:
    option, setting, active, local = (environment(tmp_path / name) for name in ("o", "s", "v", ".venv"))
    variables = {"VIRTUAL_ENV": str(tmp_path / "v")}
    below = tmp_path / "src" / "deep"
    assert interpreter(str(option), str(setting), variables, below) == option
    assert interpreter(None, str(setting), variables, below) == setting
    assert interpreter(None, None, variables, below) == active
    assert interpreter(None, None, {}, below) == local
    assert interpreter(None, None, {}, Path("/")) == Path(sys.executable)


def test_a_folder_or_a_command_can_be_named(tmp_path: Path) -> None:
    python = environment(tmp_path / "env")
    assert interpreter(str(tmp_path / "env"), None, {}, tmp_path) == python
    assert interpreter("python", None, {"PATH": f"/nowhere:{python.parent}"}, tmp_path) == python


def test_an_active_environment_that_is_gone_is_passed_over(tmp_path: Path) -> None:
    assert interpreter(None, None, {"VIRTUAL_ENV": str(tmp_path / "gone")}, tmp_path) == Path(sys.executable)


def test_one_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InterpreterError, match="--python: no interpreter at `nope/python`"):
        interpreter("nope/python", None, {}, tmp_path)
    with pytest.raises(InterpreterError, match="the setting `python`"):
        interpreter(None, "no-such-command", {"PATH": ""}, tmp_path)


def test_the_cache_folder_is_our_own() -> None:
    assert cache_folder({"XDG_CACHE_HOME": "/x"}) == Path("/x/dryfit")
    assert cache_folder({"LOCALAPPDATA": "/x"}).parts.count("dryfit") == 1
