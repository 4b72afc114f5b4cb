"""Lower a text with libcst, to the very tree that `lower_ast` gives: for files that are being edited.

One walk, no visitor, no metadata. What Python's own parser does by convention (which parentheses and commas belong to
a span, what is flat, how names and strings are read) is repeated here.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import libcst as cst

from dryfit.syntax import tree
from dryfit.syntax.libcst_names import NAMED_CONSTANTS, dotted, identifier, literals, names_bound, string_value, texts
from dryfit.syntax.libcst_operators import OPERATORS
from dryfit.syntax.libcst_places import Places, places_of
from dryfit.text.newlines import normalised
from dryfit.text.span import Span


def lower(text: str, first_line: int = 1) -> tuple[tree.Statement, ...]:
    """The statements of a text; `first_line` is the line, counted from one, that becomes line 0.

    Raises libcst.ParserSyntaxError; SyntaxError or ValueError for literals that libcst does not look into, and where
    it loses text. Brackets open by the thousand end the process, in its native parser: the caller has to look first.
    """
    text = normalised(text)
    module = cst.parse_module(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python has some to say about the user's strings.
        return _Lowering(places_of(module, text), first_line - 1).body(module)


class _Lowering:
    __slots__ = ("above", "places")

    def __init__(self, places: Places, above: int) -> None:
        self.places = places
        self.above = above  # lines of the module before line 0

    # ----------------------------------------------------------------------------------------------- places
    def span(self, node: cst.CSTNode) -> Span:
        return self.relative(self.places.span(node))

    def relative(self, span: Span) -> Span:
        return span.moved(-self.above) if self.above else span

    def header(self, node: cst.CSTNode, last: tree.Expression) -> Span:
        """From the keyword that a statement starts with to the end of `last`."""
        return self.span(node).to(last.span)

    # ------------------------------------------------------------------------------------------ expressions
    def expression(self, node: Any) -> tree.Expression:
        return _EXPRESSIONS[node.__class__](self, node)

    def optional(self, node: Any) -> tree.Expression | None:
        return None if node is None else _EXPRESSIONS[node.__class__](self, node)

    def expressions(self, nodes: Any) -> tuple[tree.Expression, ...]:
        return tuple([_EXPRESSIONS[node.__class__](self, node) for node in nodes])

    def argument(self, node: cst.Arg) -> tree.Argument:
        value = self.expression(node.value)
        if node.keyword is None and not node.star:
            return tree.Argument(None, 0, value, value.span)
        keyword = None if node.keyword is None else identifier(node.keyword)
        return tree.Argument(keyword, len(node.star), value, self.span(node))

    def parameters(self, node: cst.Parameters) -> tuple[tree.Parameter, ...]:
        parameters = [self.parameter(parameter, "posonly") for parameter in node.posonly_params]
        parameters += [self.parameter(parameter, "pos") for parameter in node.params]
        if isinstance(node.star_arg, cst.Param):
            parameters.append(self.parameter(node.star_arg, "*"))
        parameters += [self.parameter(parameter, "kw") for parameter in node.kwonly_params]
        if node.star_kwarg is not None:
            parameters.append(self.parameter(node.star_kwarg, "**"))
        return tuple(parameters)

    def parameter(self, node: cst.Param, kind: str) -> tree.Parameter:
        annotation = None if node.annotation is None else self.expression(node.annotation.annotation)
        return tree.Parameter(
            identifier(node.name), kind, self.optional(node.default), annotation, self.span(node.name)
        )

    def listed(self, elements: Any) -> Span:
        """The span of elements without parentheses around them; a comma after the last one belongs to it."""
        first, last = elements[0], elements[-1]
        end = self.places.past_comma(last) if isinstance(last.comma, cst.Comma) else self.places.trimmed(last)
        return self.relative(self.places.trimmed(first).to(end))

    # ------------------------------------------------------------------------------------------- statements
    def body(self, node: Any) -> tuple[tree.Statement, ...]:
        """The statements of a module or block; `pass` is none."""
        statements: list[tree.Statement] = []
        for statement in node.body:
            parts = statement.body if statement.__class__ is cst.SimpleStatementLine else (statement,)
            statements += [_STATEMENTS[part.__class__](self, part) for part in parts if part.__class__ is not cst.Pass]
        return tuple(statements)

    def orelse(self, node: Any) -> tuple[tree.Statement, ...]:
        """The statements of an `else`, `finally` or `elif`, if there is one."""
        if node is None:
            return ()
        return (_if(self, node),) if node.__class__ is cst.If else self.body(node.body)


# ------------------------------------------------------------------------------------------------ expressions
def _name(s: _Lowering, n: cst.Name) -> tree.Expression:
    if n.value in NAMED_CONSTANTS:
        return tree.Constant(NAMED_CONSTANTS[n.value], s.span(n))
    return tree.Name(identifier(n), s.span(n))


def _string(s: _Lowering, n: Any) -> tree.Expression:
    parts = list(literals(n))
    kinds = {part.__class__ for part in parts}
    if kinds == {cst.SimpleString}:
        values = [string_value(part.value) for part in parts]
        return tree.Constant(values[0][:0].join(values) if len(values) > 1 else values[0], s.span(n))
    fields = (cst.FormattedStringExpression, cst.TemplatedStringExpression)
    formatted = [part for part in parts if part.__class__ is not cst.SimpleString]
    items = tuple([_field(s, field) for part in formatted for field in part.parts if isinstance(field, fields)])
    if cst.TemplatedString in kinds:
        return tree.Other("TemplateStr", items, s.span(n))
    return tree.FormattedString(items, s.span(n), texts(parts))


def _field(s: _Lowering, n: Any) -> tree.Expression:
    return s.expression(n.expression)


def _integer(s: _Lowering, n: cst.Integer) -> tree.Constant:
    return tree.Constant(int(n.value, 0), s.span(n))


def _sequence(kind: str) -> Callable[[_Lowering, Any], tree.Sequence]:
    def lower_node(s: _Lowering, n: Any) -> tree.Sequence:
        items = tuple(
            [s.expression(item if item.__class__ is cst.StarredElement else item.value) for item in n.elements]
        )
        if kind != "tuple":
            return tree.Sequence(kind, items, s.span(n))
        return tree.Sequence(kind, items, s.relative(s.places.in_parentheses(n)) if n.lpar else s.listed(n.elements))

    return lower_node


def _dictionary(s: _Lowering, n: cst.Dict) -> tree.Dictionary:
    items = [
        (s.expression(item.key) if isinstance(item, cst.DictElement) else None, s.expression(item.value))
        for item in n.elements
    ]
    return tree.Dictionary(tuple(items), s.span(n))


def _subscript(s: _Lowering, n: cst.Subscript) -> tree.Subscript:
    items = tuple([_index(s, element) for element in n.slice])
    only = n.slice[0]
    is_starred = isinstance(only.slice, cst.Index) and bool(only.slice.star)
    if len(items) == 1 and not isinstance(only.comma, cst.Comma) and not is_starred:
        index = items[0]
    else:
        index = tree.Sequence("tuple", items, s.listed(n.slice))
    return tree.Subscript(s.expression(n.value), index, s.span(n))


def _index(s: _Lowering, element: cst.SubscriptElement) -> tree.Expression:
    n = element.slice
    if isinstance(n, cst.Slice):
        parts = [part for part in (n.lower, n.upper, n.step) if part is not None]
        return tree.Other("Slice", s.expressions(parts), s.relative(s.places.trimmed(element)))
    assert isinstance(n, cst.Index)
    value = s.expression(n.value)
    return tree.Starred(value, s.span(element)) if n.star else value


def _binary(s: _Lowering, n: cst.BinaryOperation) -> tree.Binary:
    return tree.Binary(OPERATORS[n.operator.__class__], s.expression(n.left), s.expression(n.right), s.span(n))


def _logical(s: _Lowering, n: cst.BooleanOperation) -> tree.Logical:
    operator = n.operator.__class__
    items = [n.right]
    left = n.left
    while isinstance(left, cst.BooleanOperation) and left.operator.__class__ is operator and not left.lpar:
        items.append(left.right)
        left = left.left
    return tree.Logical(OPERATORS[operator], s.expressions([left, *reversed(items)]), s.span(n))


def _comparison(s: _Lowering, n: cst.Comparison) -> tree.Comparison:
    operators = tuple([OPERATORS[part.operator.__class__] for part in n.comparisons])
    return tree.Comparison(operators, s.expressions([n.left, *[part.comparator for part in n.comparisons]]), s.span(n))


def _conditional(s: _Lowering, n: cst.IfExp) -> tree.Conditional:
    return tree.Conditional(s.expression(n.test), s.expression(n.body), s.expression(n.orelse), s.span(n))


def _comprehension(kind: str) -> Callable[[_Lowering, Any], tree.Comprehension]:
    def lower_node(s: _Lowering, n: Any) -> tree.Comprehension:
        key = s.expression(n.key) if kind == "dict" else None
        element = s.expression(n.value if kind == "dict" else n.elt)
        clauses = []
        part = n.for_in
        while part is not None:
            tests = s.expressions([condition.test for condition in part.ifs])
            clauses.append(tree.Clause(s.expression(part.target), s.expression(part.iter), tests))
            part = part.inner_for_in
        span = s.relative(s.places.in_parentheses(n)) if kind == "generator" else s.span(n)
        return tree.Comprehension(kind, key, element, tuple(clauses), span)

    return lower_node


def _yield(s: _Lowering, n: cst.Yield) -> tree.Other:
    if isinstance(n.value, cst.From):
        return tree.Other("YieldFrom", (s.expression(n.value.item),), s.span(n))
    return tree.Other("Yield", () if n.value is None else (s.expression(n.value),), s.span(n))


_EXPRESSIONS: dict[type[cst.CSTNode], Callable[[_Lowering, Any], tree.Expression]] = {
    cst.Name: _name,
    cst.Integer: _integer,
    cst.Float: lambda s, n: tree.Constant(float(n.value), s.span(n)),
    cst.Imaginary: lambda s, n: tree.Constant(complex(n.value), s.span(n)),
    cst.Ellipsis: lambda s, n: tree.Constant(..., s.span(n)),
    cst.SimpleString: _string,
    cst.ConcatenatedString: _string,
    cst.FormattedString: _string,
    cst.TemplatedString: _string,
    cst.Attribute: lambda s, n: tree.Attribute(s.expression(n.value), identifier(n.attr), s.span(n)),
    cst.Call: lambda s, n: tree.Call(s.expression(n.func), tuple([s.argument(a) for a in n.args]), s.span(n)),
    cst.List: _sequence("list"),
    cst.Tuple: _sequence("tuple"),
    cst.Set: _sequence("set"),
    cst.StarredElement: lambda s, n: tree.Starred(s.expression(n.value), s.span(n)),
    cst.Dict: _dictionary,
    cst.Subscript: _subscript,
    cst.BinaryOperation: _binary,
    cst.UnaryOperation: lambda s, n: tree.Unary(OPERATORS[n.operator.__class__], s.expression(n.expression), s.span(n)),
    cst.BooleanOperation: _logical,
    cst.Comparison: _comparison,
    cst.IfExp: _conditional,
    cst.Lambda: lambda s, n: tree.Lambda(s.parameters(n.params), s.expression(n.body), s.span(n)),
    cst.ListComp: _comprehension("list"),
    cst.SetComp: _comprehension("set"),
    cst.DictComp: _comprehension("dict"),
    cst.GeneratorExp: _comprehension("generator"),
    cst.NamedExpr: lambda s, n: tree.Walrus(s.expression(n.target), s.expression(n.value), s.span(n)),
    cst.Await: lambda s, n: tree.Other("Await", (s.expression(n.expression),), s.span(n)),
    cst.Yield: _yield,
}


# ------------------------------------------------------------------------------------------------- statements
def _function(s: _Lowering, n: cst.FunctionDef) -> tree.Function:
    name_span = s.span(n.name)
    return tree.Function(
        name=identifier(n.name),
        parameters=s.parameters(n.params),
        returns=None if n.returns is None else s.expression(n.returns.annotation),
        body=s.body(n.body),
        decorators=s.expressions([decorator.decorator for decorator in n.decorators]),
        is_async=n.asynchronous is not None,
        span=s.span(n).to(name_span),
        name_span=name_span,
    )


def _class(s: _Lowering, n: cst.ClassDef) -> tree.Class:
    name_span = s.span(n.name)
    bases = sorted([s.argument(base) for base in (*n.bases, *n.keywords)], key=lambda base: base.span)
    decorators = s.expressions([decorator.decorator for decorator in n.decorators])
    span = s.span(n).to(name_span)
    return tree.Class(identifier(n.name), tuple(bases), s.body(n.body), decorators, span, name_span)


def _assign(s: _Lowering, n: cst.Assign) -> tree.Assign:
    targets = s.expressions([target.target for target in n.targets])
    return tree.Assign(targets, s.expression(n.value), None, s.span(n))


def _annotated(s: _Lowering, n: cst.AnnAssign) -> tree.Assign:
    annotation = s.expression(n.annotation.annotation)
    return tree.Assign((s.expression(n.target),), s.optional(n.value), annotation, s.span(n))


def _augmented(s: _Lowering, n: cst.AugAssign) -> tree.AugmentedAssign:
    operator = OPERATORS[n.operator.__class__]
    return tree.AugmentedAssign(s.expression(n.target), operator, s.expression(n.value), s.span(n))


def _if(s: _Lowering, n: cst.If) -> tree.If:
    test = s.expression(n.test)
    return tree.If(test, s.body(n.body), s.orelse(n.orelse), s.header(n, test))


def _while(s: _Lowering, n: cst.While) -> tree.While:
    test = s.expression(n.test)
    return tree.While(test, s.body(n.body), s.orelse(n.orelse), s.header(n, test))


def _for(s: _Lowering, n: cst.For) -> tree.For:
    iterable = s.expression(n.iter)
    return tree.For(s.expression(n.target), iterable, s.body(n.body), s.orelse(n.orelse), s.header(n, iterable))


def _with(s: _Lowering, n: cst.With) -> tree.With:
    items = tuple([(s.expression(i.item), None if i.asname is None else s.expression(i.asname.name)) for i in n.items])
    return tree.With(items, s.body(n.body), s.header(n, items[-1][1] or items[-1][0]))


def _try(s: _Lowering, n: Any) -> tree.Try:
    handlers = [
        tree.Handler(s.optional(h.type), None if h.name is None else identifier(h.name.name), s.body(h.body))
        for h in n.handlers
    ]
    start = s.span(n)
    word = Span(start.line, start.column, start.line, start.column + len("try"))
    return tree.Try(s.body(n.body), tuple(handlers), s.orelse(n.orelse), s.orelse(n.finalbody), word)


def _import(s: _Lowering, n: Any) -> tree.Import:
    names = []
    for alias in n.names:
        name = dotted(alias.name)
        bound = name.partition(".")[0] if alias.asname is None else identifier(alias.asname.name)
        names.append(tree.Alias(name, bound, alias.asname is not None))
    return tree.Import(tuple(names), s.span(n))


def _import_from(s: _Lowering, n: Any) -> tree.ImportFrom:
    module = "" if n.module is None else dotted(n.module)
    if isinstance(n.names, cst.ImportStar):
        return tree.ImportFrom(len(n.relative), module, (tree.Alias("*", "*", False),), s.span(n))
    names = []
    for alias in n.names:
        name = identifier(alias.name)
        bound = name if alias.asname is None else identifier(alias.asname.name)
        names.append(tree.Alias(name, bound, alias.asname is not None))
    return tree.ImportFrom(len(n.relative), module, tuple(names), s.span(n))


def _scope(kind: str) -> Callable[[_Lowering, Any], tree.ScopeStatement]:
    return lambda s, n: tree.ScopeStatement(kind, tuple([identifier(item.name) for item in n.names]), s.span(n))


def _delete(s: _Lowering, n: cst.Del) -> tree.Delete:
    if isinstance(n.target, cst.Tuple) and not n.target.lpar:
        return tree.Delete(s.expressions([element.value for element in n.target.elements]), s.span(n))
    return tree.Delete((s.expression(n.target),), s.span(n))


def _match(s: _Lowering, n: cst.Match) -> tree.Match:
    subject = s.expression(n.subject)
    cases = [
        tree.Case(tuple(sorted(names_bound(case.pattern))), s.optional(case.guard), s.body(case.body))
        for case in n.cases
    ]
    return tree.Match(subject, tuple(cases), s.header(n, subject))


def _type_alias(s: _Lowering, n: cst.TypeAlias) -> tree.Assign:
    """`type Name = value`: the name is bound, to something that is not the value."""
    value = s.expression(n.value)
    return tree.Assign((s.expression(n.name),), tree.Other("TypeAlias", (value,), value.span), None, s.span(n))


_STATEMENTS: dict[type[cst.CSTNode], Callable[[_Lowering, Any], tree.Statement]] = {
    cst.FunctionDef: _function,
    cst.ClassDef: _class,
    cst.Assign: _assign,
    cst.AnnAssign: _annotated,
    cst.AugAssign: _augmented,
    cst.Expr: lambda s, n: tree.ExpressionStatement(s.expression(n.value), s.span(n)),
    cst.Assert: lambda s, n: tree.Assert(s.expression(n.test), s.span(n)),
    cst.Return: lambda s, n: tree.Return(s.optional(n.value), s.span(n)),
    cst.If: _if,
    cst.For: _for,
    cst.While: _while,
    cst.With: _with,
    cst.Try: _try,
    cst.TryStar: _try,
    cst.Import: _import,
    cst.ImportFrom: _import_from,
    cst.LazyImport: _import,
    cst.LazyImportFrom: _import_from,
    cst.Global: _scope("global"),
    cst.Nonlocal: _scope("nonlocal"),
    cst.Break: lambda s, n: tree.Jump("break", s.span(n)),
    cst.Continue: lambda s, n: tree.Jump("continue", s.span(n)),
    cst.Raise: lambda s, n: tree.Raise(s.optional(n.exc), s.span(n)),
    cst.Del: _delete,
    cst.Match: _match,
    cst.TypeAlias: _type_alias,
}
