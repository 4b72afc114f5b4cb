"""Reading `[tool.dryfit]` of the nearest pyproject.toml, or dryfit.toml. What is wrong in it is said with its line."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dryfit.engine.settings import FRAMEWORKS, Settings, is_version, severity_called
from dryfit.engine.unused import Vocabulary
from dryfit.rulekit import Severity

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]

KEYS = ("select", "ignore", "severity", "exclude", "per-file-ignores", "python", "frameworks", "run")
RUN_KEYS = ("time-limit", "memory-limit", "device", "executor", "args")
_SEVERITIES = tuple(severity.value for severity in Severity)


class SettingsError(Exception):
    """Settings that cannot be used; the message names the file, the line if known, and the nearest valid spelling."""


def find_settings_file(start: Path) -> Path | None:
    """The nearest dryfit.toml, or pyproject.toml with a `[tool.dryfit]`, in the folder or one above it."""
    return next((file for folder in (start, *start.parents) if (file := _settings_file_in(folder)) is not None), None)


def has_settings(folder: Path) -> bool:
    """Is there a settings file in this folder itself?"""
    return _settings_file_in(folder) is not None


def load_settings(start: Path, vocabulary: Vocabulary, folder: Path | None = None) -> Settings:
    """The settings for files below `start`; paths that are not absolute are relative to `folder` (default: `start`).

    Raises SettingsError.
    """
    path = find_settings_file(start)
    if path is None:
        return Settings(folder=folder or start)
    text = _read(path)
    table = _table(path, text) or {}
    return _Reader(path, text, vocabulary).settings(table, folder or start)


def check_names(names: Iterable[str], vocabulary: Vocabulary, where: str) -> None:
    """Raise SettingsError at the first name that no rule and no family has."""
    for name in names:
        if not vocabulary.knows(name) and name != "all":
            near = vocabulary.nearest(name)
            hint = f"; did you mean `{near}`?" if near else ""
            raise SettingsError(f"{where}: no rule or family is called `{name}`{hint}")


def _settings_file_in(folder: Path) -> Path | None:
    own, project = folder / "dryfit.toml", folder / "pyproject.toml"
    if own.is_file():
        return own
    if project.is_file() and "dryfit" in (text := _read(project)) and _table(project, text) is not None:
        return project
    return None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from error


def _table(path: Path, text: str) -> dict[str, Any] | None:
    try:
        data: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        if path.name == "pyproject.toml" and "dryfit" not in text:
            return None
        raise SettingsError(f"{path}: not valid TOML: {error}") from error
    if path.name == "dryfit.toml":
        return data
    tool = data.get("tool")
    table = tool.get("dryfit") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise SettingsError(f"{path}: `tool.dryfit` is not a table")
    return table


class _Reader:
    """Turns a table into Settings; holds what an error message needs."""

    def __init__(self, path: Path, text: str, vocabulary: Vocabulary) -> None:
        self._path = path
        self._lines = text.splitlines()
        self._vocabulary = vocabulary
        self._first = 0
        if path.name == "pyproject.toml":
            heads = (i for i, line in enumerate(self._lines) if re.match(r"\s*\[+\s*tool\s*\.\s*dryfit", line))
            self._first = next(heads, 0)

    def settings(self, table: Mapping[str, Any], folder: Path) -> Settings:
        self._known_keys(table, KEYS, "")
        python = table.get("python")
        if python is not None and not isinstance(python, str):
            raise self._error("python", "`python` is not a string")
        return Settings(
            select=self._names(table, "select") if "select" in table else None,
            ignore=self._names(table, "ignore"),
            severity=self._severity(table),
            exclude=self._strings(table.get("exclude", []), "exclude"),
            per_file_ignores=self._per_file_ignores(table),
            python=str(self._path.parent / python) if python and ("/" in python or "\\" in python) else python,
            frameworks=self._frameworks(table),
            run=self._run(table),
            root=self._path.parent.absolute(),
            folder=folder.absolute(),
        )

    def _names(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        names = self._strings(table.get(key, []), key)
        self._check(names)
        return names

    def _severity(self, table: Mapping[str, Any]) -> dict[str, Severity]:
        found: dict[str, Severity] = {}
        for name, text in self._mapping(table, "severity").items():
            if name not in self._vocabulary.rules:
                self._unknown(name, "rule", self._vocabulary.rules)
            severity = severity_called(text)
            if severity is None:
                raise self._error(str(text), f"`{text}` is not a severity; use one of {', '.join(_SEVERITIES)}")
            found[name] = severity
        return found

    def _per_file_ignores(self, table: Mapping[str, Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        found = []
        for pattern, names in self._mapping(table, "per-file-ignores").items():
            strings = self._strings(names, pattern)
            self._check(strings)
            found.append((pattern, strings))
        return tuple(found)

    def _frameworks(self, table: Mapping[str, Any]) -> dict[str, str]:
        frameworks = self._mapping(table, "frameworks")
        self._known_keys(frameworks, FRAMEWORKS, "frameworks.")
        for name, version in frameworks.items():
            if not is_version(version):
                message = f'`frameworks.{name}` is not a version as text; write for instance "2.2"'
                raise self._error(name, message)
        return frameworks

    def _run(self, table: Mapping[str, Any]) -> dict[str, object]:
        run = self._mapping(table, "run")
        self._known_keys(run, RUN_KEYS, "run.")
        return dict(run)

    def _mapping(self, table: Mapping[str, Any], key: str) -> dict[str, Any]:
        value = table.get(key, {})
        if not isinstance(value, dict):
            raise self._error(key, f"`{key}` is not a table")
        return value

    def _strings(self, value: object, key: str) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._error(key, f"`{key}` is not a list of strings")
        return tuple(value)

    def _check(self, names: Iterable[str]) -> None:
        for name in names:
            if not self._vocabulary.knows(name) and name != "all":
                self._unknown(name, "rule or family", self._vocabulary.rules | self._vocabulary.families)

    def _known_keys(self, table: Mapping[str, Any], known: tuple[str, ...], prefix: str) -> None:
        for key in table:
            if key not in known:
                near = get_close_matches(key, known, n=1, cutoff=0.5)
                hint = f"did you mean `{prefix}{near[0]}`?" if near else f"known are {', '.join(known)}"
                raise self._error(key, f"unknown key `{prefix}{key}`; {hint}")

    def _unknown(self, name: str, what: str, known: Iterable[str]) -> None:
        near = get_close_matches(name, sorted(known), n=1, cutoff=0.6)
        raise self._error(name, f"no {what} is called `{name}`" + (f"; did you mean `{near[0]}`?" if near else ""))

    def _error(self, text: str, message: str) -> SettingsError:
        """An error at the first line of our table that holds this text as a key or a string."""
        word = re.compile(rf"""(^|[\s.\[{{,'"]){re.escape(text)}($|[\s.\]=,'"}}])""")
        for number, line in enumerate(self._lines[self._first :], self._first + 1):
            if word.search(line.split(" #")[0]):
                return SettingsError(f"{self._path}:{number}: {message}")
        return SettingsError(f"{self._path}: {message}")


class SettingsFinder:
    """The settings of each file: those of the nearest settings file above it, narrowed by the command line."""

    def __init__(
        self, vocabulary: Vocabulary, folder: Path, select: tuple[str, ...] = (), ignore: tuple[str, ...] = ()
    ) -> None:
        self._vocabulary = vocabulary
        self._folder = folder.absolute()
        self._select, self._ignore = select, ignore
        self._known: dict[Path, Settings] = {}

    def of_file(self, path: str) -> Settings:
        """Raises SettingsError."""
        return self.of_folder((self._folder / path).parent)

    def of_folder(self, folder: Path) -> Settings:
        """Raises SettingsError."""
        folder = Path(os.path.abspath(self._folder / folder))
        known = self._known.get(folder)
        if known is None:
            if has_settings(folder) or folder.parent == folder:
                loaded = load_settings(folder, self._vocabulary, self._folder)
                known = loaded.narrowed(self._select, self._ignore)
            else:
                known = self.of_folder(folder.parent)
            self._known[folder] = known
        return known
