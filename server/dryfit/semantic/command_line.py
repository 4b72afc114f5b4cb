"""Parsers of the command line: which names the namespace has that they return.

A parser keeps a dict of the attributes that its namespace will have, with their defaults. It is open where arguments
may have been added out of sight, or only on some ways.

Source: CPython 3.13, `argparse.ArgumentParser`, `_get_optional_kwargs` and `parse_known_args`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from dryfit.semantic import configurations, containers
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.heap import DictObject, Entry
from dryfit.semantic.values import NONE, UNKNOWN, ConstantValue, External, Ref, TupleValue, Value, constant
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.calls import Passed

PARSER = "argparse.ArgumentParser"
_NAMESPACE = "argparse.Namespace"
_SUPPRESS = External("argparse.SUPPRESS")
_ON_AND_OFF = External("argparse.BooleanOptionalAction")
_STORING = frozenset({"store", "store_const", "append", "append_const", "count", "extend"})
_FLAGS = {"store_true": False, "store_false": True}
_INERT = frozenset(
    "print_help print_usage format_help format_usage error exit convert_arg_line_to_args register".split()
)


def new_parser(ev: Evaluator, passed: Passed) -> Value:
    """`argparse.ArgumentParser(...)`."""
    is_open = passed.open_keywords or "argument_default" in passed.keywords or "prefix_chars" in passed.keywords
    arguments = DictObject(is_open=is_open)
    parents = passed.keywords.get("parents")
    for parent in () if parents is None else containers.elements(ev, parents) or (UNKNOWN,):
        thing = ev.instance(parent)
        found = configurations.attributes_of(ev, thing)
        given = DictObject(is_open=True) if found is None or thing is None else found[1]
        is_open = arguments.is_open or given.is_open or (thing is not None and thing.escaped)
        for entry in given.entries:
            arguments = arguments.with_entry(entry)
        arguments = replace(arguments, is_open=is_open)
    return configurations.namespace(ev, passed.node, PARSER, arguments)


def call_of_parser(ev: Evaluator, value: Value, name: str, passed: Passed) -> Value | None:
    """`value.name(...)`; None if the value is no parser."""
    thing = ev.instance(value)
    if thing is None or not isinstance(value, Ref) or thing.cls.__class__ is not External:
        return None
    return method(ev, value, name, passed) if thing.cls == External(PARSER) else None


def method(ev: Evaluator, parser: Ref, name: str, passed: Passed) -> Value:
    """A method of a parser; a group of arguments is taken for its parser."""
    thing = ev.instance(parser)
    found = configurations.attributes_of(ev, thing)
    if thing is None or found is None:
        return ev.unknown_call(parser, passed.values())
    ref, arguments = found
    handler = _METHODS.get(name)
    if handler is not None:
        if thing.escaped and not arguments.is_open:
            ev.put(ref, replace(arguments, is_open=True))
        return handler(ev, parser, ref, passed)
    if name in _INERT:
        return NONE
    ev.put(ref, DictObject(is_open=True))
    return ev.unknown_call(parser, passed.values())


def _arguments(ev: Evaluator, ref: Ref) -> DictObject:
    kept = ev.get(ref)
    assert isinstance(kept, DictObject)
    return kept


def _add_argument(ev: Evaluator, parser: Ref, ref: Ref, passed: Passed) -> Value:
    kept = _arguments(ev, ref)
    action = passed.get(None, "action")
    name = _destination(passed)
    default = passed.get(None, "default")
    if action is not None and action in (constant("help"), constant("version")):
        return UNKNOWN
    if not name or (default is UNKNOWN and not _is_worked_out(passed)) or default == _SUPPRESS:
        # Which attribute it is, or whether there is one, cannot be told.
        ev.put(ref, replace(kept.without(constant(name)) if name else kept, is_open=True))
        return UNKNOWN
    value = NONE if default is None else default
    known = action.value if isinstance(action, ConstantValue) else None
    if isinstance(known, str) and known in _FLAGS and default is None:
        value = constant(_FLAGS[known])
    elif isinstance(default, ConstantValue) and isinstance(default.value, str) and passed.get(None, "type") is not None:
        value = UNKNOWN  # the parser converts it
    is_usual = action is None or action == _ON_AND_OFF or known in _STORING or known in _FLAGS
    changed = kept.with_entry(Entry(constant(name), value))
    ev.put(ref, changed if is_usual else replace(changed, is_open=True))
    return UNKNOWN


def _is_worked_out(passed: Passed) -> bool:
    """Is the default an expression that cannot stand for `argparse.SUPPRESS`?"""
    argument = passed.keyword_sites.get("default", (None, None, None))[2]
    return argument is not None and not isinstance(argument.value, (tree.Name, tree.Attribute))


def _destination(passed: Passed) -> str:
    """The attribute that an argument is stored in; "" if that cannot be told."""
    given = passed.get(None, "dest")
    if given is not None:
        return given.value if isinstance(given, ConstantValue) and isinstance(given.value, str) else ""
    flags = [v.value if isinstance(v, ConstantValue) else None for v in passed.positional]
    names = [flag for flag in flags if isinstance(flag, str)]
    if passed.open_positional or not names or len(names) != len(flags):
        return ""
    if not names[0].startswith("-"):
        return names[0] if len(names) == 1 else ""
    long = [name for name in names if name.startswith("--")]
    return (long or names)[0].lstrip("-").replace("-", "_")


def _set_defaults(ev: Evaluator, parser: Ref, ref: Ref, passed: Passed) -> Value:
    kept = _arguments(ev, ref)
    for name, value in passed.keywords.items():
        is_text = isinstance(value, ConstantValue) and isinstance(value.value, str)  # which the parser may convert
        kept = kept.with_entry(Entry(constant(name), UNKNOWN if is_text else value))
    ev.put(ref, replace(kept, is_open=kept.is_open or passed.open_keywords))
    return NONE


def _add_group(ev: Evaluator, parser: Ref, ref: Ref, passed: Passed) -> Value:
    return parser


def _add_subparsers(ev: Evaluator, parser: Ref, ref: Ref, passed: Passed) -> Value:
    """Which of them the user picks, and with it what it adds, is not known."""
    kept = _arguments(ev, ref)
    name = passed.get(None, "dest")
    if isinstance(name, ConstantValue) and isinstance(name.value, str):
        kept = kept.with_entry(Entry(name, NONE))
    ev.put(ref, replace(kept, is_open=True))
    return UNKNOWN


def _parse(ev: Evaluator, parser: Ref, ref: Ref, passed: Passed) -> Value:
    kept = _arguments(ev, ref)
    if passed.get(1, "namespace") is not None:
        for value in passed.values():
            ev.escape(value, freezes=False)
        return UNKNOWN
    given = passed.get(0, "args")
    if given is not None and containers.elements(ev, given) == ():
        return configurations.namespace(ev, passed.node, _NAMESPACE, kept)
    entries = tuple([replace(entry, value=UNKNOWN, value_site=None) for entry in kept.entries])
    return configurations.namespace(ev, passed.node, _NAMESPACE, DictObject(entries, kept.is_open))


def _parse_known(ev: Evaluator, parser: Ref, ref: Ref, passed: Passed) -> Value:
    return TupleValue((_parse(ev, parser, ref, passed), UNKNOWN))


_METHODS: dict[str, Callable[[Evaluator, Ref, Ref, Passed], Value]] = {
    "add_argument": _add_argument,
    "add_argument_group": _add_group,
    "add_mutually_exclusive_group": _add_group,
    "add_subparsers": _add_subparsers,
    "set_defaults": _set_defaults,
    "parse_args": _parse,
    "parse_known_args": _parse_known,
    "parse_intermixed_args": _parse,
    "parse_known_intermixed_args": _parse_known,
}
FUNCTIONS: dict[str, Callable[[Evaluator, Passed], Value]] = {PARSER: new_parser}
