"""Which metrics a LightningModule logs: all of them, or Unknown.

That a key is never logged is claimed from complete knowledge only. Every hook is walked, as Lightning would call it,
and every place of the class that could log is met on these walks with keys that are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from dryfit.semantic import classes
from dryfit.semantic.arguments import Arguments
from dryfit.semantic.facts import FrameworkCall
from dryfit.semantic.heap import Instance
from dryfit.semantic.lightning_facts import LoggedKey
from dryfit.semantic.names import dotted_name
from dryfit.semantic.operand import Operand
from dryfit.semantic.values import UNKNOWN, ClassValue, Ref, Unknown, options
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.program import Program
    from dryfit.semantic.results import Walked

_LOG = f"{classes.LIGHTNING_MODULE}.log"
_LOG_DICT = f"{classes.LIGHTNING_MODULE}.log_dict"
# `log(name, value, prog_bar, logger, on_step, on_epoch, ...)`, and without `name` for `log_dict`.
_ON_STEP, _ON_EPOCH, _ADD_INDEX = 4, 5, 10
# What a hook's default is: once a step, or once an epoch. Source: lightning 2.6.6, `_FxValidator.functions`.
_BY_STEP = re.compile(
    r"training_step|on_train_batch_\w+|on_before_\w+|on_after_backward|backward|optimizer_\w+"
    r"|configure_gradient_clipping|clip_gradients"
)
_LOGGING_NAMES = frozenset({"log", "log_dict"})
_METRICS = frozenset({"callback_metrics", "logged_metrics", "_logger_connector", "_results"})
_STEPS = frozenset({"training_step", "validation_step", "test_step", "predict_step"})


def logged_keys(program: Program[Any], module: str, path: str) -> tuple[LoggedKey, ...] | Unknown:
    """Every key that `self.log` and `self.log_dict` are given in the hooks of a LightningModule."""
    cls = ClassValue(module, path)
    mro, is_open = program.mro(cls)
    if is_open or classes.kind_of(program, cls) != "lightning_module" or _may_log_inside(program, module, path):
        return UNKNOWN
    methods = set(_methods(program, mro))
    names = {name for _, name in methods}
    if "configure_callbacks" in names:
        return UNKNOWN  # they may log
    found: list[LoggedKey] = []
    met: set[tree.Call] = set()
    for name in sorted(names):
        if program.frameworks.hook("module", name) is None:
            continue
        walk: Walked | None = program.ask("walked", module, path, name)
        if walk is None or not walk.is_whole:
            return UNKNOWN
        for fact in walk.facts:
            if isinstance(fact, FrameworkCall) and fact.name in (_LOG, _LOG_DICT):
                keys = _keys(fact, name)
                if keys is UNKNOWN or fact.receiver is None or fact.receiver.value != Ref((module, path, "self")):
                    return UNKNOWN
                met.add(fact.arguments.call)
                found += keys
    for owner, name in sorted(methods, key=repr):
        calls = program.ask("log_places", owner.module, owner.path, name)
        if calls is UNKNOWN or not met.issuperset(calls):
            return UNKNOWN
    return tuple(dict.fromkeys(found))


def is_quiet(program: Program[Any], cls: ClassValue) -> bool:
    """Does an object of the class, a callback of the project, certainly log nothing?"""
    mro, is_open = program.mro(cls)
    return not is_open and all(
        program.ask("log_places", owner.module, owner.path, name) == () for owner, name in _methods(program, mro)
    )


def _methods(program: Program[Any], mro: Iterable[Any]) -> Iterator[tuple[ClassValue, str]]:
    """The methods that an object can be made to run: those that are overridden only if `super()` leads to them."""
    overridden: set[str] = set()
    for cls in mro:
        if isinstance(cls, ClassValue):
            names = program.ask("names", cls.module, cls.path)
            methods = [n for n in names if isinstance(program.ask("node", cls.module, cls.path, n)[0], tree.Function)]
            yield from ((cls, name) for name in methods if name not in overridden)
            for name in methods:
                node = program.ask("node", cls.module, cls.path, name)[0]
                if not any(isinstance(n, tree.Name) and n.id == "super" for n in tree.walk(node)):
                    overridden.add(name)


def _may_log_inside(program: Program[Any], module: str, path: str) -> bool:
    """Does it hold another LightningModule, which logs for itself?"""
    ref, heap = program.ask("self", module, path)
    made = heap.get(ref)
    if not isinstance(made, Instance):
        return True
    held = [heap.get(v) for value in made.attributes.values() for v in options(value) if isinstance(v, Ref)]
    return any(
        isinstance(thing, Instance)
        and thing.cls is not UNKNOWN
        and classes.kind_of(program, thing.cls) == "lightning_module"
        for thing in held
    )


def log_places(program: Program[Any], module: str, path: str, name: str) -> tuple[tree.Call, ...] | Unknown:
    """The calls in a method that may log; Unknown if something may that is no plain call of `log` or `log_dict`."""
    found = program.ask("node", module, path, name)
    if found is None or not isinstance(found[0], tree.Function):
        return ()
    calls: list[tree.Call] = []
    called: set[int] = set()
    plain: set[int] = set()  # the receiver's name, where something of it is read
    node: tree.Function = found[0]
    me = node.parameters[0].name if node.parameters else ""
    for part in tree.walk(node):
        if isinstance(part, tree.Attribute):
            plain.add(id(part.value))
            if part.name in _METRICS or (part.name in _STEPS and dotted_name(part.value) != me and not _is_super(part)):
                return UNKNOWN
            if part.name in _LOGGING_NAMES and id(part) not in called and not _is_other(program, module, part, me):
                return UNKNOWN  # a bound method, which anybody may call
        elif isinstance(part, tree.Call):
            plain.add(id(part.func))
            if _is_super_call(part):
                plain.update(id(argument.value) for argument in part.arguments)
            if isinstance(part.func, tree.Attribute) and part.func.name in _LOGGING_NAMES:
                called.add(id(part.func))
                if not _is_other(program, module, part.func, me) and _has_room(part):
                    calls.append(part)
        elif isinstance(part, tree.Name) and part.id in (me, "pl_module") and id(part) not in plain:
            return UNKNOWN  # it is given away
    return tuple(calls)


def _has_room(node: tree.Call) -> bool:
    """Are there a name and a value, or a dict of both? `x.log()` and `torch.log(x)` are something else."""
    is_open = any(argument.stars for argument in node.arguments)
    name = node.func.name if isinstance(node.func, tree.Attribute) else ""
    return is_open or len(node.arguments) >= (2 if name == "log" else 1)


def _is_other(program: Program[Any], module: str, node: tree.Attribute, me: str) -> bool:
    """Does `log` certainly belong to something else: `math.log`, `wandb.log`, `self.logger.experiment.log`?"""
    receiver = dotted_name(node.value)
    if receiver.startswith((f"{me}.logger", f"{me}.fabric")):
        return True
    path = program.ask("dotted_path", module, node.value)
    return bool(path) and not path.startswith("lightning.")


def _is_super(node: tree.Attribute) -> bool:
    return isinstance(node.value, tree.Call) and _is_super_call(node.value)


def _is_super_call(node: tree.Call) -> bool:
    return isinstance(node.func, tree.Name) and node.func.id == "super"


# ------------------------------------------------------------------------------------------------------- keys
def _keys(fact: FrameworkCall, hook: str) -> list[LoggedKey] | Unknown:
    """What one call logs."""
    given = fact.arguments.get(0, "name" if fact.name == _LOG else "dictionary")
    if not isinstance(given, Operand):
        return UNKNOWN
    if fact.name == _LOG:
        keys: list[Operand] = [given]
    else:
        entries = given.entries
        if entries is UNKNOWN:
            return UNKNOWN
        keys = [key for key, _ in entries]
    names = [option.literal for key in keys for option in key.options]
    if not all(isinstance(name, str) for name in names):
        return UNKNOWN
    is_step = _BY_STEP.fullmatch(hook) is not None
    shift = 0 if fact.name == _LOG else -1
    on_step = _flag(fact.arguments, _ON_STEP + shift, "on_step", is_step)
    on_epoch = _flag(fact.arguments, _ON_EPOCH + shift, "on_epoch", not is_step)
    is_evaluation = "validation" in hook or "test" in hook
    has_index = _flag(fact.arguments, _ADD_INDEX + shift, "add_dataloader_idx", True) if is_evaluation else False
    return [LoggedKey(str(name), hook, on_step, on_epoch, has_index, fact.site) for name in names]


def _flag(arguments: Arguments, position: int, name: str, default: bool) -> bool | Unknown:
    given = arguments.get(position, name)
    if given is None or (isinstance(given, Operand) and given.is_none):
        return default
    literal = given.literal if isinstance(given, Operand) else UNKNOWN
    return literal if isinstance(literal, bool) else UNKNOWN
