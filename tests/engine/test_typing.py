"""Typing, key by key: with every key something is said, and once the text is complete it is what a fresh check says."""

from __future__ import annotations

import ast

import pytest
from typist import KINDS, Key, Place, keys, places

from dryfit.engine.check import check
from dryfit.engine.packs import load_packs
from dryfit.engine.session import Session
from dryfit.engine.settings import Settings
from dryfit.frameworks import bundled

RULES = load_packs().rules
NAME = "train.py"
SCRIPT = '''\
import lightning as L
import torch
import torch.nn as nn
import torch.nn.functional as F

try:
    from apex import amp
except ImportError:
    amp = None

CONFIG = {"lr": 0.1}


class Net(nn.Module):
    """A net."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = [nn.Linear(4, 4)]

    @torch.no_grad()
    def forward(self, x):
        return torch.softmax(self.a(x), 1)


class Lit(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = Net()

    def training_step(self, batch, batch_idx, optimizer_idx):
        return F.cross_entropy(self.net(batch), batch)

    def configure_optimizers(self):
        return [torch.optim.SGD([self.net.a.parameters()], lr=CONFIG["lr"]), 1]


def train(net, loader, epochs):
    """By hand."""
    optimizer = torch.optim.Adam(net.parameters(), lr=CONFIG["lr"])
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)
    best = None
    for epoch in range(epochs):
        for batch in loader:
            loss = F.cross_entropy(net(batch), batch)
            loss.backward()
            optimizer.zero_grad()
            optimizer.step()
            scheduler.step()
            if best is None or loss.item() < best:
                best = loss.item()
            print(scheduler.get_lr())
    return best
'''
LONG = "\n".join(
    ["", "", "def main(loader):", "    net = Net()"]
    + [f"    print({i}, loader)" for i in range(38)]
    + ["    optimizer = torch.optim.SGD(net.parameters, lr=0.1)", "    train(net, loader, 3)"]
)
TAIL = "\n\n\ntrain(Net(), [torch.ones(2, 4)], 3)\ntrainer = L.Trainer(gpus=1)\ntrainer.fit(Lit())\n"
TEXT = SCRIPT + LONG + TAIL


def fresh(text: str) -> object:
    return check(text, NAME, RULES, Settings(), bundled(), guard=False).diagnostics


PLACES = places(TEXT, 2)


@pytest.mark.parametrize("place", PLACES[1::2], ids=lambda place: f"{place.kind} {place.line}")
def test_what_is_said_after_a_pause_is_what_a_fresh_check_says(place: Place) -> None:
    session = Session(RULES, lambda name: Settings(), bundled(), guard=False)
    session.open(NAME, TEXT)
    session.settle(NAME)
    for number, key in enumerate(keys(TEXT, place)):
        session.edit(NAME, key.span, key.text)
        if number % 5 == 0:  # a fast typist
            session.judge_edited(NAME)
            session.diagnostics(NAME)
        if key.is_pause:
            session.judge_some(NAME, 0.0)
        if key.is_complete:
            session.settle(NAME)
            assert session.diagnostics(NAME) == fresh(session.text(NAME))
    assert session.text(NAME) == TEXT


def test_the_typist_types_what_it_says() -> None:
    assert {place.kind for place in PLACES} == set(KINDS)
    for place in PLACES:
        text = TEXT
        for key in keys(TEXT, place):
            text = typed(text, key)
            if key.is_complete:
                ast.parse(text)
        assert text == TEXT


def typed(text: str, key: Key) -> str:
    lines = text.split("\n")
    span = key.span
    before = "\n".join([*lines[: span.line], lines[span.line][: span.column]])
    after = "\n".join([lines[span.end_line][span.end_column :], *lines[span.end_line + 1 :]])
    return before + key.text + after
