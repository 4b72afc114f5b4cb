"""Members of classes: values of the class's body, what sets them from outside, properties, enums."""

from __future__ import annotations

import pytest
from seen import seen, seen_of

BODY = """
import sys, torch
BASE = 4
class C:
    a = BASE
    b = a * 2
    c = [a, b]
    d = {"x": BASE}
    e = []
    class inner:
        z = 5
        class deep:
            y = 6
    f = inner.z
    g = lambda p: BASE
    n = torch.nn.Linear(2, 2)
class D(C):
    a = 7
class T:
    gpus = 2
class Nested:
    trainer = T()
nested = Nested()
class Odd:
    a = 2
    if len(sys.path) > 0:
        a = 3
    b = 1
    b = 2
    c, d = 4, 5
    e = 1
    e += 1
    f = [1]
    f.append(2)
    g = 1
    del g
"""


@pytest.mark.parametrize(
    ("body", "values"),
    [
        ("torch.manual_seed([C.a, C.b, C.c, C.d, C.e, C.f, C.n])", ["[4, 8, [4, 8], {x: 4}, ?, 5, Linear]"]),
        ("d = D()\ntorch.manual_seed([d.a, d.b, d.inner.z, D.inner.deep.y])", ["[7, 8, 5, 6]"]),
        ("torch.manual_seed(C.g(1))", ["4"]),
        ("torch.manual_seed(nested.trainer.gpus)", ["2"]),
        ("torch.manual_seed([Odd.a, Odd.b, Odd.c, Odd.d, Odd.e, Odd.f, Odd.g])", ["[?, ?, ?, ?, ?, ?, ?]"]),
        ("c = C()\nc.a = 5\ntorch.manual_seed([c.a, C.a])", ["[5, 4]"]),
    ],
)
def test_values_of_the_body(body: str, values: list[str]) -> None:
    assert seen_of(BODY, body) == values


@pytest.mark.parametrize(
    ("config", "body", "values"),
    [
        ("class C:\n    a = 2", "C.a = 4\ntorch.manual_seed([C.a, C().a])", ["[?, ?]"]),
        ("class C:\n    a = 2\nC.a = 3", "torch.manual_seed(C.a)", ["?"]),
        ("class C:\n    a = 2\ndef change(): C.a = 3", "torch.manual_seed(C.a)", ["?"]),
        ("class C:\n    a = 2\n    @classmethod\n    def set(cls): cls.a = 5", "torch.manual_seed(C.a)", ["?"]),
        ("class C:\n    a = 2\n    def set(self): type(self).a = 5", "torch.manual_seed(C.a)", ["?"]),
        ("class C:\n    a = 2", "X = C\nX.a = 5\ntorch.manual_seed(C.a)", ["?"]),
        ("class C:\n    a = 2\ndef change(x): x.a = 9", "change(C)\ntorch.manual_seed(C.a)", ["?"]),
        ("class C:\n    a = 2\nclass S(C):\n    pass", "S.a = 5\ntorch.manual_seed([C.a, S.a])", ["[2, ?]"]),
        ("class C:\n    o = {'q': 1}", "C().o['q'] = 7\ntorch.manual_seed(C.o)", ["?"]),
        ("class C:\n    o = {'q': 1}\n    def f(self): self.o.update(q=2)", "torch.manual_seed(C.o)", ["{...}"]),
        ("class C:\n    a = 2", "for k in [C]: setattr(k, 'a', 8)\ntorch.manual_seed(C.a)", ["?"]),
    ],
)
def test_values_that_are_set_from_outside(config: str, body: str, values: list[str]) -> None:
    assert seen_of(config, body) == values


@pytest.mark.parametrize(
    ("body", "values"),
    [
        ("torch.manual_seed([Color.RED.value, Color.BLUE.value, Number.A.value])", ["['r', ?, 3]"]),
        ("torch.manual_seed([Color.RED, Color.RED.name, Color.RED.low])", ["[Color, ?, 'rx']"]),
        ("torch.manual_seed([Made.A.a, Made.A.value])", ["[?, ?]"]),
        ("torch.manual_seed([Encoder().lr, Encoder.lr])", ["[?, ?]"]),  # what a base makes of it is not known
    ],
)
def test_classes_with_bases_that_change_what_a_value_means(body: str, values: list[str]) -> None:
    config = """
    from enum import Enum, IntEnum, auto
    from json import JSONEncoder
    class Color(Enum):
        RED = "r"
        BLUE = auto()
        @property
        def low(self):
            return self.value + "x"
    class Number(IntEnum):
        A = 3
    class Made(Enum):
        A = (1, 2)
        def __init__(self, a, b):
            self.a = a
    class Encoder(JSONEncoder):
        lr = 3
    """
    assert seen_of(config, body) == values


