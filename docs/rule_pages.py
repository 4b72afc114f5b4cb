"""Writes `docs/rules/`: a page for each rule, made from the rule's own file, and a list of them all.

python docs/rule_pages.py
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from dryfit.engine.pages import built_in_page, page
from dryfit.engine.unused import RULE_NAME
from dryfit.rulekit import Rule
from dryfit_rules import RULES

FOLDER = Path(__file__).parent / "rules"


def pages() -> dict[str, str]:
    """The text of every file in `docs/rules/`, by its name."""
    built_in = built_in_page(RULE_NAME) or ""
    rules = {f"{rule.name}.md": page(rule) for rule in RULES}
    return {"README.md": index(RULES), f"{RULE_NAME}.md": built_in, **rules}


def index(rules: Iterable[Rule]) -> str:
    """All rules in a table for each family."""
    parts = ["# Rules", "Made from the rules by `make docs`; change the rules, not these pages."]
    for family, members in groupby(sorted(rules, key=lambda rule: (rule.family, rule.name)), key=lambda r: r.family):
        rows = [_row(rule) for rule in members]
        parts.append("\n".join([f"## {family}", "", "| rule | severity | fix | |", "|---|---|---|---|", *rows]))
    parts.append(f"Besides, [{RULE_NAME}]({RULE_NAME}.md) is reported for suppression comments that silence nothing.")
    return "\n\n".join(parts) + "\n"


def _row(rule: Rule) -> str:
    name = f"[{rule.name}]({rule.name}.md)" + ("" if rule.is_default else " (off by default)")
    cells = (name, rule.severity.value, "✓" if rule.is_fixable else "", rule.summary.replace("|", r"\|"))
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Write the pages; those of rules that are gone go too."""
    FOLDER.mkdir(exist_ok=True)
    wanted = pages()
    for old in FOLDER.glob("*.md"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    print(f"{FOLDER.relative_to(FOLDER.parents[1])}: {len(wanted)} pages")


if __name__ == "__main__":
    main()
