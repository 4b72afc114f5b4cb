"""`dryfit rules`: all rules of all packs."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

from dryfit.cli.main import FOUND_NOTHING
from dryfit.cli.options import add_format, packs
from dryfit.cli.styled import Line, Piece, print_lines, wants_colour
from dryfit.engine.environment import cache_folder
from dryfit.engine.witnessed import witnessed
from dryfit.rulekit import Rule


def add_to(commands: Any) -> None:
    parser = commands.add_parser("rules", help="all rules", description="List the rules of all packs.")
    add_format(parser)


def run(options: argparse.Namespace) -> int:
    rules = packs().rules
    if options.output_format == "json":
        print(json.dumps([_as_json(rule) for rule in rules], indent=2))
    else:
        print_lines(_table(rules), sys.stdout, wants_colour(sys.stdout, os.environ))
    return FOUND_NOTHING


def _as_json(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "family": rule.family,
        "severity": rule.severity.value,
        "default": rule.is_default,
        "fixable": rule.is_fixable,
        "summary": rule.summary,
        "witnessed": witnessed(cache_folder(os.environ), rule),
    }


def _table(rules: tuple[Rule, ...]) -> list[Line]:
    """A block for each family, a line for each rule."""
    lines: list[Line] = []
    width = max((len(rule.name) for rule in rules), default=0)
    for family in sorted({rule.family for rule in rules}):
        lines.append([Piece(family, "strong")])
        for rule in rules:
            if rule.family == family:
                lines.append(_row(rule, width))
        lines.append([])
    fixable = sum(rule.is_fixable for rule in rules)
    lines.append([Piece(f"{len(rules)} rules, {fixable} with a fix")])
    return lines


def _row(rule: Rule, width: int) -> Line:
    seen = witnessed(cache_folder(os.environ), rule)
    marks = [
        "fix" if rule.is_fixable else "   ",
        "   " if rule.is_default else "off",
        ", ".join(f"{entry['outcome']} on torch {entry['torch']}, lightning {entry['lightning']}" for entry in seen),
    ]
    severity = rule.severity.value
    head = [Piece(f"  {rule.name:<{width}}  "), Piece(f"{severity:<8}", severity)]
    return [*head, Piece(" ".join(marks).rstrip(), "quiet")]
