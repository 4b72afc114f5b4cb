"""The host that runs witnesses: what it sees, and that nothing harms it. No framework is needed here."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from dryfit.engine.witness import (
    Host,
    HostError,
    Outcome,
    WitnessRun,
    host_source,
    judge_example,
    overall,
    submit_example,
    why_not,
)
from dryfit.rulekit import Argued, Example, Finding, Observes, Raises, Rule, SemanticModel, Severity, Verdict, Warns


def check(model: SemanticModel) -> Iterator[Finding]:
    yield from ()


def rule(*examples: Example) -> Rule:
    return Rule(name="rule-a", severity=Severity.ERROR, check=check, examples=examples)


def raised(kind: str, text: str = "") -> Outcome:
    return Outcome((tuple(kind.split(" < ")), text), (), None, None)


def ran(observed: bool | None = None, *warnings: tuple[str, str]) -> Outcome:
    return Outcome(None, tuple(((kind, "Warning"), text) for kind, text in warnings), observed, None)


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    patch = pytest.MonkeyPatch()
    # The frameworks take seconds to import, and nothing here needs them.
    source = host_source()
    bare = source.replace('FRAMEWORKS = ("torch", "lightning", "pytorch_lightning")', 'FRAMEWORKS = ("no_such_thing",)')
    assert bare != source
    patch.setattr("dryfit.engine.witness.host_source", lambda: bare)
    with Host(sys.executable) as host:
        yield host
    patch.undo()


def run(host: Host, program: str, expression: str | None = None, seconds: float = 60) -> Outcome:
    host.submit(program, program, expression, seconds)
    return host.result(program)


def test_an_exception_with_the_classes_above_it(host: Host) -> None:
    outcome = run(host, "class Odd(KeyError): pass\nraise Odd('here')")
    assert outcome.exception is not None
    assert outcome.exception[0][:3] == ("Odd", "KeyError", "LookupError")
    assert outcome.exception[1] == "'here'"


def test_warnings_each_time(host: Host) -> None:
    outcome = run(host, "import warnings\nfor _ in range(2):\n    warnings.warn('deprecated', FutureWarning)")
    assert [w[1] for w in outcome.warnings] == ["deprecated", "deprecated"]
    assert outcome.warnings[0][0][0] == "FutureWarning"


def test_an_expression_over_the_names(host: Host) -> None:
    assert run(host, "x = 3", "x == 3").observed is True
    assert run(host, "x = 4", "x == 3").observed is False
    assert run(host, "y = 4", "x == 3").problem == "the expression raised NameError: name 'x' is not defined"
    assert run(host, "raise ValueError", "True").observed is None


def test_programs_do_not_see_each_other(host: Host) -> None:
    run(host, "import sys, os\nsys.leftover = 1\nopen('file.txt', 'w').close()")
    assert run(host, "import sys, os", "not hasattr(sys, 'leftover') and os.listdir() == ['output.txt', 'program.py']")


def test_what_is_printed_is_kept(host: Host) -> None:
    assert run(host, "import os\nprint('one')\nos.system('echo two')").output.split() == ["one", "two"]


def test_one_that_does_not_end_and_one_that_ends_too_early(host: Host) -> None:
    assert run(host, "while True: pass", None, 0.5).problem == "did not end within 0.5 seconds"
    problem = run(host, "import os; os._exit(3)").problem
    assert problem is not None
    assert problem.startswith("the process ended without an answer")
    assert run(host, "import sys; sys.exit()", "True").observed is True
    assert run(host, "import sys; sys.exit(3)").exception is not None


def test_no_network(host: Host) -> None:
    outcome = run(host, "import socket\nsocket.create_connection(('192.0.2.1', 80), 1)")
    assert outcome.exception == (("OSError", "Exception", "BaseException"), "no network for witnesses")


def test_results_can_be_asked_for_in_any_order(host: Host) -> None:
    host.submit("first", "import time; time.sleep(0.2); x = 1", "x == 1")
    host.submit("second", "x = 2", "x == 2")
    assert host.result("second").observed is True
    assert host.result("first").observed is True


def test_an_example_is_proven_if_it_holds_for_bad_and_not_for_good(host: Host) -> None:
    examples = (
        Example("raise ValueError('no lr')", "x = 1", Raises("ValueError", "no lr")),
        Example("x = 1", "x = 1", Raises("ValueError")),
        Example("x = 1", "x = 2", Observes("x == 1")),
        Example("import not_installed", "x = 2", Raises("ImportError")),
        Example("x = 1", "x = 2", Argued("the source")),
        Example("x = 1", "x = 2", Verdict("rule-a")),
    )
    for index, example in enumerate(examples):
        submit_example(host, rule(*examples), index, example)
    runs = [judge_example(host, rule(*examples), index, example) for index, example in enumerate(examples)]
    assert [(r.outcome, r.reason) for r in runs] == [
        ("proven", ""),
        ("failed", "the bad program runs without a warning"),
        ("proven", ""),
        ("skipped", "No module named 'not_installed'"),
        ("argued", "the source"),
        ("skipped", "needs the one-step run"),
    ]
    assert overall(runs) == "failed"
    assert overall(runs[2:]) == "proven"


def test_why_not() -> None:
    value_error = raised("ValueError < Exception", "no lr")
    assert why_not(Raises("Exception", "lr"), value_error, ran()) == ""
    assert why_not(Raises("TypeError"), value_error, ran()) == "the bad program ends with ValueError: no lr"
    assert why_not(Raises("ValueError"), value_error, value_error) == "the good program ends with ValueError: no lr"
    warning = ("UserWarning", "odd order")
    assert why_not(Warns("UserWarning", "order"), ran(None, warning), ran()) == ""
    assert why_not(Warns("UserWarning", "x"), ran(None, warning), ran()) == (
        "the bad program runs and warns UserWarning: odd order"
    )
    both = ran(None, warning)
    assert why_not(Warns("UserWarning"), both, both) == "the witness holds for the good program as well"
    assert why_not(Observes("x"), ran(True), ran(False)) == ""
    assert why_not(Observes("x"), ran(False), ran(False)) == (
        "the bad program runs without a warning, the expression is False"
    )


def test_an_interpreter_that_is_none(tmp_path: object) -> None:
    with pytest.raises(HostError, match="cannot be started"):
        Host("/nowhere/python")
    with pytest.raises(HostError, match="ended before it answered"):
        Host("/bin/true")


def test_where_there_is_no_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    source = host_source()
    bare = source.replace('"torch", "lightning", "pytorch_lightning"', '"no_such_thing",').replace(
        "from typing", "del os.fork\nfrom typing", 1
    )
    monkeypatch.setattr("dryfit.engine.witness.host_source", lambda: bare)
    with Host(sys.executable) as host:
        assert run(host, "x = 3", "x == 3").observed is True
        assert run(host, "raise ValueError('x')").exception == (("ValueError", "Exception", "BaseException"), "x")


def test_overall_of_nothing() -> None:
    assert overall([]) == "skipped"
    assert overall([WitnessRun("a", 0, "argued")]) == "argued"
