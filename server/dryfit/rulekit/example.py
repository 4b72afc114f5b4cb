"""Examples and witnesses: what a rule says, shown by programs, and proven by running them.

An example is written once and does six jobs: `bad` is reported exactly at its carets; `good` is silent; the fix of bad
is good; fixing twice changes nothing; the witness holds for bad and fails for good under the real framework; and the
documentation shows both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Raises:
    """Running it raises an exception whose class is called `type` (or derives from it), with `text` in its message."""

    type: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Warns:
    """Running it issues a warning of this category, with `text` in its message."""

    category: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Observes:
    """After running it, this expression over its names is true: for faults that nothing reports."""

    expression: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The one-step run says the same, under this rule's name."""

    rule: str


@dataclass(frozen=True, slots=True)
class Argued:
    """It cannot be run here; `source` cites the framework's own text. Rules with nothing else are off by default."""

    source: str


Witness: TypeAlias = Raises | Warns | Observes | Verdict | Argued


@dataclass(frozen=True, slots=True)
class Example:
    """A pair of complete programs that run in seconds on a CPU.

    `bad`: under each line that is reported stands a comment with carets under the reported text and the rule's name:

        optimizer = SGD(model, lr=0.1)
        #               ^^^^^ parameters-are-a-module

    The carets cover the whole finding, or the part of it on its first line. `fix_is_good`: False where several good
    programs are possible and the fix leads to another one (it must still be silent).
    """

    bad: str
    good: str
    witness: Witness
    fix_is_good: bool = True
