"""Questions that go backwards: who imports, who depends, who inherits, what drives it."""

from __future__ import annotations

from pathlib import Path

import pytest
from written_projects import LONG_AGO, find_in, indexed, write

from dryfit.engine.index.build import Changes
from dryfit.engine.index.links import Links
from dryfit.engine.index.resolve import Defined
from dryfit.engine.index.scan import scan

ZOO = {
    "models/__init__.py": "from .net import Net\nfrom .wide import *\nfrom . import deep\n",
    "models/net.py": "from torch import nn\nclass Net(nn.Module): pass\nclass Other: pass\n",
    "models/wide.py": "from .net import Net\nclass Wide(Net): pass\n",
    "models/deep.py": "import models.net\nclass Deep(models.net.Net): pass\n",
    "train.py": "from models import Net\n",
    "wide.py": "import models\nclass Wider(models.Wide): pass\n",
    "late.py": "def f():\n    import models.deep as d\n    class Inside(d.Deep): pass\n",
    "alone.py": "import torch.nn, os.path\n",
}


def test_importers_also_through_what_hands_on(tmp_path: Path) -> None:
    index = indexed(tmp_path, ZOO)
    assert {path: index.importers(path) for path in ZOO} == {
        "models/__init__.py": {"models/deep.py", "train.py", "wide.py"},
        "models/net.py": {"models/__init__.py", "models/deep.py", "models/wide.py", "train.py"},
        "models/wide.py": {"models/__init__.py"},
        "models/deep.py": {"models/__init__.py", "late.py"},
        "train.py": frozenset(),
        "wide.py": frozenset(),
        "late.py": frozenset(),
        "alone.py": frozenset(),
    }


def test_dependents_nearest_first(tmp_path: Path) -> None:
    index = indexed(
        tmp_path, {f"m{number}.py": f"import m{number - 1}, m0\n" for number in range(1, 6)} | {"m0.py": ""}
    )
    assert index.dependents("m0.py") == ("m1.py", "m2.py", "m3.py", "m4.py", "m5.py")
    assert index.dependents("m0.py", limit=3) == ("m1.py", "m2.py", "m3.py")
    chain = indexed(tmp_path / "chain", {"a.py": "", "z.py": "import a\n", "b.py": "import z\n", "y.py": "import a\n"})
    assert chain.dependents("a.py") == ("y.py", "z.py", "b.py")
    assert chain.dependents("a.py", limit=0) == ()
    assert chain.dependents("nowhere.py") == ()


def test_circles(tmp_path: Path) -> None:
    texts = {
        "a.py": "from b import *\nfrom c import *\nimport a\nclass A(Missing): pass\n",
        "b.py": "from a import *\nfrom c import *\nclass B(A): pass\n",
        "c.py": "from a import *\nfrom b import *\nfrom c import C as D\nclass C(B): pass\nclass E(D): pass\n",
        "x.py": "from a import C, nothing\nclass A(A): pass\n",
    }
    index = indexed(tmp_path, texts)
    assert index.dependents("a.py") == ("b.py", "c.py", "x.py")
    assert index.dependents("c.py") == ("a.py", "b.py", "x.py")
    assert index.subclasses("a.py", "A") == (Defined("b.py", "B"), Defined("c.py", "C"), Defined("c.py", "E"))
    assert index.uses_fabric_nearby("a.py") is False


def test_star_imports_of_each_other_take_no_longer_than_others(tmp_path: Path) -> None:
    names = [f"m{number}" for number in range(30)]
    stars = "".join(f"from {name} import *\n" for name in names)
    index = indexed(tmp_path, {f"{name}.py": f"{stars}class C(Nowhere): pass\n" for name in names})
    assert index.dependents("m0.py") == tuple(sorted(f"{name}.py" for name in names[1:]))


@pytest.mark.parametrize(
    ("imports", "base"),
    [
        ("from models import Net", "Net"),
        ("from models import Net as N", "N"),
        ("from models.net import Net", "Net[int]"),
        ("import models", "models.Net"),
        ("import models", "models.net.Net"),
        ("import models.net", "models.net.Net"),
        ("import models.net as n", "n.Net"),
        ("import models.net as models", "models.Net"),
        ("from models import net", "net.Net"),
        ("from models import net as n, deep", "n.Net"),
        ("from models import *", "Net"),
        ("import models.wide as w", "w.Net"),
        ("try:\n    from fast import Net\nexcept ImportError:\n    from models import Net", "Net"),
        ("from again import Net", "Net"),
        ("from models import Net as Mine", "Mine"),
        ("import again", "again.models.Net"),
    ],
)
def test_a_base_written_in_many_ways(tmp_path: Path, imports: str, base: str) -> None:
    again = "import models\nfrom models import Net\n"
    index = indexed(tmp_path, {**ZOO, "again.py": again, "mine.py": f"{imports}\nclass Mine({base}): pass\n"})
    assert Defined("mine.py", "Mine") in index.subclasses("models/net.py", "Net")


@pytest.mark.parametrize(
    ("imports", "base"),
    [
        ("from elsewhere import Net", "Net"),
        ("from models.net import Other as Net", "Net"),
        ("from models import Net as Base", "Net"),
        ("def f():\n    from models import Net", "Net"),
        ("from models import Net\nNet = wrapped(Net)\nclass Net: pass", "Net"),
        ("import models", "models.nowhere.Net"),
        ("import models", "wrapped(models.Net)"),
        ("import models", "models"),
        ("", "Net"),
    ],
)
def test_another_class_of_the_name(tmp_path: Path, imports: str, base: str) -> None:
    index = indexed(tmp_path, {**ZOO, "mine.py": f"{imports}\nclass Mine({base}): pass\n"})
    assert Defined("mine.py", "Mine") not in index.subclasses("models/net.py", "Net")


