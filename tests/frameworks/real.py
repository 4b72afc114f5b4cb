"""The real frameworks, imported: what the tables are compared with."""

import importlib
import inspect
import warnings
from functools import cache
from types import ModuleType


@cache
def module(name: str) -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


@cache
def classes(name: str) -> dict[str, type]:
    """Public classes that a module offers as its own, by dotted name."""
    root = name.partition(".")[0]
    return {
        f"{name}.{key}": value
        for key, value in vars(module(name)).items()
        if inspect.isclass(value) and not key.startswith("_") and value.__module__.startswith(root)
    }
