"""`dryfit verify [RULE ...]`: replays the rules' witnesses against the installed frameworks."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dryfit.cli.main import FAILED, FOUND_NOTHING, FOUND_SOMETHING, CommandError
from dryfit.cli.options import add_format, add_python, chosen_interpreter, packs, rules_called
from dryfit.cli.styled import Line, Piece, print_lines, say, wants_colour
from dryfit.engine.environment import cache_folder
from dryfit.engine.witness import AT_ONCE, OUTCOMES, Host, HostError, WitnessRun, overall, verify
from dryfit.engine.witnessed import remember

_STYLES = {"proven": "good", "failed": "error"}


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "verify",
        help="replay the rules' witnesses",
        description="Run the rules' examples under the installed frameworks and see whether they are true.",
    )
    parser.add_argument("rules", nargs="*", metavar="RULE", help="rules or families; default: all")
    add_python(parser, "the interpreter whose frameworks are asked; its code is run")
    add_format(parser)
    at_once_help = f"programs at once; default: {AT_ONCE}"
    parser.add_argument("-j", dest="at_once", metavar="N", type=int, default=AT_ONCE, help=at_once_help)


def run(options: argparse.Namespace) -> int:
    if options.at_once < 1:
        raise CommandError("-j: at least one program has to run at once")
    rules = rules_called(options.rules, packs().rules)
    python = chosen_interpreter(options.python, None)
    results: dict[str, tuple[WitnessRun, ...]] = {}
    is_text = options.output_format == "text"
    colour = wants_colour(sys.stdout, os.environ)
    try:
        with Host(python, options.at_once) as host:
            installed = host.installed
            if not any(installed.get(name) for name in ("torch", "lightning", "pytorch_lightning")):
                raise CommandError(f"{python}: neither torch nor lightning can be imported there")
            for rule, runs in verify(rules, host):
                results[rule.name] = runs
                if is_text:
                    print_lines(_lines(rule.name, runs, installed), sys.stdout, colour)
                    sys.stdout.flush()
    except HostError as error:
        raise CommandError(str(error)) from error
    outcomes = {name: overall(runs) for name, runs in results.items()}
    _remember(outcomes, {rule.name: rule for rule in rules}, installed)
    if is_text:
        counts = Counter(outcomes.values())
        print(", ".join(f"{counts[word]} {word}" for word in OUTCOMES if counts[word]) or "no rules")
    else:
        print(json.dumps([_as_json(name, runs, installed) for name, runs in results.items()], indent=2))
    if "failed" in outcomes.values():
        return FOUND_SOMETHING
    return FAILED if outcomes and set(outcomes.values()) == {"skipped"} else FOUND_NOTHING


def _remember(outcomes: Mapping[str, str], rules: Mapping[str, Any], installed: Mapping[str, str | None]) -> None:
    try:
        remember(cache_folder(os.environ), outcomes, rules, installed)
    except OSError as error:
        say(f"dryfit: the outcome was not remembered for `dryfit rules`: {error.strerror}")


def _lines(name: str, runs: Sequence[WitnessRun], installed: Mapping[str, str | None]) -> list[Line]:
    """One line for the rule, and one for each example that is not proven."""
    outcome = overall(runs)
    head: Line = [Piece(f"{outcome:<8}", _STYLES.get(outcome, "warning")), Piece(name, "strong")]
    lines: list[Line] = [[*head, Piece(f"  ({_versions(installed)})", "quiet")]]
    for run in runs:
        if run.outcome != "proven":
            lines.append([Piece(f"        example {run.index + 1}: {run.outcome}: {run.reason}")])
    return lines


def _versions(installed: Mapping[str, str | None]) -> str:
    lightning = installed.get("lightning") or installed.get("pytorch_lightning")
    return f"torch {installed.get('torch') or 'missing'}, lightning {lightning or 'missing'}"


def _as_json(name: str, runs: Sequence[WitnessRun], installed: Mapping[str, str | None]) -> dict[str, Any]:
    return {
        "rule": name,
        "outcome": overall(runs),
        "torch": installed.get("torch"),
        "lightning": installed.get("lightning") or installed.get("pytorch_lightning"),
        "python": installed.get("python"),
        "examples": [{"example": run.index + 1, "outcome": run.outcome, "reason": run.reason} for run in runs],
    }
