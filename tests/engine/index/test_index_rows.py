"""The row of a text, compared whole."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import dryfit.engine.discover
from dryfit.engine.index.row import STAR, ClassRow, FileRow, Import, from_payload, to_payload
from dryfit.engine.index.scan import scan, scan_document
from dryfit.semantic.values import UNKNOWN
from dryfit.syntax.document import Document


def row_of(text: str) -> FileRow:
    """The row of a text, which comes out the same from units and survives being written down."""
    row = scan(text)
    assert scan_document(Document(text)) == row
    assert from_payload(to_payload(row)) == row
    return row


def test_an_empty_file() -> None:
    assert row_of("") == FileRow()


def test_a_model() -> None:
    text = '''"""A model."""

import os.path, torch.nn as nn
from typing import TYPE_CHECKING

import lightning as L
from ..base import Base as Parent, mixins
from . import losses

if TYPE_CHECKING:
    from data import Batch

WIDTH: int = 3


class Net(Parent[int], mixins.Logged, L.LightningModule, metaclass=Meta):
    width = 3

    class Config(dict):
        pass

    def __init__(self, depth, *layers):
        super().__init__()
        self.depth, (self.head, *self.rest) = depth, layers
        self.loss: object = losses.Loss()
        self.hinted: int
        other.depth = 3
        for self.index in range(3):
            self.index += 1
        with open("x") as self.file:
            import json

    @staticmethod
    def make(self):
        self.nothing = 3

    if WIDTH:
        @property
        def area(me): me.known = 1


def build(): return Net(3)
'''
    assert row_of(text) == FileRow(
        imports=(
            Import(0, "os.path", (), "os"),
            Import(0, "torch.nn", (), "nn"),
            Import(0, "typing", (("TYPE_CHECKING", "TYPE_CHECKING"),)),
            Import(0, "lightning", (), "L"),
            Import(2, "base", (("Base", "Parent"), ("mixins", "mixins"))),
            Import(1, "", (("losses", "losses"),)),
            Import(0, "data", (("Batch", "Batch"),)),
            Import(0, "json", (), "json", is_top=False),
        ),
        names=(*("Batch", "L", "Net", "Parent", "TYPE_CHECKING", "WIDTH", "build", "losses", "mixins", "nn", "os"),),
        classes=(
            ClassRow(
                "Net",
                ("Parent", "mixins.Logged", "L.LightningModule"),
                ("__init__", "make", "area"),
                ("depth", "head", "rest", "loss", "index", "file", "known"),
            ),
            ClassRow("Net.Config", ("dict",)),
        ),
        functions=("build",),
    )


def test_imports_at_any_depth() -> None:
    text = "def f():\n    def g():\n        from a import b\n    class C:\n        import c\n"
    text += "try: import d\nexcept E: import e\n"
    assert row_of(text).imports == (
        Import(0, "a", (("b", "b"),), is_top=False),
        Import(0, "c", (), "c", is_top=False),
        Import(0, "d", (), "d"),
        Import(0, "e", (), "e"),
    )


def test_a_module_under_the_name_of_its_package() -> None:
    assert row_of("import a.b.c as a, a.b, a as a\n").imports == (
        Import(0, "a.b", (("c", "a"),)),
        Import(0, "a.b", (), "a"),
        Import(0, "a", (), "a"),
    )


def test_names_bound_in_unusual_ways() -> None:
    text = "from m import *\nfor a in b: c = 1\nif (d := 1): del e\ndef f():\n    global g\n    h = 1\n"
    row = row_of(text)
    assert row.names == ("a", "c", "d", "e", "f", "g")
    assert row.imports == (Import(0, "m", ((STAR, STAR),)),)


@pytest.mark.parametrize(
    ("text", "exports"),
    [
        ("a = 1", None),
        ("__all__ = ['a', 'b']", ("a", "b")),
        ("__all__: list[str] = ('a',)", ("a",)),
        ("__all__ = []\n__all__ += ['a']\n__all__.extend(('b',))\n__all__.append('c')", ("a", "b", "c")),
        ("__all__ = [*other.__all__, 'a']", UNKNOWN),
        ("__all__ = ['a'] + other.__all__", UNKNOWN),
        ("__all__ = ['a']\n__all__ += other.__all__\n__all__ += ['b']", UNKNOWN),
        ("__all__ = ['a', 'b']\n__all__.remove('a')", UNKNOWN),
    ],
)
def test_exports(text: str, exports: object) -> None:
    assert row_of(text).exports == exports


@pytest.mark.parametrize(
    "text",
    [
        "from lightning.fabric import Fabric",
        "from lightning import seed_everything, Fabric as F",
        "from pytorch_lightning.lite import LightningLite",
        "import lightning as L\nclass Runner:\n    def run(self): return L.Fabric()",
        "def train(fabric, loss): fabric.backward(loss)",
        "class Runner:\n    def run(self): self.fabric.setup_dataloaders(self.loader)",
    ],
)
def test_fabric(text: str) -> None:
    assert row_of(text).uses_fabric


@pytest.mark.parametrize(
    "text",
    [
        "# L.Fabric is a word",
        "from lightning.fabric.utilities.seed import seed_everything",
        "from lightning.fabric.loggers import CSVLogger",
        "from fabric import Connection\nConnection('host').run('ls')",
        "loss.backward()",
    ],
)
def test_no_fabric(text: str) -> None:
    assert not row_of(text).uses_fabric


@pytest.mark.parametrize("text", ["trainer.fit(model)", "self.t.validate ()", "L.Trainer()", "Trainer.from_args(a)"])
def test_training(text: str) -> None:
    assert row_of(text).starts_training


@pytest.mark.parametrize("text", ["trainer.fitting(model)", "fit(model)", "from lightning import Trainer", "MyTrainer"])
def test_no_training(text: str) -> None:
    assert not row_of(text).starts_training


def test_a_text_that_does_not_parse_keeps_what_does() -> None:
    text = """import a
