"""The command `dryfit`: which subcommand is meant, and the last guard before the user."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from dryfit import __version__
from dryfit.engine.errors import described

# What is imported and built here stays: looking for cycles every 700 objects costs a tenth of the start.
GC_THRESHOLDS = (50_000, 20, 50)
FOUND_NOTHING, FOUND_SOMETHING, FAILED = 0, 1, 2
COMMANDS = ("check", "explain", "rules", "verify", "server", "clean")


class CommandError(Exception):
    """It could not do its job; the message is the one line that says why."""


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, and knows what was probably meant."""

    def error(self, message: str) -> NoReturn:
        self.exit(FAILED, f"{self.prog}: {message.splitlines()[0]} (see `{self.prog} --help`)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; nothing that happens becomes a traceback."""
    gc.set_threshold(*GC_THRESHOLDS)
    try:
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        code = _run(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
        return code
    except CommandError as error:
        print(f"dryfit: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("dryfit: interrupted", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        # The reader has seen enough. Python would complain once more while it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        print(f"dryfit: internal error: {described(error)}", file=sys.stderr)
        return FAILED


def _run(arguments: list[str]) -> int:
    parser = _Parser(prog="dryfit", description="Finds mistakes in PyTorch and Lightning training code.")
    parser.add_argument("--version", action="version", version=f"dryfit {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, dest="command", parser_class=_Parser)
    modules = {name: import_module(f"dryfit.cli.{name}_command") for name in _wanted(arguments)}
    for module in modules.values():
        module.add_to(commands)
    options = parser.parse_args(arguments)
    code: int = modules[options.command].run(options)
    return code


def _wanted(arguments: Sequence[str]) -> Sequence[str]:
    """The commands to load: the one that is named, or all where help or an error message has to list them."""
    named = next((argument for argument in arguments if not argument.startswith("-")), None)
    return [named] if named in COMMANDS and arguments[0] == named else COMMANDS
