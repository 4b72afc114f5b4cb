"""Suppression comments: where they hold, what is no comment, what is unused."""

from __future__ import annotations

from dryfit.engine.diagnostic import Diagnostic
from dryfit.engine.report import report
from dryfit.engine.settings import Settings
from dryfit.engine.suppress import suppressions_in
from dryfit.engine.unused import Vocabulary
from dryfit.rulekit import Severity
from dryfit.text.edit import apply_edits
from dryfit.text.span import Span

VOCABULARY = Vocabulary(
    rules=frozenset({"rule-a", "rule-b", "rule-off", "unused-suppression"}),
    families=frozenset({"optimizer", "suppression"}),
    running=frozenset({"rule-a", "rule-b"}),
    running_families=frozenset({"optimizer"}),
)


def finding(rule: str, line: int, end_line: int | None = None) -> Diagnostic:
    span = Span(line, 4, line if end_line is None else end_line, 8)
    return Diagnostic(rule, "optimizer", Severity.ERROR, "message", "note", "help", span)


def said(text: str, *found: Diagnostic, vocabulary: Vocabulary | None = VOCABULARY) -> list[tuple[str, int, str]]:
    diagnostics = report(found, suppressions_in(text), vocabulary, Settings(), "x.py")
    return [(d.rule, d.span.line, d.message if d.rule == "unused-suppression" else "") for d in diagnostics]


def fixed(text: str, *found: Diagnostic) -> str:
    """The text after all fixes of unused suppressions, one after the other."""
    for _ in range(5):
        fixes = [f for d in report(found, suppressions_in(text), VOCABULARY, Settings(), "x.py") for f in d.fixes]
        if not fixes:
            break
        text = apply_edits(text, fixes[0].edits)
    return text


def test_a_comment_on_the_line_silences_its_rule_only() -> None:
    text = "x = f()  # dryfit: ignore[rule-a]\n"
    assert said(text, finding("rule-a", 0), finding("rule-b", 0)) == [("rule-b", 0, "")]


def test_a_family_and_several_names_and_a_reason() -> None:
    assert said("x = f()  # dryfit: ignore[optimizer] we know\n", finding("rule-a", 0)) == []
    assert said("x = f()  # dryfit: ignore[rule-a, rule-b]: both\n", finding("rule-a", 0), finding("rule-b", 0)) == []


def test_behind_another_comment() -> None:
    assert said("x = f()  # type: ignore # dryfit: ignore[rule-a]  # noqa\n", finding("rule-a", 0)) == []


def test_the_first_line_of_a_statement_holds_for_all_of_it() -> None:
    text = "x = f(  # dryfit: ignore[rule-a]\n    1,\n    2,\n)\ny = 1\n"
    assert said(text, finding("rule-a", 2)) == []
    assert said(text, finding("rule-a", 2), finding("rule-a", 4)) == [("rule-a", 4, "")]


def test_another_line_of_a_statement_holds_for_that_line() -> None:
    text = "x = f(\n    1,\n    2,  # dryfit: ignore[rule-a]\n    3,\n)\n"
    assert said(text, finding("rule-a", 2)) == []
    assert said(text, finding("rule-a", 2), finding("rule-a", 3)) == [("rule-a", 3, "")]


def test_the_last_line_of_a_finding_counts_as_its_line() -> None:
    text = "x = f(\n    1,\n)  # dryfit: ignore[rule-a]\n"
    assert said(text, finding("rule-a", 0, end_line=2)) == []


def test_a_header_does_not_hold_for_the_body() -> None:
    text = "for x in f():  # dryfit: ignore[rule-a]\n    g(x)\n"
    assert said(text, finding("rule-a", 0), finding("rule-a", 1)) == [("rule-a", 1, "")]


def test_the_whole_file() -> None:
    text = "import torch\n# dryfit: ignore-file[rule-a] generated\nx = 1\ny = 2\n"
    assert said(text, finding("rule-a", 2), finding("rule-a", 3)) == []


