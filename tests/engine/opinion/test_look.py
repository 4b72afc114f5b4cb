"""What our own look says about a function's source, and what it leaves to jedi or claims nothing about."""

from __future__ import annotations

from pathlib import Path

import pytest
from packages import environment

from dryfit.engine.opinion.look import Answer, Look, Open
from dryfit.engine.opinion.surroundings import package_folders
from dryfit.frameworks.installed_sources import InstalledSources

NOTHING = Answer(None)
NET = Answer("p.nets.Net")
HEAD = "from typing import *\nimport functools\nfrom p.nets import Net, Other, make, Box\n"
NETS = """
import abc
from typing import Generic, TypeVar

T = TypeVar("T")

class Net:
    @classmethod
    def load(cls, path):
        return cls()
    @classmethod
    def typed(cls: type[T], path) -> T: ...
    @staticmethod
    def fresh():
        return Net()
    @property
    def size(self):
        return Net()
    def copy(self) -> "Net": ...
    def give(self): return self.inner
    attribute = Net

class Other(Net, abc.ABC): ...
class Box(Generic[T]): ...
class Made:
    def __new__(cls): return Net()
class BelowMade(Made): ...
class Meta(type): ...
class ByMeta(metaclass=Meta): ...
class Abstract(metaclass=abc.ABCMeta): ...
class Foreign(foreign.Base): ...

def make():
    return Net()
"""


def look(tmp_path: Path, source: str, path: str = "p.f") -> Answer | Open:
    files = {"p/__init__.py": "from p.code import *\n", "p/code.py": HEAD + source, "p/nets.py": NETS}
    return Look(InstalledSources(package_folders(environment(tmp_path / "env", files)))).at(path)


@pytest.mark.parametrize(
    "source",
    [
        "def f() -> Net: ...",
        "def f() -> 'Net': return anything",
        "def f():\n    return Net()",
        "def f():\n    return make()",
        "def f():\n    net = Net()\n    net.size = 3\n    return net",
        "def f(a):\n    if a:\n        return Net()\n    else:\n        return make()",
        "def f(a):\n    if a:\n        return Net()\n    raise ValueError",
        "def f(a):\n    return Net() if a else make()",
        "def f(a):\n    if a:\n        net = Net()\n    else:\n        net = make()\n    return net",
        "def f():\n    with open('x'):\n        return Net()",
        "def f():\n    try:\n        return Net()\n    except ValueError:\n        return make()",
        "def f():\n    def inner():\n        return Other()\n    return Net()",
        "def f():\n    return Net.load('x')",
        "def f():\n    return Net.fresh()",
        "@functools.lru_cache(maxsize=None)\ndef f() -> Net: ...",
        "@functools.cache\ndef f():\n    return Net()",
        # Decorators that give back what they are given, or a wrapper of it.
        "def d(g):\n    registry[g.__name__] = g\n    return g\n@d\ndef f() -> Net: ...",
        "def d(name):\n    def inner(g):\n        return g\n    return inner\n@d('x')\ndef f() -> Net: ...",
        "def d(g):\n    @functools.wraps(g)\n    def w(*a):\n        a = 1\n        return g(*a)\n    return w\n"
        "@d\n@d\ndef f() -> Net: ...",
    ],
)
def test_one_class_in_every_way_out(tmp_path: Path, source: str) -> None:
    assert look(tmp_path, source) == NET


@pytest.mark.parametrize(
    "source",
    [
        "def f() -> Optional[Net]: return Net()",
        "def f() -> Net | None: return Net()",
        "def f() -> Union[Net, Other]: return Net()",
        "def f() -> 'Optional[Net]': return Net()",
        "def f() -> list[Net]: ...",
        "def f() -> type[Net]: return Net",
        "def f() -> Any: return Net()",
        "def f() -> None: ...",
        "def f() -> Iterator[Net]:\n    yield Net()",
        "def f():\n    yield Net()",
        "async def f() -> Net: ...",
        "async def f():\n    return Net()",
        "def f():\n    Net()",
        "def f(a):\n    if a:\n        return Net()",
        "def f(a):\n    if a:\n        return\n    return Net()",
        "def f(a):\n    if a:\n        return Net()\n    return Other()",
        "def f(a):\n    if a:\n        return Net()\n    return a",
        "def f(net):\n    return net",
        "def f(net=None):\n    net = net or Net()\n    return net",
        "def f():\n    return Net",
        "def f():\n    return Net(), 1",
        "def f():\n    return Net().give()",
        "def f():\n    return classes['x']()",
        "def f():\n    return missing()",
        "def f():\n    return f()",
        "def f():\n    net, x = Net(), 1\n    return net",
        "def f():\n    net = Net()\n    for net in load():\n        pass\n    return net",
        "def f():\n    net = Net()\n    net += 1\n    return net",
        "def f():\n    net = Net()\n    def g():\n        nonlocal net\n        net = 1\n    g()\n    return net",
        "def f():\n    net = Net()\n    [net := x for x in y]\n    return net",
        "def f(Net):\n    return Net()",
        "def f(make_it=Net):\n    return make_it()",
        "def f(kind=Net):\n    make_it = kind.best\n    return make_it()",
        "def f(kind=Net):\n    best = kind\n    make_it = best\n    return make_it()",
        "f = functools.partial(Net)",
        "f = Net()",
        "f = lambda: Net()",
        "from foreign import f",
        "import math as f",
    ],
)
def test_nothing_is_claimed(tmp_path: Path, source: str) -> None:
    assert look(tmp_path, source) == NOTHING


