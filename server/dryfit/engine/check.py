"""Checking one text: the pure heart of the command line and of the tests. Same input, same findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dryfit.engine.diagnostic import Diagnostic, resolve
from dryfit.engine.errors import described
from dryfit.engine.judge import Found, Judgement, RuleCrash, judge_with
from dryfit.engine.report import report
from dryfit.engine.settings import Settings
from dryfit.engine.suppress import suppressions_in
from dryfit.engine.unused import Vocabulary
from dryfit.frameworks import Frameworks
from dryfit.rulekit import Rule, Site, Span
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
    text: str,
    path: str,
    rules: Sequence[Rule],
    settings: Settings,
    frameworks: Frameworks,
    guard: bool = True,
    beside_fabric: bool = False,
) -> CheckResult:
    """All findings in a text, suppressions applied, in the order of their places.

    `guard`: a rule that crashes costs its own findings, an error of ours those of one function; False lets it through.
    `beside_fabric`: files beside this one drive modules by Lightning Fabric.
    """
    enabled = settings.enabled(rules, path)
    document = Document(text, parser="ast")
    program: Program[Judgement] = Program(frameworks, judge_with(lambda module: enabled, guard))
    program.open(path, document, beside_fabric=beside_fabric)
    judgements: list[Judgement] = []
    crashes: set[str] = set()
    for root in program.roots(path):
        try:
            judgements.extend(program.judgement(path, root))
        except Exception as error:
            if not guard:
                raise
            crashes.add(f"`{root}` was left out: internal error: {described(error)}")

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
    crashes.update(judgement.message for judgement in judgements if isinstance(judgement, RuleCrash))
    return CheckResult(diagnostics, syntax, tuple(sorted(crashes)))


def _resolved(
    judgement: Found, settings: Settings, program: Program[Judgement], lines: Sequence[str]
) -> Diagnostic | None:
    def locate(site: Site) -> Span | None:
        line = program.line_of(site.module, site.place)
        return None if line is None else site.span.moved(line)

    return resolve(judgement.finding, judgement.rule, settings.severity, locate, lambda _, line: lines[line])
