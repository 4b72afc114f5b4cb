"""Which file an import leads to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dryfit.engine.layout import Layout

# A tree as people have them: `src` layout, scripts beside packages, tests, an example with names of its own.
FILES = """
pyproject.toml
src/nets/__init__.py
src/nets/base.py
src/nets/heads/__init__.py
src/nets/heads/linear.py
src/nets/loose/plain.py
train.py
config.py
queue.py
conf/train.yaml
tools/export.py
tools/config.py
scripts/__init__.py
scripts/run.py
scripts/own.py
tests/test_nets.py
tests/unit/__init__.py
tests/unit/test_base.py
tests/unit/cases.py
datasets/loaders.py
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in FILES.split():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return tmp_path / "project"


@pytest.mark.parametrize(
    ("file", "level", "dotted", "expected"),
    [
        # src layout, from everywhere
        ("train.py", 0, "nets", "src/nets/__init__.py"),
        ("train.py", 0, "nets.base", "src/nets/base.py"),
        ("tests/test_nets.py", 0, "nets.heads", "src/nets/heads/__init__.py"),
        ("src/nets/base.py", 0, "nets.heads.linear", "src/nets/heads/linear.py"),
        # relative
        ("src/nets/base.py", 1, "heads", "src/nets/heads/__init__.py"),
        ("src/nets/heads/linear.py", 2, "base", "src/nets/base.py"),
        ("src/nets/heads/linear.py", 2, "", "src/nets/__init__.py"),
        ("src/nets/heads/__init__.py", 1, "linear", "src/nets/heads/linear.py"),
        ("src/nets/base.py", 1, "gone", ""),
        # a folder without `__init__.py` is a namespace
        ("train.py", 0, "nets.loose", "src/nets/loose"),
        ("train.py", 0, "nets.loose.plain", "src/nets/loose/plain.py"),
        ("src/nets/loose/plain.py", 2, "base", "src/nets/base.py"),
        ("train.py", 0, "tools", "tools"),
        ("train.py", 0, "tools.export", "tools/export.py"),
        ("train.py", 0, "conf", None),  # nothing of Python is in it
        # the same name at two places: the nearest
        ("train.py", 0, "config", "config.py"),
        ("tools/export.py", 0, "config", "tools/config.py"),
        ("scripts/run.py", 0, "config", "config.py"),
        # scripts in a package
        ("scripts/run.py", 0, "own", "scripts/own.py"),
        ("scripts/run.py", 0, "scripts.own", "scripts/own.py"),
        ("tests/unit/test_base.py", 0, "cases", "tests/unit/cases.py"),
        ("tests/unit/test_base.py", 0, "unit.cases", "tests/unit/cases.py"),
        # the standard library, unless a script has a file of that name beside it
        ("train.py", 0, "queue", "queue.py"),
        ("tools/export.py", 0, "queue", None),
        ("train.py", 0, "json", None),
        # what is installed wins over a folder that is no package, and over scripts in packages, not over a file
        ("train.py", 0, "datasets", None),
        ("train.py", 0, "torch", None),
        # a package of the project that has no such module
        ("train.py", 0, "nets.gone", ""),
    ],
)
def test_find(
    root: Path, monkeypatch: pytest.MonkeyPatch, file: str, level: int, dotted: str, expected: str | None
) -> None:
    monkeypatch.chdir(root)
    layout = Layout(is_installed=lambda name: name in ("datasets", "config"))
    assert layout.find(file, level, dotted) == (expected and os.path.normpath(expected))
    found = layout.find(str(root / file), level, dotted)
    assert found == (str(root / expected) if expected else expected)  # absolute paths stay absolute


@pytest.mark.parametrize(
    ("package", "name", "expected"),
    [
        ("src/nets/__init__.py", "base", "src/nets/base.py"),
        ("src/nets/__init__.py", "heads", "src/nets/heads/__init__.py"),
        ("src/nets/loose", "plain", "src/nets/loose/plain.py"),
        ("src/nets/__init__.py", "gone", None),
        ("src/nets/base.py", "heads", None),  # a module has nothing inside
    ],
)
def test_inside(root: Path, package: str, name: str, expected: str | None) -> None:
    assert Layout().inside(str(root / package), name) == (expected and str(root / expected))


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("src/nets/heads/linear.py", "nets.heads.linear"),
        ("src/nets/heads/__init__.py", "nets.heads"),
        ("tools/export.py", "export"),
    ],
)
def test_dotted_name(root: Path, file: str, name: str) -> None:
    assert Layout().dotted_name(str(root / file)) == name


def test_the_root_is_the_repository_then_the_project_then_the_workspace(root: Path) -> None:
    file = str(root / "tools" / "export.py")
    assert Layout().root(file) == str(root)
    (root.parent / ".git").mkdir()
    assert Layout().root(file) == str(root.parent)
    (root.parent / ".git").rmdir()
    (root / "pyproject.toml").unlink()
    assert Layout().root(file) == ""
    assert Layout(workspace=str(root)).root(file) == str(root)


def test_without_a_root_only_the_folder_itself_is_searched(root: Path) -> None:
    (root / "pyproject.toml").unlink()
    assert Layout().find(str(root / "tools" / "export.py"), 0, "nets") is None
    assert Layout(workspace=str(root)).find(str(root / "tools" / "export.py"), 0, "nets") is not None


def test_files_that_come_and_go_are_noticed(root: Path) -> None:
    layout = Layout()
    train = str(root / "train.py")
    assert layout.find(train, 0, "fresh") is None
    assert not layout.look_again()
    (root / "fresh.py").write_text("")
    os.utime(root, ns=(0, 0))
    assert layout.look_again()
    assert layout.find(train, 0, "fresh") == str(root / "fresh.py")
