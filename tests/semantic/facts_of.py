"""Facts of a text, for tests: in one walk, or after edits."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from textwrap import dedent
from typing import Any, TypeVar

from dryfit.frameworks import Frameworks, bundled
from dryfit.semantic.arguments import Arguments
from dryfit.semantic.facts import ClassDefined
from dryfit.semantic.model import SemanticModel
from dryfit.semantic.operand import Operand
from dryfit.semantic.program import Program
from dryfit.semantic.values import Site
from dryfit.syntax.document import Document

F = TypeVar("F")
HEAD = """
import itertools
import torch
import torch.nn.functional as F
import lightning as L
from torch import nn, optim
from torch.optim import Adam as A, lr_scheduler
"""
NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(2, 2)
        self.b = nn.Linear(2, 2)
    def forward(self, x):
        return self.b(self.a(x))
"""


@cache
def frameworks() -> Frameworks:
    return bundled()


def program_of(text: str) -> Program[Any]:
    program: Program[Any] = Program(frameworks(), summary)
    program.open("t.py", Document(text))
    return program


def facts_of(text: str, kind: type[F]) -> list[F]:
    """All facts of one kind in a program, imports and `Net` given."""
    program = program_of(HEAD + NET + dedent(text))
    return [fact for root in program.roots("t.py") for fact in program.model("t.py", root).facts(kind)]


def text_at(text: str, program: Program[Any], site: Site) -> str:
    """What stands at a site, for one line."""
    start = program.line_of(site.module, site.place)
    assert start is not None
    return text.split("\n")[start + site.span.line][site.span.column : site.span.end_column]


def summary(model: SemanticModel) -> tuple[str, ...]:
    """A judge for tests: everything a fact says, in comparable words."""
    return tuple(f"{type(fact).__name__}({_words(fact)})" for fact in model.found)


def _words(fact: Any) -> str:
    out = []
    for field in fields(fact):
        value = getattr(fact, field.name)
        if isinstance(value, Operand):
            value = (value.site, value.kind, value.class_names, value.is_escaped, str(value.elements)[:200])
        elif isinstance(value, Arguments):
            value = (value.site, len(value.positional), sorted(value.keywords), value.are_complete)
        elif isinstance(value, ClassDefined):
            value = value.name
        elif field.name in ("function", "methods"):
            value = len(str(value))
        elif field.name in ("events", "step", "returns"):
            value = str(value)[:50] if value is None else len(value) if isinstance(value, tuple) else value.site
        out.append(f"{field.name}={value}")
    return ", ".join(out)
