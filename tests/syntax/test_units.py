"""Where a text is cut. The units' texts, joined, are the text, whatever it is."""

from textwrap import dedent

import pytest
from hypothesis import given

from dryfit.syntax.document import Document
from dryfit.syntax.units import cut

from .python_texts import texts


def texts_of(source: str) -> list[str]:
    return [unit.text for unit in cut(dedent(source).lstrip("\n"))]


@given(texts)
def test_units_join_to_the_text(text: str) -> None:
    text = text.replace("\r", "\n")
    units = cut(text)
    assert "".join(unit.text for unit in units) == text
    assert all(unit.text.endswith("\n") for unit in units[:-1])
    assert all(unit.text for unit in units)


def test_functions_and_compound_statements_stay_whole() -> None:
    assert texts_of("""
        def f():
            if a:
                return 1

            return 2
        if b:
            c
        elif d:
            e
        else:
            f
        try:
            g
        finally:
            h
        """) == [
        "def f():\n    if a:\n        return 1\n\n    return 2\n",
        "if b:\n    c\nelif d:\n    e\nelse:\n    f\n",
        "try:\n    g\nfinally:\n    h\n",
    ]


def test_a_class_is_cut_into_header_and_members() -> None:
    units = cut('class A(B):\n    """Doc."""\n\n    x = 1\n    y = 2\n\n    @d\n    def f(self): ...\n\nz = 3\n')
    assert [(unit.text, unit.is_header) for unit in units] == [
        ('class A(B):\n    """Doc."""\n\n', True),
        ("    x = 1\n    y = 2\n\n", False),
        ("    @d\n    def f(self): ...\n\n", False),
        ("z = 3\n", False),
    ]


def test_nested_classes_are_cut_too_but_not_those_in_other_statements() -> None:
    assert texts_of("""
        class A:
            class B:
                x = 1
                def f(self): ...
            y = 2
        if a:
            class C:
                z = 3
                def g(self): ...
        """) == [
        "class A:\n",
        "    class B:\n",
        "        x = 1\n",
        "        def f(self): ...\n",
        "    y = 2\n",
        "if a:\n    class C:\n        z = 3\n        def g(self): ...\n",
    ]


def test_simple_statements_are_gathered() -> None:
    lines = [f"x{i} = {i}\n" for i in range(40)]
    assert [unit.lines for unit in cut("".join(lines))] == [16, 16, 8]
    paragraphs = ["".join(lines[:10]) + "\n", "".join(lines[10:14]) + "\n", "".join(lines[14:16])]
    assert [unit.text for unit in cut("".join(paragraphs))] == [paragraphs[0], paragraphs[1] + paragraphs[2]]


@pytest.mark.parametrize(
    "text",
    [
        "x = (1,\n2)\n",
        'x = """\ndef f():\n"""\n',
        "x = [\n  # def f(\n  '(', \"[\",\n]\n",
        "x = \\\n  1\n",
        "x = (a\n@ b(c))\n",
        "x = [i\nfor i in y\nif i\n]\n",
        "x = f'''{\ny}\n'''\n",
    ],
)
def test_a_statement_over_several_lines_is_one_unit(text: str) -> None:
    assert [unit.text for unit in cut(text)] == [text]


def test_an_open_bracket_disturbs_nothing_below() -> None:
    units = cut("a = f(\nb = 2\n\ndef g():\n    return [1,\n\ndef h():\n    return (1,\n            2)\n")
    assert [(unit.text, unit.is_closed) for unit in units] == [
        ("a = f(\nb = 2\n\n", False),
        ("def g():\n    return [1,\n\n", False),
        ("def h():\n    return (1,\n            2)\n", True),
    ]


def test_an_open_docstring_disturbs_nothing_below() -> None:
    texts = ['def f():\n    """Doc.\n    x = 1\n\n', 'def g():\n    """Doc."""\n\n', 'def h():\n    """More."""\n']
    units = cut("".join(texts))
    assert [unit.text for unit in units] == texts
    assert [unit.is_closed for unit in units] == [False, True, True]


def test_only_newlines_end_lines() -> None:
    assert [unit.text for unit in cut("x = '\u2028'\ny\f = 1\v\n\x1c\nz = 2\n")] == [
        "x = '\u2028'\ny\f = 1\v\n\x1c\nz = 2\n"
    ]


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("", 0),
        ("\n\n", 0),
        ("# c", 0),
        ("x", 1),
        ("x\n# c", 1),
        ("\\\nx", 1),
        ("\f\nx = 1\n", 1),
        ("if 1:\n\tx\n", 1),
        ("class A: x = 1", 1),
    ],
)
def test_odd_but_valid_texts_parse(text: str, statements: int) -> None:
    document = Document(text)
    assert all(unit.parsed for unit in document.units)
    assert sum(len(unit.statements) for unit in document.units) == statements


def test_a_long_list_is_cut_in_linear_time() -> None:
    for text in ("(\n" * 10_000, "(" * 10_000, '"""\n' * 9_999, "[1,\n" * 5_000 + "def f(): pass\n", "'\n" * 9_999):
        assert "".join(unit.text for unit in cut(text)) == text
