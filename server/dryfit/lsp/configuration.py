"""The section `dryfit` of the client's settings: the same keys as in the configuration file, laid over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dryfit.engine.settings import FRAMEWORKS, Settings, is_version, severity_called
from dryfit.rulekit import Severity

SECTION = "dryfit"


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """What the user set in the editor; None where nothing is set. `problems`: one line for each value left out."""

    is_enabled: bool = True
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    python: str | None = None
    frameworks: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = field(default=(), compare=False)

    @staticmethod
    def read(section: object) -> ClientSettings:
        """Read the section; what cannot be read counts as not set."""
        problems: list[str] = []
        if not isinstance(section, Mapping):
            return ClientSettings()

        def names(key: str) -> tuple[str, ...] | None:
            value = section.get(key)
            if value is None:
                return None
            if isinstance(value, str) or not isinstance(value, Sequence) or not all(isinstance(v, str) for v in value):
                problems.append(f"the setting `{SECTION}.{key}` is not a list of names")
                return None
            return tuple(value)

        enable = section.get("enable", True)
        python = section.get("python")
        return ClientSettings(
            is_enabled=enable is not False,
            select=names("select") or None,
            ignore=names("ignore") or (),
            severity=_severities(section.get("severity"), problems),
            python=python if isinstance(python, str) and python.strip() else None,
            frameworks=_versions(section.get("frameworks"), problems),
            problems=tuple(problems),
        )

    def over(self, settings: Settings) -> Settings:
        """The settings of a file with these on top: a selection replaces, what is ignored is ignored as well."""
        return replace(
            settings.narrowed(self.select or (), self.ignore),
            severity={**settings.severity, **self.severity},
            frameworks={**settings.frameworks, **self.frameworks},
        )


def _versions(value: Any, problems: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    if value is None:
        return found
    if not isinstance(value, Mapping):
        problems.append(f"the setting `{SECTION}.frameworks` is not an object")
        return found
    for name, version in value.items():
        if name not in FRAMEWORKS:
            problems.append(f"the setting `{SECTION}.frameworks`: `{name}` is none of {', '.join(FRAMEWORKS)}")
        elif not is_version(version):
            problems.append(f"the setting `{SECTION}.frameworks.{name}` is not a version as text, such as `2.2`")
        else:
            found[str(name)] = version
    return found


def _severities(value: Any, problems: list[str]) -> dict[str, Severity]:
    found: dict[str, Severity] = {}
    if value is None:
        return found
    if not isinstance(value, Mapping):
        problems.append(f"the setting `{SECTION}.severity` is not an object")
        return found
    for rule, name in value.items():
        severity = severity_called(name)
        if severity is None:
            problems.append(f"the setting `{SECTION}.severity`: `{name}` is not a severity")
        else:
            found[str(rule)] = severity
    return found
