"""`dryfit clean`: removes what can be made again."""

from __future__ import annotations

import argparse
import os
import shutil
from typing import Any

from dryfit.cli.main import FOUND_NOTHING, CommandError
from dryfit.engine.environment import cache_folder


def add_to(commands: Any) -> None:
    commands.add_parser("clean", help="remove caches", description="Remove the cache folder.")


def run(options: argparse.Namespace) -> int:
    folder = cache_folder(os.environ)
    if not folder.is_dir():
        print(f"nothing to remove: {folder} does not exist")
        return FOUND_NOTHING
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise CommandError(f"{error.filename}: cannot be removed: {error.strerror}") from error
    print(f"removed {folder}")
    return FOUND_NOTHING
