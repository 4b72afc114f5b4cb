"""The pytest cases for rule packs: what they accept, and what they find wrong."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from dryfit.engine.diagnostic import Diagnostic
from dryfit.frameworks import bundled
from dryfit.rulekit import Example, Finding, Fix, Observes, Rule, SemanticModel, Severity, Span, replace
from dryfit.testing import Bench, Mark, cases, mark_of, split_carets

DOCUMENTATION = """`torch.manual_seed` is called.

What it does:
    Finds it.

Why it matters:
    It is an example.

Fix safety:
    Safe.

Source:
    torch.manual_seed.
"""
BAD = """
    import torch

    torch.manual_seed(1)
    #^^^^^^^^^^^^^^^^^^^ seed-set
"""
GOOD = """
    import torch

    torch.initial_seed()
"""


def rule(
    message: str = "the seed is set", bad: str = BAD, good: str = GOOD, misses: tuple[str, ...] = ("x = 1",)
) -> Rule:
    """A rule in a module of its own, as a rule file would be."""

    def check(model: SemanticModel) -> Iterator[Finding]:
        for call in model.calls_to("torch.manual_seed"):
            fix = Fix.safe("use the seed that is there", replace(call.site, "torch.initial_seed()"))
            yield Finding(call.site, message, "the run is reproducible", "use the seed that is there", fix)

    module = ModuleType("pack.random.seed_set", DOCUMENTATION)
    sys.modules[module.__name__] = module
    check.__module__ = module.__name__
    made = Rule(
        name="seed-set",
        severity=Severity.ERROR,
        check=check,
        examples=(Example(bad=bad, good=good, witness=Observes("x")),),
        near_misses=misses,
        is_fixable=True,
    )
    module.RULE = made  # type: ignore[attr-defined]
    return made


def failures(rule: Rule) -> dict[str, str]:
    """The cases that fail, with the first line of the reason."""
    found = {}
    for case in cases([rule]):
        try:
            case.run()
        except AssertionError as error:
            found[case.check] = str(error).split("\n")[0]
    return found


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dryfit.testing.load_packs", lambda: type("Packs", (), {"rules": ()}))


def test_a_rule_that_keeps_all_promises() -> None:
    assert failures(rule()) == {}
    names = [str(case) for case in cases([rule()])]
    assert names == [
        f"seed-set-{check}"
        for check in ("name", "documentation", "wording", "fixable", "bad1", "good1", "fix1", "near-miss1")
    ]


def test_carets_in_the_wrong_place() -> None:
    wrong = BAD.replace("#^^^", "#  ^")
    assert list(failures(rule(bad=wrong))) == ["bad1"]


def test_a_good_program_that_is_reported() -> None:
    found = failures(rule(good=BAD.replace("    #^^^^^^^^^^^^^^^^^^^ seed-set\n", "")))
    assert list(found) == ["good1", "fix1"]


def test_a_fix_that_is_not_the_good_program() -> None:
    assert list(failures(rule(good="import torch\n"))) == ["fix1"]


def test_a_near_miss_that_is_hit() -> None:
    assert list(failures(rule(misses=("import torch as t\nt.manual_seed(3)\n",)))) == ["near-miss1"]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("The seed is set", "the message begins with a capital letter"),
        ("the seed is set.", "the message ends with a full stop"),
        ("the `seed is set", "the message has an odd number of backticks"),
        ("you should not seed", "the message says 'should'"),
        ("x" * 101, "the message has 101 characters"),
        ("the seed\nis set", "the message is not one line"),
    ],
)
def test_wording(message: str, reason: str) -> None:
    found = failures(rule(message))
    assert list(found) == ["wording"]
    assert re.search(re.escape(reason), found["wording"]) or "\n" in message


def test_banned_words_in_code_are_names() -> None:
    assert failures(rule("`should(please)` is called")) == {}


def test_carets() -> None:
    text, marks = split_carets("""
        x = f(a,
        #     ^ one-rule   ^^ other-rule
              b)
        y = 1
        #^^^^ third-rule
        # ^^^ not a caret line
    """)
    assert text == "x = f(a,\n      b)\ny = 1\n# ^^^ not a caret line\n"
    assert marks == [Mark("one-rule", 0, 6, 7), Mark("other-rule", 0, 19, 21), Mark("third-rule", 2, 0, 5)]


def test_the_part_on_the_first_line_counts() -> None:
    diagnostic = Diagnostic("a-b", "f", Severity.ERROR, "m", "n", "h", Span(0, 4, 2, 1))
    assert mark_of(diagnostic, "x = f(\n  a,\n)\n") == Mark("a-b", 0, 4, 6)


def test_a_program_that_does_not_parse_is_no_example() -> None:
    with pytest.raises(AssertionError, match="does not parse"):
        Bench((), bundled()).check_silent("x = (\n")
