"""Open files and what is known about them while they are being typed in. The one door for editors.

An edit changes the text and judges nothing. The function that was typed in is judged at once (`judge_edited`), the rest
at idle, in slices (`judge_some`). What is not judged again yet keeps its last findings, moved along with its text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from dryfit.engine.diagnostic import Diagnostic, resolve, without_fixes
from dryfit.engine.elsewhere import Elsewhere
from dryfit.engine.errors import described
from dryfit.engine.judge import Found, Judgement, RuleCrash, judge_with, sift
from dryfit.engine.library import ProjectLibrary
from dryfit.engine.open_file import OpenFile, few_lines
from dryfit.engine.report import report
from dryfit.engine.settings import Settings
from dryfit.engine.slices import Slices
from dryfit.engine.suppress import suppressions_in
from dryfit.frameworks import Frameworks
from dryfit.rulekit import Rule, Site
from dryfit.semantic.program import Program
from dryfit.syntax.document import Document
from dryfit.text.newlines import normalised
from dryfit.text.span import Span

MAX_ROUNDS = 3
# A walk over so many statements, those of inlined helpers included, takes about ten milliseconds.
MAX_STATEMENTS_WITH_KEY = 200


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
        self._files: dict[str, OpenFile] = {}
        self._slices = Slices()
        self._at_work: object = None  # whose work may have been put down: an open file's, or that of the company
        breathe = self._slices.breathe
        self._library = library
        self._elsewhere = Elsewhere()
        self._company: dict[str, list[str] | None] = {}  # files that are not open, with their stale roots
        self._program: Program[Judgement] = Program(
            frameworks, judge_with(self._enabled, guard, breathe), breathe, library, sift
        )

    # --------------------------------------------------------------------------------------------------- texts
    def open(self, name: str, text: str) -> None:
        """Take a file in, or another text for it. Nothing is judged yet."""
        self._slices.abandon()
        self._company.pop(name, None)
        document = Document(text, parser="libcst")
        settings = self._settings(name)
        self._files[name] = OpenFile(name, document, settings, self._rules)
        self._program.open(name, document)
        if self._library is not None:
            self._library.ties.watch(name)
        self._gather()

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
        self._elsewhere.forget(name)
        self._program.close(name)
        self._gather()

    def text(self, name: str) -> str:
        return self._program.text(name)

    def line(self, name: str, number: int) -> str:
        """A line without its line break; "" below the end."""
        return self._program.line_text(name, number)

    # -------------------------------------------------------------------------------------------------- judging
    def judge_edited(self, name: str) -> None:
        """Judge the functions, classes or statements that were typed in since the last call.

        What takes longer than a key may is left for idle.
        """
        self._slices.abandon()
        file = self._up_to_date(name)
        lines, file.edited = file.edited, []
        roots = [root for line in few_lines(lines) for root in self._program.roots_at(name, line)]
        with self._reading_nothing():
            for root in dict.fromkeys(roots):
                if self._program.cost(name, root) > MAX_STATEMENTS_WITH_KEY:
                    continue
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
        if self._library is not None and (self._library.wanted or self._library.puzzles):
            self._look_up_one(self._library)  # what a key led to, and was not read then
            file.pending, file.rounds = None, 0
            return True
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

    def judge_company(self, seconds: float) -> bool:
        """Judge files that are not open for what they say of those that are; True while there is more to do.

        A root that takes longer is put down and taken up again, as in `judge_some`.
        """
        if self._at_work is not self._company:
            self._slices.abandon()
            self._at_work = self._company
        for name, roots in self._company.items():
            if roots is None:
                if self._program.file(name) is None:
                    self._company[name] = []
                    return True
                roots = self._company[name] = self._stale_roots(name)
            if roots:
                self._slices.run(partial(self._judge_company_of, name, roots), seconds)
                return True
        return False

    def look_at_disk(self) -> bool:
        """Files that are not open may have changed: take them anew; True if any has."""
        if self._library is None:
            return False
        self._slices.abandon()
        self._library.ties.look_again()
        changed, have_moved = self._library.look_again()
        for name in changed:
            if name not in self._files:
                self._program.close(name)
        if have_moved:
            self._program.surroundings_changed()
        if changed or have_moved:
            self._suspect_all()
        return bool(changed or have_moved)

    @property
    def is_expecting(self) -> bool:
        """Will `poll` have something to tell?"""
        library = self._library
        if library is None:
            return False
        return library.ties.is_reading or (library.packages is not None and library.packages.is_busy)

    def poll(self) -> bool:
        """Take in what was found out in the background; True if files have to be judged again. Never waits."""
        if self._library is None:
            return False
        has_news = self._library.ties.poll()
        answered = frozenset[str]() if self._library.packages is None else self._library.packages.poll()
        if has_news or answered:
            self._slices.abandon()
            self._program.answered(answered)
            if has_news:
                self._program.surroundings_changed(("imports_fabric",))
            self._gather()
        return bool(has_news or answered)

    def close_all(self) -> None:
        """Nothing is judged any more."""
        self._slices.abandon()
        if self._library is not None:
            self._library.close()

    def _gather(self) -> None:
        """Other files are open now, or tied to those that are: those that speak of them are judged as well."""
        names = () if self._library is None else self._library.ties.company_of(self._files)
        wanted = [name for name in names if name not in self._files]
        for gone in self._company.keys() - set(wanted):
            del self._company[gone]
            self._elsewhere.forget(gone)
        for name in wanted:
            self._company.setdefault(name, None)
        self._suspect_all()

    def _judge_company_of(self, name: str, roots: list[str]) -> None:
        while roots:
            try:
                judged = self._program.judgement(name, roots[-1])
            except Exception:
                roots.pop()  # told once, and the others are judged
                raise
            self._elsewhere.note(name, roots.pop(), judged)

    def _suspect_all(self) -> None:
        """Something that any file may rest on has changed."""
        for file in self._files.values():
            file.pending, file.rounds = None, 0
        for name in self._company:
            self._company[name] = None

    def _look_up_one(self, library: ProjectLibrary) -> None:
        if library.wanted:
            self._program.file(library.wanted.pop())
        else:
            self._program.answered({library.puzzles.pop()})

    def _judge_all(self, file: OpenFile, roots: list[str]) -> None:
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
        if self._elsewhere:
            found += self._found_from_elsewhere(name)
        vocabulary = file.vocabulary if file.is_judged and not file.has_broken_unit else None
        return report(found, file.suppressions(), vocabulary, file.settings, name)

    def elsewhere(self) -> dict[str, tuple[Diagnostic, ...]]:
        """What was found in files that are not open, by their names."""
        names = sorted(self._elsewhere.names() - self._files.keys())
        return {name: told for name in names if (told := self._told_of_closed(name))}

    def problems(self, name: str) -> tuple[str, ...]:
        """What went wrong in us, one line each."""
        judgements = (j for root in self._program.roots(name) for j in self._program.last_judgement(name, root))
        crashes = {judgement.message for judgement in judgements if isinstance(judgement, RuleCrash)}
        return tuple(sorted(crashes | self._files[name].failures))

    def _judged(self, file: OpenFile, root: str) -> tuple[Judgement, ...]:
        """The judgement of a root; an error of ours costs the findings of this root only."""
        try:
            judged = self._program.judgement(file.name, root)
            self._elsewhere.note(file.name, root, judged)
            return judged
        except Exception as error:
            if not self._guard:
                raise
            file.failures.add(f"`{root}` was left out: internal error: {described(error)}")
            return ()

    def _found_from_elsewhere(self, name: str) -> list[Diagnostic]:
        """What roots of other files say of this one."""
        file = self._files.get(name)
        severities = (self._settings(name) if file is None else file.settings).severity
        enabled = self._enabled(name)
        resolved = (
            resolve(found.finding, found.rule, severities, self._locate, self._program.line_text)
            for found in self._elsewhere.found_in(name)
            if found.rule in enabled
        )
        return [diagnostic for diagnostic in resolved if diagnostic is not None]

    def _told_of_closed(self, name: str) -> tuple[Diagnostic, ...]:
        """What is said of a file that is not open, without what its comments silence."""
        found = self._found_from_elsewhere(name)
        text = self._program.text(name)
        return report(found, suppressions_in(text), None, self._settings(name), name) if found else ()

    @contextmanager
    def _reading_nothing(self) -> Iterator[None]:
        """With a key nothing is read from the disk; what would have been is read at idle."""
        if self._library is not None:
            self._library.may_read = False
        try:
            yield
        finally:
            if self._library is not None:
                self._library.may_read = True

    def _resolved(self, file: OpenFile, root: str, judgement: Found) -> Diagnostic | None:
        finding, name = judgement.finding, file.name
        if finding.site.module != name:
            return None
        is_fresh = self._program.is_fresh(name, root)
        if not is_fresh and (judgement.rule.name, finding.site) in file.retracted:
            return None
        severities = file.settings.severity
        diagnostic = resolve(finding, judgement.rule, severities, self._locate, self._program.line_text)
        if diagnostic is None or not diagnostic.fixes:
            return diagnostic
        unit = file.document.unit_at(diagnostic.span.line)
        return diagnostic if is_fresh and unit is not None and unit.parsed else without_fixes(diagnostic)

    def _locate(self, site: Site) -> Span | None:
        line = self._program.line_of(site.module, site.place)
        file = self._files.get(site.module)
        if line is None:
            return None
        if file is None:
            return site.span.moved(line)
        unit = file.document.unit_at(line)
        span = site.span if unit is None or unit.parsed else file.carried(site.span, unit)
        return None if span is None else span.moved(line)

    def _stale_roots(self, name: str) -> list[str]:
        """The next one last."""
        return [root for root in reversed(self._program.roots(name)) if not self._program.is_fresh(name, root)]

    def _enabled(self, module: str) -> Sequence[Rule]:
        file = self._files.get(module)
        return self._settings(module).enabled(self._rules, module) if file is None else file.enabled

    def _up_to_date(self, name: str) -> OpenFile:
        """The file, with the program told of its edits."""
        file = self._files[name]
        if file.is_changed:
            file.is_changed = False
            self._program.changed(name)
            self._suspect_all()
        return file


def _places(judgements: Iterable[Judgement]) -> set[tuple[str, Site]]:
    return {(j.rule.name, j.finding.site) for j in judgements if isinstance(j, Found)}
