"""Checking one text: the pure heart of the command line and of the tests. Same input, same findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dryfit.engine.diagnostic import Diagnostic, resolve
from dryfit.engine.judge import Found, Judgement, RuleCrash, judge_with
from dryfit.engine.report import report
from dryfit.engine.settings import Settings
from dryfit.engine.suppress import suppressions_in
from dryfit.engine.unused import Vocabulary
from dryfit.frameworks import Frameworks
from dryfit.rulekit import Rule
from dryfit.semantic.program import Program
from dryfit.syntax.document import Document
from dryfit.syntax.problems import SyntaxProblem, syntax_problem


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What there is to say about a text.

    `syntax`: where it does not parse; the rest of it was checked. `problems`: what went wrong in us, one line each.
    """

    diagnostics: tuple[Diagnostic, ...]
    syntax: SyntaxProblem | None = None
    problems: tuple[str, ...] = ()


def check(
    text: str, path: str, rules: Sequence[Rule], settings: Settings, frameworks: Frameworks, guard: bool = True
) -> CheckResult:
    """All findings in a text, suppressions applied, in the order of their places.

    `guard`: False lets a crashing rule's exception through.
    """
    enabled = settings.enabled(rules, path)
    document = Document(text, parser="ast")
    program: Program[Judgement] = Program(frameworks, judge_with(lambda module: enabled, guard))
    program.open(path, document)
    judgements = [j for root in program.roots(path) for j in program.judgement(path, root)]

    lines = text.split("\n")
    found = [
        diagnostic
        for judgement in judgements
        if isinstance(judgement, Found) and judgement.finding.site.module == path
        if (diagnostic := _resolved(judgement, settings, program, lines)) is not None
    ]
    syntax = syntax_problem(text)
    vocabulary = Vocabulary.of(rules, [rule.name for rule in enabled]) if syntax is None else None
    diagnostics = report(found, suppressions_in(text), vocabulary, settings, path)
    crashes = sorted({judgement.message for judgement in judgements if isinstance(judgement, RuleCrash)})
    return CheckResult(diagnostics, syntax, tuple(crashes))


def _resolved(
    judgement: Found, settings: Settings, program: Program[Judgement], lines: Sequence[str]
) -> Diagnostic | None:
    return resolve(judgement.finding, judgement.rule, settings.severity, program.line_of, lambda _, line: lines[line])
