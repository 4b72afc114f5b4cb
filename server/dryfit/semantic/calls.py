"""What a call means: project functions are inlined, framework names are modelled, the rest is unknown."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dryfit.semantic import (
    attributes,
    classes,
    command_line,
    configurations,
    containers,
    expressions,
    externals,
    members,
    modules,
    objects,
    records,
    reflection,
)
from dryfit.semantic.arguments import Arguments, KeywordArgument
from dryfit.semantic.evaluator import MAX_DEPTH, Evaluator, Frame
from dryfit.semantic.heap import DictObject, Entry, Instance
from dryfit.semantic.names import NO_GRAD, keyword_span
from dryfit.semantic.values import (
    NONE,
    UNKNOWN,
    BoundMethod,
    ClassValue,
    ConstantValue,
    External,
    FunctionValue,
    Method,
    OneOf,
    Ref,
    Site,
    TupleValue,
    Value,
    constant,
    join_optional,
    options,
)
from dryfit.syntax import tree


@dataclass(slots=True)
class Passed:
    """The evaluated arguments of a call. `hidden`: values behind stars that could not be unpacked."""

    node: tree.Call
    positional: list[Value] = field(default_factory=list)
    positional_sites: list[Site | None] = field(default_factory=list)
    keywords: dict[str, Value] = field(default_factory=dict)
    keyword_sites: dict[str, tuple[Site | None, Site | None, tree.Argument | None]] = field(default_factory=dict)
    hidden: list[Value] = field(default_factory=list)
    open_positional: bool = False
    open_keywords: bool = False

    def values(self) -> list[Value]:
        return [*self.positional, *self.keywords.values(), *self.hidden]

    def get(self, position: int | None, name: str) -> Value | None:
        """A value; None if it is certainly not given; Unknown if it may be."""
        if position is not None and position < len(self.positional):
            return self.positional[position]
        if name in self.keywords:
            return self.keywords[name]
        return UNKNOWN if self.open_keywords or (self.open_positional and position is not None) else None

    def site_of(self, position: int, name: str) -> Site | None:
        """Where an argument stands."""
        if position < len(self.positional_sites):
            return self.positional_sites[position]
        return self.keyword_sites[name][1] if name in self.keyword_sites else None

    def pairs(self) -> tuple[tuple[int | str, Value], ...]:
        """By position or keyword, for `Instance.arguments`."""
        pairs: list[tuple[int | str, Value]] = [*enumerate(self.positional), *self.keywords.items()]
        if self.open_keywords or self.open_positional:
            pairs.append(("**", UNKNOWN))
        return tuple(pairs)

    def for_rules(self, ev: Evaluator) -> Arguments:
        """The same, as operands at their places."""
        site = ev.reported(self.node.span)

        def at(place: Site | None) -> Site:
            return site if place is None else _shown_at(place, site)

        return Arguments(
            self.node,
            site,
            tuple([ev.operand(v, at(s)) for v, s in zip(self.positional, self.positional_sites, strict=True)]),
            {
                name: KeywordArgument(
                    name, ev.operand(value, at(value_site)), at(name_site), argument if site.inside is None else None
                )
                for name, value in self.keywords.items()
                for name_site, value_site, argument in (self.keyword_sites[name],)
            },
            self.open_positional,
            self.open_keywords,
            ev.expecting > 0,
        )


def _shown_at(place: Site, call: Site) -> Site:
    """Where to show something that is written at a place and given to a call: there, whatever file it is in.

    But for what stands in the function of another file that was called: that is shown at the call which leads there.
    """
    inside = call.inside
    if inside is None or place.module != inside.module:
        return place
    return call if inside.holds(place) else call._replace(inside=place)


def evaluate_call(ev: Evaluator, node: tree.Call) -> Value:
    """The value of a call expression."""
    function = node.func
    if isinstance(function, tree.Attribute):
        base = expressions.evaluate(ev, function.value)
        thing = ev.instance(base)
        if thing is not None and thing.cls is UNKNOWN and function.name not in thing.attributes:
            return modules.method(ev, base, function.name, pass_arguments(ev, node))
        callee = attributes.attribute(ev, function, base, function.name)
        if callee is UNKNOWN and isinstance(base, OneOf):
            modules.method_of_one(ev, base, function.name)
    else:
        callee = expressions.evaluate(ev, function)
    return call(ev, callee, pass_arguments(ev, node))


def pass_arguments(ev: Evaluator, node: tree.Call) -> Passed:
    passed = Passed(node)
    for argument in node.arguments:
        value = expressions.evaluate(ev, argument.value)
        site = ev.site(argument.value.span)
        if argument.stars == 0 and argument.keyword is None:
            passed.positional.append(value)
            passed.positional_sites.append(site)
        elif argument.stars == 0:
            assert argument.keyword is not None
            passed.keywords[argument.keyword] = value
            passed.keyword_sites[argument.keyword] = (ev.site(keyword_span(argument)), site, argument)
        elif argument.stars == 1:
            _unpack_sequence(ev, passed, value, site)
        else:
            _unpack_mapping(ev, passed, value, site)
    return passed


def _unpack_sequence(ev: Evaluator, passed: Passed, value: Value, site: Site) -> None:
    items, sites = containers.elements(ev, value), containers.element_sites(ev, value)
    one = containers.element_of(ev, value)
    containers.consume(ev, value)
    if items is None:
        passed.open_positional = True
        passed.hidden += [one, value]
    else:
        passed.positional += items
        passed.positional_sites += [s or site for s in sites]


def _unpack_mapping(ev: Evaluator, passed: Passed, value: Value, site: Site) -> None:
    thing = ev.get(value)
    if not isinstance(thing, DictObject):
        passed.open_keywords = True
        passed.hidden.append(value)
        return
    for entry in thing.entries:
        if isinstance(entry.key.value, str):
            passed.keywords[entry.key.value] = entry.value
            passed.keyword_sites[entry.key.value] = (entry.key_site or site, entry.value_site or site, None)
    passed.open_keywords |= thing.is_open


# ----------------------------------------------------------------------------------------------------- calls
def call(ev: Evaluator, callee: Value, passed: Passed) -> Value:
    """Call a value."""
    if isinstance(callee, FunctionValue):
        return inline(ev, callee, passed, None, None)
    if isinstance(callee, BoundMethod):
        found = ev.program.member(callee.owner, callee.function.name)
        receiver = None if found is not None and found.is_static else callee.receiver
        return inline(ev, callee.function, passed, receiver, callee.owner)
    if isinstance(callee, ClassValue):
        return instantiate(ev, callee, passed)
    if isinstance(callee, External):
        return externals.call(ev, callee.path, passed)
    if isinstance(callee, Method):
        if callee.name == "__init__" and records.construct_base(ev, callee.receiver, passed):
            return NONE
        if callee.name == "__setattr__" and reflection.set_plainly(ev, callee, passed):
            return NONE
        of_parser = command_line.call_of_parser(ev, callee.receiver, callee.name, passed)
        return of_parser if of_parser is not None else modules.method(ev, callee.receiver, callee.name, passed)
    if isinstance(callee, Ref):
        return _call_object(ev, callee, passed)
    if isinstance(callee, OneOf) and all(isinstance(o, Ref) and objects.is_module(ev, o) for o in callee.options):
        found_value: Value | None = None
        for option in options(callee):
            found_value = join_optional(found_value, _call_object(ev, option, passed))
        return UNKNOWN if found_value is None else found_value
    return ev.unknown_call(None, passed.values())


def _call_object(ev: Evaluator, ref: Value, passed: Passed) -> Value:
    thing = ev.instance(ref)
    assert isinstance(ref, Ref)
    if thing is None:
        return ev.unknown_call(None, passed.values())
    if reflection.is_partial(thing):
        return reflection.call_partial(ev, thing, passed)
    if objects.is_module_object(ev.program, thing):
        return modules.call_module(ev, ref, thing, passed)
    if isinstance(thing.cls, ClassValue):
        found = ev.program.member(thing.cls, "__call__")
        if found is not None and found.function is not None:
            return inline(ev, found.function, passed, ref, found.owner)
    return ev.unknown_call(ref, passed.values())


def inline(
    ev: Evaluator, function: FunctionValue, passed: Passed, receiver: Value | None, owner: ClassValue | None
) -> Value:
    """Walk the callee's body with these arguments, in the caller's state."""
    node = ev.program.definition(function)
    values = passed.values()
    if node is None or len(ev.frames) > MAX_DEPTH or any(_runs(f, function, node) for f in ev.frames):
        return _not_walked(ev, receiver, values)
    if isinstance(node, tree.Function) and function.node is None and not ev.program.is_worth_walking(function, owner):
        return _not_walked(ev, receiver, values, may_delete=False)
    bound = _bind(ev, node, passed, receiver)
    if bound is None:
        return _not_walked(ev, receiver, values)
    variables, defaults = bound
    label = ev.label(passed.node, getattr(node, "name", "<lambda>"))
    before = ev.now.copy()
    call_site = ev.site(passed.node.span)
    frame = ev.enter(
        function.module,
        function.place,
        label,
        variables,
        owner=owner,
        receiver=receiver,
        node=node,
        outer=function.frame,
        call=call_site,
    )
    for parameter in defaults:
        variables[parameter.name] = _default(ev, function, parameter)
    quiet = isinstance(node, tree.Function) and is_without_gradients(ev, node)
    ev.no_grad += quiet
    result = _walk(ev, node)
    ev.no_grad -= quiet
    if frame.is_generator:
        result = UNKNOWN
    if ev.state is None:
        # It never returns: abstract, most likely, and the real one is elsewhere.
        ev.state = before
        return _not_walked(ev, receiver, values)
    del ev.now.environments[frame.index :]
    return result


def _runs(frame: Frame, function: FunctionValue, node: tree.Function | tree.Lambda) -> bool:
    """Is the function running in this frame? Units of the same text share their tree."""
    return frame.node is node and frame.place == function.place and frame.module == function.module


def _not_walked(ev: Evaluator, receiver: Value | None, values: list[Value], *, may_delete: bool = True) -> Value:
    """Code of the project that is not looked at: it may also give configurations other values."""
    for value in values if receiver is None else [receiver, *values]:
        configurations.forget(ev, value, may_delete=may_delete)
    return ev.unknown_call(receiver, values, is_project=True)


def _walk(ev: Evaluator, node: tree.Function | tree.Lambda) -> Value:
    from dryfit.semantic import statements

    if isinstance(node, tree.Lambda):
        value = expressions.evaluate(ev, node.body)
        ev.leave()
        return value
    statements.run(ev, node.body)
    _, result = ev.leave()
    return NONE if result is None else result


def is_without_gradients(ev: Evaluator, node: tree.Function) -> bool:
    """Decorated with `torch.no_grad()` or the like."""
    return any(ev.program.ask("dotted_path", ev.frame.module, d) in NO_GRAD for d in node.decorators)


def _default(ev: Evaluator, function: FunctionValue, parameter: tree.Parameter) -> Value:
    """A default is worked out where the function stands; only what cannot depend on that moment is.

    Around one inside another function, or in a loop, variables have other values by now. A list that the function
    changes is not what it was.
    """
    node = parameter.default
    if isinstance(node, tree.Sequence) and node.kind != "tuple":
        summary = ev.program.ask("summary", function.module, function.place)
        if summary is None or parameter.name in summary.changed_names:
            return UNKNOWN
    if function.node is not None and not isinstance(node, (tree.Constant, tree.Unary)):
        value = expressions.evaluate(ev, node) if isinstance(node, tree.Attribute) else UNKNOWN
        return value if isinstance(value, External) else UNKNOWN
    if isinstance(node, (tree.Constant, tree.Unary, tree.Name, tree.Attribute, tree.Sequence)):
        return expressions.evaluate(ev, node)
    return UNKNOWN


def _bind(
    ev: Evaluator, node: tree.Function | tree.Lambda, passed: Passed, receiver: Value | None
) -> tuple[dict[str, Value], list[tree.Parameter]] | None:
    """The callee's variables, and the parameters that take their defaults; None if the call does not fit."""
    variables: dict[str, Value] = {}
    defaults: list[tree.Parameter] = []
    positional, keywords = list(passed.positional), dict(passed.keywords)
    if receiver is not None:
        positional.insert(0, receiver)
    for parameter in node.parameters:
        name = parameter.name
        if parameter.kind == "*":
            variables[name] = UNKNOWN if passed.open_positional else TupleValue(tuple(positional))
            positional = []
        elif parameter.kind == "**":
            entries = tuple([_passed_on(passed, name, value) for name, value in keywords.items()])
            ref = Ref((*ev.label(passed.node, f"**{name}"), str(len(ev.frames))))
            ev.put(ref, DictObject(entries, passed.open_keywords))
            variables[name], keywords = ref, {}
        elif parameter.kind in ("pos", "posonly") and positional:
            if name in keywords:
                return None
            variables[name] = positional.pop(0)
        elif name in keywords and parameter.kind != "posonly":
            variables[name] = keywords.pop(name)
        elif passed.open_keywords or (passed.open_positional and parameter.kind != "kw"):
            variables[name] = UNKNOWN
        elif parameter.default is not None:
            defaults.append(parameter)
        else:
            return None
    return None if positional or keywords else (variables, defaults)


