"""Namespaces, `vars`, and what parsers of the command line return."""

from __future__ import annotations

import pytest
from seen import seen_of

HEAD = """
import argparse, os, types
def unknown(): return __import__("os").getcwd()
def flag(): return len(__import__("os").getcwd()) > 3
class Plain:
    k = 3
    def __init__(self, a):
        self.a = a
        if a:
            self.b = 1
class Slots:
    __slots__ = ("a",)
    def __init__(self):
        self.a = 1
def changes(args):
    first = 1
    second = 2
    third = 3
    fourth = 4
    args.a = 5
def deletes(args):
    first = 1
    second = 2
    third = 3
    fourth = 4
    del args.b
"""


@pytest.mark.parametrize(
    ("body", "values"),
    [
        ("n = argparse.Namespace(a=1, **{'b': 2})\nn.c = 3\ntorch.manual_seed(vars(n))", ["{a: 1, b: 2, c: 3}"]),
        ("n = types.SimpleNamespace(a=1)\ntorch.manual_seed([n.a, vars(n), n.zz])", ["[1, {a: 1}, ?]"]),
        ("n = argparse.Namespace(**unknown())\nn.c = 3\ntorch.manual_seed(vars(n))", ["{c: 3, ...}"]),
        ("n = argparse.Namespace(a=1)\nif flag(): n.d = 4\ntorch.manual_seed(vars(n))", ["{a: 1, ...}"]),
        ("n = argparse.Namespace(a=1, b=2)\ndel n.a\ntorch.manual_seed(vars(n))", ["{b: 2, ...}"]),
        ("n = argparse.Namespace(a=1, b=2)\ndelattr(n, 'a')\ntorch.manual_seed(vars(n))", ["{b: 2}"]),
        (
            "n = argparse.Namespace(a=1)\nvars(n)['a'] = 7\nn.__dict__.update(b=8)\ntorch.manual_seed([n.a, n.b])",
            ["[7, 8]"],
        ),
        (
            "n = argparse.Namespace(a=1)\nm = argparse.Namespace(**vars(n))\nm.a = 8\ntorch.manual_seed([n.a, m.a])",
            ["[1, 8]"],
        ),
        (
            "n = argparse.Namespace(a=1)\nfor k in ['u', 'v']: setattr(n, k, 3)\ntorch.manual_seed(vars(n))",
            ["{a: 1, u: 3, v: 3}"],
        ),
        ("n = argparse.Namespace(a=1)\nsetattr(n, unknown(), 3)\ntorch.manual_seed(vars(n))", ["{a: ?, ...}"]),
        ("n = argparse.Namespace(a=1)\ntorch.manual_seed([getattr(n, 'a', 5), getattr(n, 'b', 6)])", ["[1, 6]"]),
        ("n = argparse.Namespace(a=1)\nimport helper\nhelper.f(n)\ntorch.manual_seed(vars(n))", ["{a: 1, ...}"]),
        ("n = argparse.Namespace(a=1, b=2)\nchanges(n)\ntorch.manual_seed(vars(n))", ["{a: ?, b: ?, ...}"]),
        ("n = argparse.Namespace(a=1, b=2)\ndeletes(n)\ntorch.manual_seed(vars(n))", ["{a: 1, ...}"]),
        ("torch.manual_seed(vars(Plain(1)))", ["{a: 1, b: 1}"]),
        ("torch.manual_seed(vars(Plain(0)))", ["{a: 0}"]),
        ("torch.manual_seed(vars(Plain(flag())))", ["?"]),
        ("torch.manual_seed(vars(Slots()))", ["?"]),
        ("p = Plain(1)\nchanges(p)\ntorch.manual_seed(p.a)", ["?"]),
        ("p = Plain(1)\nd = vars(p)\nd['a'] = 4\np.b = 5\ntorch.manual_seed([p.a, p.b, d])", ["[4, 5, {a: 4, b: 5}]"]),
    ],
)
def test_namespaces(body: str, values: list[str]) -> None:
    assert seen_of(HEAD, body) == values


PARSERS = """
def parser():
    p = argparse.ArgumentParser("x", description="d")
    p.add_argument("--lr-rate", "-l", type=float, default=0.1)
    p.add_argument("-q", "--quiet", action="store_true")
    p.add_argument("data", nargs="?")
    p.add_argument("-z", default="3", type=int)
    p.add_argument("--version", action="version", version="1")
    group = p.add_argument_group("trainer")
    group.add_argument("--gpus", dest="devices", default=len(unknown()))
    p.set_defaults(extra=4)
    return p
def loop(p):
    for name in ["--a", "--b"]:
        p.add_argument(name, type=int)
    return p
"""
NEW = "p = argparse.ArgumentParser()\np.add_argument('--a', default=1)\n"


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (
            "torch.manual_seed(vars(parser().parse_args()))",
            "{lr_rate: ?, quiet: ?, data: ?, z: ?, devices: ?, extra: ?}",
        ),
        (
            "torch.manual_seed(vars(parser().parse_args([])))",
            "{lr_rate: 0.1, quiet: False, data: None, z: ?, devices: ?, extra: 4}",
        ),
        ("torch.manual_seed(vars(loop(argparse.ArgumentParser()).parse_args()))", "{a: ?, b: ?}"),
        (NEW + "args = p.parse_args()\nargs.b = 2\ntorch.manual_seed(vars(args))", "{a: ?, b: 2}"),
        (NEW + "args, rest = p.parse_known_args()\ntorch.manual_seed([args.a, vars(args)])", "[?, {a: ?}]"),
        (NEW + "q = argparse.ArgumentParser(parents=[p])\ntorch.manual_seed(vars(q.parse_args([])))", "{a: 1}"),
        (
            NEW + "p.add_argument('--b', default=argparse.SUPPRESS)\ntorch.manual_seed(vars(p.parse_args()))",
            "{a: ?, ...}",
        ),
        (NEW + "p.add_argument(unknown())\ntorch.manual_seed(vars(p.parse_args()))", "{a: ?, ...}"),
        (NEW + "if flag(): p.add_argument('--b')\ntorch.manual_seed(vars(p.parse_args()))", "{a: ?, ...}"),
        (NEW + "import helper\nhelper.add(p)\ntorch.manual_seed(vars(p.parse_args()))", "{a: ?, ...}"),
        (
            NEW + "p.add_subparsers(dest='c').add_parser('x')\ntorch.manual_seed(vars(p.parse_args()))",
            "{a: ?, c: ?, ...}",
        ),
        (NEW + "torch.manual_seed(vars(p.parse_args(namespace=unknown())))", "?"),
        ("torch.manual_seed(vars(argparse.ArgumentParser(argument_default=argparse.SUPPRESS).parse_args()))", "{...}"),
    ],
)
def test_parsers(body: str, value: str) -> None:
    assert seen_of(HEAD + PARSERS, body) == [value]
