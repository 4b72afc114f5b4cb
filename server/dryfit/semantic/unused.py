"""Statements and expressions that do not do what they seem to: methods not called, results that are dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dryfit.semantic import objects
from dryfit.semantic.evaluator import Evaluator
from dryfit.semantic.facts import FrameworkCall
from dryfit.semantic.heap import GeneratorObject, Instance, ListObject
from dryfit.semantic.names import dotted_name
from dryfit.semantic.statement_facts import (
    CalledInForward,
    IteratorsAdded,
    LayersRepeated,
    ModuleReplaced,
    NotCalled,
    OwnAttributeRead,
    ResultDropped,
    TensorNotHeld,
)
from dryfit.semantic.values import (
    LEAF_TAG,
    OF_LEAF,
    BoundMethod,
    ClassValue,
    External,
    Method,
    ParameterValue,
    Ref,
    Site,
    TensorValue,
    TupleValue,
    Value,
)
from dryfit.syntax import tree

if TYPE_CHECKING:
    from dryfit.semantic.calls import Passed

# Context managers of torch that are classes: entering the class itself raises.
CONTEXTS = frozenset(
    "torch.no_grad torch.enable_grad torch.inference_mode torch.set_grad_enabled torch.autocast "
    "torch.autograd.set_detect_anomaly torch.autograd.detect_anomaly torch.amp.autocast torch.cuda.amp.autocast".split()
)
_WEIGHTS = frozenset({"weight", "bias", "load_state_dict", "requires_grad_", "init"})


def not_called(ev: Evaluator, value: Method | BoundMethod, node: tree.Attribute) -> None:
    """A statement that is nothing but `optimizer.step`."""
    is_tensor = isinstance(value.receiver, TensorValue)
    if is_tensor or isinstance(ev.get(value.receiver), Instance):
        site = ev.reported(node.span)
        ev.emit(NotCalled(site, node.name, ev.operand(value.receiver, site)))


def not_entered(ev: Evaluator, value: External, node: tree.Expression) -> None:
    """`with torch.no_grad:`."""
    if not ev.silence and not ev.expecting and value.path in CONTEXTS:
        ev.emit(NotCalled(ev.reported(node.span), value.path, None))


def dropped(ev: Evaluator, base: Value | None, name: str, passed: Passed) -> None:
    """A statement that is nothing but `x.to(device)`, of a tensor that has a name, or `torch.compile(net)`."""
    function, arguments = passed.node.func, passed.node.arguments
    subject = arguments[0].value if arguments and name == "torch.compile" else function
    text = dotted_name(subject.value if subject is function and isinstance(subject, tree.Attribute) else subject)
    if text and base is not None and not ev.silence and not ev.expecting:
        if name == "torch.compile" or _is_used_later(ev, text, passed.node):
            site = ev.reported(passed.node.span)
            ev.emit(ResultDropped(site, name, ev.operand(base, site), text))


def _is_used_later(ev: Evaluator, text: str, call: tree.Call) -> bool:
    """Does the function go on with the name? If not, the call is made for its own sake: it is measured, or tried."""
    node = ev.frame.node
    if not isinstance(node, tree.Function) or "." in text:
        return True
    return any(isinstance(n, tree.Name) and n.id == text and n.span[:2] >= call.span[2:] for n in tree.walk(node))


def replaced(ev: Evaluator, base: Ref, name: str, passed: Passed) -> None:
    """`model = model.load_state_dict(...)`."""
    node, function = ev.watch.assigned, passed.node.func
    if ev.silence or node is None or node.value is not passed.node or not isinstance(function, tree.Attribute):
        return
    if len(node.targets) == 1 and dotted_name(node.targets[0]) and ev.reported(node.span).inside is None:
        if dotted_name(node.targets[0]) == dotted_name(function.value):
            site, before = ev.reported(node.span), node.span.at_start.to(passed.node.span.at_start)
            ev.emit(ModuleReplaced(site, ev.site(before), name, ev.operand(base, site)))


def of_containers(ev: Evaluator, node: tree.Binary, a: Value, b: Value) -> None:
    """`a + b` of iterators, and `[layer] * n`."""
    x, y = ev.get(a), ev.get(b)
    if node.op == "+":
        iterators = [isinstance(thing, GeneratorObject) for thing in (x, y)]
        sequences = [isinstance(v, TupleValue) or isinstance(ev.get(v), ListObject) for v in (a, b)]
        if any(iterators) and all(i or s for i, s in zip(iterators, sequences, strict=True)) and not ev.expecting:
            site = ev.reported(node.span)
            left, right = (ev.operand(v, ev.site(n.span)) for v, n in ((a, node.left), (b, node.right)))
            ev.emit(IteratorsAdded(site, left, right))
        return
    for written, value, times, number in ((node.left, a, node.right, b), (node.right, b, node.left, a)):
        thing = ev.get(value)
        if isinstance(written, tree.Sequence) and all(isinstance(item, tree.Call) for item in written.items):
            if isinstance(thing, ListObject) and any(_has_parameters(ev, item) for item in thing.items):
                layers, many = ev.operand(value, ev.site(written.span)), ev.operand(number, ev.site(times.span))
                ev.emit(LayersRepeated(ev.reported(node.span), layers, many))


def _has_parameters(ev: Evaluator, value: Value) -> bool:
    """A module in which a parameter is certainly registered, made here for the list."""
    return (
        isinstance(value, Ref)
        and objects.is_module(ev, value)
        and bool(objects.parameter_owners(ev.program, ev.now.heap, (value,)))
    )


def in_forward(ev: Evaluator, call: FrameworkCall) -> None:
    """Something of `torch.nn` is called: does a module's `forward` run?"""
    for i, frame in reversed([*enumerate(ev.frames)]):
        if getattr(frame.node, "name", "") == "forward" and frame.receiver is not None and not ev.no_grad:
            if objects.is_module(ev, frame.receiver):
                inside = {inner.serial for inner in ev.frames[i:]}
                is_certain = call.is_certain and not inside & set(ev.watch.decided)
                parameters = getattr(frame.node, "parameters", ())
                name = parameters[0].name if parameters and frame is ev.frame else ""
                module = ev.operand(frame.receiver, call.site)
                fixed = _names_weights(frame.node) or _names_weights(ev.frame.node)
                made = (call.arguments, module, call.result, name, is_certain, fixed)
                ev.emit(CalledInForward(call.site, call.name, *made))
            return


