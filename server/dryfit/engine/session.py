"""Open files and what is known about them while they are being typed in. The one door for editors.

An edit changes the text and judges nothing. The function that was typed in is judged at once (`judge_edited`), the rest
at idle, in slices (`judge_some`). What is not judged again yet keeps its last findings, moved along with its text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from dryfit.engine.carry import carried
from dryfit.engine.diagnostic import Diagnostic, resolve, without_fixes
from dryfit.engine.errors import described
from dryfit.engine.judge import Found, Judgement, RuleCrash, judge_with, sift
from dryfit.engine.library import ProjectLibrary
from dryfit.engine.report import report
from dryfit.engine.settings import Settings
from dryfit.engine.slices import Slices
from dryfit.engine.suppress import MARK, Suppression, suppressions_in
from dryfit.engine.unused import Vocabulary
from dryfit.frameworks import Frameworks
from dryfit.rulekit import Rule, Site
from dryfit.semantic.program import Program
from dryfit.syntax.document import Document
from dryfit.syntax.units import Unit
from dryfit.text.newlines import normalised
from dryfit.text.span import Span

# Of a large paste only the ends are judged with the key; the rest is judged at idle.
MAX_EDITED_LINES = 40
MAX_ROUNDS = 3


class Session:
    """Files by name. Not safe for use from several threads at once."""

    def __init__(
        self,
        rules: Sequence[Rule],
        settings: Callable[[str], Settings],
        frameworks: Frameworks,
        guard: bool = True,
        library: ProjectLibrary | None = None,
    ) -> None:
        self._rules = tuple(rules)
        self._settings = settings
        self._guard = guard
        self._files: dict[str, _File] = {}
        self._slices = Slices()
        self._at_work: _File | None = None  # whose work may have been put down
        breathe = self._slices.breathe
        self._library = library
        self._program: Program[Judgement] = Program(
            frameworks, judge_with(self._enabled, guard, breathe), breathe, library, sift
        )

    # --------------------------------------------------------------------------------------------------- texts
    def open(self, name: str, text: str) -> None:
        """Take a file in, or another text for it. Nothing is judged yet."""
        self._slices.abandon()
        document = Document(text, parser="libcst")
        settings = self._settings(name)
        self._files[name] = _File(name, document, settings, self._rules)
        self._program.open(name, document)

    def edit(self, name: str, span: Span, new_text: str) -> None:
        """Replace a range of the present text, in code points."""
        self._slices.abandon()
        file = self._files[name]
        file.remember_good_text(span.line)
        file.document.edit(span, new_text)
        file.note_edit(span, normalised(new_text).count("\n"))

    def close(self, name: str) -> None:
        self._slices.abandon()
        self._files.pop(name, None)
        self._program.close(name)

    def text(self, name: str) -> str:
        return self._files[name].document.text

    def line(self, name: str, number: int) -> str:
        """A line without its line break; "" below the end."""
        return _line_of(self._files[name].document, number)

    # -------------------------------------------------------------------------------------------------- judging
    def judge_edited(self, name: str) -> None:
        """Judge the functions, classes or statements that were typed in since the last call."""
        self._slices.abandon()
        file = self._up_to_date(name)
        lines, file.edited = file.edited, []
        roots = [root for line in _few(lines) for root in self._program.roots_at(name, line)]
        for root in dict.fromkeys(roots):
            before = self._program.last_judgement(name, root)
            after = self._judged(file, root)
            file.retracted.update(_places(before) - _places(after))

    def judge_some(self, name: str, seconds: float) -> bool:
        """Judge what is stale until the time is up; True while there is more to do.

        A root that takes longer is put down in the middle: the next call goes on with it, unless something is edited.
        """
        file = self._up_to_date(name)
        if self._at_work is not file:
            self._slices.abandon()
            self._at_work = file
        if file.needs_resync:
            file.needs_resync = False
            if file.document.is_dirty:
                file.is_changed = file.document.resync()
                return True
        if file.pending is None:
            file.pending = self._stale_roots(name)
        if file.pending and self._slices.run(partial(self._judge_all, file, file.pending), seconds):
            return True
        if not file.pending and file.rounds < MAX_ROUNDS:
            # Judging one root can make another one stale that was fresh before.
            file.rounds += 1
            file.pending = self._stale_roots(name)
        if not file.pending:
            file.is_judged = True
            file.retracted.clear()
        return bool(file.pending)

    def _judge_all(self, file: _File, roots: list[str]) -> None:
        """Judge roots from the end of a list; each is taken off when it is done."""
        while roots:
            self._judged(file, roots[-1])
            roots.pop()

    def settle(self, name: str) -> None:
        """Judge everything, now."""
        while self.judge_some(name, float("inf")):
            pass

    # -------------------------------------------------------------------------------------------------- answers
    def diagnostics(self, name: str) -> tuple[Diagnostic, ...]:
        """What is known now, at present positions, sorted.

        A finding whose root is stale, or whose text does not parse at the moment, comes without its fixes.
        """
        file = self._up_to_date(name)
        found = [
            diagnostic
            for root in self._program.roots(name)
            for judgement in self._program.last_judgement(name, root)
            if isinstance(judgement, Found) and (diagnostic := self._resolved(file, root, judgement)) is not None
        ]
        vocabulary = file.vocabulary if file.is_judged and not file.has_broken_unit else None
        return report(found, file.suppressions(), vocabulary, file.settings, name)

    def problems(self, name: str) -> tuple[str, ...]:
        """What went wrong in us, one line each."""
        judgements = (j for root in self._program.roots(name) for j in self._program.last_judgement(name, root))
        crashes = {judgement.message for judgement in judgements if isinstance(judgement, RuleCrash)}
        return tuple(sorted(crashes | self._files[name].failures))

    def _judged(self, file: _File, root: str) -> tuple[Judgement, ...]:
        """The judgement of a root; an error of ours costs the findings of this root only."""
        try:
            return self._program.judgement(file.name, root)
        except Exception as error:
            if not self._guard:
                raise
            file.failures.add(f"`{root}` was left out: internal error: {described(error)}")
            return ()

    def _resolved(self, file: _File, root: str, judgement: Found) -> Diagnostic | None:
        finding, name = judgement.finding, file.name
        if finding.site.module != name:
            return None
        is_fresh = self._program.is_fresh(name, root)
        if not is_fresh and (judgement.rule.name, finding.site) in file.retracted:
            return None
        severities = file.settings.severity
        diagnostic = resolve(finding, judgement.rule, severities, self._locate, self._line_in)
        if diagnostic is None or not diagnostic.fixes:
            return diagnostic
        unit = file.document.unit_at(diagnostic.span.line)
        return diagnostic if is_fresh and unit is not None and unit.parsed else without_fixes(diagnostic)

    def _locate(self, site: Site) -> Span | None:
        line = self._program.line_of(site.module, site.place)
        file = self._files.get(site.module)
        if line is None or file is None:
            return None
        unit = file.document.unit_at(line)
        span = site.span if unit is None or unit.parsed else file.carried(site.span, unit)
        return None if span is None else span.moved(line)

    def _line_in(self, module: str, number: int) -> str:
        file = self._files.get(module)
        return "" if file is None else _line_of(file.document, number)

    def _stale_roots(self, name: str) -> list[str]:
        """The next one last."""
        return [root for root in reversed(self._program.roots(name)) if not self._program.is_fresh(name, root)]

    def _enabled(self, module: str) -> Sequence[Rule]:
        file = self._files.get(module)
        return () if file is None else file.enabled

    def _up_to_date(self, name: str) -> _File:
        """The file, with the program told of its edits."""
        file = self._files[name]
        if file.is_changed:
            file.is_changed = False
            file.pending, file.rounds = None, 0
            self._program.changed(name)
        return file


class _File:
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


def _places(judgements: Iterable[Judgement]) -> set[tuple[str, Site]]:
    return {(j.rule.name, j.finding.site) for j in judgements if isinstance(j, Found)}


def _line_of(document: Document, number: int) -> str:
    unit = document.unit_at(number)
    if unit is None:
        return ""
    lines = unit.text.split("\n")
    offset = number - document.starts[document.index_at(number)]
    return lines[offset] if 0 <= offset < len(lines) else ""


def _few(ranges: Sequence[tuple[int, int]]) -> list[int]:
    """The lines of the ranges; of a long one the first and the last."""
    lines: dict[int, None] = {}
    for first, last in ranges:
        lines.update(dict.fromkeys(range(first, last + 1) if last - first < MAX_EDITED_LINES else (first, last)))
    return list(lines)
