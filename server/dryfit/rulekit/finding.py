"""What a rule yields: where, what, and how to mend it. Rendering and severity come later."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dryfit.semantic.values import Site


class Severity(Enum):
    """By consequence for the run."""

    ERROR = "error"  # it will raise, or certainly train the wrong thing
    WARNING = "warning"  # it will silently train worse, not at all, or leak
    INFO = "info"  # slower or less reproducible
    HINT = "hint"  # old spelling


class Applicability(Enum):
    """May a fix be applied without asking?"""

    SAFE = "safe"  # the code could not have worked before, or its meaning is kept
    UNSAFE = "unsafe"  # a choice of the author's


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text at `site` by `new_text`.

    Every line break in `new_text` is followed by the indentation of the line on which the site begins.
    """

    site: Site
    new_text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """One way to mend a finding; the title is an imperative, the same words as the finding's help."""

    title: str
    applicability: Applicability
    edits: tuple[Edit, ...]

    @staticmethod
    def safe(title: str, *edits: Edit) -> Fix:
        return Fix(title, Applicability.SAFE, edits)

    @staticmethod
    def unsafe(title: str, *edits: Edit) -> Fix:
        return Fix(title, Applicability.UNSAFE, edits)


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that has part in the fault."""

    site: Site
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake at a place.

    message: the fact, one line of at most 100 characters, lower case, no full stop, code in backticks, no advice.
    note: the consequence for the run. help: one imperative. severity: None for that of the rule.
    """

    site: Site
    message: str
    note: str
    help: str
    fix: Fix | None = None
    related: tuple[Related, ...] = ()
    severity: Severity | None = None
