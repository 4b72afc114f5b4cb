"""Rule pages."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType

from inline_snapshot import snapshot

from dryfit.engine.pages import built_in_page, described, page
from dryfit.rulekit import Argued, Example, Finding, Observes, Raises, Rule, SemanticModel, Severity, Verdict, Warns


def check(model: SemanticModel) -> Iterator[Finding]:
    yield from ()


MODULE = ModuleType(
    "pack.random.seed_set",
    """`torch.manual_seed` is called.

What it does:
    Finds `torch.manual_seed`.

    Also under another name.

Why it matters:
    It is an example.
""",
)


def test_a_page() -> None:
    sys.modules[MODULE.__name__] = MODULE
    check.__module__ = MODULE.__name__
    example = Example("\n    x = seed()\n    #   ^^^^^^ seed-set\n", "\n    x = 1\n", Raises("ValueError", "no seed"))
    rule = Rule(name="seed-set", severity=Severity.WARNING, check=check, examples=(example,), is_fixable=True)
    assert page(rule) == snapshot("""\
# seed-set

`torch.manual_seed` is called.

warning · family `random` · on by default · has a fix

## What it does

Finds `torch.manual_seed`.

Also under another name.

## Why it matters

It is an example.

## Example

```python
x = seed()
#   ^^^^^^ seed-set
```

Raises `ValueError`: no seed.

Use instead:

```python
x = 1
```

## Silencing it

```python
...  # dryfit: ignore[seed-set] the reason
```
""")


def test_witnesses_in_words() -> None:
    assert [
        described(witness)
        for witness in (
            Raises("ValueError"),
            Warns("UserWarning", "odd"),
            Observes("x == 1"),
            Verdict("rule-a"),
            Argued("the source"),
        )
    ] == [
        "Raises `ValueError`",
        "Warns with `UserWarning`: odd",
        "Runs, and afterwards this is true: `x == 1`",
        "The one-step run says `rule-a`",
        "Argued from the source",
    ]


def test_what_is_no_rule_of_a_pack() -> None:
    found = built_in_page("unused-suppression")
    assert found is not None
    assert "## Why it matters" in found
    assert built_in_page("nothing") is None
