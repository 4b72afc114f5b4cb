"""Tests for any rule pack, ours and third-party alike.

    import pytest
    from dryfit.testing import Case, cases
    from my_rules import RULES

    @pytest.mark.parametrize("case", cases(RULES), ids=str)
    def test_rule(case: Case) -> None:
        case.run()

Each case checks one thing about one rule: its name, documentation and wording; each example (reported exactly at the
carets, the good program silent, the fix of bad is good, fixing twice changes nothing); each near miss (silent). All
installed rules are on all the time, so a rule that speaks about another one's example is found out.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import dedent, indent

from dryfit.engine.check import CheckResult, check
from dryfit.engine.diagnostic import Diagnostic
from dryfit.engine.fix import fix_text
from dryfit.engine.packs import load_packs
from dryfit.engine.settings import Settings
from dryfit.frameworks import Frameworks, bundled
from dryfit.rulekit import Example, Rule

SECTIONS = ("What it does", "Why it matters", "Source")
MAX_MESSAGE = 100
BANNED = re.compile(r"\b(should|shouldn't|please|may|might|consider|probably|maybe|sorry)\b", re.IGNORECASE)
PATH = "example.py"

_CARET_LINE = re.compile(r"^\s*#\s*(\^+ +[a-z0-9-]+\s*)+$")
_CARETS = re.compile(r"(#?\^+) +([a-z0-9-]+)")
_KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CODE = re.compile(r"`[^`]*`")


@dataclass(frozen=True, slots=True)
class Case:
    """One check of one rule; `run` raises AssertionError if it does not hold."""

    rule: str
    check: str
    run: Callable[[], None]

    def __str__(self) -> str:
        return f"{self.rule}-{self.check}"


@dataclass(frozen=True, slots=True)
class Mark:
    """A finding as carets say it: half-open columns, counted like the lines from zero."""

    rule: str
    line: int
    column: int
    end_column: int


def cases(rules: Sequence[Rule], frameworks: Frameworks | None = None) -> list[Case]:
    """All cases of these rules, checked with all installed rules on."""
    installed = {rule.name: rule for rule in load_packs().rules}
    everything = tuple({**installed, **{rule.name: rule for rule in rules}}.values())
    bench = Bench(everything, frameworks or bundled())
    return [Case(rule.name, name, run) for rule in rules for name, run in _cases_of(rule, bench)]


def _cases_of(rule: Rule, bench: Bench) -> Iterator[tuple[str, Callable[[], None]]]:
    yield "name", lambda: check_name(rule)
    yield "documentation", lambda: check_documentation(rule)
    yield "wording", lambda: check_wording(rule, bench)
    yield "fixable", lambda: check_fixable(rule, bench)
    for number, example in enumerate(rule.examples, 1):
        yield f"bad{number}", lambda e=example: bench.check_bad(e)  # type: ignore[misc]
        yield f"good{number}", lambda e=example: bench.check_silent(e.good)  # type: ignore[misc]
        if rule.is_fixable:
            yield f"fix{number}", lambda e=example: bench.check_fix(rule, e)  # type: ignore[misc]
    for number, program in enumerate(rule.near_misses, 1):
        yield f"near-miss{number}", lambda p=program: bench.check_silent(p)  # type: ignore[misc]


# -------------------------------------------------------------------------------------------------- the programs
@dataclass(frozen=True, slots=True)
class Bench:
    """Rules and frameworks to check programs with; a rule that crashes fails the case."""

    rules: Sequence[Rule]
    frameworks: Frameworks

    def check(self, text: str, rules: Sequence[Rule] | None = None) -> CheckResult:
        """All rules are on, also those that are off by default."""
        rules = self.rules if rules is None else rules
        return check(text, PATH, rules, Settings(select=("all",)), self.frameworks, guard=False)

    def check_bad(self, example: Example) -> None:
        """Reported exactly at the carets, and nothing else."""
        text, expected = split_carets(example.bad)
        assert expected, "the bad program has no line with carets"
        result = self.check(text)
        assert result.syntax is None, f"the program does not parse: {result.syntax}"
        found = [mark_of(diagnostic, text) for diagnostic in result.diagnostics]
        assert sorted(found, key=_place) == sorted(expected, key=_place), _difference(text, expected, found)

    def check_silent(self, program: str) -> None:
        text, marks = split_carets(program)
        assert not marks, "a program that must be silent has carets"
        result = self.check(text)
        assert result.syntax is None, f"the program does not parse: {result.syntax}"
        found = [mark_of(diagnostic, text) for diagnostic in result.diagnostics]
        assert not found, _difference(text, [], found)

    def check_fix(self, rule: Rule, example: Example) -> None:
        """The fix of bad is good (or silent, where there are several good programs); fixing again changes nothing."""
        bad, good = split_carets(example.bad)[0], split_carets(example.good)[0]
        found = self.check(bad, [rule]).diagnostics
        assert found, "nothing is reported, so there is nothing to fix"
        if not all(diagnostic.fixes for diagnostic in found):
            return
        fixed = fix_text(bad, lambda text: self.check(text, [rule]), unsafe=True)
        assert fixed.text != bad, "the fix changes nothing"
        if example.fix_is_good:
            assert fixed.text == good
        self.check_silent(fixed.text)
        again = fix_text(fixed.text, lambda text: self.check(text, [rule]), unsafe=True)
        assert again.text == fixed.text, "fixing twice changes something"


def split_carets(program: str) -> tuple[str, list[Mark]]:
    """The program without its caret lines, and what they mark.

    A caret line is a comment of carets and rule names; it speaks about the line above it that is none. Carets that
    follow the `#` at once begin in its column, so that the first column can be marked.
    """
    lines: list[str] = []
    marks: list[Mark] = []
    for line in dedent(program).strip("\n").split("\n"):
        if not _CARET_LINE.match(line):
            lines.append(line)
            continue
        for carets in _CARETS.finditer(line):
            marks.append(Mark(carets[2], len(lines) - 1, carets.start(1), carets.end(1)))
    return "\n".join(lines) + "\n", marks


def mark_of(diagnostic: Diagnostic, text: str) -> Mark:
    """The part of a diagnostic on its first line."""
    span = diagnostic.span
    end = span.end_column if span.end_line == span.line else len(text.split("\n")[span.line])
    return Mark(diagnostic.rule, span.line, span.column, end)


def _place(mark: Mark) -> tuple[int, int, int, str]:
    return mark.line, mark.column, mark.end_column, mark.rule


def _difference(text: str, expected: Sequence[Mark], found: Sequence[Mark]) -> str:
    """The program with what was expected and what was found under its lines."""
    shown = ["expected (=) and found (^):"]
    for number, line in enumerate(text.split("\n")):
        shown.append(line)
        for sign, marks in (("=", expected), ("^", found)):
            for mark in marks:
                if mark.line == number:
                    shown.append(" " * mark.column + sign * max(1, mark.end_column - mark.column) + f" {mark.rule}")
    return indent("\n".join(shown), "    ")


# ---------------------------------------------------------------------------------------------------- conventions
def check_name(rule: Rule) -> None:
    """Kebab-case, and the file is called like the rule."""
    assert _KEBAB.fullmatch(rule.name), "a rule's name is kebab-case"
    module = rule.check.__module__.rsplit(".", 1)[-1]
    assert module == rule.name.replace("-", "_"), f"the file is called {module}.py"
    assert sys.modules[rule.check.__module__].__dict__.get("RULE") is rule, "the file's RULE is another one"


def check_documentation(rule: Rule) -> None:
    """A summary sentence, the sections, and examples with witnesses."""
    assert rule.summary.endswith("."), "the first line of the documentation is a sentence"
    wanted = (*SECTIONS, "Fix safety") if rule.is_fixable else SECTIONS
    missing = [title for title in wanted if not re.search(rf"^{title}:$", rule.documentation, re.MULTILINE)]
    assert not missing, f"sections are missing: {', '.join(missing)}"
    assert rule.examples, "a rule has at least one example"
    assert rule.near_misses, "a rule has at least one near miss"


def check_wording(rule: Rule, bench: Bench) -> None:
    """message = the fact, note = the consequence, help = one imperative, which is also the fix's title."""
    for diagnostic in _own_findings(rule, bench):
        problems = [*_wording_problems(diagnostic)]
        assert not problems, f"{diagnostic.message!r}: {'; '.join(problems)}"


