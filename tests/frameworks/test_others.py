"""Ancestry of classes of other packages, in written packages and against the imported torchmetrics."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import textwrap
from pathlib import Path

import pytest

from dryfit.frameworks import bundled, site_packages_of
from dryfit.frameworks.others import Others

MODULE = "torch.nn.Module"
FILES = {
    "one/__init__.py": "from .nets import *\nfrom two import Net as Borrowed\n",
    "one/nets.py": """
        import abc, torch.nn as nn, two, missing
        from typing import Generic, TypeVar
        from pytorch_lightning import LightningModule
        from .native import Compiled

        class Net(nn.Module): ...
        class Mixin: ...
        class Both(Mixin, Net): ...
        class Diamond(Both, nn.ReLU): ...
        class Abroad(two.Net, Generic[T]): ...
        class Light(LightningModule): ...
        class Abstract(dict, abc.ABC, metaclass=abc.ABCMeta): ...
        class Lost(missing.Base, Net): ...
        class Native(Compiled): ...
        class Computed(make_base(), Net): ...
        class Starred(*bases): ...
        class Undefined(Nowhere): ...
        Alias = Both
        Chosen = Net if nn else Mixin
        class OfChosen(Chosen): ...
        class Own(Own): ...
        def function(): ...
        """,
    "one/native.so": "",
    "two.py": "from torch.nn import Module\nclass Net(Module): ...\n",
}
TABLE = {
    "one.Net": (("one.nets.Net", MODULE), True),
    "one.nets.Net": (("one.nets.Net", MODULE), True),
    "one.Mixin": (("one.nets.Mixin",), True),
    "one.Both": (("one.nets.Both", "one.nets.Mixin", "one.nets.Net", MODULE), True),
    "one.Alias": (("one.nets.Both", "one.nets.Mixin", "one.nets.Net", MODULE), True),
    "one.Diamond": (
        ("one.nets.Diamond", "one.nets.Both", "one.nets.Mixin", "one.nets.Net", "torch.nn.ReLU", MODULE),
        True,
    ),
    "one.Abroad": (("one.nets.Abroad", "two.Net", MODULE), True),
    "one.Borrowed": (("two.Net", MODULE), True),
    "one.Abstract": (("one.nets.Abstract", "dict", "abc.ABC"), True),
    "one.Lost": (("one.nets.Lost", "missing.Base", "one.nets.Net", MODULE), False),
    "one.Native": (("one.nets.Native", "one.native.Compiled"), False),
    "one.Computed": (("one.nets.Computed", "one.nets.Net", MODULE), False),
    "one.Starred": (("one.nets.Starred",), False),
    "one.Undefined": (("one.nets.Undefined", "Nowhere"), False),
    "one.OfChosen": (("one.nets.OfChosen",), False),
    "one.function": ((), False),
    "one.Missing": ((), False),
    "missing.Net": ((), False),
    "one": ((), False),
    "": ((), False),
    "torch.nn.ReLU": (("torch.nn.ReLU", MODULE), True),
}


def written(folder: Path, version: str = "1.0") -> list[Path]:
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    (folder / f"one-{version}.dist-info").mkdir()
    return [folder]


@pytest.mark.parametrize("path", TABLE)
def test_ancestry(tmp_path: Path, path: str) -> None:
    others = Others(written(tmp_path), None, bundled())
    assert (others.bases(path), others.is_whole(path)) == TABLE[path]


def test_lightnings_own_ancestry_follows(tmp_path: Path) -> None:
    order = Others(written(tmp_path), None, bundled()).bases("one.Light")
    assert order == ("one.nets.Light", *bundled().bases("lightning.pytorch.LightningModule"))


def test_a_class_that_is_its_own_base_ends(tmp_path: Path) -> None:
    assert Others(written(tmp_path), None, bundled()).bases("one.Own") == ("one.nets.Own",)


def test_what_was_read_is_kept_by_version(tmp_path: Path) -> None:
    folders, cache = written(tmp_path / "site"), tmp_path / "cache"
    first = Others(folders, cache, bundled())
    assert {path: (first.bases(path), first.is_whole(path)) for path in TABLE} == TABLE
    (tmp_path / "site" / "one" / "nets.py").write_text("raise SystemExit")
    again = Others(folders, cache, bundled())
    assert {path: (again.bases(path), again.is_whole(path)) for path in TABLE} == TABLE
    (tmp_path / "site" / "one-1.0.dist-info").rename(tmp_path / "site" / "one-1.1.dist-info")
    assert Others(folders, cache, bundled()).bases("one.Both") == ()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"one.Net": 5}', '{"one.Net": []}'])
def test_a_broken_file_is_read_anew(tmp_path: Path, content: str) -> None:
    folders, cache = written(tmp_path / "site"), tmp_path / "cache"
    Others(folders, cache, bundled()).bases("one.Net")
    (file,) = cache.glob("classes-one-*.json")
    file.write_text(content)
    assert Others(folders, cache, bundled()).bases("one.Net") == ("one.nets.Net", MODULE)


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    others = Others(written(tmp_path / "site"), tmp_path / "file", bundled())
    assert others.bases("one.Net") == ("one.nets.Net", MODULE)


@pytest.mark.skipif(importlib.util.find_spec("torchmetrics") is None, reason="needs torchmetrics")
def test_torchmetrics_as_it_is_when_imported() -> None:
    import torchmetrics

    others = Others(site_packages_of(Path(sys.executable)), None, bundled())

    def named(one: type) -> str:
        return bundled().canonical(f"{one.__module__}.{one.__qualname__}")

    classes = [one for _, one in inspect.getmembers(torchmetrics, inspect.isclass)]
    wanted = {named(one): tuple(named(base) for base in one.__mro__ if base is not object) for one in classes}
    assert len(wanted) > 50
    assert {name: others.bases(name) for name in wanted} == wanted
    assert [name for name in wanted if not others.is_whole(name)] == []
