"""What programs of several files are understood as: the values that `torch.manual_seed` is called with, in words."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent, indent

from files import facts_in, program_of

from dryfit.semantic.facts import FrameworkCall
from dryfit.semantic.heap import DictObject
from dryfit.semantic.operand import Operand
from dryfit.semantic.values import UNKNOWN


def seen(texts: Mapping[str, str], main: str = "train.py") -> list[str]:
    """The argument of each `torch.manual_seed(...)` that the roots of a file reach."""
    calls = facts_in(program_of(texts, main), main, FrameworkCall)
    return [words(call.arguments.get(0, "seed")) for call in calls if call.name == "torch.manual_seed"]


def seen_of(config: str, body: str, **others: str) -> list[str]:
    """The same of a function with this body, in a file that imports all of `config`."""
    head = "import torch\nimport config\nfrom config import *\ndef f():\n"
    texts = {"config.py": config, "train.py": head + indent(dedent(body).strip(), "    ") + "\n"}
    return seen({**texts, **{f"{name}.py": text for name, text in others.items()}})


def words(value: Operand | object) -> str:
    """A value in words: `?` is unknown, `...` stands for what else may be in a dict."""
    if not isinstance(value, Operand):
        return repr(value)
    if value.is_unknown:
        return "?"
    if len(value.options) > 1:
        return " | ".join(sorted(words(option) for option in value.options))
    if value.literal is not UNKNOWN:
        return repr(value.literal)
    elements = value.elements
    if elements is not UNKNOWN:
        items = ", ".join(words(item) for item in elements)
        return f"({items})" if value.kind == "tuple" else f"[{items}]"
    thing = value.heap.get(value.value)  # type: ignore[call-overload]
    if isinstance(thing, DictObject):
        entries = [f"{entry.key.value}: {words(value._at(entry.value))}" for entry in thing.entries]
        return "{" + ", ".join([*entries, "..."] if thing.is_open else entries) + "}"
    return value.class_name or "?"
