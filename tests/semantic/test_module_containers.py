"""What is in `Sequential`, `ModuleList` and `ModuleDict`, however they are filled."""

from __future__ import annotations

import pytest
from seen import seen_of

HEAD = """
import torch
from collections import OrderedDict
from torch import nn
def some(): return len(__import__("os").getcwd())
class Net(nn.Module):
    def __init__(self, n):
        super().__init__()
        for i in range(2):
            setattr(self, f"fc{i}", nn.Linear(1, 1))
        self.layers = nn.ModuleList()
        for i in range(n):
            self.layers.append(nn.Linear(1, 1))
        self.heads = nn.ModuleDict({n: nn.Linear(1, 1) for n in ["a", "b"]})
        self.register_parameter("w", nn.Parameter(torch.ones(1)))
        self.add_module("one", nn.ReLU())
"""


@pytest.mark.parametrize(
    ("made", "read", "value"),
    [
        ("nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])", "m[0], m[-1], len(m)", "[Linear, Linear, 3]"),
        ("nn.ModuleList([nn.Linear(2, 2) for _ in range(some())])", "m[0], m[7]", "[Linear, Linear]"),
        ("nn.ModuleList(some())", "m[0]", "[?]"),
        (
            "nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Tanh())",
            "m[0], m[1:][0], m[:2][-1], len(m[1:])",
            "[Linear, ReLU, ReLU, 2]",
        ),
        (
            "nn.Sequential(OrderedDict([('conv', nn.Linear(2, 2)), ('act', nn.ReLU())]))",
            "m.conv, m[1], m[1:].act",
            "[Linear, ReLU, ReLU]",
        ),
        ("nn.Sequential(*[nn.Linear(2, 2), nn.ReLU()], nn.Tanh())", "m[0], m[-1]", "[Linear, Tanh]"),
        ("nn.Sequential(*[nn.Linear(2, 2) for _ in range(some())], nn.Tanh())", "m[0]", "[Linear | Tanh]"),
        (
            "nn.ModuleDict({'a': nn.Linear(1, 1), 'b': nn.ReLU()})",
            "m['b'], len(m), [k for k in m]",
            "[ReLU, 2, ['a', 'b']]",
        ),
        ("nn.ModuleDict([['a', nn.ReLU()]])", "m['a']", "[ReLU]"),
        ("nn.ModuleDict({'a': nn.ReLU()})", "[v for k, v in m.items()], [v for v in m.values()]", "[[ReLU], [ReLU]]"),
    ],
)
def test_what_is_read_from_containers(made: str, read: str, value: str) -> None:
    assert seen_of(HEAD, f"m = {made}\ntorch.manual_seed([{read}])") == [value]


LIST, SEQUENCE, DICT = "m = nn.ModuleList([nn.ReLU()])", "m = nn.Sequential(nn.ReLU())", "m = nn.ModuleDict()"


@pytest.mark.parametrize(
    ("made", "change", "read", "value"),
    [
        (LIST, "m.append(nn.Tanh())", "m[0], m[1], len(m)", "[ReLU, Tanh, 2]"),
        (LIST, "m.extend([nn.Tanh(), nn.GELU()])", "m[0], m[2], len(m)", "[ReLU, GELU, 3]"),
        (LIST, "m += [nn.Tanh()]", "m[0], m[1], len(m)", "[ReLU, Tanh, 2]"),
        (LIST, "m.insert(0, nn.Tanh())", "m[0], m[1]", "[ReLU | Tanh, ReLU | Tanh]"),
        (LIST, "m[0] = nn.Tanh()", "m[0], len(m)", "[Tanh, 1]"),
        (LIST, "m[some()] = nn.Tanh()", "m[0]", "[ReLU | Tanh]"),
        (LIST, "for i in range(9): m.append(nn.Tanh())", "m[0], m[3]", "[ReLU, ReLU | Tanh]"),
        (LIST, "if some(): m.append(nn.Tanh())", "m[0], len(m)", "[ReLU, ?]"),
        (SEQUENCE, "m.append(nn.Tanh())\nm.add_module('x', nn.GELU())", "m[1], m.x, m[-1]", "[Tanh, GELU, GELU]"),
        (DICT, "m['a'] = nn.Tanh()", "m['a'], len(m)", "[Tanh, 1]"),
        (DICT, "m.update({'a': nn.GELU()})", "m['a']", "[GELU]"),
        (DICT, "for i in range(9): m[str(i)] = nn.Tanh()", "m['3'], len(m)", "[?, ?]"),
    ],
)
def test_what_changes_containers(made: str, change: str, read: str, value: str) -> None:
    assert seen_of(HEAD, f"{made}\n{change}\ntorch.manual_seed([{read}])") == [value]


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (
            "n = Net(3)\ntorch.manual_seed([n.fc0, n.fc1, n.heads['a'], n.one, n.layers[0]])",
            "[Linear, Linear, Linear, ReLU, Linear]",
        ),
        ("torch.manual_seed(Net(3).layers[2])", "Linear"),
        ("n = Net(3)\nn.add_module(str(some()), nn.ReLU())\ntorch.manual_seed(n.one)", "ReLU"),
    ],
)
def test_containers_of_a_module(body: str, value: str) -> None:
    assert seen_of(HEAD, body) == [value]
