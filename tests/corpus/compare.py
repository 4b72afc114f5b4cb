"""Does dryfit say about public code what was read and judged, and nothing else?

    python tests/corpus/compare.py FOLDER [--python INTERPRETER] [--update]

`verdicts.json`, beside this file, names the code bases with the version or commit that was read, and has one entry for
each finding of severity error or warning: "true" or "false", and the reason. FOLDER has one folder for each code base,
called like it, with `+` for `/`: packages as `pip download --no-deps` brings them, unpacked; repositories at the
commit. torch and lightning are those that INTERPRETER has installed; a repository that is itself a framework's is
checked as who works on it has it, installed from its sources. Hints are counted and not judged.

Exit status 1 if a finding is new, unjudged or judged false, or if a file could not be checked; 2 if there was nothing
to compare. `--update` writes new findings down as unjudged, for somebody to read, and drops those that are gone.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

VERDICTS = Path(__file__).with_name("verdicts.json")
JUDGED = ("error", "warning")
MAX_TEXT = 100
# Not `-m`: that puts the folder that is checked before the standard library, and torch has a `types.py`.
DRYFIT = "import sys; del sys.path[0]; from dryfit.cli.main import main; sys.exit(main())"
WHERE = """
import sys
from importlib.metadata import version
from importlib.util import find_spec
print(find_spec(sys.argv[1]).submodule_search_locations[0])
print(version(sys.argv[1]).partition("+")[0])
"""
PACKAGES = "import sysconfig; print(sysconfig.get_path('purelib'))"


@dataclass(frozen=True, slots=True)
class CodeBase:
    """What is checked. `kind`: where it comes from, "pypi", "github" or "installed". `ref`: what was read of it.

    `own`: the framework that it is the repository of, with the version that it calls itself, and in which folder.
    """

    name: str
    kind: str
    ref: str
    own: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One finding. `path`: relative to the code base. `text`: the line that it is about, without its indentation."""

    code_base: str
    path: str
    line: int
    rule: str
    severity: str
    text: str
    message: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A finding that is on record. `verdict`: "true", "false" or "unjudged"."""

    finding: Finding
    verdict: str = "unjudged"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """All that is on record."""

    code_bases: tuple[CodeBase, ...]
    entries: tuple[Entry, ...]

    @staticmethod
    def read(path: Path) -> Record:
        data = json.loads(path.read_text(encoding="utf-8"))
        entries = []
        for row in data["findings"]:
            verdict, reason = row.pop("verdict"), row.pop("reason")
            entries.append(Entry(Finding(**row), verdict, reason))
        bases = [CodeBase(**{**row, "own": tuple(row["own"]) if "own" in row else None}) for row in data["code_bases"]]
        return Record(tuple(bases), tuple(entries))

    def write(self, path: Path) -> None:
        entries = sorted(self.entries, key=lambda entry: entry.finding)
        rows = [{**asdict(e.finding), "verdict": e.verdict, "reason": e.reason} for e in entries]
        bases = [{name: value for name, value in asdict(base).items() if value} for base in self.code_bases]
        data = {"code_bases": bases, "findings": rows}
        path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Checked:
    """What dryfit said about a code base. `failures`: lines about what it could not do."""

    code_base: CodeBase
    files: int
    findings: tuple[Finding, ...]
    hints: Counter[str]
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Findings that are not on record, entries that are not found any more, and those that are both."""

    new: tuple[Finding, ...]
    gone: tuple[Entry, ...]
    known: tuple[Entry, ...]


def compare(findings: Iterable[Finding], entries: Iterable[Entry]) -> Comparison:
    """Each entry stands for one finding: of two equal findings and one entry, one is new."""
    left = Counter(findings)
    gone: list[Entry] = []
    known: list[Entry] = []
    for entry in entries:
        found = left[entry.finding] > 0
        (known if found else gone).append(entry)
        left[entry.finding] -= found
    return Comparison(tuple(sorted(left.elements())), tuple(gone), tuple(known))


