"""Checks one project against environments that really hold other versions of Lightning: `make test-versions`.

    environments.py FOLDER                   the environments are made in the folder, or found there
    environments.py FOLDER --write-tables    puts their tables into the package instead

Each environment is what `pip download` brings, unpacked into folders as Python's own; nothing in it is run. What its
sources say has to be what the bundled table says, and the command line, told to look there, has to report exactly what
the version refuses.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from across_versions import VERSIONS, by_use, expected, project, text_of

from dryfit.frameworks import site_packages_of
from dryfit.frameworks.bundled import bundled_table, bundled_versions, write_bundled
from dryfit.frameworks.installed import read_table

# Both distributions where most changed, the smaller one for the rest.
WANTED = [
    *(("lightning", version) for version in ("1.9.5", "2.0.9.post0", "2.6.6")),
    *(("pytorch_lightning", version) for version in bundled_versions("lightning")),
]


def environment(folder: Path, distribution: str, version: str) -> Path:
    """The interpreter of an environment with this one package; an empty file, since nobody starts it."""
    root = folder / f"{distribution}-{version}"
    python = root / "bin" / "python"
    if not python.is_file():
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
        subprocess.run([*pip, f"{distribution}=={version}"], check=True)
        (wheel,) = folder.glob(f"{distribution}-{version}-*.whl")
        with zipfile.ZipFile(wheel) as packed:
            packed.extractall(root / "lib" / "python3" / "site-packages")
        python.parent.mkdir(parents=True)
        python.touch()
    return python


def is_right(python: Path, folder: Path, version: str) -> bool:
    """Does the command line report in the project what is expected of the version? What differs is printed."""
    command = [
        sys.executable,
        "-m",
        "dryfit",
        "check",
        "--output-format",
        "json",
        "--no-cache",
        "--python",
        str(python),
    ]
    done = subprocess.run([*command, "."], cwd=folder, capture_output=True, text=True)
    if done.returncode not in (0, 1) or done.stderr:
        print(done.stderr)
        return False
    items = json.loads(done.stdout)
    wrong = 0
    for name, uses in project().items():
        mine = [item for item in items if item["path"] == name]
        found = by_use(uses, ((i["range"]["start"]["line"] - 1, i["rule"], i["severity"]) for i in mine))
        wanted = expected(uses, version)
        for use in found.keys() | wanted.keys():
            if found.get(use) != wanted.get(use):
                wrong += 1
                print(f"{version}: {use}: reported {found.get(use)}, expected {wanted.get(use)}")
    print(f"{python.parents[1].name}: {len(items)} findings, {wrong} wrong")
    return not wrong


def main(folder: Path, writes: bool) -> int:
    # Not below the repository: what git ignores is not checked.
    with TemporaryDirectory() as name:
        sources = Path(name)
        (sources / "dryfit.toml").write_text("", encoding="utf-8")
        for file, uses in project().items():
            (sources / file).write_text(text_of(uses), encoding="utf-8")
        return 0 if _are_right(folder, sources, writes) else 1


def _are_right(folder: Path, sources: Path, writes: bool) -> bool:
    """All environments, each made if it is not there."""
    is_all_right = True
    folder.mkdir(parents=True, exist_ok=True)
    for distribution, version in WANTED:
        python = environment(folder, distribution, version)
        table = read_table("lightning", version, site_packages_of(python))
        if table is None:
            print(f"{python}: the sources cannot be read")
            is_all_right = False
        elif writes:
            print(write_bundled(table))
        elif table != bundled_table("lightning", version):
            print(f"{python.parents[1].name}: its sources say something else than the bundled table")
            is_all_right = False
        if not writes and version in VERSIONS:
            is_all_right = is_right(python, sources, version) and is_all_right
    return is_all_right


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write-tables", action="store_true")
    given = parser.parse_args()
    sys.exit(main(given.folder.resolve(), given.write_tables))