def _names_weights(node: tree.Function | tree.Lambda | None) -> bool:
    """Does a function's text mention the weights of a layer, or a way to give it others?"""
    body = node.body if isinstance(node, tree.Function) else ()
    return any(
        isinstance(part, tree.Attribute) and part.name in _WEIGHTS
        for statement in body
        for part in tree.walk(statement)
    )


def is_of_leaf(ev: Evaluator, a: Value, b: Value) -> bool:
    """Is what is computed from the two certainly no leaf: does one of them want a gradient?"""
    return not ev.no_grad and any(isinstance(v, TensorValue) and v.tag in (LEAF_TAG, OF_LEAF) for v in (a, b))


def tensors_not_held(ev: Evaluator, holds: ParameterValue, site: Site) -> None:
    """Tensors that a module made with `requires_grad=True` and did not register."""
    for ref in sorted(holds.whole, key=str):
        for part, module in objects.submodules(ev.program, ev.now.heap, ref).items():
            for name, value in module.attributes.items():
                is_leaf = isinstance(value, TensorValue) and value.tag == LEAF_TAG
                if is_leaf and not _is_handed_out(ev, module, name):
                    ev.emit(TensorNotHeld(site, ev.operand(part, site), name))


def _is_handed_out(ev: Evaluator, module: Instance, name: str) -> bool:
    """Does another method than the constructor and `forward` mention the attribute? It can give it to an optimizer."""
    cls = module.cls
    if not isinstance(cls, ClassValue):
        return True
    for method in ev.program.ask("names", cls.module, cls.path):
        found = None if method in ("__init__", "forward") else ev.program.ask("node", cls.module, cls.path, method)
        if found is not None and any(isinstance(n, tree.Attribute) and n.name == name for n in tree.walk(found[0])):
            return True
    return False


def own_attribute_read(ev: Evaluator, base: Ref, node: tree.Attribute | tree.Call, name: str) -> None:
    """`optimizer.rate`, which the program has set itself."""
    if not ev.silence:
        site = ev.reported(node.span)
        ev.emit(OwnAttributeRead(site, ev.operand(base, site), name))
