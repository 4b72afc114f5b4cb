"""The report on a terminal: a frame for each finding, and one line that sums up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

from dryfit.cli.frame import frame
from dryfit.cli.styled import Line, Piece, print_lines, wants_colour
from dryfit.engine.batch import FileReport, Mode
from dryfit.engine.files import FileProblem, read_source
from dryfit.engine.fix import applicable
from dryfit.rulekit import Severity


def print_report(
    reports: Sequence[FileReport], stream: TextIO, variables: Mapping[str, str], mode: Mode, statistics: bool
) -> None:
    """All findings (or how often each rule has one), then the summary."""
    lines = list(_counts(reports)) if statistics else [line for report in reports for line in _frames(report)]
    print_lines([*lines, [Piece(summary(reports, mode), "strong")]], stream, wants_colour(stream, variables))


def summary(reports: Sequence[FileReport], mode: Mode) -> str:
    """How many findings of which severity, in how many files, and how many of them can be fixed."""
    found = [diagnostic for report in reports for diagnostic in report.diagnostics]
    fixed = sum(report.fixed for report in reports)
    parts = [f"{mode.value} {fixed}"] if fixed else []
    if found:
        counts = Counter(diagnostic.severity for diagnostic in found)
        listed = ", ".join(_plural(counts[severity], severity.value) for severity in Severity if counts[severity])
        files = sum(bool(report.diagnostics) for report in reports)
        parts.append(f"{listed}{' left' if fixed else ''} in {files} of {_plural(len(reports), 'file')}")
    else:
        parts.append(f"nothing {'else ' if fixed else ''}found in {_plural(len(reports), 'file')}")
    safe = sum(applicable(diagnostic, unsafe=False) is not None for diagnostic in found)
    unsafe = sum(applicable(diagnostic, unsafe=True) is not None for diagnostic in found) - safe
    if safe and mode is not Mode.DIFF:
        parts.append(f"{safe} fixable with --fix")
    if unsafe and mode is not Mode.DIFF:
        parts.append(f"{unsafe} {'more ' if safe else ''}with --fix --unsafe-fixes")
    return "; ".join(parts)


def _frames(report: FileReport) -> Iterator[Line]:
    lines = (report.text or "").split("\n")

    def lines_of(path: str) -> Sequence[str] | None:
        if path == report.path:
            return lines
        source = read_source(path)
        return None if isinstance(source, FileProblem) else source.text.split("\n")

    for diagnostic in report.diagnostics:
        yield from frame(report.path, diagnostic, lines_of)


def _counts(reports: Sequence[FileReport]) -> Iterator[Line]:
    counts = Counter(diagnostic.rule for report in reports for diagnostic in report.diagnostics)
    for rule, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield [Piece(f"{count:>6}  "), Piece(rule, "strong")]


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 or word == "info" else f"{count} {word}s"
