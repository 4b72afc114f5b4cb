"""Dataclasses and named tuples: what their constructors do, as Python 3.13 does it."""

from __future__ import annotations

import pytest
from seen import seen_of

HEAD = """
from dataclasses import KW_ONLY, InitVar, asdict, dataclass, field, replace
from typing import ClassVar, NamedTuple
def unknown(): return __import__("os").getcwd()
"""

FIELDS = """
@dataclass
class A:
    x: int
    y: int = 2
    plain = 5
    s: ClassVar[int] = 6
    t: 'ClassVar[int]' = 7
@dataclass
class B(A):
    z: int = 3
    x: int = 9
"""


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("b = B(7, 8)\ntorch.manual_seed([b.x, b.y, b.z])", "[7, 8, 3]"),  # an overridden field keeps its place
        ("b = B()\ntorch.manual_seed([b.x, b.y, b.z, b.plain, b.s, b.t])", "[9, 2, 3, 5, 6, 7]"),
        ("b = B(**{'z': 4})\ntorch.manual_seed([b.x, b.z])", "[9, 4]"),
        ("b = B(*unknown(), z=4)\ntorch.manual_seed([b.x, b.z])", "[?, 4]"),
        ("b = B(**unknown())\ntorch.manual_seed([b.x, b.y])", "[?, ?]"),
        ("b = B(1, 2, 3, 4)\ntorch.manual_seed(b.x)", "?"),  # raises
        ("b = B(q=1)\ntorch.manual_seed(b.x)", "?"),
        ("b = B(1)\nb.x = 5\ntorch.manual_seed(b.x)", "5"),
        ("torch.manual_seed(asdict(B(1)))", "{x: 1, y: 2, z: 3}"),
        ("torch.manual_seed(asdict(B(unknown())))", "{x: ?, y: 2, z: 3}"),
        ("torch.manual_seed(vars(B(1)))", "{x: 1, y: 2, z: 3}"),
        ("b = replace(B(1), y=4)\ntorch.manual_seed([b.x, b.y, b.z])", "[1, 4, 3]"),
        ("b = replace(B(1), **unknown())\ntorch.manual_seed([b.x, b.y])", "[?, ?]"),
    ],
)
def test_fields_in_order(body: str, value: str) -> None:
    assert seen_of(HEAD + FIELDS, body) == [value]


CONSTRUCTORS = """
@dataclass
class Post:
    x: int
    m: InitVar[int] = 3
    t: int = field(init=False)
    def __post_init__(self, m):
        self.t = self.x * m
@dataclass
class Keywords:
    x: int
    _: KW_ONLY
    y: int = 2
    z: int = field(default=4, kw_only=False)
@dataclass(kw_only=True)
class More(Keywords):
    w: int
@dataclass
class Written:
    x: int = 1
    def __init__(self, q):
        self.x = q + 1
@dataclass
class Generated(Written):
    y: int = 2
class Undecorated(Generated):
    y: int = 8
class Calls(Generated):
    def __init__(self, k):
        super().__init__(x=k)
        self.k = k
class CallsByName(Generated):
    def __init__(self, k):
        Generated.__init__(self, k)
class Tuple(NamedTuple):
    a: int = 1
    b: int = 2
@dataclass(**unknown())
class Hidden:
    x: int = 1
@dataclass
class Conditional:
    x: int = 1
    if unknown():
        y: int = 2
@dataclass(init=False)
class NoInit:
    x: int = 1
@dataclass(frozen=True)
class Frozen:
    x: int = 1
    def __post_init__(self):
        object.__setattr__(self, "x", self.x + 1)
@dataclass
class Doubles:
    x: int = 1
    def __setattr__(self, name, value):
        super().__setattr__(name, value * 2)
"""


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("p = Post(4)\ntorch.manual_seed([p.x, p.t])", "[4, 12]"),
        ("p = Post(4, 5)\ntorch.manual_seed([p.x, p.t])", "[4, 20]"),
        ("torch.manual_seed(asdict(Post(4)))", "{x: 4, t: 12}"),
        ("torch.manual_seed(vars(Post(4)))", "{x: 4, t: 12}"),
        ("a = Keywords(1, 7, y=3)\ntorch.manual_seed([a.x, a.y, a.z])", "[1, 3, 7]"),
        ("b = More(1, w=5)\ntorch.manual_seed([b.x, b.y, b.w, b.z])", "[1, 2, 5, 4]"),
        ("torch.manual_seed(Written(4).x)", "5"),
        ("a = Generated(4)\ntorch.manual_seed([a.x, a.y])", "[4, 2]"),
        ("a = Undecorated(4)\ntorch.manual_seed([a.x, a.y])", "[4, 2]"),
        ("torch.manual_seed(asdict(Undecorated()))", "{x: 1, y: 2}"),
        ("a = Calls(4)\ntorch.manual_seed([a.x, a.y, a.k])", "[4, 2, 4]"),
        ("a = CallsByName(4)\ntorch.manual_seed([a.x, a.y])", "[4, 2]"),
        ("a = Tuple(b=3)\ntorch.manual_seed([a.a, a.b])", "[1, 3]"),
        ("a = Hidden(2)\ntorch.manual_seed(a.x)", "?"),
        ("a = Conditional(2)\ntorch.manual_seed(a.x)", "?"),
        ("torch.manual_seed(asdict(NoInit()))", "{x: ?}"),
        ("torch.manual_seed(Frozen(3).x)", "4"),
        ("torch.manual_seed(Doubles(3).x)", "?"),
    ],
)
def test_constructors(body: str, value: str) -> None:
    assert seen_of(HEAD + CONSTRUCTORS, body) == [value]


DEFAULTS = """
import torch
@dataclass
class Optimizer:
    lr: float = 0.1
@dataclass
class A:
    a: list = field(default_factory=list)
    b: dict = field(default_factory=lambda: {'q': 1})
    c: dict = field(default_factory=lambda: {'r': 2})
    o: Optimizer = field(default_factory=Optimizer)
    n: object = field(default_factory=lambda: torch.nn.Linear(2, 2))
    u: object = field(default_factory=unknown)
    l: list = field(default_factory=lambda: [1, 2])
"""


@pytest.mark.parametrize(
    ("body", "values"),
    [
        ("x = A()\ntorch.manual_seed([x.a, x.b, x.c, x.n, x.u])", ["[[], {q: 1}, {r: 2}, Linear, ?]"]),
        (
            "x, y = A(), A()\nx.b['q'] = 5\nx.a.append(1)\nfor a in (x, y): torch.manual_seed([a.a, a.b])",
            ["[[1], {q: 5}]", "[[], {q: 1}]"],
        ),
        (
            "a = A(n=0, u=0)\nd = asdict(a)\na.o.lr = 3\na.l.append(4)\ntorch.manual_seed(d)\ntorch.manual_seed(a.l)",
            ["{a: [], b: {q: 1}, c: {r: 2}, o: {lr: 0.1}, n: 0, u: 0, l: [1, 2]}", "[1, 2, 4]"],
        ),
    ],
)
def test_defaults_that_are_made_anew(body: str, values: list[str]) -> None:
    assert seen_of(HEAD + DEFAULTS, body) == values
