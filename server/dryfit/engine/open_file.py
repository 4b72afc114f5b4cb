"""An open file: its document, its settings, and the work that is left to do on it."""

from __future__ import annotations

from collections.abc import Sequence

from dryfit.engine.carry import carried
from dryfit.engine.settings import Settings
from dryfit.engine.suppress import MARK, Suppression, suppressions_in
from dryfit.engine.unused import Vocabulary
from dryfit.rulekit import Rule, Site
from dryfit.syntax.document import Document
from dryfit.syntax.units import Unit
from dryfit.text.span import Span

# Of a large paste only the ends are judged with the key; the rest is judged at idle.
MAX_EDITED_LINES = 40


class OpenFile:
    """A document with its settings and the work that is left to do on it."""

    def __init__(self, name: str, document: Document, settings: Settings, rules: Sequence[Rule]) -> None:
        self.name = name
        self.document = document
        self.settings = settings
        self.enabled = settings.enabled(rules, name)
        self.vocabulary = Vocabulary.of(rules, [rule.name for rule in self.enabled])
        self.is_changed = False
        self.needs_resync = False
        self.is_judged = False  # was everything judged once since the file was opened?
        self.pending: list[str] | None = None  # stale roots, the next one last
        self.rounds = 0  # how often all stale roots were judged since the last change
        self.edited: list[tuple[int, int]] = []  # first and last lines of what was typed, in the present text
        # What the function that was typed in says no more; other roots that walked through it may still say it.
        self.retracted: set[tuple[str, Site]] = set()
        self.failures: set[str] = set()
        self._good_texts: dict[int, tuple[Unit, str]] = {}
        self._comments: dict[int, tuple[Unit, str, tuple[Suppression, ...]]] = {}

    def note_edit(self, span: Span, new_lines: int) -> None:
        """Remember where the text was edited, and move what was edited before along."""
        added = new_lines - (span.end_line - span.line)
        moved = [
            (first + added, last + added)
            if first > span.end_line
            else (first, last + added if last > span.line else last)
            for first, last in self.edited
        ]
        self.edited = [*moved, (span.line, span.line + new_lines)]
        self.is_changed = self.needs_resync = True

    def remember_good_text(self, line: int) -> None:
        """Before an edit: a unit that it leaves broken keeps its statements, whose spans are those of this text."""
        unit = self.document.unit_at(line)
        if unit is not None and unit.parsed:
            self._good_texts = {key: entry for key, entry in self._good_texts.items() if not entry[0].parsed}
            self._good_texts[id(unit)] = (unit, unit.text)

    def carried(self, span: Span, unit: Unit) -> Span | None:
        """A span of a broken unit's statements in its present text; None if it was edited itself."""
        entry = self._good_texts.get(id(unit))
        return span if entry is None else carried(span, entry[1], unit.text)

    @property
    def has_broken_unit(self) -> bool:
        return any(not unit.parsed for unit in self.document.units)

    def suppressions(self) -> list[Suppression]:
        """Those of all units, in the order of the text; a unit is searched again only when its text has changed."""
        known, self._comments = self._comments, {}
        found: list[Suppression] = []
        for unit, start in zip(self.document.units, self.document.starts, strict=True):
            entry = known.get(id(unit))
            if entry is None or entry[1] is not unit.text:
                entry = (unit, unit.text, suppressions_in(unit.text) if MARK in unit.text else ())
            self._comments[id(unit)] = entry
            if entry[2]:
                found.extend(suppression.moved(start) for suppression in entry[2])
        return found


def few_lines(ranges: Sequence[tuple[int, int]]) -> list[int]:
    """The lines of the ranges; of a long one the first and the last."""
    lines: dict[int, None] = {}
    for first, last in ranges:
        lines.update(dict.fromkeys(range(first, last + 1) if last - first < MAX_EDITED_LINES else (first, last)))
    return list(lines)
