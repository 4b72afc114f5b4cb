"""`dryfit explain RULE`: a rule's page in the terminal."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from dryfit.cli.main import FOUND_NOTHING, CommandError
from dryfit.cli.options import packs
from dryfit.cli.styled import wants_colour
from dryfit.engine.pages import built_in_page, page
from dryfit.engine.unused import Vocabulary


def add_to(commands: Any) -> None:
    parser = commands.add_parser("explain", help="a rule's page", description="Print a rule's page.")
    parser.add_argument("rule", metavar="RULE")


def run(options: argparse.Namespace) -> int:
    rules = packs().rules
    rule = next((rule for rule in rules if rule.name == options.rule), None)
    text = page(rule) if rule is not None else built_in_page(options.rule)
    if text is None:
        near = Vocabulary.of(rules, ()).nearest(options.rule)
        raise CommandError(f"no rule is called `{options.rule}`" + (f"; did you mean `{near}`?" if near else ""))
    if wants_colour(sys.stdout, os.environ):
        from rich.console import Console
        from rich.markdown import Markdown

        Console(force_terminal=True, width=min(100, Console().width)).print(Markdown(text))
    else:
        sys.stdout.write(text)
    return FOUND_NOTHING