def _passed_on(passed: Passed, name: str, value: Value) -> Entry:
    """A keyword argument in `**kwargs`, with the places where it was written."""
    key_site, value_site, _ = passed.keyword_sites[name]
    return Entry(constant(name), value, key_site, value_site)


def instantiate(ev: Evaluator, cls: ClassValue, passed: Passed) -> Value:
    """Make an instance of a project class: run its constructor."""
    mro, is_open = ev.program.mro(cls)
    ref = ev.new(passed.node, cls.path, Instance(cls, passed.pairs(), {}, is_open))
    found = ev.program.member(cls, "__init__")
    made_by = ev.program.ask("constructor", cls.module, cls.path, None)
    if is_open and members.has_own_metaclass(ev.program, cls):
        return ev.unknown_call(None, passed.values(), is_project=True)
    if ev.program.member(cls, "__new__") is not None:
        ev.put(ref, Instance(cls, passed.pairs(), {}, is_open=True, initialised=UNKNOWN))
        ev.unknown_call(ref, passed.values(), is_project=True)
    elif made_by is not None:
        records.construct(ev, ref, made_by, passed)
    elif found is None:
        _construct_framework_base(ev, ref, mro, passed)
    elif found.function is not None:
        inline(ev, found.function, passed, ref, found.owner)
    else:
        # A constructor that cannot be followed: whatever it sets, it is not seen.
        ev.put(ref, Instance(cls, passed.pairs(), {}, is_open=True, initialised=UNKNOWN))
        ev.unknown_call(ref, passed.values(), is_project=True)
    return ref if ref in ev.now.heap else UNKNOWN


def _construct_framework_base(ev: Evaluator, ref: Ref, mro: tuple[ClassValue | External, ...], passed: Passed) -> None:
    """No constructor in the project: that of a framework class above it runs, or none."""
    for value in passed.values():
        ev.escape(value, freezes=False)
    thing = ev.instance(ref)
    if thing is None:
        return
    above = [c.path for c in mro if isinstance(c, External) and not classes.is_empty_base(c.path)]
    plain = all(path in (classes.MODULE, classes.LIGHTNING_MODULE) for path in above)
    ev.put(ref, replace(thing, initialised=True, is_open=thing.is_open or not plain))


__all__ = ["ConstantValue", "Passed", "call", "evaluate_call", "inline", "instantiate"]