def updated(comparison: Comparison) -> tuple[Entry, ...]:
    """The record of what is found now. A finding whose wording has changed keeps its reason, for the next reading."""
    reasons = {_place(entry.finding): entry.reason for entry in comparison.gone}
    new = [Entry(finding, reason=reasons.get(_place(finding), "")) for finding in comparison.new]
    return (*comparison.known, *new)


def _place(finding: Finding) -> tuple[str, str, int, str]:
    return finding.code_base, finding.path, finding.line, finding.rule


def checked(code_base: CodeBase, folder: Path, python: str) -> Checked:
    """What `dryfit check` says in a folder."""
    command = [sys.executable, "-c", DRYFIT, "check", "--output-format", "json", "--python", python, "."]
    run = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    failures = [line for line in run.stderr.splitlines() if "syntax error:" not in line]
    try:
        rows = json.loads(run.stdout)
    except json.JSONDecodeError:
        rows = []
        failures.append(f"no report, exit status {run.returncode}")
    findings = [
        Finding(
            code_base.name,
            Path(row["path"]).as_posix(),
            row["range"]["start"]["line"],
            row["rule"],
            row["severity"],
            _line(folder / row["path"], row["range"]["start"]["line"]),
            row["message"],
        )
        for row in rows
        if row["severity"] in JUDGED
    ]
    hints = Counter(row["rule"] for row in rows if row["severity"] not in JUDGED)
    return Checked(code_base, _file_count(folder), tuple(sorted(findings)), hints, tuple(failures))


def _line(path: Path, line: int) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    return lines[line - 1].strip()[:MAX_TEXT]


def _file_count(folder: Path) -> int:
    return sum(1 for _ in folder.rglob("*.py"))


def copy_installed(package: str, python: str, into: Path) -> tuple[Path, str]:
    """The Python files of a package that an interpreter has, in a folder that nothing ignores, and its version."""
    run = subprocess.run([python, "-c", WHERE, package], cwd=into, capture_output=True, encoding="utf-8", check=True)
    place, version = run.stdout.splitlines()

    def others(folder: str, names: list[str]) -> list[str]:
        kept = [name for name in names if name.endswith(".py") or Path(folder, name).is_dir()]
        return [name for name in names if name not in kept or name == "__pycache__"]

    folder = into / package
    shutil.copytree(place, folder / package, ignore=others)
    return folder, version


def environment_with(base: CodeBase, folder: Path, python: str, into: Path) -> str:
    """An environment in which the framework is installed from the code base's sources, and the rest as it is."""
    assert base.own is not None
    distribution, inner = base.own
    run = subprocess.run([python, "-c", PACKAGES], cwd=into, capture_output=True, encoding="utf-8", check=True)
    root = into / f"environment of {folder.name}"
    packages = root / "lib" / "python3" / "site-packages"
    (packages / f"{distribution}.dist-info").mkdir(parents=True)
    (packages / "editable.pth").write_text(f"{(folder / inner).absolute()}\n{run.stdout}", encoding="utf-8")
    (root / "pyvenv.cfg").touch()
    (root / "bin").mkdir()
    (root / "bin" / "python").touch()  # it is looked for and not started
    return str(root / "bin" / "python")


def located(base: CodeBase, corpus: Path, python: str, scratch: Path) -> tuple[Path | None, str]:
    """Where a code base lies, None if it is not there; and what is to be said about that."""
    package, _, version = base.ref.partition("==")
    if base.kind == "installed":
        try:
            folder, there = copy_installed(package, python, scratch)
        except subprocess.CalledProcessError:
            return None, f"{base.name}: {package} is not installed"
        return folder, "" if there == version else f"{base.name}: {there} is installed, {version} was read"
    folder = corpus / base.name.replace("/", "+")
    if not folder.is_dir() or not _file_count(folder):
        return None, f"{base.name}: not there, wanted is {base.ref}"
    unpacked = [path.name for path in folder.glob("*.dist-info")]
    if base.kind == "pypi" and unpacked and not any(name.endswith(f"-{version}.dist-info") for name in unpacked):
        return folder, f"{base.name}: {unpacked[0]} is there, {base.ref} was read"
    return folder, ""


