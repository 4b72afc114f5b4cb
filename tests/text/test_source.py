"""From bytes to text and back."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dryfit.text.source import Source, SourceProblem, decode

BOM = codecs.BOM_UTF8


def source(data: bytes) -> Source:
    found = decode(data)
    assert isinstance(found, Source), found
    return found


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", Source("")),
        ("é = 1\n".encode(), Source("é = 1\n")),
        (BOM + b"x\r\n", Source("x\n", has_bom=True, newlines="\r\n")),
        (BOM + b"# coding: utf-8\nx", Source("# coding: utf-8\nx", has_bom=True)),
        (b"x\ry\r", Source("x\ny\n", newlines="\r")),
        (b"x\r\ny\nz\r", Source("x\ny\nz\n", newlines=("\r\n", "\n", "\r"))),
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'", Source("# -*- coding: latin-1 -*-\nx = 'é'", "iso-8859-1")),
        (
            b"#!python\r# vim: set fileencoding=cp1252 :\r'\x80'",
            Source("#!python\n# vim: set fileencoding=cp1252 :\n'€'", "cp1252", newlines="\r"),
        ),
        (b"x = 1\n# coding: latin-1\n", Source("x = 1\n# coding: latin-1\n")),
        (b"x = '\xe2\x80\xa8\x0c\x0b'\n", Source("x = '\u2028\f\v'\n")),
    ],
)
def test_what_python_reads(data: bytes, expected: Source) -> None:
    assert source(data) == expected
    assert expected.encode(expected.text) == data


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"x = 1\ny = '\xe9'\n", SourceProblem("line 2 is not valid utf-8 (byte 0xe9)", 1)),
        (b"\xe9", SourceProblem("line 1 is not valid utf-8 (byte 0xe9)", 0)),
        (b"x\r\ny\rz\n\xff", SourceProblem("line 4 is not valid utf-8 (byte 0xff)", 3)),
        (b"# coding: ascii\n'\xc3\xa9'", SourceProblem("line 2 is not valid ascii (byte 0xc3)", 1)),
        (b"x = 1\n\n\0", SourceProblem("line 3 holds a NUL character", 2)),
        ("x = 1\n".encode("utf-16"), SourceProblem("the file is UTF-16 or UTF-32, Python reads UTF-8", 0)),
        (b"# coding: klingon\n", SourceProblem("unknown encoding: klingon")),
        (b"# coding: rot13\n", SourceProblem("the declared encoding `rot13` cannot be read as text")),
        (BOM + b"# coding: latin-1\n", SourceProblem("the file begins with a UTF-8 mark and declares `iso-8859-1`", 0)),
    ],
)
def test_what_python_refuses(data: bytes, expected: SourceProblem) -> None:
    assert decode(data) == expected


def test_an_edited_text_keeps_the_newlines_of_its_lines() -> None:
    mixed = source(b"a\r\nb\nc\rd\r\n")
    assert mixed.encode("a\nB\nc\nd\n") == b"a\r\nB\nc\rd\r\n"
    assert mixed.encode("a\nc\nd\n") == b"a\r\nc\rd\r\n"
    assert mixed.encode("a\nnew\nb\nc\nd\nmore\n") == b"a\r\nnew\r\nb\nc\rd\r\nmore\r\n"
    assert mixed.encode("") == b""
    assert source(BOM + b"a\r\nb").encode("a\nx\nb\n") == BOM + b"a\r\nx\r\nb\r\n"


def test_a_character_that_the_encoding_lacks_cannot_be_written() -> None:
    with pytest.raises(UnicodeEncodeError):
        source(b"# coding: latin-1\n").encode("# coding: latin-1\n'\u20ac'")


@given(st.binary())
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    found = decode(data)
    if isinstance(found, Source):
        assert found.encode(found.text) == data
        assert "\r" not in found.text
    else:
        assert found.reason
        assert "\n" not in found.reason


@given(
    st.sampled_from(["", "# coding: latin-1\n", "# coding: cp1252\r\n", "# coding: utf-8\r", "# coding: koi8-r\n"]),
    st.lists(st.sampled_from(["a", "é", "ж", "\n", "\r", "\r\n", "\n\n", "\U0001f600"])).map("".join),
    st.booleans(),
)
def test_what_was_not_edited_is_written_as_it_was(coding: str, text: str, has_bom: bool) -> None:
    encoding = coding[10:].strip() or "utf-8"
    try:
        data = (BOM if has_bom else b"") + (coding + text).encode(encoding)
    except UnicodeEncodeError:
        return
    found = decode(data)
    if isinstance(found, Source):
        assert found.encode(found.text) == data
    else:
        assert has_bom
        assert encoding != "utf-8"
