"""Applying fixes: what goes together, what is refused, and that it ends."""

from __future__ import annotations

from collections.abc import Callable

from dryfit.engine.check import CheckResult
from dryfit.engine.diagnostic import Diagnostic, ResolvedFix
from dryfit.engine.fix import MAX_PASSES, chosen_fixes, fix_text, ignore_all
from dryfit.engine.report import report
from dryfit.engine.settings import Settings
from dryfit.engine.suppress import suppressions_in
from dryfit.rulekit import Applicability, Severity
from dryfit.syntax.problems import syntax_problem
from dryfit.text.edit import TextEdit
from dryfit.text.span import Span


def diagnostic(rule: str, span: Span, *edits: TextEdit, safe: bool = True) -> Diagnostic:
    applicability = Applicability.SAFE if safe else Applicability.UNSAFE
    fixes = (ResolvedFix("mend it", applicability, edits),) if edits else ()
    return Diagnostic(rule, "family", Severity.ERROR, "fact", "note", "mend it", span, (), fixes)


def each(word: str, new: str, rule: str = "rule-a", safe: bool = True) -> Callable[[str], list[Diagnostic]]:
    """A rule: every occurrence of a word, to be replaced."""

    def found(text: str) -> list[Diagnostic]:
        spans = [
            Span(number, column, number, column + len(word))
            for number, line in enumerate(text.split("\n"))
            for column in range(len(line))
            if line.startswith(word, column)
        ]
        return [diagnostic(rule, span, TextEdit(span, new), safe=safe) for span in spans]

    return found


def checker(*rules: Callable[[str], list[Diagnostic]]) -> Callable[[str], CheckResult]:
    def check(text: str) -> CheckResult:
        found = [diagnostic for rule in rules for diagnostic in rule(text)]
        return CheckResult(report(found, suppressions_in(text), None, Settings(), "x.py"), syntax_problem(text))

    return check


def test_all_at_once() -> None:
    fixed = fix_text("a = bad, bad\nb = bad\n", checker(each("bad", "good")))
    assert (fixed.text, fixed.applied, fixed.result.diagnostics) == ("a = good, good\nb = good\n", 3, ())


def test_what_a_fix_brings_up_is_fixed_as_well() -> None:
    fixed = fix_text("a = one\n", checker(each("one", "two"), each("two", "three", "rule-b")))
    assert (fixed.text, fixed.applied) == ("a = three\n", 2)


def test_unsafe_fixes_are_for_those_who_ask() -> None:
    check = checker(each("bad", "good", safe=False))
    assert fix_text("a = bad\n", check).text == "a = bad\n"
    assert fix_text("a = bad\n", check, unsafe=True).text == "a = good\n"


def test_the_first_of_those_that_overlap() -> None:
    span, inner = Span(0, 4, 0, 9), Span(0, 6, 0, 7)
    outer_fix = diagnostic("rule-a", span, TextEdit(span, "x"))
    inner_fix = diagnostic("rule-b", inner, TextEdit(inner, "y"))
    insert = TextEdit(Span(0, 4, 0, 4), "(")
    touching = diagnostic("rule-c", span, insert)
    assert chosen_fixes([outer_fix, inner_fix, touching], unsafe=False) == [*outer_fix.fixes]
    assert chosen_fixes([inner_fix, touching], unsafe=False) == [*inner_fix.fixes, *touching.fixes]


def test_all_edits_of_a_fix_or_none() -> None:
    first, second = TextEdit(Span(0, 0, 0, 1), "("), TextEdit(Span(0, 8, 0, 9), ")")
    pair = diagnostic("rule-b", Span(0, 0, 0, 9), first, second)
    early = diagnostic("rule-a", Span(0, 0, 0, 1), TextEdit(Span(0, 0, 0, 1), "x"))
    assert chosen_fixes([early, pair], unsafe=False) == [*early.fixes]


def test_a_fix_that_breaks_the_syntax_is_refused_alone() -> None:
    fixed = fix_text("a = bad\nb = ugly\n", checker(each("bad", "(("), each("ugly", "good", "rule-b")))
    assert (fixed.text, fixed.applied) == ("a = bad\nb = good\n", 1)


def test_code_that_did_not_parse_before_is_fixed_where_it_can_be() -> None:
    assert fix_text("a = bad\nb = (\n", checker(each("bad", "good"))).text == "a = good\nb = (\n"


def test_it_ends() -> None:
    fixed = fix_text("a = x\n", checker(each("x", "y"), each("y", "x", "rule-b")))
    assert fixed.text in ("a = x\n", "a = y\n")
    fixed = fix_text("a = x\n", checker(each("x", "0, x")))
    assert fixed.text == "a = " + "0, " * MAX_PASSES + "x\n"


def test_ignore_all() -> None:
    check = checker(each("bad", "good"), each("ugly", "good", "rule-b"))
    fixed = ignore_all("a = bad, ugly\nb = 1  # note\nc = '''\nbad'''\n", check)
    assert fixed.text == (
        "a = bad, ugly  # dryfit: ignore[rule-a, rule-b]\nb = 1  # note\nc = '''\nbad'''  # dryfit: ignore[rule-a]\n"
    )
    assert fixed.result.diagnostics == ()
    assert fixed.applied == 3
