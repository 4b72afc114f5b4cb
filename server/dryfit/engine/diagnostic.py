"""Diagnostics: findings with everything a reader needs, at absolute positions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from dryfit.rulekit import Applicability, Edit, Finding, Rule, Severity, Site
from dryfit.text.edit import TextEdit
from dryfit.text.span import Span

Locate = Callable[[Site], "Span | None"]  # where a site is now, None if what stood there is gone
LineText = Callable[[str, int], str]  # (module, line) -> the text of a line


@dataclass(frozen=True, slots=True)
class ResolvedFix:
    """A fix whose edits can be applied as they stand. All edits are edits of the diagnostic's own file."""

    title: str
    applicability: Applicability
    edits: tuple[TextEdit, ...]


@dataclass(frozen=True, slots=True)
class RelatedPlace:
    """A second place that has part in the fault."""

    path: str
    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding of a rule at a place of the present text. Spans count lines and code points from zero."""

    rule: str
    family: str
    severity: Severity
    message: str
    note: str
    help: str
    span: Span
    related: tuple[RelatedPlace, ...] = ()
    fixes: tuple[ResolvedFix, ...] = ()

    @property
    def url(self) -> str:
        """The rule's page."""
        return f"docs/rules/{self.rule}.md"

    @property
    def sort_key(self) -> tuple[Span, str, str]:
        return self.span, self.rule, self.message


def resolve(
    finding: Finding, rule: Rule, severities: Mapping[str, Severity], locate: Locate, line_text: LineText
) -> Diagnostic | None:
    """The diagnostic of a finding, or None if the text it speaks about is gone."""
    span = locate(finding.site)
    if span is None:
        return None
    related = []
    inside = finding.site.inside
    if inside is not None and (where := locate(inside)) is not None:
        related.append(RelatedPlace(inside.module, where, "it happens here"))
    for place in finding.related:
        where = locate(place.site)
        if where is not None:
            related.append(RelatedPlace(place.site.module, where, place.message))
    return Diagnostic(
        rule=rule.name,
        family=rule.family,
        severity=severities.get(rule.name) or finding.severity or rule.severity,
        message=finding.message,
        note=finding.note,
        help=finding.help,
        span=span,
        related=tuple(related),
        fixes=_resolve_fix(finding, locate, line_text),
    )


def without_fixes(diagnostic: Diagnostic) -> Diagnostic:
    """The same, for a text that has changed since the finding was made: its edits can no longer be trusted."""
    return replace(diagnostic, fixes=()) if diagnostic.fixes else diagnostic


def _resolve_fix(finding: Finding, locate: Locate, line_text: LineText) -> tuple[ResolvedFix, ...]:
    fix = finding.fix
    if fix is None or any(edit.site.module != finding.site.module or edit.site.inside for edit in fix.edits):
        return ()
    edits = []
    for edit in fix.edits:
        span = locate(edit.site)
        if span is None:
            return ()
        edits.append(TextEdit(span, _indented(edit, span, line_text)))
    return (ResolvedFix(fix.title, fix.applicability, tuple(edits)),)


def _indented(edit: Edit, span: Span, line_text: LineText) -> str:
    """The new text, with the indentation of the line it begins on behind every line break in it."""
    if "\n" not in edit.new_text:
        return edit.new_text
    line = line_text(edit.site.module, span.line)
    indentation = line[: len(line) - len(line.lstrip(" \t\f"))]
    return edit.new_text.replace("\n", "\n" + indentation)
