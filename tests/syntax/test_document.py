"""An edited document is what a new one would be, and keeps what did not change."""

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dryfit.syntax import tree
from dryfit.syntax.document import Document
from dryfit.syntax.parsing import Parser
from dryfit.text.edit import TextEdit, apply_edits
from dryfit.text.newlines import normalised
from dryfit.text.span import Span

from .python_texts import PIECES, texts

CODE = '''\
"""Module."""
import a
from b import (
    c,
    d,
)

x = 1
y = f(
    1,
)


class A(B):
    """Doc."""

    z = 3

    @d
    def f(self, a):
        """Doc."""
        if a:
            return [1,
                    2]
        else:
            return a

    class C:
        w = 1


def g():
    s = """
def not_a_function():
"""
    return s


if x:
    y
else:
    z
'''
PARSERS: list[Parser] = ["ast", "libcst"]


def contents(document: Document) -> list[tuple[object, ...]]:
    """All that a new document would have too: statements that are kept from before are left out."""
    return [
        (unit.text, unit.indent, unit.is_header, unit.lines, unit.parsed, unit.statements if unit.parsed else ())
        for unit in document.units
    ]


def check_invariants(document: Document, text: str) -> None:
    assert document.text == text
    lines = [unit.text.count("\n") for unit in document.units]
    assert document.starts == [sum(lines[:index]) for index in range(len(lines))]
    assert all(unit.text.endswith("\n") for unit in document.units[:-1])


@st.composite
def edited_texts(draw: st.DrawFn, start: st.SearchStrategy[str]) -> tuple[str, list[tuple[float, float, str]]]:
    text = draw(start)
    places = st.floats(0, 1)
    edits = st.tuples(places, places, st.lists(st.sampled_from(PIECES), max_size=2).map("".join))
    return text, draw(st.lists(edits, min_size=1, max_size=6))


def span_at(text: str, begin: int, end: int) -> Span:
    before, inside = text[:begin], text[:end]
    return Span(before.count("\n"), begin - before.rfind("\n") - 1, inside.count("\n"), end - inside.rfind("\n") - 1)


@pytest.mark.parametrize("parser", PARSERS)
@given(case=edited_texts(texts | st.just(CODE)), short=st.booleans(), resyncs=st.booleans())
@hypothesis.settings(deadline=None)
def test_edits_and_resync_give_what_a_new_document_has(
    parser: Parser, case: tuple[str, list[tuple[float, float, str]]], short: bool, resyncs: bool
) -> None:
    text, edits = case
    document = Document(text, parser)
    text = normalised(text)
    for first, second, new in edits:
        begin = round(first * len(text))
        end = min(len(text), begin + round(second * (5 if short else len(text))))
        span = span_at(text, begin, end)
        text = apply_edits(text, [TextEdit(span, normalised(new))])
        document.edit(span, new)
        check_invariants(document, text)
        if not document.is_dirty:
            assert contents(document) == contents(Document(text, parser))
        if resyncs:
            document.resync()
    document.resync()
    assert contents(document) == contents(Document(text, parser))
    assert not document.resync()


@pytest.mark.parametrize("parser", PARSERS)
def test_taking_out_and_putting_back_each_character(parser: Parser) -> None:
    document = Document(CODE, parser)
    before = contents(document)
    for at, character in enumerate(CODE):
        inside, after = span_at(CODE, at, at + 1), span_at(CODE, at, at)
        document.edit(inside, "")
        check_invariants(document, CODE[:at] + CODE[at + 1 :])
        document.edit(after, character)
        document.resync()
        assert contents(document) == before


@given(texts)
def test_both_parsers_see_the_same(text: str) -> None:
    assert contents(Document(text, "ast")) == contents(Document(text, "libcst"))


def test_spans_are_relative_to_the_unit() -> None:
    document = Document(CODE)
    unit = document.unit_at(20)
    assert unit is not None
    (function,) = unit.statements
    assert isinstance(function, tree.Function)
    assert document.starts[document.units.index(unit)] == 18
    assert function.name_span == Span(1, 8, 1, 9)


def test_unit_at_any_line() -> None:
    document = Document("x = 1\n\ndef f():\n    pass\n")
    assert [document.index_at(line) for line in (0, 1, 2, 3, 4, 99)] == [0, 0, 1, 1, 1, 1]
    assert document.unit_at(3) is document.units[1]
    assert Document("").unit_at(0) is None


def test_an_edit_keeps_the_other_units() -> None:
    document = Document(CODE, "libcst")
    before = list(document.units)
    document.edit(Span(20, 12, 20, 12), "long ")
    changed = [old.text for old, new in zip(before, document.units, strict=True) if old is not new]
    assert [text.split("\n")[1] for text in changed] == ["    def f(self, a):"]


def test_a_comment_changes_neither_unit_nor_statements() -> None:
    document = Document(CODE, "libcst")
    before = [(unit, unit.statements) for unit in document.units]
    document.edit(Span(7, 5, 7, 5), "  # why")
    document.edit(Span(31, 8, 31, 8), "  # (")
    assert all(
        unit is old and unit.statements is statements
        for unit, (old, statements) in zip(document.units, before, strict=True)
    )
    assert not document.is_dirty


