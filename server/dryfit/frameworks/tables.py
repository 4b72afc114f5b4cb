"""Writes the bundled tables: `python -m dryfit.frameworks.tables SITE_PACKAGES`.

What was the newest one until then is packed the next time that it is written.
"""

from __future__ import annotations

import sys
from pathlib import Path

from dryfit.frameworks.bundled import write_bundled
from dryfit.frameworks.installed import read_table, versions


def main(site_packages: Path) -> int:
    """Read both distributions and put their tables into the package."""
    for distribution, version in versions([site_packages]).items():
        table = read_table(distribution, version, [site_packages])
        if table is None:
            print(f"{site_packages}: the sources of {distribution} {version} cannot be read", file=sys.stderr)
            return 1
        print(write_bundled(table))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
