"""Checking one text: the pure heart of the command line and of the tests. Same input, same findings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from dryfit.engine.diagnostic import Diagnostic, resolve
from dryfit.engine.errors import described
from dryfit.engine.judge import Found, Judgement, RuleCrash, judge_with, sift
from dryfit.engine.report import report
from dryfit.engine.settings import Settings
from dryfit.engine.suppress import suppressions_in
from dryfit.engine.unused import Vocabulary
from dryfit.frameworks import Frameworks
from dryfit.rulekit import Rule, Site, Span
from dryfit.semantic.library import Library
from dryfit.semantic.program import Program
from dryfit.syntax.document import Document
from dryfit.syntax.problems import SyntaxProblem, syntax_problem

MAX_ROUNDS = 3  # of questions: an answer can lead to another one
MAX_FILES = 200  # as many are kept in memory, then it is begun anew


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What there is to say about a text.

    `syntax`: where it does not parse; the rest of it was checked. `problems`: what went wrong in us, one line each.
    `elsewhere`: what was found from here in other files, by their names, before suppressions.
    """

    diagnostics: tuple[Diagnostic, ...]
    syntax: SyntaxProblem | None = None
    problems: tuple[str, ...] = ()
    elsewhere: tuple[tuple[str, Diagnostic], ...] = ()


def check(
    text: str, path: str, rules: Sequence[Rule], settings: Settings, frameworks: Frameworks, guard: bool = True
) -> CheckResult:
    """All findings in a text on its own; `guard` as for the Checker."""
    return Checker(rules, lambda _: settings, frameworks, guard=guard).check(path, text)


class Checker:
    """Checks texts one by one; what they lead to is remembered from one to the next.

    `settings` of each file. `library`: the files around those that are checked. `answers`: waits for what the library
    was asked and did not know at once, and names the functions that it can tell about now. `guard`: a rule that crashes
    costs its own findings, an error of ours those of one function; False lets it through.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        settings: Callable[[str], Settings],
        frameworks: Frameworks,
        library: Library | None = None,
        guard: bool = True,
        answers: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self._rules = rules
        self._settings = settings
        self._frameworks = frameworks
        self._library = library
        self._guard = guard
        self._answers = answers
        self._texts: dict[str, str] = {}
        self._program = self._new_program()

    def check(self, path: str, text: str, also: Iterable[Diagnostic] = ()) -> CheckResult:
        """All findings in a text, suppressions applied, in the order of their places.

        `also`: what was found in it from other files.
        """
        if len(self._program.files) > MAX_FILES:
            self._texts.clear()
            self._program = self._new_program()
        program = self._program
        if self._texts.get(path) != text:
            program.open(path, Document(text, parser="ast"))
            self._texts[path] = text
        judgements, crashes = self._judged(path)
        for _ in range(MAX_ROUNDS):
            answered = self._answers()
            if not answered:
                break
            program.answered(answered)
            judgements, crashes = self._judged(path)

        settings = self._settings(path)
        found = list(also)
        elsewhere: list[tuple[str, Diagnostic]] = []
        for judgement in judgements:
            if isinstance(judgement, Found) and (diagnostic := self._resolved(judgement)) is not None:
                module = judgement.finding.site.module
                if module == path:
                    found.append(diagnostic)
                elif judgement.rule in self._enabled(module):
                    elsewhere.append((module, diagnostic))
        syntax = syntax_problem(text)
        names = [rule.name for rule in self._enabled(path)]
        vocabulary = Vocabulary.of(self._rules, names) if syntax is None else None
        diagnostics = report(found, suppressions_in(text), vocabulary, settings, path)
        crashes.update(judgement.message for judgement in judgements if isinstance(judgement, RuleCrash))
        return CheckResult(diagnostics, syntax, tuple(sorted(crashes)), tuple(dict.fromkeys(elsewhere)))

    def _judged(self, path: str) -> tuple[list[Judgement], set[str]]:
        """What is said of each root, and what went wrong in us."""
        judgements: list[Judgement] = []
        crashes: set[str] = set()
        for root in self._program.roots(path):
            try:
                judgements.extend(self._program.judgement(path, root))
            except Exception as error:
                if not self._guard:
                    raise
                crashes.add(f"`{root}` was left out: internal error: {described(error)}")
        return judgements, crashes

    def _new_program(self) -> Program[Judgement]:
        return Program(self._frameworks, judge_with(self._enabled, self._guard), library=self._library, sift=sift)

    def _enabled(self, path: str) -> Sequence[Rule]:
        return self._settings(path).enabled(self._rules, path)

    def _resolved(self, judgement: Found) -> Diagnostic | None:
        severity = self._settings(judgement.finding.site.module).severity
        return resolve(judgement.finding, judgement.rule, severity, self._locate, self._program.line_text)

    def _locate(self, site: Site) -> Span | None:
        line = self._program.line_of(site.module, site.place)
        return None if line is None else site.span.moved(line)
