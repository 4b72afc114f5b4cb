"""Code frames: marks under the right characters, whatever the line is made of."""

from __future__ import annotations

from inline_snapshot import snapshot

from dryfit.cli.frame import MAX_COLUMNS, frame
from dryfit.cli.styled import plain
from dryfit.engine.diagnostic import Diagnostic, RelatedPlace
from dryfit.rulekit import Severity
from dryfit.text.span import Span


def drawn(text: str, span: Span, *related: RelatedPlace) -> str:
    diagnostic = Diagnostic("rule-a", "optimizer", Severity.ERROR, "the fact", "what follows", "do it", span, related)
    lines = text.split("\n")
    return "\n".join(plain(line) for line in frame("a.py", diagnostic, lambda path: lines if path == "a.py" else None))


def marked(text: str, column: int, end_column: int) -> tuple[str, str]:
    """The source line and the line of marks, without the margin."""
    lines = drawn(text, Span(0, column, 0, end_column)).split("\n")
    return lines[3][4:], lines[4][4:]


def test_a_whole_frame() -> None:
    text = "\n" * 8 + "a = 1\nx = f(a, b)\n"
    first = RelatedPlace("a.py", Span(8, 0, 8, 1), "made here")
    other = RelatedPlace("b.py", Span(1, 2, 1, 3), "in another file")
    assert drawn(text, Span(9, 6, 9, 7), first, other) == snapshot("""\
error[rule-a]: the fact
  --> a.py:10:7
   |
10 | x = f(a, b)
   |       ^
  ::: a.py:9:1
   |
 9 | a = 1
   | - made here
  ::: b.py:2:3
   | in another file
   = note: what follows
   = help: do it
""")


def test_several_lines() -> None:
    assert drawn("x = f(\n  1,\n)\n", Span(0, 4, 2, 1)).split("\n")[3:5] == ["1 | x = f(", "  |     ^^..."]


def test_tabs() -> None:
    assert marked("\tx = f(a)", 5, 9) == ("    x = f(a)", "        ^^^^")
    assert marked("x\t= f(a)", 4, 8) == ("x   = f(a)", "      ^^^^")


def test_wide_and_combining_characters() -> None:
    assert marked("模型 = f(a)", 5, 9) == ("模型 = f(a)", "       ^^^^")
    assert marked("e\N{COMBINING ACUTE ACCENT} = f(a)", 5, 9) == ("e\N{COMBINING ACUTE ACCENT} = f(a)", "    ^^^^")
    assert marked("x = '🔥', a", 9, 10) == ("x = '🔥', a", "          ^")
    assert marked("x = 模型", 4, 6) == ("x = 模型", "    ^^^^")


def test_control_characters_cannot_play_with_the_terminal() -> None:
    shown, marks = marked("x = '\x1b[31m', a", 13, 14)
    assert shown == "x = '␛[31m', a"
    assert marks == " " * 13 + "^"
    assert marked("x\u202e = a", 5, 6) == ("x\N{REPLACEMENT CHARACTER} = a", "     ^")


def test_long_lines_are_cut_around_the_finding() -> None:
    text = "x = [" + "1, " * 500 + "a, " + "2, " * 500 + "]"
    column = text.index("a")
    shown, marks = marked(text, column, column + 1)
    assert len(shown) <= MAX_COLUMNS + 6
    assert shown[marks.index("^")] == "a"
    assert shown.startswith("...")
    assert shown.endswith("...")


def test_a_long_finding_is_marked_as_far_as_it_is_shown() -> None:
    text = "x = f(" + "1, " * 500 + ")"
    shown, marks = marked(text, 4, len(text))
    assert marks == "    " + "^" * (len(shown) - 4 - 3)


def test_an_empty_span_and_one_beyond_the_end() -> None:
    assert marked("x = 1", 5, 5) == ("x = 1", "     ^")
    assert marked("x = 1", 9, 12) == ("x = 1", "     ^")
