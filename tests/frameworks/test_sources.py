"""Names in sources: imports followed, stars, branches, cycles."""

from pathlib import Path

import pytest

from dryfit.frameworks.sources import Definition, Sources

FILES = {
    "__init__.py": "from .stars import *\nfrom torch.inner.deep import Deep as Renamed\nfrom torch import inner",
    "stars.py": "class Starred: ...\n_hidden = 1\nimport os",
    "inner/__init__.py": "from .deep import Deep\nfrom ..stars import Starred as S",
    "inner/deep.py": "class Deep: ...\nAlias = Deep\nclass Nested:\n    class Inside: ...",
    "branches.py": """
import typing
if typing.TYPE_CHECKING:
    from torch.inner.deep import Nested as A
else:
    A = None
try:
    class B: ...
except ImportError:
    B = None
if something():
    class C: ...
else:
    class C(int): ...
from typing import overload
@overload
def f(a): ...
@overload
def f(b): ...
def f(*args): ...
""",
    "cycle_a.py": "from torch.cycle_b import X",
    "cycle_b.py": "from torch.cycle_a import X",
    "self_cycle.py": "from torch.self_cycle import X\nY = Y",
    "star_cycle.py": "from torch.star_cycle import *",
    "broken.py": "class Broken(:",
    "unlisted.py": "class Unlisted: ...",
}


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Sources({"torch": tmp_path}, ["torch.*"], ("torch.unlisted",))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("torch.Renamed", "torch.inner.deep.Deep"),
        ("torch.Starred", "torch.stars.Starred"),
        ("torch.inner.S", "torch.stars.Starred"),
        ("torch.inner.deep.Alias", "torch.inner.deep.Deep"),
        ("torch.stars.os", "os"),
        ("torch._hidden", "torch._hidden"),
        ("torch.nothing", "torch.nothing"),
        ("torch.inner", "torch.inner"),
        ("torch.unlisted.Unlisted", "torch.unlisted.Unlisted"),
        ("torch.broken.Broken", "torch.broken.Broken"),
        ("torch.inner.deep.Nested.Inside", "torch.inner.deep.Nested.Inside"),
        ("elsewhere.X", "elsewhere.X"),
    ],
)
def test_where_a_path_leads(sources, path, expected):
    found = sources.locate(path)
    assert (found if isinstance(found, str) else found.path) == expected


@pytest.mark.parametrize("path", ["torch.cycle_a.X", "torch.self_cycle.X", "torch.self_cycle.Y", "torch.star_cycle.X"])
def test_cycles_end(sources, path):
    found = sources.locate(path)
    assert isinstance(found, (str, Definition))


def test_branches(sources):
    module = sources.module("torch.branches")
    assert module is not None
    assert module.bindings["A"] is not None
    assert type(module.bindings["B"]).__name__ == "Class"
    assert module.bindings["C"].bases == ()
    assert [p.name for p in module.bindings["f"].parameters] == ["args"]


def test_only_listed_modules_are_read(sources):
    assert sources.module("torch.unlisted") is None
    assert sources.module("torch.broken") is None
    assert "torch.inner.deep" in sources.names
    assert "torch.unlisted" not in sources.names


def test_text_of_an_expression(tmp_path):
    (tmp_path / "m.py").write_text("def f(a=(1,\n         2), b='é' + \"x\"): ...", encoding="utf-8")
    module = Sources({"torch": tmp_path}, ["torch.m"]).module("torch.m")
    assert module is not None
    texts = [module.text(p.default.span) for p in module.bindings["f"].parameters]
    assert texts == ["(1, 2)", "'é' + \"x\""]
