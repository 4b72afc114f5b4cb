"""`python -m dryfit` is `dryfit`."""

import sys

from dryfit.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