def check_fixable(rule: Rule, bench: Bench) -> None:
    """A rule says that it has a fix if, and only if, one of its examples has one."""
    has_fix = any(diagnostic.fixes for diagnostic in _own_findings(rule, bench))
    assert has_fix == rule.is_fixable, f"is_fixable is {rule.is_fixable}, but the examples say otherwise"


def _own_findings(rule: Rule, bench: Bench) -> Iterator[Diagnostic]:
    for example in rule.examples:
        yield from bench.check(split_carets(example.bad)[0], [rule]).diagnostics


def _wording_problems(diagnostic: Diagnostic) -> Iterator[str]:
    message = diagnostic.message
    if len(message) > MAX_MESSAGE:
        yield f"the message has {len(message)} characters, at most {MAX_MESSAGE} are wanted"
    texts = [("message", message), ("note", diagnostic.note), ("help", diagnostic.help)]
    texts += [("related message", place.message) for place in diagnostic.related]
    for what, text in texts:
        if not text or "\n" in text:
            yield f"the {what} is not one line"
        elif text.endswith("."):
            yield f"the {what} ends with a full stop"
        elif text.count("`") % 2:
            yield f"the {what} has an odd number of backticks"
    prose = _CODE.sub("", message)
    if message[:1].isupper() and not re.match(r"[A-Z]\w*[A-Z]", message):
        yield "the message begins with a capital letter"
    if (word := BANNED.search(prose)) is not None:
        yield f"the message says {word[0]!r}: it is the fact alone"
    for fix in diagnostic.fixes:
        if fix.title.lower() != diagnostic.help.lower():
            yield f"the fix's title {fix.title!r} is not the help {diagnostic.help!r}"
