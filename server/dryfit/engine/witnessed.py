"""On which versions the rules' witnesses were seen to hold: what `verify` found, remembered in the cache folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dryfit.rulekit import Rule

FILE = "witnessed.json"


def remember(
    cache: Path, outcomes: Mapping[str, str], rules: Mapping[str, Rule], versions: Mapping[str, str | None]
) -> None:
    """Keep the outcome of each rule (by name) for these versions of torch and lightning."""
    known = _load(cache)
    key = {"torch": versions.get("torch"), "lightning": versions.get("lightning") or versions.get("pytorch_lightning")}
    for name, outcome in outcomes.items():
        entries = [e for e in known.get(name, []) if {"torch": e["torch"], "lightning": e["lightning"]} != key]
        known[name] = [*entries, {**key, "outcome": outcome, "examples": _digest(rules[name])}]
    cache.mkdir(parents=True, exist_ok=True)
    (cache / FILE).write_text(json.dumps(known, indent=1, sort_keys=True), encoding="utf-8")


def witnessed(cache: Path, rule: Rule) -> list[dict[str, str | None]]:
    """Versions and outcomes for the rule's examples as they are now."""
    digest = _digest(rule)
    entries = [entry for entry in _load(cache).get(rule.name, []) if entry.get("examples") == digest]
    found = [{key: entry[key] for key in ("torch", "lightning", "outcome")} for entry in entries]
    return sorted(found, key=lambda entry: (entry["torch"] or "", entry["lightning"] or ""))


def _load(cache: Path) -> dict[str, list[dict[str, Any]]]:
    try:
        data = json.loads((cache / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _digest(rule: Rule) -> str:
    return hashlib.sha256(repr(rule.examples).encode()).hexdigest()[:16]
