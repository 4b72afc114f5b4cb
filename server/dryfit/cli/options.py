"""What several commands share: options, the rules of all packs, the interpreter that counts."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from dryfit.cli.main import CommandError
from dryfit.cli.styled import say
from dryfit.engine.environment import InterpreterError, cache_folder, frameworks_of, interpreter
from dryfit.engine.packs import PackError, Packs, load_packs
from dryfit.frameworks import Frameworks
from dryfit.rulekit import Rule


def add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output-format", choices=("text", "json"), default="text", help="default: text")


def add_python(parser: argparse.ArgumentParser, help_text: str) -> None:
    parser.add_argument("--python", metavar="PATH", help=help_text)


def packs() -> Packs:
    """All rules; packs that could not be loaded are reported."""
    try:
        loaded = load_packs()
    except PackError as error:
        raise CommandError(str(error)) from error
    for problem in loaded.problems:
        say(f"dryfit: {problem}")
    return loaded


def chosen_interpreter(option: str | None, setting: str | None) -> Path:
    try:
        return interpreter(option, setting, os.environ, Path.cwd())
    except InterpreterError as problem:
        raise CommandError(str(problem)) from problem


def frameworks_in(
    python: Path, use_cache: bool = True, versions: Mapping[str, str] = MappingProxyType({})
) -> Frameworks:
    return frameworks_of(python, cache_folder(os.environ) if use_cache else None, versions)


def rules_called(names: list[str], rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """The rules with these names or of these families; all if there are no names."""
    from dryfit.engine.settings_file import SettingsError, check_names
    from dryfit.engine.unused import Vocabulary

    try:
        check_names(names, Vocabulary.of(rules, ()), "RULE")
    except SettingsError as error:
        raise CommandError(str(error)) from error
    return tuple(rule for rule in rules if not names or rule.name in names or rule.family in names or "all" in names)
