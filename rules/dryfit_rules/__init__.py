"""The built-in rule pack: every module below that defines RULE, in the order of the rules' names."""

from importlib import import_module
from pkgutil import walk_packages

from dryfit.rulekit import Rule


def _rules() -> tuple[Rule, ...]:
    modules = (import_module(m.name) for m in walk_packages(__path__, prefix=f"{__name__}.") if not m.ispkg)
    return tuple(sorted((module.RULE for module in modules), key=lambda rule: rule.name))


RULES: tuple[Rule, ...] = _rules()
