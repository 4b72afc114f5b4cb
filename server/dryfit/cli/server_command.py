"""`dryfit server`: the language server. Its modules are loaded only when it runs."""

from __future__ import annotations

import argparse
import re
from importlib import import_module
from typing import Any


def add_to(commands: Any) -> None:
    parser = commands.add_parser("server", help="the language server", description="Run the language server on stdio.")
    parser.add_argument("--tcp", metavar="HOST:PORT", type=_address, help="listen here instead, for debugging")
    parser.add_argument("--stdio", action="store_true", help="the default; editors like to say it")


def run(options: argparse.Namespace) -> int:
    code: int = import_module("dryfit.lsp.server").serve(options.tcp)
    return code


def _address(text: str) -> tuple[str, int]:
    match = re.fullmatch(r"(.+):(\d{1,5})", text)
    if match is None or int(match[2]) > 65535:
        raise argparse.ArgumentTypeError(f"`{text}` is not HOST:PORT")
    return match[1], int(match[2])
