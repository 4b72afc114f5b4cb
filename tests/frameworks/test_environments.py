"""Environments are found by their files; no interpreter is started."""

import sys
import sysconfig
from pathlib import Path

import pytest

from dryfit.frameworks import site_packages_of


def folder(path: Path) -> Path:
    path.mkdir(parents=True)
    return path


def python_in(path: Path) -> Path:
    """A file that stands for an interpreter, and would fail if it were run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("not to be run", encoding="utf-8")
    return path


def test_venv(tmp_path):
    site_packages = folder(tmp_path / "lib/python3.11/site-packages")
    python = python_in(tmp_path / "bin/python")
    (tmp_path / "pyvenv.cfg").write_text("home = /nowhere/bin\n", encoding="utf-8")
    assert site_packages_of(python) == (site_packages,)
    assert site_packages_of(tmp_path) == (site_packages,)
    assert site_packages_of(tmp_path / "bin") == (site_packages,)


def test_venv_whose_interpreter_is_a_link(tmp_path):
    folder(tmp_path / "base/lib/python3.11/site-packages")
    base = python_in(tmp_path / "base/bin/python3.11")
    site_packages = folder(tmp_path / "venv/lib/python3.11/site-packages")
    folder(tmp_path / "venv/bin")
    (tmp_path / "venv/pyvenv.cfg").write_text("include-system-site-packages = false\n", encoding="utf-8")
    python = tmp_path / "venv/bin/python"
    python.symlink_to(base)
    assert site_packages_of(python) == (site_packages,)


@pytest.mark.parametrize(("setting", "is_followed"), [("true", True), ("True", True), ("false", False)])
def test_venv_with_system_packages(tmp_path, setting, is_followed):
    system = folder(tmp_path / "base/lib/python3.11/site-packages")
    own = folder(tmp_path / "venv/lib/python3.11/site-packages")
    folder(tmp_path / "base/bin")
    (tmp_path / "venv/pyvenv.cfg").write_text(
        f"home = {tmp_path / 'base/bin'}\ninclude-system-site-packages = {setting}\n", encoding="utf-8"
    )
    assert site_packages_of(tmp_path / "venv") == ((own, system) if is_followed else (own,))


def test_linked_interpreter_of_a_tool(tmp_path):
    """`/usr/local/bin/python` that points into a Python elsewhere, as conda and pyenv do."""
    site_packages = folder(tmp_path / "opt/conda/lib/python3.12/site-packages")
    python = python_in(tmp_path / "opt/conda/bin/python3.12")
    folder(tmp_path / "links")
    (tmp_path / "links/python").symlink_to(python)
    assert site_packages_of(tmp_path / "links/python") == (site_packages,)


def test_debian(tmp_path):
    distribution = folder(tmp_path / "usr/lib/python3/dist-packages")
    local = folder(tmp_path / "usr/local/lib/python3.11/dist-packages")
    python = python_in(tmp_path / "usr/bin/python3")
    assert site_packages_of(python) == (distribution, local)


def test_windows(tmp_path):
    site_packages = folder(tmp_path / "Lib/site-packages")
    python = python_in(tmp_path / "Scripts/python.exe")
    assert site_packages_of(python) == (site_packages,)


def test_newest_first(tmp_path):
    old = folder(tmp_path / "lib/python3.9/site-packages")
    new = folder(tmp_path / "lib/python3.12/site-packages")
    assert site_packages_of(tmp_path) == (new, old)


def test_folders_of_pth_files(tmp_path):
    site_packages = folder(tmp_path / "env/lib/python3.11/site-packages")
    editable = folder(tmp_path / "work/src")
    relative = folder(tmp_path / "env/lib/python3.11/more")
    (site_packages / "a.pth").write_text(f"# comment\n{editable}\nimport os; os.abort()\n/no/such\n", encoding="utf-8")
    (site_packages / "b.pth").write_text("../more\n", encoding="utf-8")
    assert site_packages_of(tmp_path / "env") == (site_packages, editable, relative)


@pytest.mark.parametrize("name", ["", "missing", "missing/bin/python"])
def test_nothing_there(tmp_path, name):
    assert site_packages_of(tmp_path / name) == ()


def test_the_running_python():
    assert Path(sysconfig.get_path("purelib")) in site_packages_of(Path(sys.executable))