def test_what_does_not_parse_keeps_its_statements() -> None:
    document = Document("x = 1\n\ndef f(a):\n    return a\n\ny = 2\n", "libcst")
    unit = document.units[1]
    statements = unit.statements
    document.edit(Span(3, 12, 3, 12), " + (")
    assert document.units[1] is unit
    assert (unit.parsed, unit.statements is statements) == (False, True)
    assert [other.parsed for other in document.units] == [True, False, True]
    document.edit(Span(3, 16, 3, 16), "1)")
    assert document.units[1].parsed
    assert document.units[1].statements != statements


def test_a_string_left_open_keeps_the_borders_until_resync() -> None:
    functions = [f'def f{i}():\n    """Doc."""\n    return {i}\n\n' for i in range(100)]
    document = Document("".join(functions), "libcst")
    before = [(unit, unit.statements) for unit in document.units]
    document.edit(Span(1, 4, 1, 4), '"""')
    assert document.is_dirty
    assert [(unit, unit.statements) for unit in document.units[1:]] == before[1:]
    assert not document.resync()
    assert [unit.parsed for unit in document.units] == [False] + [True] * 99
    document.edit(Span(1, 4, 1, 7), "")
    document.resync()
    assert not document.is_dirty
    assert [unit.statements for unit in document.units] == [statements for _, statements in before]


def test_going_back_costs_no_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    document = Document(CODE, "libcst")
    statements = [unit.statements for unit in document.units]
    document.edit(Span(7, 4, 7, 5), "2")
    monkeypatch.setattr("dryfit.syntax.document.lower_unit", lambda *_: pytest.fail("parsed again"))
    document.edit(Span(7, 4, 7, 5), "1")
    assert all(unit.statements is old for unit, old in zip(document.units, statements, strict=True))


def test_equal_constants_of_other_types_are_a_change() -> None:
    document = Document("x = 10.\n")
    document.edit(Span(0, 4, 0, 7), "1_0")
    (assign,) = document.units[0].statements
    assert isinstance(assign, tree.Assign)
    assert isinstance(assign.value, tree.Constant)
    assert type(assign.value.value) is int


def test_newlines_are_normalised() -> None:
    document = Document("x = 1\r\ny = 2\rz = 3\n")
    assert document.text == "x = 1\ny = 2\nz = 3\n"
    document.edit(Span(1, 0, 2, 0), "w = 4\r\n")
    assert document.text == "x = 1\nw = 4\nz = 3\n"


def test_places_outside_the_text_are_moved_inside() -> None:
    document = Document("x = 1\ny = 2")
    document.edit(Span(0, 99, 0, 99), "0")
    document.edit(Span(9, 9, 9, 9), "0")
    document.edit(Span(-1, 0, -1, 0), "z")
    assert document.text == "zx = 10\ny = 20"


BAD = {
    "brackets": "(" * 10_000,
    "closed brackets": "x = " + "[" * 10_000 + "]" * 10_000 + "\ny = 1\n",
    "minus": "x = " + "-" * 100_000 + "1\n",
    "sum": "x = 1" + " + 1" * 20_000 + "\n",
    "attributes": "x = a" + ".b" * 20_000 + "\n",
    "nul": "x = '\0'\ny = 2\n",
    "surrogate": "x = '\ud800'\n",
    "python 2": 'print "hello"\nexec "x" in y\nraise E, "m"\ndef f((a, b)): return `a`\n',
    "indentation": "  x\n y\n\tz\n        w\n    if a:\nb\n",
    "big number": "x = " + "9" * 10_000 + "\n",
    "bad escapes": "x = '\\N{no such name}'\ny = b'é'\nz = '\\x1'\n",
    "quotes": '"""\n' * 9_999,
}


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("name", BAD)
def test_bad_texts_raise_nothing(name: str, parser: Parser) -> None:
    text = BAD[name]
    document = Document(text, parser)
    assert document.text == text
    assert not all(unit.parsed for unit in document.units)
    document.edit(Span(0, 0, 0, 0), "q = 0\n")
    document.resync()
    assert document.text == "q = 0\n" + text


@pytest.mark.parametrize("parser", PARSERS)
def test_a_literal_of_two_thousand_lines_is_one_unit(parser: Parser) -> None:
    text = "x = [\n" + "".join([f"    ({i}, 'a'),\n" for i in range(2_000)]) + "]\ny = 1\n"
    document = Document(text, parser)
    assert [(unit.lines, unit.parsed) for unit in document.units] == [(2_002, True), (1, True)]
    document.edit(Span(1000, 5, 1000, 5), "7")
    assert [unit.parsed for unit in document.units] == [True, True]


def test_code_among_what_does_not_parse_is_seen() -> None:
    document = Document(
        "print 'hello'\n\ndef f():\n    return 1\n\nclass A:\n    print x\n\n    def g(self):\n        pass\n"
    )
    names = [s.name for unit in document.units for s in unit.statements if isinstance(s, tree.Function | tree.Class)]
    assert names == ["f", "A", "g"]
