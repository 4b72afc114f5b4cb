"""Settings as a value: what is on, how severe, and where. What they say about a file is a pure question."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os.path import normpath
from pathlib import PurePath

from dryfit.rulekit import Rule, Severity

FRAMEWORKS = ("lightning", "torch")
_VERSION = re.compile(r"\d+\.\d+(\.\d+)*((\.?(post|dev)|a|b|rc)\d+)?")


@dataclass(frozen=True, slots=True)
class Settings:
    """What is on, how severe it is, and where.

    `select` is None for "what is on by default". Patterns are relative to `root`, the folder of the settings file;
    paths that are not absolute are relative to `folder`. `frameworks`: versions of torch and lightning that count
    instead of the installed ones. `run` is kept for the one-step run.
    """

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    python: str | None = None
    frameworks: Mapping[str, str] = field(default_factory=dict)
    run: Mapping[str, object] = field(default_factory=dict)
    root: PurePath | None = None
    folder: PurePath | None = None

    def names_ignored_in(self, path: str) -> frozenset[str]:
        """Rules and families that are not wanted in this file."""
        names = set(self.ignore)
        if not self.per_file_ignores:
            return frozenset(names)
        from pathspec import GitIgnoreSpec

        for pattern, ignored in self.per_file_ignores:
            if GitIgnoreSpec.from_lines([pattern]).match_file(self._relative(path)):
                names.update(ignored)
        return frozenset(names)

    def enabled(self, rules: Iterable[Rule], path: str) -> tuple[Rule, ...]:
        """The rules that run on this file.

        A rule that is off by default runs if it or its family is selected by name.
        """
        ignored = self.names_ignored_in(path)
        return tuple(
            rule
            for rule in rules
            if (rule.is_default if self.select is None else self._selects(rule))
            and rule.name not in ignored
            and (rule.family not in ignored or (self.select is not None and rule.name in self.select))
        )

    def is_enabled(self, name: str, family: str, path: str) -> bool:
        """The same question for something that is reported without being a rule of a pack."""
        ignored = self.names_ignored_in(path)
        wanted = self.select is None or name in self.select or family in self.select or "all" in self.select
        return wanted and name not in ignored and family not in ignored

    def narrowed(self, select: Sequence[str], ignore: Sequence[str]) -> Settings:
        """With what the command line says: its selection replaces, what it ignores is ignored as well."""
        return replace(self, select=tuple(select) or self.select, ignore=(*self.ignore, *ignore))

    def _selects(self, rule: Rule) -> bool:
        assert self.select is not None
        return rule.name in self.select or rule.family in self.select or "all" in self.select

    def _relative(self, path: str) -> str:
        """The path as the patterns see it."""
        whole = PurePath(normpath(PurePath(path) if self.folder is None else self.folder / path))
        if self.root is not None and whole.is_relative_to(self.root):
            whole = whole.relative_to(self.root)
        return whole.as_posix().lstrip("/")


def is_version(value: object) -> bool:
    """Is it the text of a version, with at least two numbers: `2.2`, `2.0.9.post0`?"""
    return isinstance(value, str) and _VERSION.fullmatch(value) is not None


def severity_called(text: object) -> Severity | None:
    """The severity with this name."""
    return next((severity for severity in Severity if severity.value == text), None)
