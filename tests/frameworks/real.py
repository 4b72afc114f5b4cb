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
    """Public classes that a module offers and that are defined in it or below it, by dotted name."""
    return {
        f"{name}.{key}": value
        for key, value in vars(module(name)).items()
        if inspect.isclass(value) and not key.startswith("_") and f"{value.__module__}.".startswith(f"{name}.")
    }
