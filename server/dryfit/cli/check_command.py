"""`dryfit check`: checks files and folders, and mends what can be mended."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from dryfit.cli.main import FAILED, FOUND_NOTHING, FOUND_SOMETHING, CommandError
from dryfit.cli.options import add_format, add_python, chosen_interpreter, frameworks_in, packs
from dryfit.cli.styled import say
from dryfit.cli.text_report import print_report, summary
from dryfit.engine.batch import BatchOptions, FileChecker, FileReport, Mode, check_files
from dryfit.engine.discover import discover
from dryfit.engine.files import FileProblem, decoded
from dryfit.engine.settings_file import SettingsError, SettingsFinder, check_names
from dryfit.engine.unused import Vocabulary

STDIN = "-"


def add_to(commands: Any) -> None:
    parser = commands.add_parser("check", help="check files and folders", description="Check Python files and folders.")
    paths_help = "default: the current folder; `-`: standard input"
    parser.add_argument("paths", nargs="*", metavar="PATH", default=["."], help=paths_help)
    parser.add_argument("--stdin-filename", metavar="NAME", help="the name under which standard input is checked")
    parser.add_argument("--fix", action="store_true", help="apply safe fixes")
    parser.add_argument("--unsafe-fixes", action="store_true", help="with --fix or --diff: unsafe ones as well")
    parser.add_argument("--diff", action="store_true", help="show what --fix would change, change nothing")
    parser.add_argument("--add-ignores", action="store_true", help="write a suppression comment at each finding")
    for name, text in (("--select", "run these only"), ("--ignore", "leave these out")):
        text += ": rules or families, comma-separated, repeatable"
        parser.add_argument(name, metavar="NAME", action="append", default=[], help=text)
    add_format(parser)
    add_python(parser, "the interpreter whose installed packages describe the frameworks; it is not started")
    parser.add_argument("--no-cache", action="store_true", help="read nothing from the cache and write nothing to it")
    parser.add_argument("--exit-zero", action="store_true", help="exit with 0 even if there are findings")
    parser.add_argument("--statistics", action="store_true", help="count the findings of each rule, show none")
    parser.add_argument("-j", dest="processes", metavar="N", type=int, help="processes; default: as many as pay off")


def run(options: argparse.Namespace) -> int:
    _refuse_contradictions(options)
    loaded = packs()
    vocabulary = Vocabulary.of(loaded.rules, ())
    select, ignore = _names(options.select), _names(options.ignore)
    try:
        check_names(select, vocabulary, "--select")
        check_names(ignore, vocabulary, "--ignore")
        finder = SettingsFinder(vocabulary, Path.cwd(), select, ignore)
        settings = finder.of_folder(_folder_of(options))
        batch = BatchOptions(
            folder=Path.cwd(),
            python=chosen_interpreter(options.python, settings.python),
            versions=settings.frameworks,
            select=select,
            ignore=ignore,
            mode=_mode(options),
            unsafe=options.unsafe_fixes,
            use_cache=not options.no_cache,
        )
        for notice in frameworks_in(batch.python, batch.use_cache, batch.versions).notices if batch.versions else ():
            say(f"dryfit: {notice}")
        if options.paths == [STDIN]:
            return _check_stdin(options, batch, bool(loaded.problems))
        found = discover(options.paths, settings.exclude, Path(settings.root) if settings.root else None)
        for problem in found.problems:
            say(f"dryfit: {problem}")
        if not found.files and not found.problems:
            say("dryfit: no Python files found")
        reports = list(_heard(check_files(found.files, batch, options.processes)))
    except SettingsError as error:
        raise CommandError(str(error)) from error
    _print(reports, options, sys.stdout)
    return _exit_code(reports, bool(found.problems or loaded.problems), options)


def _mode(options: argparse.Namespace) -> Mode:
    if options.add_ignores:
        return Mode.IGNORE
    return Mode.DIFF if options.diff else Mode.FIX if options.fix else Mode.CHECK


def _refuse_contradictions(options: argparse.Namespace) -> None:
    if options.unsafe_fixes and not (options.fix or options.diff):
        raise CommandError("--unsafe-fixes needs --fix or --diff")
    if options.add_ignores and (options.fix or options.diff):
        raise CommandError("--add-ignores cannot be combined with --fix or --diff")
    if options.stdin_filename and options.paths != [STDIN]:
        raise CommandError("--stdin-filename needs `-` as the only path")
    if STDIN in options.paths and len(options.paths) > 1:
        raise CommandError("`-` cannot be checked together with other paths")
    if options.processes is not None and options.processes < 1:
        raise CommandError("-j: at least one process has to run")
    if options.statistics and options.output_format != "text":
        raise CommandError("--statistics is for the text format")


def _names(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.strip() for text in given for name in text.split(",") if name.strip())


def _folder_of(options: argparse.Namespace) -> Path:
    """The folder whose settings say what is excluded and which interpreter counts."""
    path = Path(options.stdin_filename or "." if options.paths == [STDIN] else options.paths[0])
    return path if path.is_dir() else path.parent


def _check_stdin(options: argparse.Namespace, batch: BatchOptions, has_failed: bool) -> int:
    """Check standard input; with --fix the fixed text goes to standard output, and what is left to standard error."""
    path = options.stdin_filename or STDIN
    source = decoded(path, sys.stdin.buffer.read())
    if isinstance(source, FileProblem):
        report = FileReport(path, notices=(source.message,))
    else:
        with closing(FileChecker.of(batch)) as checker:
            report, fixed = checker.source(path, source)
        if batch.mode in (Mode.FIX, Mode.IGNORE):
            sys.stdout.flush()
            sys.stdout.buffer.write(source.encode(fixed))
    reports = list(_heard([report]))
    _print(reports, options, sys.stderr if batch.mode in (Mode.FIX, Mode.IGNORE) else sys.stdout)
    return _exit_code(reports, has_failed, options)


def _heard(reports: Iterator[FileReport] | Sequence[FileReport]) -> Iterator[FileReport]:
    """The reports, with what is no finding said on standard error as it comes."""
    for report in reports:
        for line in (*report.notices, *report.failures):
            say(f"dryfit: {line}")
        yield report


def _print(reports: Sequence[FileReport], options: argparse.Namespace, stream: Any) -> None:
    if options.diff:
        stream.write("".join(report.diff for report in reports))
        say(summary(reports, Mode.DIFF))
    elif options.output_format == "json":
        from dryfit.cli.json_report import as_json

        found = ((report.path, diagnostic) for report in reports for diagnostic in report.diagnostics)
        print(as_json(found), file=stream)
    else:
        print_report(reports, stream, os.environ, _mode(options), options.statistics)


def _exit_code(reports: Sequence[FileReport], has_failed: bool, options: argparse.Namespace) -> int:
    if has_failed or any(report.failures for report in reports):
        return FAILED
    found = any(report.diagnostics or (options.diff and report.fixed) for report in reports)
    return FOUND_SOMETHING if found and not options.exit_zero else FOUND_NOTHING
