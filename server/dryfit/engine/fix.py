"""Applying fixes: those that do not overlap together, again and again until nothing is left to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from dryfit.engine.check import CheckResult
from dryfit.engine.diagnostic import Diagnostic, ResolvedFix
from dryfit.engine.ignore import ignore_edit
from dryfit.engine.unused import RULE_NAME
from dryfit.rulekit import Applicability
from dryfit.text.edit import TextEdit, apply_edits

MAX_PASSES = 20

Check = Callable[[str], CheckResult]


@dataclass(frozen=True, slots=True)
class FixResult:
    """The text after fixing, how many fixes were applied, and what there is to say about the new text."""

    text: str
    applied: int
    result: CheckResult


def fix_text(text: str, check: Check, unsafe: bool = False) -> FixResult:
    """Apply safe fixes, or all, until nothing changes; a fix that would break the syntax is left out."""
    result = check(text)
    applied = 0
    seen = {text}
    refused: set[str] = set()
    for _ in range(MAX_PASSES):
        fixes = chosen_fixes(result.diagnostics, unsafe, refused)
        if not fixes:
            break
        changed, used = _apply(text, fixes, result, check, refused)
        if changed is None or changed[0] in seen:
            break
        text, result = changed
        seen.add(text)
        applied += used
    return FixResult(text, applied, result)


def ignore_all(text: str, check: Check) -> FixResult:
    """Silence every finding that is there now by a comment; what cannot be silenced is left."""
    result = check(text)
    added = 0
    for _ in range(MAX_PASSES):
        edits: list[TextEdit] = []
        for diagnostic in result.diagnostics:
            edit = None if diagnostic.rule == RULE_NAME else ignore_edit(text, diagnostic)
            if edit is not None and not any(_collide(edit, other) for other in edits):
                edits.append(edit)
        if not edits:
            break
        text = apply_edits(text, edits)
        result = check(text)
        added += len(edits)
    return FixResult(text, added, result)


def applicable(diagnostic: Diagnostic, unsafe: bool) -> ResolvedFix | None:
    """The diagnostic's first fix that may be applied."""
    for fix in diagnostic.fixes:
        if unsafe or fix.applicability is Applicability.SAFE:
            return fix
    return None


def chosen_fixes(diagnostics: Iterable[Diagnostic], unsafe: bool, refused: Iterable[str] = ()) -> list[ResolvedFix]:
    """Fixes that can be applied together: the first of those that overlap, and each edit once."""
    chosen: list[ResolvedFix] = []
    edits: list[TextEdit] = []
    for diagnostic in diagnostics:
        fix = applicable(diagnostic, unsafe)
        if fix is None or not fix.edits or repr(fix) in refused:
            continue
        if not any(_collide(new, old) for new in fix.edits for old in edits):
            chosen.append(fix)
            edits.extend(fix.edits)
    return chosen


def _apply(
    text: str, fixes: Sequence[ResolvedFix], before: CheckResult, check: Check, refused: set[str]
) -> tuple[tuple[str, CheckResult] | None, int]:
    """All of them at once; if that does not parse any more, one by one."""
    changed = apply_edits(text, [edit for fix in fixes for edit in fix.edits])
    result = check(changed)
    if before.syntax is not None or result.syntax is None:
        return (changed, result), len(fixes)
    for fix in fixes:
        changed = apply_edits(text, fix.edits)
        result = check(changed)
        if result.syntax is None:
            return (changed, result), 1
        refused.add(repr(fix))
    return None, 0


def _collide(a: TextEdit, b: TextEdit) -> bool:
    """Do they touch the same text, or would their order matter?"""
    return a.span.overlaps(b.span) or a.span[:2] == b.span[:2] or (a.span[2:] == b.span[2:] and a.span != b.span)
