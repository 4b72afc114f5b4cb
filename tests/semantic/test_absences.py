"""Absences are claimed from complete knowledge only."""

from __future__ import annotations

import pytest
from facts_of import facts_of

from dryfit.semantic.facts import BaseNotInitialised, FrozenHeld, NeverHeld, PlainContainer

TRAIN = "net(torch.randn(2, 2)).sum().backward()\noptimizer.step()\n"


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("net = Net()\noptimizer = A(net.a.parameters())\n", ["net.b"]),
        ("net = Net()\noptimizer = A(net.a.parameters())\n" + TRAIN, ["net.b"]),
        ("net = Net()\noptimizer = A(net.b.parameters())\n" + TRAIN, []),  # a head on what is left alone
        ("net = Net()\noptimizer = A(net.parameters())\n" + TRAIN, []),
        ("net = Net()\noptimizer = A(net.a.parameters())\nnet.b.requires_grad_(False)\n", []),
        ("net = Net()\nfor p in net.b.parameters(): p.requires_grad = False\noptimizer = A(net.a.parameters())\n", []),
        ("net = Net()\noptimizer = A(net.a.parameters())\nother = optim.SGD(net.b.parameters())\n", []),
        ("import helper\nnet = Net()\noptimizer = A(net.a.parameters())\nhelper.train(net)\n", []),
        ("net = Net()\nnet.load_state_dict(torch.load('x'))\noptimizer = A(net.a.parameters())\n", []),
        ("net = Net()\nnet.b.eval()\noptimizer = A(net.a.parameters())\n", []),
        (
            "net = Net()\noptimizer = A(net.a.parameters())\n"
            "optimizer.add_param_group({'params': net.b.parameters()})\n",
            [],
        ),
        ("from helper import groups\nnet = Net()\noptimizer = A([{'params': net.a.parameters()}, *groups])\n", []),
        ("def build(m): return A(m.a.parameters())\nnet = Net()\noptimizer = build(net)\n", ["net.b"]),
    ],
)
def test_parameters_that_no_optimizer_holds(text: str, paths: list[str]) -> None:
    assert [fact.path for fact in facts_of(text, NeverHeld)] == paths


def module(constructor: str, extra: str = "") -> str:
    lines = "\n".join(f"        {line}" for line in constructor.split("\n"))
    return f"class M(nn.Module):\n    def __init__(self, given=None):\n{lines}\n{extra}"


@pytest.mark.parametrize(
    ("constructor", "attributes"),
    [
        ("super().__init__()\nself.layers = [nn.Linear(1, 1), nn.Linear(1, 1)]", ["layers"]),
        ("super().__init__()\nself.layers = [nn.Linear(1, 1) for _ in range(3)]", ["layers"]),
        ("super().__init__()\nself.heads = {'a': nn.Linear(1, 1)}", ["heads"]),
        (
            "super().__init__()\nlayers = []\n"
            "for i in range(3):\n    layers.append(nn.Linear(1, 1))\nself.layers = layers",
            ["layers"],
        ),
        ("super().__init__()\nself.weights = [nn.Parameter(torch.ones(1))]", ["weights"]),
        ("super().__init__()\nself.layers = nn.ModuleList([nn.Linear(1, 1)])", []),
        ("super().__init__()\nself.layers = [nn.Linear(1, 1)]\nself.net = nn.Sequential(*self.layers)", []),
        ("super().__init__()\nself.layers = [nn.ReLU(), nn.Tanh()]", []),
        ("super().__init__()\nself._teacher = [nn.Linear(1, 1)]", []),
        ("super().__init__()\nself.layers = [nn.Linear(1, 1)]\nself.add_module('0', self.layers[0])", []),
        ("super().__init__()\nself.layers = [given]", []),
        ("super().__init__()\nself.layers = [nn.Linear(1, 1)]\nself.layers = nn.ModuleList(self.layers)", []),
    ],
)
def test_modules_kept_in_plain_containers(constructor: str, attributes: list[str]) -> None:
    assert [fact.attribute for fact in facts_of(module(constructor), PlainContainer)] == attributes


@pytest.mark.parametrize(
    ("constructor", "count"),
    [
        ("self.layer = nn.Linear(1, 1)", 1),
        ("self.layer = nn.Linear(1, 1)\nsuper().__init__()", 1),
        ("super().__init__()\nself.layer = nn.Linear(1, 1)", 0),
        ("nn.Module.__init__(self)\nself.layer = nn.Linear(1, 1)", 0),
        ("self.size = 3\nsuper().__init__()\nself.layer = nn.Linear(1, 1)", 0),
        ("self.size = 3", 0),
        ("super(M, self).__init__()\nself.layer = nn.Linear(1, 1)", 0),
    ],
)
def test_constructors_without_the_base(constructor: str, count: int) -> None:
    assert len(facts_of(module(constructor), BaseNotInitialised)) == count


@pytest.mark.parametrize(
    ("statement", "count"),
    [
        ("self.scale.requires_grad = False", 1),
        ("self.scale.requires_grad_(False)", 1),
        ("self.scale.requires_grad = True", 0),
        ("self.size = 3", 0),
    ],
)
def test_parameters_switched_off_by_hand(statement: str, count: int) -> None:
    text = module(f"super().__init__()\nself.scale = nn.Parameter(torch.ones(1))\n{statement}", "A(M().parameters())\n")
    assert len(facts_of(text, FrozenHeld)) == count


def test_freezing_a_backbone_is_an_idiom() -> None:
    text = "net = Net()\nfor p in net.a.parameters(): p.requires_grad = False\nA(net.parameters())\n"
    assert facts_of(text, FrozenHeld) == []


def test_tied_weights_are_held_with_the_layer_they_are_tied_to() -> None:
    text = """
        a, b = nn.Linear(2, 2), nn.Linear(2, 2)
        b.weight = a.weight
        optimizer = A(a.parameters())
        b(a(torch.randn(3, 2))).mean().backward()
        optimizer.step()
        """
    assert facts_of(text, NeverHeld) == []