@pytest.mark.parametrize(
    "source",
    [
        "def d(g):\n    return Other\n@d\ndef f() -> Net: ...",
        "def d(g):\n    g = 1\n    return g\n@d\ndef f() -> Net: ...",
        "def d(g):\n    def w():\n        return g()\n    return w\n@d\ndef f() -> Net: ...",
        "def d(g):\n    @functools.wraps(g)\n    def w():\n        return [g()]\n    return w\n@d\ndef f() -> Net: ...",
        "from foreign import d\n@d\ndef f() -> Net: ...",
        "import foreign\n@foreign.d()\ndef f():\n    return Net()",
        "def f():\n    make_it = Net\n    return make_it()",
        "def f():\n    kinds = load()\n    make_it = kinds.best\n    return make_it()",
    ],
)
def test_left_to_jedi(tmp_path: Path, source: str) -> None:
    assert look(tmp_path, source) == Open("p.code", "p.code.f", is_decorated="@" in source)


def test_with_two_ways_out_jedi_is_not_asked(tmp_path: Path) -> None:
    """It answers with the way that it understands."""
    assert look(tmp_path, "def f(a, b):\n    if a:\n        return Net()\n    return b()") == NOTHING


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("p.nets.Net.load", NET),
        ("p.nets.Other.load", Answer("p.nets.Other")),
        ("p.nets.Other.typed", Answer("p.nets.Other")),
        ("p.nets.Other.fresh", NET),
        ("p.nets.Net.copy", NET),
        ("p.Net.load", NET),
        ("p.nets.Net.size", NOTHING),
        ("p.nets.Net.attribute", NOTHING),
        ("p.nets.Net.give", NOTHING),
        ("p.nets.Net.absent", NOTHING),
        ("p.nets.Foreign.load", NOTHING),
    ],
)
def test_methods(tmp_path: Path, path: str, wanted: Answer) -> None:
    assert look(tmp_path, "", path) == wanted


@pytest.mark.parametrize(
    ("name", "is_itself"),
    [
        ("Net", True),
        ("Other", True),
        ("Box", True),
        ("Abstract", True),
        ("Made", False),
        ("BelowMade", False),
        ("ByMeta", False),
        ("Foreign", False),
        ("Missing", False),
    ],
)
def test_classes(tmp_path: Path, name: str, is_itself: bool) -> None:
    assert look(tmp_path, "", f"p.nets.{name}") == (Answer(f"p.nets.{name}") if is_itself else NOTHING)


def test_what_grows_with_every_step_ends(tmp_path: Path) -> None:
    levels = [
        f"def g{level}(a):\n"
        + "".join(f"    if a == {n}: return g{level + 1}({n})\n" for n in range(9))
        + "    raise A\n"
        for level in range(8)
    ]
    assert look(tmp_path, "\n".join([*levels, "def g8(a): return Net()"]), "p.code.g0") == NOTHING


def test_a_package_that_goes_by_two_names(tmp_path: Path) -> None:
    files = {
        "pytorch_lightning/__init__.py": "from pytorch_lightning.core import make\n",
        "pytorch_lightning/core.py": "class Net: ...\ndef make(): return Net()\n@unknown\ndef hidden() -> Net: ...\n",
    }
    folders = package_folders(environment(tmp_path / "env", files))
    look = Look(InstalledSources(folders))
    net = Answer("lightning.pytorch.core.Net")
    assert [look.at("pytorch_lightning.make"), look.at("lightning.pytorch.make")] == [net, net]
    # jedi is asked for the name under which it is installed.
    assert look.at("lightning.pytorch.core.hidden") == Open(
        "pytorch_lightning.core", "pytorch_lightning.core.hidden", True
    )


def test_folders_of_editable_installs_are_the_projects_own_sources(tmp_path: Path) -> None:
    python = environment(tmp_path / "env", {"p.py": "class Net: ...\n"})
    (tmp_path / "work").mkdir()
    site_packages = tmp_path / "env" / "lib" / "python3.11" / "site-packages"
    (site_packages / "a.pth").write_text(str(tmp_path / "work"))
    assert package_folders(python) == (site_packages,)
