"""Do both lowerings give the same tree, spans and types of constants included, on installed packages?

    python tests/syntax/lowering_agreement.py [PACKAGE ...]

Checks every file of torch, lightning and torchmetrics, or of the packages named; exit status 1 if any differs.
"""

import importlib.util
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from dryfit.syntax import lower_ast, lower_libcst
from dryfit.text.source import SourceProblem, decode

PACKAGES = ("torch", "lightning", "torchmetrics")


def files_of(package: str) -> list[Path]:
    """The Python files of an installed package, in a fixed order; the package is not imported."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"{package} is not installed")
    return sorted(path for root in spec.submodule_search_locations for path in Path(root).rglob("*.py"))


def difference(left: Any, right: Any, at: str = "") -> str | None:
    """The first place where two trees differ, None if they are equal."""
    if left.__class__ is not right.__class__:
        return f"{at}: {left!r} and {right!r}"
    if is_dataclass(left):
        parts = [(f".{f.name}", getattr(left, f.name), getattr(right, f.name)) for f in fields(left)]
        at += f" {left.__class__.__name__}"
    elif isinstance(left, tuple):
        if len(left) != len(right):
            return f"{at}: {len(left)} and {len(right)} items"
        parts = [(f"[{i}]", a, b) for i, (a, b) in enumerate(zip(left, right, strict=True))]
    else:
        return None if left == right else f"{at}: {left!r} and {right!r}"
    return next((found for name, a, b in parts if (found := difference(a, b, at + name))), None)


def check(path: Path) -> tuple[str, str]:
    """What came out for a file ("same", "rejected" or "differs"), and why."""
    source = decode(path.read_bytes())
    if isinstance(source, SourceProblem):
        return "rejected", source.reason
    try:
        by_ast = lower_ast.lower(source.text)
    except (SyntaxError, ValueError, RecursionError) as error:
        return "rejected", str(error)
    try:
        by_libcst = lower_libcst.lower(source.text)
    except Exception as error:
        return "differs", repr(error)
    found = difference(by_ast, by_libcst)
    return ("same", "") if found is None else ("differs", found)


def results(paths: list[Path], workers: int = 2) -> Iterator[tuple[Path, str, str]]:
    with ProcessPoolExecutor(workers) as pool:
        for path, (outcome, why) in zip(paths, pool.map(check, paths, chunksize=8), strict=True):
            yield path, outcome, why


def main(packages: list[str]) -> int:
    paths = [path for package in packages for path in files_of(package)]
    counts = {"same": 0, "rejected": 0, "differs": 0}
    for path, outcome, why in results(paths):
        counts[outcome] += 1
        if outcome != "same":
            print(f"{outcome}: {path}: {why[-300:]}")
    print(f"{len(paths)} files: " + ", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    return 1 if counts["differs"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(PACKAGES)))
