"""Imports found by where files lie: `src`, packages without `__init__.py`, scripts beside packages, equal names."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from written_projects import write

from dryfit.engine.index.build import ProjectIndex
from dryfit.engine.index.paths import named, project_files
from dryfit.engine.index.resolve import Defined
from dryfit.engine.layout import Layout

NET = "class Net: pass\n"


def index_of(root: Path, texts: dict[str, str]) -> ProjectIndex:
    write(root, {"pyproject.toml": "", **texts})
    layout = Layout()

    def find(file: str, level: int, dotted: str) -> str | None:
        found = layout.find(str(root / file), level, dotted)
        return named(root, found) if found else None

    index = ProjectIndex(root, partial(project_files, root), None, find)
    index.refresh()
    return index


@pytest.mark.parametrize(
    ("net", "user", "text"),
    [
        ("src/lib/net.py", "src/lib/user.py", "from .net import Net\nclass User(Net): pass\n"),
        ("src/lib/net.py", "tests/user.py", "import lib.net\nclass User(lib.net.Net): pass\n"),
        ("space/net.py", "train.py", "from space.net import Net\nclass User(Net): pass\n"),
        ("space/net.py", "train.py", "from space import net\nclass User(net.Net): pass\n"),
        ("space/deep/net.py", "space/user.py", "from .deep import net\nclass User(net.Net): pass\n"),
        ("scripts/net.py", "scripts/train.py", "from net import Net\nclass User(Net): pass\n"),
        ("pkg/net.py", "pkg/deep/user.py", "from ..net import Net\nclass User(Net): pass\n"),
        ("net.py", "pkg/user.py", "from net import Net\nclass User(Net): pass\n"),
    ],
)
def test_a_base_in_another_file(tmp_path: Path, net: str, user: str, text: str) -> None:
    packages = {"src/lib/__init__.py": "", "pkg/__init__.py": "", "pkg/deep/__init__.py": ""}
    index = index_of(tmp_path, {**packages, net: NET, user: text})
    assert index.subclasses(net, "Net") == (Defined(user, "User"),)
    assert index.importers(net) == {user}
    assert index.dependents(str(tmp_path / net)) == (user,)


def test_files_of_the_same_name(tmp_path: Path) -> None:
    user = "from net import Net\nclass User(Net): pass\n"
    index = index_of(tmp_path, {"one/net.py": NET, "one/user.py": user, "two/net.py": NET, "two/user.py": user})
    assert index.subclasses("one/net.py", "Net") == (Defined("one/user.py", "User"),)
    assert index.importers("two/net.py") == {"two/user.py"}
