"""Calls of names that are not the project's: builtins, torch functions, framework classes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from dryfit.semantic import (
    builtin_functions,
    classes,
    command_line,
    configurations,
    containers,
    counts,
    events,
    flow,
    foreign,
    kept_states,
    lengths,
    modes,
    modules,
    objects,
    optimizers,
    packages,
    reflection,
    schedulers,
    tensors,
    unused,
    vocabulary,
)
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.facts import FrameworkCall, LoaderBuilt, TrainerBuilt
from dryfit.semantic.heap import Instance, ListObject
from dryfit.semantic.history import CLOSED, LEAF, NOTHING, OPEN, History
from dryfit.semantic.values import (
    LEAF_TAG,
    NONE,
    UNKNOWN,
    ConstantValue,
    External,
    Ref,
    TensorValue,
    Value,
    gather,
)

if TYPE_CHECKING:
    from dryfit.semantic.calls import Passed

_LIKE = frozenset("zeros_like ones_like rand_like randn_like full_like empty_like".split())
LOADER = "torch.utils.data.DataLoader"

# Packages whose functions neither run our callbacks' backward nor keep what they are given.
_PURE = re.compile(
    r"(torch|torchvision|torchaudio|torchmetrics|math|numpy|random|os|sys|time|json|logging|re|copy|itertools|functools|collections|typing"
    r"|pathlib|warnings|dataclasses|tqdm|argparse|datetime|gc|string|shutil|lightning\.pytorch\.seed_everything)\b"
)
_NOT_PURE = re.compile(
    r"torch\.(autograd\.|compile|jit|nn\.parallel|func|distributed|optim\.swa_utils|hub|load|utils\.checkpoint)|functools\.(partial|wraps)"
)
_TABLES = (configurations, command_line, reflection)
_TAGS = frozenset({"softmax", "sigmoid", "log_softmax"})


def call(ev: Evaluator, path: str, passed: Passed) -> Value:
    """Call the framework function or class of this canonical name."""
    if path.startswith("builtins."):
        return builtin_functions.call(ev, path[9:], passed)
    if ev.silence or not path.startswith(("torch.", "lightning.")):
        return _modelled(ev, path, passed)
    given = passed.for_rules(ev)  # as they are before the call may have changed them
    value = _modelled(ev, path, passed)
    site = ev.reported(passed.node.span)
    sure = ev.branches == 0 and not any(frame.left_early for frame in ev.frames)
    package = packages.package_of(ev.program, ev.frame.module, passed.node.func) if path.startswith("light") else ""
    fact = FrameworkCall(site, path, given, None, ev.operand(value, site), sure, package, ev.expecting > 0)
    ev.emit(fact)
    if path.startswith("torch.nn."):
        unused.in_forward(ev, fact)
    if path == "torch.compile" and passed.node is ev.watch.dropped:
        unused.dropped(ev, passed.get(0, "model"), path, passed)
    return value


def _modelled(ev: Evaluator, path: str, passed: Passed) -> Value:
    bases = ev.program.bases(path) if path.rpartition(".")[2][:1].isupper() else ev.program.frameworks.bases(path)
    if path.startswith("torch.distributions.") and path.rpartition(".")[2][:1].isupper():
        parameters = {tensors.DISTRIBUTED: objects.combined(ev, passed.values())}
        return ev.new(passed.node, "distribution", Instance(External(path), passed.pairs(), parameters, is_open=True))
    if bases:
        return _instance(ev, path, bases, passed)
    if path.startswith("torch.nn.functional."):
        return _functional(ev, path.rsplit(".", 1)[-1], passed)
    handler = _FUNCTIONS.get(path) or next((t.FUNCTIONS[path] for t in _TABLES if path in t.FUNCTIONS), None)
    if handler is not None:
        return handler(ev, passed)
    if path.startswith("torch.") and path.count(".") == 1:
        return _torch_function(ev, path[6:], passed)
    if _PURE.match(path) and not _NOT_PURE.match(path):
        for value in passed.values():
            ev.escape(value, freezes=False)
    else:
        ev.unknown_call(None, passed.values())
    return foreign.result(ev, path, passed)


# -------------------------------------------------------------------------------------------------- instances
def _instance(ev: Evaluator, path: str, bases: tuple[str, ...], passed: Passed) -> Value:
    if classes.OPTIMIZER in bases and path != classes.OPTIMIZER and path.startswith("torch."):
        return optimizers.optimizer_built(ev, path, passed)
    if classes.SCHEDULER in bases and path.startswith("torch."):
        return schedulers.scheduler_built(ev, path, passed)
    if path == classes.PARAMETER:
        return _parameter(ev, passed)
    if classes.MODULE in bases and path.startswith("torch.nn.") and not path.startswith("torch.nn.parallel"):
        return modules.new_module(ev, path, passed)
    name = path.rsplit(".", 1)[-1]
    site = ev.reported(passed.node.span)
    if path == LOADER:
        ref = ev.new(passed.node, name, Instance(External(path), passed.pairs(), made_at=site))
        if not ev.silence:
            samples = lengths.samples(ev, passed.get(0, "dataset"), passed.get(3, "sampler"))
            ev.emit(LoaderBuilt(site, passed.for_rules(ev), ev.operand(ref, site), samples))
        return ref
    if path == modules.TRAINER:
        ref = ev.new(passed.node, name, Instance(External(path), passed.pairs(), made_at=site))
        if not ev.silence:
            package = packages.package_of(ev.program, ev.frame.module, passed.node.func)
            ev.emit(TrainerBuilt(site, passed.for_rules(ev), ev.operand(ref, site), package, ev.expecting > 0))
        return ref
    arguments = passed.pairs()
    if not path.startswith("torch.utils.data."):  # these wrap what they are given and leave it as it is
        for value in passed.values():
            ev.escape(value, freezes=False)
    return ev.new(passed.node, name, Instance(External(path), arguments, {}, True, made_at=site))


def _parameter(ev: Evaluator, passed: Passed) -> Ref:
    """`nn.Parameter(data, requires_grad=True)`."""
    wanted = passed.get(1, "requires_grad")
    frozen = False if wanted is None else (not wanted.value if isinstance(wanted, ConstantValue) else UNKNOWN)
    made = Instance(External(classes.PARAMETER), passed.pairs(), frozen=frozen, initialised=True)
    return ev.new(passed.node, "Parameter", made)


# ---------------------------------------------------------------------------------------------------- tensors
def _functional(ev: Evaluator, name: str, passed: Passed) -> Value:
    if name in vocabulary.LOSSES:
        return events.loss_called(ev, passed, name)
    modes.functional_dropout(ev, name, passed)
    return objects.combined(ev, passed.values(), name if name in _TAGS else "")


def _torch_function(ev: Evaluator, name: str, passed: Passed) -> Value:
    given: list[Value] = []
    for value in passed.values():
        items = containers.elements(ev, value)
        given += items if items is not None else [value]
    if name in ("max", "min") and given and isinstance(given[0], TensorValue):
        return tensors.extreme(ev, given[0], passed, 1)
    if name in vocabulary.TENSOR_MAKERS:
        is_leaf = passed.get(None, "requires_grad") == ConstantValue(True, "bool") and not ev.no_grad
        length, history = lengths.made(ev, name, passed), _made_history(ev, name, passed)
        return TensorValue(tag=LEAF_TAG if is_leaf else "", length=length, history=history)
    if name in vocabulary.TENSOR_FUNCTIONS:
        made = objects.combined(ev, given, name if name in _TAGS else "")
        return replace(made, length=lengths.of(ev, passed.get(0, "tensors"))) if name == "stack" else made
    for value in passed.values():
        ev.escape(value, freezes=False)
    return UNKNOWN


def _made_history(ev: Evaluator, name: str, passed: Passed) -> History:
    """A fresh tensor has no gradient, unless it is asked for, or what it was made from is not copied."""
    wanted, first = passed.get(None, "requires_grad"), passed.get(0, "data")
    history = CLOSED
    if isinstance(first, TensorValue) and name not in _LIKE:
        history = flow.cut(ev, first, passed.node.span, f"torch.{name}")
    elif first is not None and name == "tensor":
        history = History(NOTHING, flow.of(ev, first).cut)
    if wanted is not None and wanted != ConstantValue(False, "bool"):
        is_copy = history.cut is not None and history.cut.how in ("detach", "data", "no_grad")
        return OPEN if is_copy or wanted != ConstantValue(True, "bool") else replace(history, reach=LEAF)
    if name in ("as_tensor", "from_numpy") or passed.open_keywords:
        return flow.computed_from(ev, passed.values())
    return history


def _no_grad(path: str) -> Callable[[Evaluator, Passed], Value]:
    def handler(ev: Evaluator, passed: Passed) -> Value:
        return ev.new(passed.node, path.rsplit(".", 1)[-1], Instance(External(path), passed.pairs()))

    return handler


def _autograd_backward(ev: Evaluator, passed: Passed) -> Value:
    return events.backward(ev, passed.get(0, "tensors") or UNKNOWN, passed)


def _grad_scaler(path: str) -> Callable[[Evaluator, Passed], Value]:
    return _no_grad(path)


def _clip(ev: Evaluator, passed: Passed) -> Value:
    value = passed.get(0, "parameters")
    containers.consume(ev, value, passed.node.span)
    ev.record("clip", passed.node.span, value)
    return UNKNOWN


def _progress(ev: Evaluator, passed: Passed) -> Value:
    """A progress bar yields what it is given, as often as it is asked."""
    value = passed.get(0, "iterable")
    if value is None:
        return UNKNOWN
    return ev.new(passed.node, "tqdm", ListObject(rest=containers.element_of(ev, value)))


def _chain(ev: Evaluator, passed: Passed) -> Value:
    element: Value | None = None
    for value in passed.positional:
        element = gather(element, containers.element_of(ev, value))
        containers.consume(ev, value, passed.node.span)
    if passed.open_positional or element is None:
        element = UNKNOWN
    return containers.iterator(ev, passed.node, element, "chain")


def _copied(ev: Evaluator, passed: Passed) -> Value:
    """A copy of a module is another module: its parameters are not those of the original."""
    value = passed.get(0, "x")
    thing = ev.instance(value)
    if kept_states.is_state(thing):
        return UNKNOWN
    if thing is not None and objects.is_module_object(ev.program, thing) and not thing.escaped:
        return ev.new(passed.node, "copy", replace(thing, attributes={}, is_open=True, escaped=True, lazy=None))
    for item in passed.values():
        ev.escape(item, freezes=False)
    return UNKNOWN


def _copied_shallow(ev: Evaluator, passed: Passed) -> Value:
    value = passed.get(0, "x")
    return value if value is not None and kept_states.is_state(ev.instance(value)) else _copied(ev, passed)


def _saved(ev: Evaluator, passed: Passed) -> Value:
    """`torch.save(obj, f)` changes nothing of what it is given."""
    kept_states.used(ev, None, passed.get(0, "obj"), passed)
    return NONE


_FUNCTIONS: dict[str, Callable[[Evaluator, Passed], Value]] = {
    "torch.no_grad": _no_grad("torch.no_grad"),
    "torch.inference_mode": _no_grad("torch.inference_mode"),
    "torch.enable_grad": _no_grad("torch.enable_grad"),
    "torch.set_grad_enabled": _no_grad("torch.set_grad_enabled"),
    "torch.autograd.no_grad": _no_grad("torch.no_grad"),
    "torch.autograd.backward": _autograd_backward,
    "torch.autograd.grad": events.gradients_taken,
    "torch.amp.GradScaler": _grad_scaler("torch.amp.GradScaler"),
    "torch.cuda.amp.GradScaler": _grad_scaler("torch.amp.GradScaler"),
    "torch.nn.utils.clip_grad_norm_": _clip,
    "torch.nn.utils.clip_grad_value_": _clip,
    "torch.utils.data.random_split": lengths.split,
    **dict.fromkeys(schedulers.WITH_WARMUP, schedulers.schedule_with_warmup),
    "math.ceil": counts.rounded,
    "math.floor": counts.rounded,
    "itertools.chain": _chain,
    "tqdm.tqdm": _progress,
    "tqdm.auto.tqdm": _progress,
    "tqdm.notebook.tqdm": _progress,
    "copy.deepcopy": _copied,
    "copy.copy": _copied_shallow,
    "torch.save": _saved,
}
