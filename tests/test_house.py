"""Habits of the house that no tool checks: sizes, docstrings, pages in step with the rules, nothing left about."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import dryfit

ROOT = Path(__file__).parents[1]
MAX_LINES = 400
TEXT_FILES = (".py", ".md", ".toml", ".json", "")
VAGUE_NAMES = {"utils", "helpers", "common", "manager", "base", "misc"}
# Written in pieces, so that this file may be searched like all others.
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
OUTSIDE = re.compile(r"(?<![\w./~-])/(wo" + r"rk|t" + r"mp|ro" + r"ot)/")


def python_files(*folders: str) -> list[Path]:
    return sorted(
        path for folder in folders for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts
    )


def text_files() -> Iterator[Path]:
    """Everything that is written by hand or by `make docs`."""
    yield from (path for path in ROOT.iterdir() if path.is_file() and path.suffix in TEXT_FILES)
    for folder in ("server", "rules", "tests", "docs", "examples", ".ci"):
        for path in sorted((ROOT / folder).rglob("*")):
            is_made = any(part.startswith((".", "__pycache__")) for part in path.relative_to(ROOT / folder).parts)
            if path.is_file() and path.suffix in TEXT_FILES and not is_made:
                yield path


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_a_file_can_be_read_in_one_sitting() -> None:
    lines = {
        named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files("server", "rules")
    }
    assert {name: count for name, count in lines.items() if count > MAX_LINES} == {}


def test_every_module_says_what_it_is() -> None:
    files = python_files("server", "rules", "docs", "examples")
    silent = [named(path) for path in files if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert silent == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [named(path) for path in python_files("server", "rules") if path.stem in VAGUE_NAMES] == []


def test_rules_live_in_a_folder_with_the_name_of_their_family() -> None:
    folders = {path.parent for path in python_files("rules") if path.name != "__init__.py"}
    assert {folder.parent.name for folder in folders} == {"dryfit_rules"}


def test_the_rule_pages_are_those_of_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    wanted = __import__("rule_pages").pages()
    there = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "rules").glob("*.md")}
    assert sorted(there) == sorted(wanted), "run `make docs`"
    assert [name for name in wanted if there[name] != wanted[name]] == [], "run `make docs`"


def test_nothing_is_left_unfinished() -> None:
    assert [named(path) for path in text_files() if UNFINISHED.search(path.read_text(encoding="utf-8"))] == []


def test_no_path_of_one_machine_is_written_down() -> None:
    assert [named(path) for path in text_files() if OUTSIDE.search(path.read_text(encoding="utf-8"))] == []


def test_the_changelog_begins_with_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\S+)", changelog, re.MULTILINE)[0] == dryfit.__version__


def test_the_distribution_has_this_version() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.findall(r'^version = "(.+)"', project, re.MULTILINE) == [dryfit.__version__]


def test_links_between_the_pages_lead_somewhere() -> None:
    broken = []
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            if not (page.parent / target).exists():
                broken.append(f"{named(page)}: {target}")
    assert broken == []


@pytest.mark.skipif(sys.platform == "win32", reason="make is not at home there")
def test_what_the_readme_promises_can_be_made() -> None:
    targets = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        wanted = set(re.findall(r"(?:^|`)make ([a-z][\w-]*)", page.read_text(encoding="utf-8"), re.MULTILINE))
        assert wanted <= targets, named(page)


def test_code_that_the_pages_quote_is_code_that_is_there() -> None:
    quotes = re.compile(r"^```python\n# (\S+\.py)\n(.*?)^```", re.MULTILINE | re.DOTALL)
    found = quotes.findall((ROOT / "docs" / "adding-a-rule.md").read_text(encoding="utf-8"))
    assert found
    assert [code for path, code in found if code not in (ROOT / path).read_text(encoding="utf-8")] == []


def test_files_that_the_map_names_are_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    names = {named(path) for path in python_files("server", "rules", "tests")}
    wanted = {name for name in re.findall(r"`([\w/]+\.py)`", page)}
    assert {name for name in wanted if not any(f"/{there}".endswith(f"/{name}") for there in names)} == set()
