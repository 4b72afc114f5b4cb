"""The session: whatever was typed, what it says after settling is what a fresh check says."""

from __future__ import annotations

import random

import pytest

from dryfit.engine.check import check
from dryfit.engine.diagnostic import Diagnostic
from dryfit.engine.packs import load_packs
from dryfit.engine.session import Session
from dryfit.engine.settings import Settings
from dryfit.frameworks import bundled
from dryfit.rulekit import Severity, Span
from dryfit.testing import split_carets

RULES = load_packs().rules
NAME = "train.py"
BAD = '''\
import torch
from torch import nn
from torch.optim import SGD


class Net(nn.Module):
    """A net."""

    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(4, 4)
        self.fc2 = nn.Linear(4, 4)

    def forward(self, x):
        return self.fc2(self.fc1(x))


def optimizer_of(size):
    net = Net()
    return SGD([{"params": net.fc1.parameters()}, net.fc2.parameters()], lr=0.1)


net = Net()
optimizer = optimizer_of(4)
unused = 1  # dryfit: ignore[param-group-not-a-dict]
'''
GROUP = Span(19, 50, 19, 70)


def session(text: str = BAD, settings: Settings | None = None) -> Session:
    session = Session(RULES, lambda name: settings or Settings(), bundled(), guard=False)
    session.open(NAME, text)
    return session


def settled(session: Session) -> tuple[Diagnostic, ...]:
    session.settle(NAME)
    return session.diagnostics(NAME)


def fresh(text: str) -> tuple[Diagnostic, ...]:
    return check(text, NAME, RULES, Settings(), bundled(), guard=False).diagnostics


def brief(diagnostics: tuple[Diagnostic, ...]) -> list[tuple[str, Span]]:
    return [(d.rule, d.span) for d in diagnostics]


def test_after_settling_it_says_what_a_fresh_check_says() -> None:
    found = settled(session())
    assert [d.rule for d in found] == ["param-group-not-a-dict", "unused-suppression"]
    assert found == fresh(BAD)


def test_nothing_is_judged_on_opening() -> None:
    assert session().diagnostics(NAME) == ()


def test_a_line_above_moves_findings_and_fixes_along() -> None:
    opened = session()
    before = settled(opened)[0]
    opened.edit(NAME, Span(0, 0, 0, 0), "# a line\n")
    after = opened.diagnostics(NAME)[0]
    assert after.span == before.span.moved(1)
    assert settled(opened) == fresh(opened.text(NAME))


def test_the_function_that_is_typed_in_is_judged_with_the_key() -> None:
    opened = session()
    settled(opened)
    opened.edit(NAME, GROUP, '{"params": net.fc2.parameters()}')
    opened.judge_edited(NAME)
    assert brief(opened.diagnostics(NAME)) == brief(fresh(opened.text(NAME)))


def test_what_is_stale_comes_without_fixes() -> None:
    opened = session()
    assert settled(opened)[0].fixes
    opened.edit(NAME, Span(19, 11, 19, 14), "SGD")
    stale = [d for d in opened.diagnostics(NAME) if d.rule == "param-group-not-a-dict"]
    assert all(not d.fixes for d in stale) or stale == list(fresh(BAD)[:1])


def test_what_does_not_parse_keeps_its_findings_without_fixes() -> None:
    opened = session()
    settled(opened)
    opened.edit(NAME, Span(19, 79, 19, 80), "")
    found = settled(opened)
    assert [d.rule for d in found] == ["param-group-not-a-dict"]
    assert found[0].fixes == ()
    opened.edit(NAME, Span(19, 79, 19, 79), ")")
    assert settled(opened) == fresh(BAD)


def test_a_function_that_is_deleted_takes_its_findings_along() -> None:
    opened = session()
    settled(opened)
    opened.edit(NAME, Span(17, 0, 20, 0), "")
    assert [d.rule for d in opened.diagnostics(NAME)] == ["unused-suppression"]


