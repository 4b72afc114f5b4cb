"""The arrows between packages, the types and the format, held by the tools that check them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import dryfit.engine.witness_host

ROOT = Path(__file__).parents[1]
SOURCES = ("server", "rules", "tests", "docs", "examples")


def run(*arguments: str) -> None:
    """Run a tool of this environment in the repository; what it has to say is the failure's message."""
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}{done.stderr}"


def test_imports_follow_the_arrows() -> None:
    run("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-logo")


def test_types() -> None:
    run("-m", "mypy")


def test_lint() -> None:
    run("-m", "ruff", "check", *SOURCES)


def test_format() -> None:
    run("-m", "ruff", "format", "--check", *SOURCES)


def test_what_runs_in_the_users_interpreter_needs_nothing_but_python() -> None:
    tree = ast.parse(Path(dryfit.engine.witness_host.__file__).read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names
