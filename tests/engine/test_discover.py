"""Which files are found, and which are not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dryfit.engine.discover import Found, discover


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def make(*paths: str) -> None:
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text("")


def files(*paths: str, exclude: tuple[str, ...] = ()) -> list[str]:
    found = discover(paths or (".",), exclude, Path.cwd())
    assert found.problems == ()
    return list(found.files)


def test_python_files_sorted_and_as_given() -> None:
    make("b.py", "a/c.py", "a/b.txt", "a.pyi", "notebook.ipynb")
    assert files() == ["a/c.py", "b.py"]
    assert files("./a", "b.py", "b.py") == ["./a/c.py", "b.py"]
    assert files(os.path.abspath("a")) == [os.path.abspath("a/c.py")]


def test_what_nobody_wrote_is_skipped() -> None:
    make(
        ".venv/a.py", "env/lib/b.py", "env/pyvenv.cfg", "node_modules/c.py", "x/__pycache__/d.py", "build/e.py", "k.py"
    )
    make("x/site-packages/f.py", ".hidden/g.py", ".#lock.py", "package/build/__init__.py", "package/build/h.py")
    assert files() == ["k.py", "package/build/__init__.py", "package/build/h.py"]


def test_a_file_that_is_named_is_taken() -> None:
    make(".venv/a.py", "script")
    assert files(".venv/a.py", "script", exclude=("*",)) == [".venv/a.py", "script"]


def test_exclude() -> None:
    make("old/a.py", "new/old/b.py", "new/c.py")
    assert files(exclude=("old/",)) == ["new/c.py"]
    assert files(exclude=("/old",)) == ["new/c.py", "new/old/b.py"]


def test_gitignore_as_git_does_it() -> None:
    make(".git/HEAD", "a.py", "b.py", "gen/c.py", "sub/a.py", "sub/d.py", "sub/deep/b.py")
    Path(".gitignore").write_text("b.py\n/gen/\n# a.py\n")
    Path("sub/.gitignore").write_text("/d.py\n!b.py\n")
    assert files() == ["a.py", "sub/a.py", "sub/deep/b.py"]
    assert files("sub") == ["sub/a.py", "sub/deep/b.py"]


def test_the_patterns_above_the_folder_count_within_a_repository_only() -> None:
    make("repo/x/a.py")
    Path(".gitignore").write_text("*.py\n")
    make("repo/.git/HEAD")
    assert files("repo/x") == ["repo/x/a.py"]
    Path("repo/.gitignore").write_text("x/a.py\n")
    assert files("repo/x") == []


def test_a_folder_called_like_a_file_is_a_folder() -> None:
    make("x.py/y.py")
    assert files() == ["x.py/y.py"]
    assert files("x.py") == ["x.py/y.py"]


def test_links() -> None:
    make("a/b.py")
    Path("a/loop").symlink_to("..", target_is_directory=True)
    Path("a/linked.py").symlink_to("b.py")
    Path("a/folder.py").symlink_to(".", target_is_directory=True)
    assert files() == ["a/b.py", "a/linked.py"]


def test_what_is_not_there() -> None:
    make("a.py", "n.ipynb")
    found = discover(["nope.py", "a.py", "n.ipynb"])
    problems = ("nope.py: no such file or folder", "n.ipynb: notebooks are not supported yet")
    assert found == Found(("a.py",), problems)


def test_a_folder_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    make("a/x.py", "b/y.py")
    scan = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("a"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert discover(["."]) == Found(("b/y.py",), ("a: cannot be read: Permission denied",))
