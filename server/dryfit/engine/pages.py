"""A rule's page in Markdown, made from its file alone: documentation, examples and what was seen when they ran."""

from __future__ import annotations

import re
from textwrap import dedent

from dryfit.engine.unused import FAMILY, PAGE, RULE_NAME
from dryfit.rulekit import Argued, Example, Observes, Raises, Rule, Severity, Verdict, Warns, Witness

_SECTION = re.compile(r"^(?P<title>[A-Z][\w ,/-]*):[ \t]*$")


def page(rule: Rule) -> str:
    """The page; the same rule gives the same text."""
    state = "on by default" if rule.is_default else "off by default: nothing but argued from the source"
    fixable = "has a fix" if rule.is_fixable else "no fix"
    parts = [
        _head(rule.name, rule.summary),
        f"{rule.severity.value} · family `{rule.family}` · {state} · {fixable}",
        *_sections(rule.documentation),
    ]
    for number, example in enumerate(rule.examples, 1):
        parts.extend(_example(example, f" {number}" if len(rule.examples) > 1 else ""))
    parts += ["## Silencing it", f"```python\n...  # dryfit: ignore[{rule.name}] the reason\n```"]
    return "\n\n".join(parts) + "\n"


def built_in_page(name: str) -> str | None:
    """The page of a name that is reported without being a rule of a pack."""
    if name != RULE_NAME:
        return None
    head = _head(RULE_NAME, PAGE.split("\n", 1)[0])
    facts = f"{Severity.INFO.value} · family `{FAMILY}` · on by default · has a fix"
    return "\n\n".join([head, facts, *_sections(PAGE)]) + "\n"


def described(witness: Witness) -> str:
    """What the witness says, as a sentence about the bad program."""
    if isinstance(witness, Raises):
        return f"Raises `{witness.type}`" + (f": {witness.text}" if witness.text else "")
    if isinstance(witness, Warns):
        return f"Warns with `{witness.category}`" + (f": {witness.text}" if witness.text else "")
    if isinstance(witness, Observes):
        return f"Runs, and afterwards this is true: `{witness.expression}`"
    if isinstance(witness, Verdict):
        return f"The one-step run says `{witness.rule}`"
    assert isinstance(witness, Argued)
    return f"Argued from {witness.source}"


def _head(name: str, summary: str) -> str:
    return f"# {name}\n\n{summary}"


def _sections(documentation: str) -> list[str]:
    """`Title:` and the indented text below it become a heading and a paragraph."""
    parts: list[str] = []
    body: list[str] = []
    for line in [*documentation.split("\n")[1:], "End:"]:
        section = _SECTION.match(line)
        if section is None:
            body.append(line)
            continue
        text = dedent("\n".join(body)).strip()
        if text:
            parts.append(text)
        parts.append(f"## {section['title']}")
        body = []
    return parts[:-1]


def _example(example: Example, number: str) -> list[str]:
    bad, good = (dedent(program).strip("\n") for program in (example.bad, example.good))
    return [
        f"## Example{number}",
        f"```python\n{bad}\n```",
        f"{described(example.witness)}.",
        "Use instead:",
        f"```python\n{good}\n```",
    ]