x = (1,

class Net(a.Base):
    def one(self): self.a = 1

    def two(self): self.b = = 2

    class Inner:
        def three(self): pass

    def four(self): self.c = 3

import b
"""
    assert scan(text) == FileRow(
        imports=(Import(0, "b", (), "b"),),
        names=("Net", "b"),
        classes=(ClassRow("Net", ("a.Base",), ("one", "four"), ("a", "c")), ClassRow("Net.Inner", (), ("three",))),
        is_whole=False,
    )


def test_a_huge_text_is_read_as_far_as_a_person_may_have_written_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dryfit.engine.index.scan._MOST_CHARACTERS", 40)
    assert scan("def f():\n    import a\n\nTABLE = [\n  0,\n  0,\n]\n") == FileRow(
        imports=(Import(0, "a", (), "a", is_top=False),), names=("f",), functions=("f",), is_whole=False
    )


def test_nothing_raises() -> None:
    text = Path(dryfit.engine.discover.__file__).read_text(encoding="utf-8")
    dice = random.Random(1)
    for _ in range(30):
        begin = dice.randrange(len(text))
        row = scan(text[:begin] + dice.choice("()[]'\"\\\n:\0\ud800 ") + text[begin + dice.randrange(20) :])
        assert from_payload(to_payload(row)) == row
    for text in ("\0", "\ud800", "(" * 5_000, "x = " + "-" * 20_000 + "1", "if 1:\n" * 300, "\ufeffimport a"):
        assert from_payload(to_payload(scan(text))) == scan(text)


def test_a_payload_that_is_none() -> None:
    for payload in ("", "{}", "[]", "null", "[1,2,3,4,5,6,7,8]", "[[1],[],null,[],[],1,1,1]"):
        with pytest.raises(ValueError, match=r"."):
            from_payload(payload)
