"""A file model that takes over what did not change is the one that is made afresh."""

from __future__ import annotations

import random

import pytest

from dryfit.semantic.file_model import FileModel
from dryfit.syntax.document import Document
from dryfit.text.span import Span

TEXT = '''\
import torch


def twice(x):
    return 2 * x


def twice(x):
    return x + x


class Net(torch.nn.Module):
    """A net."""

    size = 4

    def __init__(self):
        super().__init__()
        global count
        self.optimizer = torch.optim.Adam(self.parameters())

    @property
    def width(self):
        return self.size

    @width.setter
    def width(self, value):
        self.size = value

    class Inner:
        def call(self):
            return 1


if torch.cuda.is_available():
    def place():
        return "cuda"

for i in range(3):
    value = twice(i)
'''
PIECES = (
    "x", "\n", "    ", "# optim", "def f():\n    pass\n", "(", ")", '"', "return ", "SGD(", "class A:\n", "y = 1\n", "",
)  # fmt: skip


def parts(model: FileModel) -> dict[str, object]:
    """All of a model but what is an identity."""
    return {name: getattr(model, name) for name in FileModel.__slots__ if name not in ("shape", "unit_at", "classes")}


def order(model: FileModel) -> list[object]:
    members = [(path, c.node, c.place, list(c.members.items())) for path, c in model.classes.items()]
    return [list(model.starts.items()), list(model.roots), list(model.bindings), members]


@pytest.mark.parametrize("seed", range(40))
def test_what_is_taken_over_is_what_would_be_made(seed: int) -> None:
    chance = random.Random(seed)
    document = Document(TEXT, "libcst" if seed % 2 else "ast")
    model = FileModel(document)
    for _ in range(25):
        lines = document.text.split("\n")
        line = chance.randrange(len(lines))
        column = chance.randrange(len(lines[line]) + 1)
        end = min(len(lines[line]), column + chance.choice((0, 0, 0, 1, 2)))
        document.edit(Span(line, column, line, end), chance.choice(PIECES))
        if chance.random() < 0.2:
            document.resync()
        model = FileModel(document, model)
        if all(unit.parsed for unit in document.units):
            fresh = FileModel(document)
            assert parts(model) == parts(fresh)
            assert order(model) == order(fresh)
            assert list(model.unit_at.values()) == document.units
