"""Roots: what is walked on its own, and the facts that come of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dryfit.semantic import assignments, calls, classes, coverage, lightning, packages, statements
from dryfit.semantic.evaluator import Evaluator, OutOfBudgetError
from dryfit.semantic.facts import ClassDefined, Fact, FunctionEnded, HookDefined, Returned
from dryfit.semantic.heap import ANYTHING, Heap, Instance
from dryfit.semantic.model import SemanticModel
from dryfit.semantic.operand import Operand
from dryfit.semantic.state import State
from dryfit.semantic.values import (
    UNKNOWN,
    ClassValue,
    ConstantValue,
    External,
    FunctionValue,
    Ref,
    Site,
    Unknown,
    Value,
)
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.program import Program

MODULE_ROOT = "<module>"
CLASS_PREFIX = "class "
_HOOK_KINDS = {"lightning_module": "module", "callback": "callback", "datamodule": "datamodule"}


def root(program: Program[Any], module: str, name: str) -> SemanticModel:
    """The model of one root."""
    if name == MODULE_ROOT:
        found = _module_root(program, module)
    elif name.startswith(CLASS_PREFIX):
        found = _class_root(program, module, name[len(CLASS_PREFIX) :])
    else:
        found = _function_root(program, module, name)
    return SemanticModel(module, name, found, program.frameworks)


# ---------------------------------------------------------------------------------------------- module's body
def _module_root(program: Program[Any], module: str) -> tuple[Fact, ...]:
    ev = Evaluator(program, keep_facts=True)
    run_module_body(program, ev, module)
    return (*packages.imported(program, module), *ev.facts, *coverage.facts(program, ev, module, None))


def run_module_body(program: Program[Any], ev: Evaluator, module: str) -> None:
    """Walk a module's body. Of units that only define, only what they bind is looked at."""
    variables: dict[str, Value] = {}
    ev.state = State([], {})
    frame = ev.enter(module, "<top>", (module,), variables)
    try:
        for place, definitions in program.ask("top", module):
            frame.place = place
            if ev.is_stopped:
                break
            if definitions is None:
                statements.run(ev, program.ask("place", module, place) or ())
                continue
            for name, kind, decorators in definitions:
                value: Value = UNKNOWN
                if kind == "Class":
                    value = ClassValue(module, name) if program.ask("is_plain_class", module, name) else UNKNOWN
                elif _is_plain(program, module, decorators):
                    value = FunctionValue(module, place, name)
                assignments.bind(ev, name, value)
    except OutOfBudgetError:
        del ev.frames[1:]
        ev.frame = frame
        if ev.is_stopped:
            ev.state = State([variables], {})
        for name, value in variables.items():
            if not isinstance(value, (External, FunctionValue, ClassValue)):
                variables[name] = UNKNOWN
        ev.facts.clear()
        ev.state = State([variables], {ref: ANYTHING for ref in ev.state.heap})


def _is_plain(program: Program[Any], module: str, decorators: tuple[tree.Expression, ...]) -> bool:
    from dryfit.semantic.names import HARMLESS_DECORATORS

    return all(program.ask("dotted_path", module, d) in HARMLESS_DECORATORS for d in decorators)


# ------------------------------------------------------------------------------------------------------ classes
def _class_root(program: Program[Any], module: str, path: str) -> tuple[Fact, ...]:
    found = defined_class(program, module, path)
    return () if found is None else (found,)


def defined_class(program: Program[Any], module: str, path: str) -> ClassDefined | None:
    """The fact about a class of the file."""
    given = program.ask("class", module, path)
    if given is None:
        return None
    node, place = given
    cls = ClassValue(module, path)
    mro, is_open = program.mro(cls)
    kind = classes.kind_of(program, cls)
    methods: dict[str, tree.Function] = {}
    for name in program.ask("names", module, path):
        member = program.ask("node", module, path, name)
        if member is not None and isinstance(member[0], tree.Function):
            methods[name] = member[0]
    site = Site(module, place, node.name_span)
    instance: Operand | Unknown = UNKNOWN
    automatic: bool | Unknown = UNKNOWN
    if kind in ("module", "lightning_module"):
        ref, heap = program.ask("self", module, path)
        instance = Operand(ref, site, heap, program)
        automatic = _is_automatic(program, cls, heap.get(ref), is_open)
    by_hand = kind in _HOOK_KINDS and bool(program.ask("imports_fabric", module))
    bases = classes.framework_bases(program, cls)
    above = tuple(c.path for c in mro[1:] if isinstance(c, ClassValue))
    return ClassDefined(site, path, kind, bases, above, is_open, methods, automatic, by_hand, instance)


def _is_automatic(program: Program[Any], cls: ClassValue, made: Any, is_open: bool) -> bool | Unknown:
    value = made.attributes.get("automatic_optimization") if isinstance(made, Instance) else UNKNOWN
    if value is None:
        member = program.member(cls, "automatic_optimization")
        if member is None:
            return UNKNOWN if is_open else True
        value = member.value
    return bool(value.value) if isinstance(value, ConstantValue) else UNKNOWN