PROPERTIES = """
import functools
class A:
    def __init__(self, k):
        self.k = k
    @property
    def double(self):
        return self.k * 2
    @functools.cached_property
    def kept(self):
        return [self.k]
    @property
    def w(self):
        return self._w
    @w.setter
    def w(self, value):
        self._w = value + 1
    @property
    @functools.lru_cache
    def hidden(self):
        return 3
class B(A):
    @property
    def double(self):
        return super().double + 1
"""


@pytest.mark.parametrize(
    ("body", "values"),
    [
        ("a = A(3)\na.k = 5\ntorch.manual_seed([a.double, a.kept, a.hidden])", ["[10, [5], ?]"]),
        ("a = A(3)\na.kept.append(4)\ntorch.manual_seed(a.kept)", ["[3, 4]"]),
        ("a = A(3)\na.w = 4\ntorch.manual_seed(a.w)", ["?"]),
        ("torch.manual_seed([B(2).double, A.double])", ["[5, ?]"]),
        ("torch.manual_seed([A(i).double for i in [1, 2]])", ["[2, 4]"]),
    ],
)
def test_properties(body: str, values: list[str]) -> None:
    assert seen_of(PROPERTIES, body) == values


@pytest.mark.parametrize(
    ("methods", "values"),
    [
        ("", ["3"]),
        ("def other(self): self.lr = 5", ["?"]),
        ("def __init__(self, **kw):\n        for k, v in kw.items(): setattr(self, k, v)", ["?"]),
        ("def update(self, **kw): self.__dict__.update(kw)", ["?"]),
        ("def update(self, **kw): vars(self).update(kw)", ["?"]),
    ],
)
def test_values_of_the_class_that_an_object_may_hide(methods: str, values: list[str]) -> None:
    text = (
        f"import torch\nclass C:\n    lr = 3\n    {methods}\n    def show(self):\n        torch.manual_seed(self.lr)\n"
    )
    assert seen({"train.py": text}) == values


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("torch.manual_seed(Callable()(2))", "[1, 2]"),
        ("torch.manual_seed(Single())", "?"),
        ("torch.manual_seed(New().k)", "?"),
        ("torch.manual_seed(Odd().k)", "?"),
        ("torch.manual_seed([Holder().d, Holder().k, Holder().f()])", "[?, 3, 3]"),
        ("s = Set()\ns.k = 2\ntorch.manual_seed(s.k)", "?"),
    ],
)
def test_classes_that_say_what_happens_to_their_instances(body: str, value: str) -> None:
    config = """
    class Callable:
        k = 1
        def __call__(self, x):
            return [self.k, x]
    class Meta(type):
        def __call__(cls):
            return 5
    class Single(metaclass=Meta):
        k = 2
    class New:
        k = 1
        def __new__(cls):
            made = super().__new__(cls)
            made.k = 9
            return made
    class Odd:
        k = 1
        def __getattribute__(self, name):
            return 7
    class Descriptor:
        def __get__(self, owner, kind):
            return 11
    class Holder:
        d = Descriptor()
        k = 3
        f = lambda self: self.k
    class Set:
        def __init__(self):
            self.k = 1
        def __setattr__(self, name, value):
            self.__dict__[name] = value + 1
    """
    assert seen_of(config, body) == [value]


def test_a_class_that_is_read_like_a_dict() -> None:
    config = """
    class Config:
        def __init__(self, values):
            self.values = values
        def __getitem__(self, key):
            return self.values[key]
        def __setitem__(self, key, value):
            self.values[key] = value + 1
    """
    body = "c = Config({'lr': 3})\ntorch.manual_seed(c['lr'])\nc['bs'] = 4\ntorch.manual_seed(c['bs'])"
    assert seen_of(config, body) == ["3", "?"]
