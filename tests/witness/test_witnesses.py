"""Every witness, replayed with the installed torch and lightning: true of the bad program, false of the good one."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from dryfit.engine.witness import Host, judge_example, submit_example
from dryfit.rulekit import Example, Rule
from dryfit_rules import RULES

EXAMPLES = [(rule, index, example) for rule in RULES for index, example in enumerate(rule.examples)]
IDS = [f"{rule.name}-{index + 1}" for rule, index, _ in EXAMPLES]


@pytest.fixture(scope="session")
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    """One interpreter with the frameworks for all; the programs of this run are under way from the start."""
    with Host(sys.executable) as host:
        for item in request.session.items:
            parameters = getattr(getattr(item, "callspec", None), "params", {})
            if {"rule", "index", "example"} <= set(parameters):
                submit_example(host, parameters["rule"], parameters["index"], parameters["example"])
        yield host


@pytest.mark.parametrize(("rule", "index", "example"), EXAMPLES, ids=IDS)
def test_witness(host: Host, rule: Rule, index: int, example: Example) -> None:
    run = judge_example(host, rule, index, example)
    assert run.outcome in ("proven", "argued"), run.reason