def check_all(record: Record, corpus: Path, python: str) -> list[Checked]:
    """What dryfit says about the code bases that are there; what is not there is told."""
    results = []
    with TemporaryDirectory() as scratch:
        for base in record.code_bases:
            folder, remark = located(base, corpus, python, Path(scratch))
            if remark:
                print(remark)
            if folder is not None:
                chosen = python if base.own is None else environment_with(base, folder, python, Path(scratch))
                results.append(checked(base, folder, chosen))
    return results


def report(results: Sequence[Checked], comparison: Comparison) -> None:
    """What is new, gone and wrong; then the counts."""
    for title, entries in (
        ("new", [Entry(finding) for finding in comparison.new]),
        ("gone", comparison.gone),
        ("unjudged", [entry for entry in comparison.known if entry.verdict == "unjudged"]),
        ("judged false", [entry for entry in comparison.known if entry.verdict == "false"]),
    ):
        for entry in entries:
            f = entry.finding
            print(f"{title}: {f.code_base}: {f.path}:{f.line}: {f.severity}: {f.rule}: {f.message}\n    {f.text}")
    for result in results:
        for line in result.failures:
            print(f"{result.code_base.name}: {line}")
    print(f"\n{'code base':34}{'files':>7}{'findings':>10}{'hints':>7}")
    for result in results:
        row = f"{result.files:7}{len(result.findings):10}{result.hints.total():7}"
        print(f"{result.code_base.name:34}{row}")
    files = sum(result.files for result in results)
    findings = sum(len(result.findings) for result in results)
    hints = sum((result.hints for result in results), Counter[str]())
    print(f"{'together':34}{files:7}{findings:10}{hints.total():7}\n")
    _print_rules(Counter(f.rule for result in results for f in result.findings), hints, comparison, files)


def _print_rules(found: Counter[str], hints: Counter[str], comparison: Comparison, files: int) -> None:
    true = Counter(entry.finding.rule for entry in comparison.known if entry.verdict == "true")
    print(f"{'rule':34}{'findings':>9}{'true':>6}{'per 1,000 files':>17}")
    for rule, count in found.most_common():
        print(f"{rule:34}{count:9}{true[rule]:6}{1000 * count / files:17.2f}")
    for rule, count in hints.most_common():
        print(f"{rule:34}{count:9}{'hint':>6}{1000 * count / files:17.2f}")
    total = found.total()
    print(f"{'all errors and warnings':34}{total:9}{true.total():6}{1000 * total / files:17.2f}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Compare what dryfit finds in public code with what was judged.")
    parser.add_argument("folder", type=Path, help="has one folder for each code base")
    parser.add_argument("--python", default=sys.executable, help="has torch and lightning; default: this interpreter")
    parser.add_argument("--verdicts", type=Path, default=VERDICTS, help="the record; default: verdicts.json beside me")
    parser.add_argument("--update", action="store_true", help="write down what is new and drop what is gone")
    options = parser.parse_args(arguments)
    record = Record.read(options.verdicts)
    results = check_all(record, options.folder, options.python)
    if not results:
        print(f"no code base in {options.folder}")
        return 2
    there = {result.code_base.name for result in results}
    about_them = [entry for entry in record.entries if entry.finding.code_base in there]
    about_others = [entry for entry in record.entries if entry.finding.code_base not in there]
    comparison = compare((finding for result in results for finding in result.findings), about_them)
    report(results, comparison)
    if options.update:
        replace(record, entries=(*about_others, *updated(comparison))).write(options.verdicts)
    is_wrong = any(entry.verdict != "true" for entry in comparison.known)
    return int(bool(comparison.new) or is_wrong or any(result.failures for result in results))


if __name__ == "__main__":
    sys.exit(main())
