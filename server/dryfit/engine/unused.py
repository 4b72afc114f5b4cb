"""unused-suppression: comments that silence nothing, and names that nobody knows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from dryfit.engine.diagnostic import Diagnostic, ResolvedFix
from dryfit.engine.suppress import Name, Suppression
from dryfit.rulekit import Applicability, Rule, Severity
from dryfit.text.edit import TextEdit
from dryfit.text.span import Span

RULE_NAME = "unused-suppression"
FAMILY = "suppression"
PAGE = """A suppression comment that silences nothing.

What it does:
    Finds `# dryfit: ignore[...]` and `# dryfit: ignore-file[...]` comments whose rule or family reports nothing where
    the comment holds, and names in them that no rule and no family has.

Why it matters:
    The comment tells the reader of a fault that is not there, and hides the next one that comes up in its place.
    Nothing is said about rules that are switched off, nor in a file with a syntax error.

Fix safety:
    Safe: a comment is removed.
"""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names that suppressions and settings may use: of rules, of families, and of the rules that run."""

    rules: frozenset[str]
    families: frozenset[str]
    running: frozenset[str]
    running_families: frozenset[str]  # those of which every rule that is on by default runs

    @staticmethod
    def of(rules: Iterable[Rule], running: Collection[str]) -> Vocabulary:
        rules = tuple(rules)
        families = {rule.family for rule in rules}
        partial = {rule.family for rule in rules if rule.is_default and rule.name not in running}
        return Vocabulary(
            frozenset(rule.name for rule in rules) | {RULE_NAME},
            frozenset(families) | {FAMILY},
            frozenset(running),
            frozenset(families - partial),
        )

    def knows(self, name: str) -> bool:
        return name in self.rules or name in self.families

    def runs(self, name: str) -> bool:
        """Would a finding under this name have been made, were there one?"""
        return name in self.running or name in self.running_families

    def nearest(self, name: str) -> str | None:
        """The known name that was probably meant."""
        close = get_close_matches(name, sorted(self.rules | self.families), n=1, cutoff=0.6)
        return close[0] if close else None


def unused_suppressions(
    suppressions: Iterable[Suppression], used: Collection[tuple[Suppression, Name]], vocabulary: Vocabulary
) -> Iterator[Diagnostic]:
    """A diagnostic for every name (or comment without names) that is of no use."""
    for suppression in suppressions:
        if not suppression.names:
            yield _diagnostic(
                Severity.WARNING,
                suppression.span,
                "the suppression names no rule",
                "it silences nothing",
                "remove the suppression",
                (TextEdit(suppression.removal, ""),),
            )
            continue
        idle = [
            name
            for name in suppression.names
            if (suppression, name) not in used
            and (not vocabulary.knows(name.text) or vocabulary.runs(name.text))
            and name.text not in (RULE_NAME, FAMILY)
        ]
        all_idle = len(idle) == len(suppression.names)
        for name in idle:
            yield _idle(suppression, name, all_idle, vocabulary)


def _idle(suppression: Suppression, name: Name, all_idle: bool, vocabulary: Vocabulary) -> Diagnostic:
    removal = (TextEdit(suppression.removal if all_idle else name.removal, ""),)
    if vocabulary.knows(name.text):
        where = "in this file" if suppression.is_file else "here"
        message = f"`{name.text}` reports nothing {where}"
        note = "the suppression hides the next finding that comes up in its place"
        return _diagnostic(Severity.INFO, name.span, message, note, f"remove the suppression of `{name.text}`", removal)
    message = f"no rule or family is called `{name.text}`"
    near = vocabulary.nearest(name.text)
    if near is None:
        help_text = f"remove the suppression of `{name.text}`"
        return _diagnostic(Severity.WARNING, name.span, message, "it silences nothing", help_text, removal)
    rename = (TextEdit(name.span, near),)
    return _diagnostic(
        Severity.WARNING, name.span, message, "it silences nothing", f"write `{near}`", rename, Applicability.UNSAFE
    )


def _diagnostic(
    severity: Severity,
    span: Span,
    message: str,
    note: str,
    help_text: str,
    edits: tuple[TextEdit, ...],
    applicability: Applicability = Applicability.SAFE,
) -> Diagnostic:
    fix = ResolvedFix(help_text, applicability, edits)
    return Diagnostic(RULE_NAME, FAMILY, severity, message, note, help_text, span, (), (fix,))
