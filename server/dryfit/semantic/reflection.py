"""Attributes by name, functions with some of their arguments: `getattr`, `setattr`, `delattr`, `vars`, `partial`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from dryfit.semantic import attributes, classes, configurations, members
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.heap import Instance
from dryfit.semantic.values import (
    NONE,
    UNKNOWN,
    ClassValue,
    ConstantValue,
    External,
    Method,
    ModuleValue,
    Ref,
    SuperValue,
    Value,
    constant,
)

if TYPE_CHECKING:
    from dryfit.semantic.calls import Passed

PARTIAL = "functools.partial"


# -------------------------------------------------------------------------------------------------- attributes
def _getattr(ev: Evaluator, name: str, passed: Passed) -> Value:
    base, key = passed.get(0, "object"), _text(passed.get(1, "name"))
    if base is None or len(passed.positional) != len(passed.values()):
        return UNKNOWN
    if not key:
        ev.escape(base)  # any of its attributes may be what is changed next
        return UNKNOWN
    if len(passed.positional) < 3:
        return attributes.attribute(ev, passed.node, base, key)
    has = has_attribute(ev, base, key)
    if has is None:
        return UNKNOWN
    return attributes.attribute(ev, passed.node, base, key) if has else passed.positional[2]


def has_attribute(ev: Evaluator, base: Value, name: str) -> bool | None:
    """Has a value certainly an attribute of this name, or certainly not? None if neither."""
    thing = ev.instance(base)
    kept = configurations.attributes_of(ev, thing)
    if thing is not None and kept is not None:
        if kept[1].find(constant(name)) is not None:
            return True
        is_closed = not kept[1].is_open and not thing.escaped and configurations.is_namespace(thing)
        return False if is_closed and not hasattr(object, name) else None
    if isinstance(base, ModuleValue):
        return _has_global(ev, base, name)
    if thing is not None and thing.attributes.get(name, UNKNOWN) is not UNKNOWN:
        return True
    cls = thing.cls if thing is not None else base
    if not isinstance(cls, ClassValue):
        return None
    if ev.program.member(cls, name) is not None:
        return True
    if thing is not None and (thing.is_open or thing.escaped or thing.lazy is not None or name in thing.attributes):
        return None
    lookup, is_open = ev.program.mro(cls)
    is_plain = not is_open and all(isinstance(c, ClassValue) or classes.is_empty_base(c.path) for c in lookup)
    has_own_way = any(ev.program.member(cls, own) is not None for own in ("__getattr__", "__getattribute__"))
    if not is_plain or has_own_way or hasattr(object, name):
        return None
    return None if members.is_set_elsewhere(ev, cls, name, lookup) else False


def _has_global(ev: Evaluator, module: ModuleValue, name: str) -> bool | None:
    if ev.program.file(module.key) is None or name.startswith("__"):
        return None
    value, _ = ev.program.ask("global", module.key, name)
    if value is not None:
        return None if value is UNKNOWN else True
    inside = ev.program.ask("inside", module.key, name)
    is_computed = ev.program.ask("static", module.key, "__getattr__") is not None
    return None if inside is not None or is_computed else False


def _setattr(ev: Evaluator, name: str, passed: Passed) -> Value:
    if len(passed.positional) != 3:
        return ev.unknown_call(None, passed.values())
    base, key, value = passed.positional
    thing = ev.instance(base)
    if _text(key):
        attributes.set_attribute(ev, passed.node, base, value, None, _text(key))
    elif thing is not None:
        configurations.forget(ev, base, may_delete=False)
        now = ev.instance(base)
        assert now is not None
        ev.put(base, replace(now, is_open=True, escaped=True))
        ev.escape(value)
    return NONE


def set_plainly(ev: Evaluator, callee: Method, passed: Passed) -> bool:
    """`object.__setattr__(obj, name, value)`, `super().__setattr__(name, value)`; False if it is none of them."""
    values = list(passed.positional)
    if isinstance(callee.receiver, SuperValue):
        values.insert(0, callee.receiver.receiver)
    if len(values) != 3 or isinstance(callee.receiver, Ref):
        return False
    owner, name, value = values
    thing = ev.instance(owner)
    if thing is None or not isinstance(owner, Ref):
        return False
    if not _text(name):
        configurations.forget(ev, owner, may_delete=False)
        configurations.unsettle(ev, owner)
        ev.escape(value)
    elif not configurations.set_attribute(ev, owner, _text(name), value, None, False):
        ev.put(owner, replace(thing, attributes={**thing.attributes, _text(name): value}))
    return True


def _delattr(ev: Evaluator, name: str, passed: Passed) -> Value:
    if len(passed.positional) == 2:
        configurations.delete_attribute(ev, passed.positional[0], _text(passed.positional[1]))
    return NONE


def _vars(ev: Evaluator, name: str, passed: Passed) -> Value:
    return configurations.variables(ev, passed.positional[0]) if len(passed.positional) == 1 else UNKNOWN


def _text(value: Value | None) -> str:
    return value.value if isinstance(value, ConstantValue) and isinstance(value.value, str) else ""


BUILTINS: dict[str, Callable[[Evaluator, str, Passed], Value]] = {
    "getattr": _getattr,
    "setattr": _setattr,
    "delattr": _delattr,
    "vars": _vars,
}


# ----------------------------------------------------------------------------------------------------- partial
def new_partial(ev: Evaluator, passed: Passed) -> Value:
    """`functools.partial(function, *arguments, **keywords)`."""
    if not passed.positional or passed.open_positional:
        return ev.unknown_call(None, passed.values())
    held = {f"({i})": value for i, value in enumerate(passed.values())}  # whoever holds it, holds them
    return ev.new(passed.node, "partial", Instance(External(PARTIAL), passed.pairs(), held, True))


def call_partial(ev: Evaluator, thing: Instance, passed: Passed) -> Value:
    """Call it: what was given first stands in front, keywords of this call count."""
    from dryfit.semantic import calls

    first = [value for key, value in thing.arguments if isinstance(key, int)]
    keywords = {key: value for key, value in thing.arguments if isinstance(key, str) and key != "**"}
    if not first:
        return ev.unknown_call(None, passed.values())
    joined = replace(
        passed,
        positional=[*first[1:], *passed.positional],
        positional_sites=[*[None] * (len(first) - 1), *passed.positional_sites],
        keywords={**keywords, **passed.keywords},
        keyword_sites={**dict.fromkeys(keywords, (None, None, None)), **passed.keyword_sites},
        open_keywords=passed.open_keywords or ("**", UNKNOWN) in thing.arguments,
    )
    return calls.call(ev, first[0], joined)


def is_partial(thing: Instance) -> bool:
    return isinstance(thing.cls, External) and thing.cls.path == PARTIAL


FUNCTIONS: dict[str, Callable[[Evaluator, Passed], Value]] = {PARTIAL: new_partial}
