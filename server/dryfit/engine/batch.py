"""Checking many files: each on its own, in one process or several, with what went wrong as lines of text."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import partial
from itertools import repeat
from pathlib import Path

from dryfit.engine.check import Checker, CheckResult
from dryfit.engine.cores import usable_cores
from dryfit.engine.diagnostic import Diagnostic
from dryfit.engine.environment import cache_folder, frameworks_of
from dryfit.engine.errors import described
from dryfit.engine.files import FileProblem, read_source, write_source
from dryfit.engine.fix import fix_text, ignore_all
from dryfit.engine.foreign_packages import ForeignPackages
from dryfit.engine.layout import Layout, is_in
from dryfit.engine.library import ProjectLibrary
from dryfit.engine.packs import load_packs
from dryfit.engine.settings import Settings
from dryfit.engine.settings_file import SettingsFinder
from dryfit.engine.ties import Ties
from dryfit.engine.unused import Vocabulary
from dryfit.frameworks import site_packages_of
from dryfit.text.source import Source

FILES_WORTH_A_POOL = 24
CHUNKS_PER_PROCESS = 4
OPINION_SECONDS = 30.0  # as long a file waits for somebody who knows other packages, at most


class Mode(Enum):
    """What is done about findings."""

    CHECK = "check"  # nothing
    FIX = "fixed"
    DIFF = "would fix"
    IGNORE = "ignored"  # each gets a suppression comment


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """What is the same for all files. `shared`: a folder for what several processes need, where there is no cache."""

    folder: Path
    python: Path
    versions: Mapping[str, str] = field(default_factory=dict)
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    mode: Mode = Mode.CHECK
    unsafe: bool = False
    use_cache: bool = True
    shared: Path | None = None

    @property
    def cache(self) -> Path | None:
        return cache_folder(os.environ) if self.use_cache else None

    def ties(self) -> Ties:
        return Ties(Layout(is_in(site_packages_of(self.python))), self.cache or self.shared, is_waiting=True)


@dataclass(frozen=True, slots=True)
class FileReport:
    """What there is to say about one file.

    `text`: what the diagnostics speak about (after fixing); None if it could not be read. `notices`: lines about the
    file, such as a syntax error. `failures`: lines about what we did not do. `fixed`: how many findings were fixed or
    silenced. `diff`: what that changes. `elsewhere`: what was found from here in other files, by their paths.
    """

    path: str
    text: str | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    notices: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    fixed: int = 0
    diff: str = ""
    elsewhere: tuple[tuple[str, Diagnostic], ...] = ()


def check_files(paths: Sequence[str], options: BatchOptions, processes: int | None = None) -> Iterator[FileReport]:
    """The report of each file, in the order of the paths. `processes`: None for as many as it is worth.

    A file that was not named has a report, at the end, if something was found in it from one that was.
    Raises SettingsError.
    """
    reports: list[FileReport] = []
    elsewhere: dict[str, list[tuple[str, Diagnostic]]] = {}
    for report in _each_alone(paths, options, processes):
        reports.append(report)
        for path, diagnostic in report.elsewhere:
            elsewhere.setdefault(os.path.abspath(path), []).append((path, diagnostic))
    if not elsewhere:
        yield from reports
        return
    with closing(FileChecker.of(replace(options, mode=Mode.CHECK))) as checker:
        for report in reports:
            also = elsewhere.pop(os.path.abspath(report.path), ())
            yield checker.again(report, [diagnostic for _, diagnostic in also]) if also else report
        for found in elsewhere.values():
            yield checker.again(FileReport(found[0][0]), [diagnostic for _, diagnostic in found], only=True)


def _each_alone(paths: Sequence[str], options: BatchOptions, processes: int | None) -> Iterator[FileReport]:
    if processes is None:
        processes = 1 if len(paths) < FILES_WORTH_A_POOL else usable_cores()
    processes = min(processes, len(paths))
    if processes <= 1:
        yield from check_some(paths, options)
        return
    # Both cost more to import than a few files cost to check.
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from tempfile import TemporaryDirectory

    size = max(1, -(-len(paths) // (processes * CHUNKS_PER_PROCESS)))
    chunks = [paths[start : start + size] for start in range(0, len(paths), size)]
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with TemporaryDirectory(prefix="dryfit-") as shared, ProcessPoolExecutor(processes, mp_context=context) as pool:
        options = replace(options, shared=Path(shared))
        options.ties().read(paths)
        for reports in pool.map(_checked, chunks, repeat(options)):
            yield from reports


def check_some(paths: Sequence[str], options: BatchOptions) -> Iterator[FileReport]:
    """The same in this process, one after the other, without what was found from one file in another."""
    with closing(FileChecker.of(options)) as checker:
        for path in paths:
            yield checker.file(path)


@dataclass(frozen=True, slots=True)
class FileChecker:
    """Checks files by path or by text; what a file cannot do is take the others with it."""

    options: BatchOptions
    checker: Checker
    settings: Callable[[str], Settings]
    library: ProjectLibrary

    @staticmethod
    def of(options: BatchOptions) -> FileChecker:
        rules = load_packs().rules
        frameworks = frameworks_of(options.python, options.cache, options.versions)
        finder = SettingsFinder(Vocabulary.of(rules, ()), options.folder, options.select, options.ignore)
        ties = options.ties()
        packages = ForeignPackages(options.python, options.cache or options.shared, frameworks)
        library = ProjectLibrary(ties.layout, ties, packages)
        checker = Checker(rules, finder.of_file, frameworks, library, answers=partial(packages.wait, OPINION_SECONDS))
        return FileChecker(options, checker, finder.of_file, library)

    def close(self) -> None:
        """End what runs for it."""
        self.library.close()

    def file(self, path: str) -> FileReport:
        """Read a file and check it; in the mode FIX, write it if something was fixed."""
        source = read_source(path)
        if isinstance(source, FileProblem):
            if source.is_failure:
                return FileReport(path, failures=(source.message,))
            return FileReport(path, notices=(source.message,))
        report, fixed = self.source(path, source)
        if fixed == source.text or self.options.mode not in (Mode.FIX, Mode.IGNORE):
            return report
        problem = write_source(path, source, fixed)
        return report if problem is None else replace(report, fixed=0, failures=(*report.failures, problem.message))

    def source(self, path: str, source: Source) -> tuple[FileReport, str]:
        """Check a text under a path's name; the second is the text after fixing, if that was asked for."""
        self.settings(path)  # what is wrong with them is no error of ours
        try:
            return self._source(path, source.text)
        except Exception as error:
            failure = f"{path}: internal error, the file was left out: {described(error)}"
            return FileReport(path, failures=(failure,)), source.text

    def again(self, report: FileReport, also: Sequence[Diagnostic], only: bool = False) -> FileReport:
        """A report with what was found in the file from other files; with `only` it says nothing else."""
        source = read_source(report.path)
        if isinstance(source, FileProblem):
            return report
        result = self.checker.check(report.path, source.text, also)
        if only:
            result = replace(result, diagnostics=tuple(d for d in result.diagnostics if d in also), problems=())
            return replace(_report(report.path, source.text, result), notices=())
        return replace(report, text=source.text, diagnostics=result.diagnostics)

    def _source(self, path: str, text: str) -> tuple[FileReport, str]:
        def checked(text: str) -> CheckResult:
            return self.checker.check(path, text)

        if self.options.mode is Mode.CHECK:
            return _report(path, text, checked(text)), text
        if self.options.mode is Mode.IGNORE:
            fixed = ignore_all(text, checked)
        else:
            fixed = fix_text(text, checked, self.options.unsafe)
        diff = "".join(_diff(path, text, fixed.text))
        return replace(_report(path, fixed.text, fixed.result), fixed=fixed.applied, diff=diff), fixed.text


def _checked(paths: Sequence[str], options: BatchOptions) -> list[FileReport]:
    return list(check_some(paths, options))


def _report(path: str, text: str, result: CheckResult) -> FileReport:
    syntax = result.syntax
    notices = (
        () if syntax is None else (f"{path}:{syntax.line + 1}:{syntax.column + 1}: syntax error: {syntax.message}",)
    )
    failures = tuple(f"{path}: {problem}" for problem in result.problems)
    shown = text if result.diagnostics else ""
    return FileReport(path, shown, result.diagnostics, notices, failures, elsewhere=result.elsewhere)


def _diff(path: str, old: str, new: str) -> Iterator[str]:
    """A unified diff; a last line without a line break is said to be one, as diff does."""
    from difflib import unified_diff

    for line in unified_diff(_with_ends(old), _with_ends(new), path, path):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _with_ends(text: str) -> list[str]:
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