def test_idle_work_comes_in_slices() -> None:
    opened = session()
    slices = 1
    while opened.judge_some(NAME, 0.0):
        slices += 1
        assert slices < 10_000
    assert slices > 1
    assert opened.diagnostics(NAME) == fresh(BAD)
    assert not opened.judge_some(NAME, 0.0)


def test_settings_count() -> None:
    settings = Settings(severity={"param-group-not-a-dict": Severity.HINT}, ignore=("unused-suppression",))
    found = settled(session(settings=settings))
    assert [(d.rule, d.severity) for d in found] == [("param-group-not-a-dict", Severity.HINT)]


def test_lines_and_text() -> None:
    opened = session("a = 1\n\nb = 2")
    assert [opened.line(NAME, number) for number in range(5)] == ["a = 1", "", "b = 2", "", ""]
    opened.edit(NAME, Span(1, 0, 1, 0), "模 = 3")
    assert opened.text(NAME) == "a = 1\n模 = 3\nb = 2"
    assert opened.line(NAME, 1) == "模 = 3"
    assert session("").line(NAME, 0) == ""


def test_files_are_opened_again_and_closed() -> None:
    opened = session()
    settled(opened)
    opened.open(NAME, "x = 1\n")
    assert settled(opened) == ()
    opened.close(NAME)
    opened.open(NAME, BAD)
    assert settled(opened) == fresh(BAD)


@pytest.mark.parametrize("seed", range(8))
def test_random_typing(seed: int) -> None:
    """Pieces of programs are cut, pasted and typed at random places."""
    dice = random.Random(seed)
    programs = [split_carets(example.bad)[0] for rule in RULES for example in rule.examples]
    text = dice.choice(programs)
    opened = session(text)
    settled(opened)
    for _ in range(12):
        lines = text.split("\n")
        line = dice.randrange(len(lines))
        column = dice.randint(0, len(lines[line]))
        end_line = min(len(lines) - 1, line + dice.choice((0, 0, 0, 1, 3)))
        end = dice.randint(column if end_line == line else 0, len(lines[end_line]))
        source = dice.choice(programs).split("\n")
        start = dice.randrange(len(source))
        pasted = "\n".join(source[start : start + dice.choice((1, 2, 8))]) + "\n"
        new = dice.choice(("", "", "(", '"""', "\n", " ", "x", pasted, pasted))
        span = Span(line, column, end_line, end) if dice.random() < 0.4 else Span(line, column, line, column)
        opened.edit(NAME, span, new)
        before, after = "\n".join([*lines[:line], lines[line][:column]]), lines[span.end_line][span.end_column :]
        text = "\n".join([before + new + after, *lines[span.end_line + 1 :]])
        opened.judge_edited(NAME)
        opened.diagnostics(NAME)
        opened.judge_some(NAME, 0.0)
        assert opened.text(NAME) == text
    # Half-typed code keeps what was known before, so only a whole program can be compared.
    opened.edit(NAME, Span(0, 0, text.count("\n"), len(text.split("\n")[-1])), programs[seed])
    assert settled(opened) == fresh(programs[seed])


def test_findings_of_broken_code_move_along() -> None:
    text = "import torch\nfrom torch import nn\nnet = nn.Linear(1, 1)\n\n\n"
    text += "optimizer = torch.optim.Adam([{'params': net.weight}, net.parameters()])\n"
    opened = session(text)
    assert [d.span.line for d in settled(opened)] == [5]
    opened.edit(NAME, Span(3, 0, 3, 0), "print((")
    opened.judge_edited(NAME)
    assert [d.span.line for d in opened.diagnostics(NAME)] == [5]
    opened.edit(NAME, Span(3, 0, 3, 0), "\n")
    opened.judge_edited(NAME)
    assert [d.span.line for d in opened.diagnostics(NAME)] == [6]
    assert [d.span.line for d in settled(opened)] == [6]
    opened.edit(NAME, Span(4, 0, 4, 7), "")
    assert settled(opened) == fresh(opened.text(NAME))
