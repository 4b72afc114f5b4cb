"""Columns in code points and in code units are two names of one place."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dryfit.lsp.encoding import Encoding

ENCODINGS = list(Encoding)


@pytest.mark.parametrize(
    ("encoding", "units"), [(Encoding.UTF8, 6), (Encoding.UTF16, 3), (Encoding.UTF32, 2)], ids=lambda e: str(e)
)
def test_an_accent_and_an_emoji(encoding: Encoding, units: int) -> None:
    line = "é😀 = 1"
    assert encoding.column_to_client(line, 2) == units
    assert encoding.column_from_client(line, units) == 2


@pytest.mark.parametrize(("encoding", "units"), [(Encoding.UTF8, 3), (Encoding.UTF16, 1)])
def test_a_position_inside_a_character_stands_before_it(encoding: Encoding, units: int) -> None:
    assert encoding.column_from_client("😀x", units) == 0


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("line", ["", "abc", "é😀"])
def test_beyond_the_end_is_the_end(encoding: Encoding, line: str) -> None:
    assert encoding.column_from_client(line, 1_000_000) == len(line)
    assert encoding.column_to_client(line, 1_000_000) == encoding.column_to_client(line, len(line))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(exclude_characters="\r\n")), st.data(), st.sampled_from(ENCODINGS))
def test_there_and_back(line: str, data: st.DataObject, encoding: Encoding) -> None:
    column = data.draw(st.integers(0, len(line)))
    assert encoding.column_from_client(line, encoding.column_to_client(line, column)) == column
