"""Tables survive JSON; anything else that lies in a cache is refused."""

import json

import pytest

from dryfit.frameworks.bundled import FOLDER
from dryfit.frameworks.table import ClassEntry, Table, from_json, to_json

TABLE = Table(
    distribution="torch",
    version="1.2.3",
    classes={
        "torch.A": ClassEntry(),
        "torch.B": ClassEntry(("torch.A", "dict"), {"__init__": "x\ny=1"}, frozenset({"x", "_y"}), True, "affine"),
    },
    functions={"torch.f": "", "torch.g": "*args"},
    aliases={"torch.b.B": "torch.B", "torch.b._Old": "torch.B"},
    accelerators=frozenset({"cpu"}),
    strategies=None,
    precisions=frozenset(),
)


def test_round_trip():
    assert from_json(to_json(TABLE)) == TABLE


def test_is_written_in_one_way():
    again = from_json(to_json(TABLE))
    assert again is not None
    assert to_json(again) == to_json(TABLE)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", '{"format": 1}', '{"format": 0, "classes": {}}'])
def test_what_is_no_table_is_none(text):
    assert from_json(text) is None


def test_a_table_of_another_format_is_none():
    data = json.loads(to_json(TABLE))
    data["format"] += 1
    assert from_json(json.dumps(data)) is None


def test_bundled_tables_are_small():
    assert sum(path.stat().st_size for path in FOLDER.glob("*.json")) < 600_000