# ---------------------------------------------------------------------------------------------------- functions
def _function_root(program: Program[Any], module: str, name: str) -> tuple[Fact, ...]:
    given = program.ask("root_input", module, name)
    if given is None:
        return ()
    node: tree.Function = given.node
    place, path = given.place, given.path
    owner = None if path is None else ClassValue(module, path)
    decorators = [program.ask("dotted_path", module, d) for d in node.decorators]
    hook: HookDefined | None = None
    if owner is not None:
        kind = _HOOK_KINDS.get(classes.kind_of(program, owner), "")
        definition = defined_class(program, owner.module, owner.path) if kind else None
        if definition is not None:
            site = Site(module, place, node.name_span)
            plain = all(
                d in ("builtins.staticmethod", "torch.no_grad", "torch.inference_mode", "typing.override")
                for d in decorators
            )
            is_static = "builtins.staticmethod" in decorators
            called = bool(program.ask("is_called_above", owner.module, owner.path, node.name))
            below = node.name == "training_step" and bool(program.ask("is_called_below", module, owner.path, node.name))
            hook = HookDefined(site, kind, node.name, owner.path, node, is_static, plain, definition, called, below)
    if (
        hook is None
        and not program.ask("summary", module, place).has_effect
        and not program.ask("worth", module, place, 3)
    ):
        return ()
    found = _walk_root(program, module, place, node, owner, decorators)
    return found if hook is None else (hook, *found, *lightning.optimizers_returned(hook, found))


def _walk_root(
    program: Program[Any],
    module: str,
    place: str,
    node: tree.Function,
    owner: ClassValue | None,
    decorators: list[str],
) -> tuple[Fact, ...]:
    receiver: Ref | None = None
    heap: Heap = {}
    if owner is not None and not {"builtins.staticmethod", "builtins.classmethod"}.intersection(decorators):
        receiver = Ref((module, owner.path, "self"))
        lazy = None if node.name == "__init__" else owner
        heap[receiver] = Instance(owner, is_open=program.mro(owner)[1], lazy=lazy, initialised=node.name != "__init__")
    ev = Evaluator(program, keep_facts=True)
    variables = parameters(program, FunctionValue(module, place, node.name), node, receiver, heap)
    ev.state = State([], dict(heap))
    ev.enter(module, place, (module, place), variables, owner=owner, receiver=receiver, node=node)
    ev.no_grad += calls.is_without_gradients(ev, node)
    frame = ev.frame
    falls_through = False
    try:
        statements.run(ev, node.body)
        falls_through = ev.state is not None
    except OutOfBudgetError:
        # What was seen so far happened; what is absent may come later.
        return tuple(ev.facts)
    if ev.frames:
        ev.leave()
        ev.frames.append(frame)  # the file being checked is that of the first frame, for the facts that follow
    returns = tuple(fact for fact in ev.facts if isinstance(fact, Returned))
    site = Site(module, place, node.name_span)
    ended = FunctionEnded(site, node.name, returns, falls_through and not frame.is_generator, _is_abstract(node))
    return (*ev.facts, ended, *coverage.facts(program, ev, module, receiver))


def _is_abstract(node: tree.Function) -> bool:
    """Nothing but a docstring, `...`, or a raise."""
    return all(
        isinstance(s, tree.Raise) or (isinstance(s, tree.ExpressionStatement) and isinstance(s.value, tree.Constant))
        for s in node.body
    )


def walk(ev: Evaluator, node: tree.Function) -> State | None:
    """Walk the body of the frame that was entered; the joined state at its end."""
    try:
        statements.run(ev, node.body)
    except OutOfBudgetError:
        state = ev.state
        if state is not None:
            for ref in list(state.heap):
                ev.escape(ref)
        return state
    state, _ = ev.leave()
    return state


def parameters(
    program: Program[Any], function: FunctionValue, node: tree.Function, receiver: Ref | None, heap: Heap
) -> dict[str, Value]:
    """The variables of a root: every parameter is an object nothing is known of, or what its annotation says."""
    variables: dict[str, Value] = {}
    for i, parameter in enumerate(node.parameters):
        if i == 0 and receiver is not None and parameter.kind in ("pos", "posonly"):
            variables[parameter.name] = receiver
        elif parameter.kind in ("*", "**"):
            variables[parameter.name] = UNKNOWN
        else:
            ref = Ref((function.module, function.place, "parameter", parameter.name))
            heap[ref] = _annotated(program, function.module, parameter)
            variables[parameter.name] = ref
    return variables


def _annotated(program: Program[Any], module: str, parameter: tree.Parameter) -> Instance:
    path = program.ask("dotted_path", module, parameter.annotation) if parameter.annotation is not None else ""
    bases = program.bases(path) if path else ()
    if classes.OPTIMIZER in bases or classes.SCHEDULER in bases:
        return Instance(External(path), is_open=True, escaped=True)
    return ANYTHING
