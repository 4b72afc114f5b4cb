"""What constructors of torch accept: the table's words, and whether the installed torch agrees."""

from __future__ import annotations

import importlib
import inspect

import pytest

from dryfit.frameworks import Domain, bundled
from dryfit.frameworks.domains import _DOMAINS

RATE = bundled().domains("torch.optim.SGD")["lr"][0]


def test_numbers_in_and_out_of_bounds() -> None:
    beta = Domain("no: {}", 0, 1, is_high_out=True)
    assert [beta.refusal(value) for value in (0, 0.5, 1, -0.1)] == [
        None,
        None,
        "ValueError: no: 1",
        "ValueError: no: -0.1",
    ]


def test_what_is_no_number() -> None:
    assert RATE.refusal("0.1") == RATE.refusal(None) == "TypeError: it is not a number"
    assert RATE.refusal([1]) is None  # a list, a tensor: not for this table to say


def test_whole_numbers() -> None:
    count = Domain("no: {}", 1, type="whole", takes_none=True, compares_first=False)
    assert [count.refusal(value) for value in (1, None)] == [None, None]
    assert [count.refusal(value) for value in (2.0, True, "2")] == [
        "ValueError: no: 2.0",
        "ValueError: no: True",
        "ValueError: no: 2",
    ]


def test_words() -> None:
    mode = Domain("mode {} is unknown!", choices=("min", "max"))
    assert (mode.refusal("min"), mode.refusal("auto")) == (None, "ValueError: mode auto is unknown!")


def test_in_words() -> None:
    domains = [
        RATE,
        Domain("", 0, 1, True, True),
        Domain("", 1, type="whole"),
        Domain("", high=1, is_high_out=True),
        Domain("", choices=("a", "b")),
    ]
    assert [domain.text for domain in domains] == [
        "0 or more",
        "more than 0 and less than 1",
        "a whole number, 1 or more",
        "less than 1",
        '"a" or "b"',
    ]


@pytest.mark.parametrize("path", sorted(_DOMAINS))
def test_the_installed_torch_has_these_arguments_and_their_defaults_pass(path: str) -> None:
    pytest.importorskip("torch")
    package, _, name = path.rpartition(".")
    cls = getattr(importlib.import_module(package), name, None)
    if cls is None:
        pytest.skip(f"this torch has no {name}")
    parameters = inspect.signature(cls.__init__).parameters
    assert set(_DOMAINS[path]) <= set(parameters)
    for argument, domains in _DOMAINS[path].items():
        default = parameters[argument].default
        if default is not inspect.Parameter.empty:
            values = default if len(domains) > 1 else (default,)
            assert [d.refusal(value) for d, value in zip(domains, values, strict=True)] == [None] * len(domains)
