"""Writes the bundled tables: `python -m dryfit.frameworks.tables SITE_PACKAGES`."""

from __future__ import annotations

import sys
from pathlib import Path

from dryfit.frameworks.bundled import FOLDER
from dryfit.frameworks.installed import read_table, versions
from dryfit.frameworks.table import to_json


def main(site_packages: Path) -> int:
    """Read both distributions and put their tables into the package."""
    for distribution, version in versions([site_packages]).items():
        table = read_table(distribution, version, [site_packages])
        if table is None:
            print(f"{site_packages}: the sources of {distribution} {version} cannot be read", file=sys.stderr)
            return 1
        path = FOLDER / f"{distribution}-{version}.json"
        path.write_text(to_json(table), encoding="utf-8")
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