def test_subclasses_of_subclasses(tmp_path: Path) -> None:
    index = indexed(tmp_path, ZOO)
    assert index.subclasses("models/net.py", "Net") == (
        Defined("models/deep.py", "Deep"),
        Defined("models/wide.py", "Wide"),
        Defined("wide.py", "Wider"),
    )
    nested = (
        "class Outer:\n    class Base: pass\n    class Inner(Base): pass\nclass Base: pass\nclass C(Outer.Base): pass\n"
    )
    index = indexed(tmp_path / "nested", {"a.py": nested, "b.py": "import a\nclass D(a.Outer.Inner): pass\n"})
    assert index.subclasses("a.py", "Outer.Base") == (
        Defined("a.py", "C"),
        Defined("a.py", "Outer.Inner"),
        Defined("b.py", "D"),
    )
    assert index.subclasses("a.py", "Base") == ()


FABRIC = "from lightning.fabric import Fabric\n"


@pytest.mark.parametrize(
    ("texts", "is_near"),
    [
        ({"train.py": FABRIC + "from models.net import Net\n"}, True),
        ({"train.py": FABRIC + "from models import Net\n"}, True),
        ({"train.py": FABRIC + "import models\n"}, True),
        ({"train.py": FABRIC + "import registry\n", "registry.py": "def get():\n    from models import Net\n"}, True),
        ({"models/net.py": "from loop import run\n", "loop.py": FABRIC}, True),
        ({"train.py": FABRIC}, False),
        ({"train.py": "from models import Net\n"}, False),
        ({"train.py": FABRIC + "from models import Other\n"}, False),  # from the same package
        ({"models/__init__.py": FABRIC + "from .net import Net\n"}, True),
    ],
)
def test_fabric_nearby(tmp_path: Path, texts: dict[str, str], is_near: bool) -> None:
    package = {
        "models/__init__.py": "from .net import Net\nfrom .other import Other\n",
        "models/net.py": "class Net: pass\n",
        "models/other.py": "class Other: pass\n",
    }
    assert indexed(tmp_path, {**package, **texts}).uses_fabric_nearby("models/net.py") is is_near


def test_what_a_file_uses_itself_is_not_nearby(tmp_path: Path) -> None:
    assert indexed(tmp_path, {"a.py": FABRIC}).uses_fabric_nearby("a.py") is False


def test_training_files(tmp_path: Path) -> None:
    index = indexed(tmp_path, {"b.py": "trainer.fit(net)\n", "a.py": "L.Trainer()\n", "c.py": "x = 1\n"})
    assert index.training_files() == ("a.py", "b.py")
    index.update("b.py", "")
    assert index.training_files() == ("a.py",)


def test_answers_follow_what_is_typed(tmp_path: Path) -> None:
    index = indexed(tmp_path, ZOO)
    assert index.importers("models/wide.py") == {"models/__init__.py"}
    index.update("train.py", "from models import Wide\nclass Mine(Wide): pass\n")
    assert index.importers("models/wide.py") == {"models/__init__.py", "train.py"}
    assert index.subclasses("models/wide.py", "Wide") == (Defined("train.py", "Mine"), Defined("wide.py", "Wider"))
    # The package hands on another class of this name: two files that are not edited mean another one.
    index.update("models/__init__.py", "from .deep import Deep as Wide\n")
    assert index.subclasses("models/wide.py", "Wide") == ()
    assert index.subclasses("models/deep.py", "Deep") == (Defined("train.py", "Mine"), Defined("wide.py", "Wider"))
    index.forget_update("models/__init__.py")
    index.forget_update("train.py")
    assert index.subclasses("models/wide.py", "Wide") == (Defined("wide.py", "Wider"),)


def test_answers_follow_the_disk(tmp_path: Path) -> None:
    index = indexed(tmp_path, ZOO)
    assert index.importers("os/path.py") == frozenset()
    write(tmp_path, {"os/path.py": "class P: pass\n", "models/net.py": "class Net: pass\n"}, LONG_AGO + 1)
    (tmp_path / "models" / "deep.py").unlink()
    assert index.refresh() == Changes(("os/path.py",), ("models/net.py",), ("models/deep.py",))
    assert index.importers("os/path.py") == {"alone.py"}
    assert index.subclasses("models/net.py", "Net") == (Defined("models/wide.py", "Wide"), Defined("wide.py", "Wider"))
    assert index.importers("models/deep.py") == frozenset()


def test_only_what_may_lead_elsewhere_is_looked_at_again(tmp_path: Path) -> None:
    write(tmp_path, ZOO)
    rows = {path: scan(text) for path, text in ZOO.items()}
    links = Links(rows.get, find_in(tmp_path))
    links.files_changed(rows)
    assert links.work(60) is True
    links.changed(["alone.py"])
    assert sorted(links._stale) == ["alone.py"]
    assert links.work(60) is True
    links.changed(["models/wide.py"])
    assert sorted(links._stale) == ["models/wide.py", "wide.py"]


def test_links_are_made_in_slices(tmp_path: Path) -> None:
    rows = {path: scan(text) for path, text in ZOO.items()}
    write(tmp_path, ZOO)
    links = Links(rows.get, find_in(tmp_path))
    links.files_changed(rows)
    assert links.work(0) is False
    assert links.importers("models/wide.py") == {"models/__init__.py"}
    assert links.work(0) is True
