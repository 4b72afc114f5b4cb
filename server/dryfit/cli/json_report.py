"""Diagnostics as JSON: one array, lines and columns counted from one, columns in code points."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from dryfit.engine.diagnostic import Diagnostic
from dryfit.text.span import Span


def as_json(found: Iterable[tuple[str, Diagnostic]]) -> str:
    """The array for these (path, diagnostic) pairs; the same pairs give the same bytes."""
    return json.dumps([_diagnostic(path, diagnostic) for path, diagnostic in found], indent=2)


def _diagnostic(path: str, diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "path": path,
        "cell": None,
        "rule": diagnostic.rule,
        "family": diagnostic.family,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "note": diagnostic.note,
        "help": diagnostic.help,
        "range": _range(diagnostic.span),
        "related": [
            {"path": place.path, "range": _range(place.span), "message": place.message} for place in diagnostic.related
        ],
        "fixes": [
            {
                "title": fix.title,
                "applicability": fix.applicability.value,
                "edits": [{"path": path, "range": _range(e.span), "new_text": e.new_text} for e in fix.edits],
            }
            for fix in diagnostic.fixes
        ],
        "url": diagnostic.url,
    }


def _range(span: Span) -> dict[str, dict[str, int]]:
    return {
        "start": {"line": span.line + 1, "column": span.column + 1},
        "end": {"line": span.end_line + 1, "column": span.end_column + 1},
    }