def test_a_string_is_no_comment() -> None:
    text = 'x = f("# dryfit: ignore[rule-a]")\n'
    assert said(text, finding("rule-a", 0)) == [("rule-a", 0, "")]
    text = 'x = f("""\n# dryfit: ignore[rule-a]\n""", 1)\n'
    assert said(text, finding("rule-a", 1)) == [("rule-a", 1, "")]


def test_unused_is_reported_with_a_fix() -> None:
    text = "x = f()  # dryfit: ignore[rule-a]\n"
    assert said(text) == [("unused-suppression", 0, "`rule-a` reports nothing here")]
    assert fixed(text) == "x = f()\n"


def test_the_fix_keeps_what_is_of_use() -> None:
    used = finding("rule-a", 0)
    assert fixed("x = f()  # dryfit: ignore[rule-a, rule-b] why\n", used) == "x = f()  # dryfit: ignore[rule-a] why\n"
    assert fixed("x = f()  # dryfit: ignore[rule-b, rule-a] why\n", used) == "x = f()  # dryfit: ignore[rule-a] why\n"
    assert fixed("x = f()  # noqa # dryfit: ignore[rule-b]\n", used) == "x = f()  # noqa #".rstrip(" #") + "\n"
    assert fixed("x = f()  # dryfit: ignore[rule-b] # noqa\n", used) == "x = f()  # noqa\n"


def test_the_fix_takes_the_line_with_it_if_that_is_all() -> None:
    assert fixed("x = 1\n    # dryfit: ignore-file[rule-a]\ny = 2\n") == "x = 1\ny = 2\n"
    assert fixed("x = 1\n# dryfit: ignore[rule-a]") == "x = 1\n"


def test_a_name_that_nobody_knows() -> None:
    found = said("x = f()  # dryfit: ignore[rule-aa]\n", finding("rule-a", 0))
    assert found == [("rule-a", 0, ""), ("unused-suppression", 0, "no rule or family is called `rule-aa`")]
    assert fixed("x = f()  # dryfit: ignore[rule-aa]\n", finding("rule-a", 0)) == "x = f()  # dryfit: ignore[rule-a]\n"
    assert fixed("x = f()  # dryfit: ignore[nothing-like-it-at-all]\n") == "x = f()\n"


def test_a_comment_without_names() -> None:
    found = said("x = f()  # dryfit: ignore\n", finding("rule-a", 0))
    assert found == [("rule-a", 0, ""), ("unused-suppression", 0, "the suppression names no rule")]
    assert said("x = f()  # dryfit: ignore[]\n") == [("unused-suppression", 0, "the suppression names no rule")]


def test_nothing_is_called_unused_that_could_not_have_been_found() -> None:
    assert said("x = f()  # dryfit: ignore[rule-off]\n") == []
    assert said("x = f()  # dryfit: ignore[rule-a]\n", vocabulary=None) == []


def test_unused_can_be_silenced_itself() -> None:
    assert said("x = f()  # dryfit: ignore[rule-a, unused-suppression]\n") == []
    settings = Settings(ignore=("unused-suppression",))
    assert report((), suppressions_in("x = 1  # dryfit: ignore[rule-a]\n"), VOCABULARY, settings, "x.py") == ()


def test_code_that_does_not_parse() -> None:
    text = "def f(:\n    x = (  # dryfit: ignore[rule-a]\n\n\ny = '\nz = f()  # dryfit: ignore[rule-b]\n"
    found = said(text, finding("rule-a", 1), finding("rule-b", 5), vocabulary=None)
    assert found == []


def test_a_text_without_the_word_is_not_tokenized() -> None:
    assert suppressions_in("x = (((\n") == ()


def test_form_feeds_and_odd_blanks_end_no_line() -> None:
    text = "x = 1\n\f\ny = '\x1c\u2028'\nz = f()  # dryfit: ignore[rule-a]\n"
    assert said(text, finding("rule-a", 3)) == []


def test_the_same_finding_of_two_roots_is_said_once() -> None:
    assert said("x = f()\n", finding("rule-a", 0), finding("rule-a", 0)) == [("rule-a", 0, "")]
