"""A refresh in a process of its own: what it tells, and that nobody waits for it."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from written_projects import LONG_AGO, find_in, index_of, news, write

from dryfit.engine.index.build import Changes, ProjectIndex
from dryfit.engine.index.resolve import Defined
from dryfit.engine.index.row import FileRow, Import

TEXTS = {
    "train.py": "from models import Net\nimport lightning as L\nL.Trainer().fit(Net())\n",
    "models/__init__.py": "from .net import Net\n",
    "models/net.py": "class Net: pass\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path / "project", TEXTS)
    return tmp_path / "project"


def git(root: Path, *arguments: str) -> None:
    names = {f"GIT_{who}_{what}": "someone" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, env={**os.environ, **names})


@pytest.mark.parametrize("has_cache", [True, False])
def test_it_tells_what_a_refresh_here_tells(root: Path, tmp_path: Path, has_cache: bool) -> None:
    index, here = index_of(root, tmp_path / "cache" if has_cache else None), index_of(root)
    assert index.poll() is None
    index.start_refresh()
    assert index.paths() == ()
    assert news(index) == here.refresh() == Changes(added=tuple(sorted(TEXTS)))
    assert {path: index.row(path) for path in TEXTS} == {path: here.row(path) for path in TEXTS}
    assert index.poll() is None
    assert not index.is_refreshing

    index.start_refresh(processes=None)
    assert news(index) == Changes()

    write(root, {"models/net.py": "class Base: pass\nclass Net(Base): pass\n", "new.py": ""}, LONG_AGO + 1)
    (root / "train.py").unlink()
    index.start_refresh()
    assert news(index) == Changes(("new.py",), ("models/net.py",), ("train.py",))
    assert index.subclasses("models/net.py", "Base") == (Defined("models/net.py", "Net"),)
    assert list((tmp_path / "cache").glob("*")) != [] or not has_cache


def test_a_git_checkout_is_noticed(root: Path, tmp_path: Path) -> None:
    git(root, "init", "--initial-branch=main")
    git(root, "add", ".")
    git(root, "commit", "-m", "one")
    git(root, "switch", "-c", "other")
    write(
        root, {"models/net.py": "from .base import Base\nclass Net(Base): pass\n", "models/base.py": "class Base: pass"}
    )
    git(root, "rm", "train.py")
    git(root, "add", ".")
    git(root, "commit", "-m", "two")
    git(root, "switch", "main")

    index = index_of(root, tmp_path / "cache")
    index.start_refresh()
    assert news(index) == Changes(added=tuple(sorted(TEXTS)))
    assert index.dependents("models/net.py") == ("models/__init__.py", "train.py")
    for branch, changes, heirs in (
        ("other", Changes(("models/base.py",), ("models/net.py",), ("train.py",)), (Defined("models/net.py", "Net"),)),
        ("main", Changes(("train.py",), ("models/net.py",), ("models/base.py",)), ()),
    ):
        git(root, "switch", branch)
        index.start_refresh()
        assert news(index) == changes
        assert index.subclasses("models/base.py", "Base") == heirs
    assert index.dependents("models/net.py") == ("models/__init__.py", "train.py")


def test_a_refresh_that_is_wanted_meanwhile_follows(root: Path) -> None:
    index = index_of(root)
    index.start_refresh()
    index.start_refresh()
    assert news(index) == Changes(added=tuple(sorted(TEXTS)))
    assert index.is_refreshing
    assert news(index) == Changes()
    assert not index.is_refreshing


def test_what_is_edited_meanwhile_counts(root: Path) -> None:
    index = index_of(root)
    index.start_refresh()
    index.update("models/net.py", "import a\n")
    assert news(index) == Changes(added=("models/__init__.py", "train.py"))
    assert index.row("models/net.py") == FileRow((Import(0, "a", (), "a"),), ("a",))
    assert index.forget_update("models/net.py") is True
    assert index.row("models/net.py") == index_of_refreshed(root).row("models/net.py")


def index_of_refreshed(root: Path) -> ProjectIndex:
    index = index_of(root)
    index.refresh()
    return index


def stalled(pipe: str) -> list[str]:
    """Files that are listed when somebody writes into a named pipe."""
    with open(pipe, encoding="utf-8") as file:
        return file.read().splitlines()


needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")


@needs_pipes
def test_nobody_waits_for_it(root: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    index = ProjectIndex(root, partial(stalled, str(pipe)), None, find_in(root))
    index.start_refresh()
    assert [index.poll() for _ in range(100)] == [None] * 100
    pipe.write_text("train.py\n")
    assert news(index) == Changes(added=("train.py",))


@needs_pipes
def test_closing_ends_it(root: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    index = ProjectIndex(root, partial(stalled, str(pipe)), None, find_in(root))
    index.start_refresh()
    assert index._background is not None
    process = index._background._process
    assert process is not None
    index.close()
    assert process.poll() == -signal.SIGKILL
    assert not index.is_refreshing
    assert index.poll() is None
    index.close()


@needs_pipes
def test_one_that_is_killed_has_told_nothing(root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    index = ProjectIndex(root, partial(stalled, str(pipe)), None, find_in(root))
    index.start_refresh()
    assert index._background is not None
    assert index._background._process is not None
    index._background._process.kill()
    with caplog.at_level(logging.WARNING):
        assert news(index) == Changes()
    assert [record.getMessage() for record in caplog.records] == ["the project index could not be refreshed as a whole"]
    assert not index.is_refreshing


def test_without_a_process(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(root / "nowhere"))
    index = index_of(root)
    index.start_refresh()
    assert index.poll(60) == Changes()
    assert not index.is_refreshing


def test_nothing_in_the_users_folder_is_imported(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("json", "pickle", "dryfit", "sqlite3", "multiprocessing"):
        write(root, {f"{name}.py": f"open({str(root / 'was_run')!r}, 'w').close()\n"})
    monkeypatch.chdir(root)
    monkeypatch.setenv("PYTHONPATH", str(root))
    index = index_of(root)
    index.start_refresh(processes=None)
    assert "json.py" in news(index).added
    assert not (root / "was_run").exists()
