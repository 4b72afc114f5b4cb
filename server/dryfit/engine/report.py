"""From the findings of all roots to what is reported of a file: each thing once, in order, suppressions applied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dryfit.engine.diagnostic import Diagnostic
from dryfit.engine.settings import Settings
from dryfit.engine.suppress import Suppression, silence
from dryfit.engine.unused import FAMILY, RULE_NAME, Vocabulary, unused_suppressions


def report(
    found: Iterable[Diagnostic],
    suppressions: Sequence[Suppression],
    vocabulary: Vocabulary | None,
    settings: Settings,
    path: str,
) -> tuple[Diagnostic, ...]:
    """What is said about a file, sorted by place.

    `vocabulary`: None if parts of the file are not known, so that no suppression can be called unused.
    """
    diagnostics = _each_once(found)
    if not suppressions:
        return tuple(diagnostics)
    kept, used = silence(diagnostics, suppressions)
    if vocabulary is not None and settings.is_enabled(RULE_NAME, FAMILY, path):
        severity = settings.severity.get(RULE_NAME)
        unused = unused_suppressions(suppressions, used, vocabulary)
        kept += silence([replace(u, severity=severity) if severity else u for u in unused], suppressions)[0]
    return tuple(sorted(kept, key=lambda diagnostic: diagnostic.sort_key))


def _each_once(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sorted; what a rule says about a place that several roots or passes share is said once."""
    unique: dict[object, Diagnostic] = {}
    for diagnostic in sorted(found, key=lambda diagnostic: diagnostic.sort_key):
        unique.setdefault((diagnostic.span, diagnostic.rule), diagnostic)
    return list(unique.values())
