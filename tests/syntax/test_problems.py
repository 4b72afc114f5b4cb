"""What is said about texts that are not Python."""

import sys

import pytest
from hypothesis import given

from dryfit.syntax.problems import SyntaxProblem, syntax_problem

from .python_texts import texts


@pytest.mark.parametrize("text", ["", "# c", "x = 1\r\n", "x = '\\d'\n", "def f():\n\treturn 1\n", "x = 1\f\n"])
def test_python_is_no_problem(text: str) -> None:
    assert syntax_problem(text) is None


def test_the_place_is_counted_from_zero_in_code_points() -> None:
    problem = syntax_problem("x = 1\n'\U0001f600é' + = 2\n")
    assert problem is not None
    assert (problem.line, problem.column) == (1, 7)


def test_errors_that_only_the_whole_text_shows() -> None:
    problem = syntax_problem("def f():\n    x = 1\n      y = 2\n")
    assert problem is not None
    assert (problem.line, problem.message) == (2, "unexpected indent")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1\ny = '\0'\n", SyntaxProblem(1, 5, "NUL character")),
        ("x = '\udc80'\n", SyntaxProblem(0, 5, "lone surrogate, which no encoding can write")),
        ("x = " + "-" * 100_000 + "1\n", SyntaxProblem(0, 0, "nested too deeply for Python's parser")),
    ],
)
def test_what_python_refuses_without_a_place(text: str, expected: SyntaxProblem) -> None:
    assert syntax_problem(text) == expected


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="Python 3.12 knows it itself")
def test_newer_syntax_is_no_problem_but_hides_none() -> None:
    newer = "type A = int\n\nclass B[T](C):\n    def f[T](self, a: T): pass\n\ndef g[T](): pass\n"
    assert syntax_problem(newer) is None
    problem = syntax_problem(newer + "\nx = = 1\n")
    assert problem is not None
    assert (problem.line, problem.column) == (7, 4)


@given(texts)
def test_nothing_is_raised_and_places_are_in_the_text(text: str) -> None:
    problem = syntax_problem(text)
    if problem is not None:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert 0 <= problem.column <= len(lines[problem.line])
        assert "\n" not in problem.message
