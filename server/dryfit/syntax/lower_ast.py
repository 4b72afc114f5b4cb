"""Lower a text with the standard library's `ast`: for closed files, and for units that are large.

One small function a kind of node. `ast` counts columns in bytes, from lines that start at one; both end here.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Callable
from typing import Any

from dryfit.syntax import tree
from dryfit.syntax.ast_operators import OPERATORS
from dryfit.syntax.formatted_strings import replacement_fields, texts_around
from dryfit.text.newlines import normalised
from dryfit.text.span import Span

_HAS_EXACT_FORMATTED_STRINGS = sys.version_info >= (3, 12)

_UP_TO_NAME = re.compile(r"(?:async(?:[ \t\f]|\\\n)+)?(?:def|class)(?:[ \t\f]|\\\n)+")
_BLANK = " \t\f\n"


def lower(text: str, first_line: int = 1) -> tuple[tree.Statement, ...]:
    """The statements of a text; `first_line` is the line, counted from one, that becomes line 0.

    Raises what `ast.parse` raises: SyntaxError, ValueError (NUL, lone surrogates), RecursionError, MemoryError.
    """
    text = normalised(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python has some to say about the user's strings and numbers.
        return _Lowering(text, first_line).statements(ast.parse(text).body)


class _Lowering:
    """What a node needs to know of its text. `shift`: columns that the text's first line stands further right."""

    __slots__ = ("byte_columns", "first_line", "lines", "shift")

    def __init__(self, text: str, first_line: int, shift: int = 0) -> None:
        self.lines = text.split("\n")
        self.first_line = first_line
        self.shift = shift
        self.byte_columns: dict[int, list[int] | None] | None = None if text.isascii() else {}

    # ----------------------------------------------------------------------------------------------- places
    def span(self, node: Any) -> Span:
        line, end_line = node.lineno, node.end_lineno
        column, end_column = node.col_offset, node.end_col_offset
        if self.byte_columns is not None:
            column, end_column = self.code_points(line, column), self.code_points(end_line, end_column)
        return self.placed(line, column, end_line, end_column)

    def placed(self, line: int, column: int, end_line: int, end_column: int) -> Span:
        """A span, from lines of `ast` and columns in code points."""
        if self.shift:
            column += self.shift if line == 1 else 0
            end_column += self.shift if end_line == 1 else 0
        return Span(line - self.first_line, column, end_line - self.first_line, end_column)

    def code_points(self, line: int, byte: int) -> int:
        """The column in code points of a column in UTF-8 bytes."""
        if self.byte_columns is None:
            return byte
        if line not in self.byte_columns:
            characters = self.lines[line - 1]
            self.byte_columns[line] = None if characters.isascii() else _code_point_of_byte(characters)
        columns = self.byte_columns[line]
        return byte if columns is None else columns[byte]

    def header(self, node: Any, last: tree.Expression) -> Span:
        """From the keyword that a statement starts with to the end of `last`."""
        start = self.start(node)
        return Span(start.line, start.column, last.span.end_line, last.span.end_column)

    def start(self, node: Any) -> Span:
        column = self.code_points(node.lineno, node.col_offset)
        return self.placed(node.lineno, column, node.lineno, column)

    def name_at(self, name: str, line: int, column: int) -> Span:
        """The span of an identifier. `ast` normalises what is written in full-width letters and the like."""
        text = self.lines[line - 1]
        end = column + len(name)
        if text[column:end] != name:
            end = column + 1
            while end < len(text) and ("_" + text[end]).isidentifier():
                end += 1
        return self.placed(line, column, line, end)

    def definition_name(self, node: Any) -> Span:
        """The span of the name of a function or class: `ast` has none."""
        line, column = node.lineno, self.code_points(node.lineno, node.col_offset)
        text = self.lines[line - 1]
        if text.endswith("\\"):
            text = "\n".join(self.lines[line - 1 :])
        match = _UP_TO_NAME.match(text, column)
        if match is None:
            raise SyntaxError(f"no name after the keyword in line {line}")
        skipped = match.group()
        if "\n" in skipped:
            line += skipped.count("\n")
            return self.name_at(node.name, line, len(skipped) - skipped.rfind("\n") - 1)
        return self.name_at(node.name, line, match.end())

    # ------------------------------------------------------------------------------------------ expressions
    def expression(self, node: Any) -> tree.Expression:
        lower_node = _EXPRESSIONS.get(node.__class__)
        if lower_node is not None:
            return lower_node(self, node)
        parts = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
        return tree.Other(node.__class__.__name__, self.expressions(parts), self.span(node))

    def optional(self, node: Any) -> tree.Expression | None:
        return None if node is None else self.expression(node)

    def expressions(self, nodes: Any) -> tuple[tree.Expression, ...]:
        return tuple([self.expression(node) for node in nodes])

    def arguments(self, positional: list[ast.expr], keywords: list[ast.keyword]) -> tuple[tree.Argument, ...]:
        """The arguments of a call or class header, in the order in which they are written."""
        arguments = []
        for node in positional:
            if isinstance(node, ast.Starred):
                arguments.append(tree.Argument(None, 1, self.expression(node.value), self.span(node)))
            else:
                value = self.expression(node)
                arguments.append(tree.Argument(None, 0, value, value.span))
        for keyword in keywords:
            stars = 0 if keyword.arg else 2
            arguments.append(tree.Argument(keyword.arg, stars, self.expression(keyword.value), self.span(keyword)))
        if positional and keywords:
            arguments.sort(key=lambda argument: argument.span)
        return tuple(arguments)

    def parameters(self, node: ast.arguments) -> tuple[tree.Parameter, ...]:
        positional = [(parameter, "posonly") for parameter in node.posonlyargs]
        positional += [(parameter, "pos") for parameter in node.args]
        defaults = [None] * (len(positional) - len(node.defaults)) + node.defaults
        parameters = [self.parameter(p, kind, d) for (p, kind), d in zip(positional, defaults, strict=True)]
        if node.vararg:
            parameters.append(self.parameter(node.vararg, "*", None))
        parameters += [self.parameter(p, "kw", d) for p, d in zip(node.kwonlyargs, node.kw_defaults, strict=True)]
        if node.kwarg:
            parameters.append(self.parameter(node.kwarg, "**", None))
        return tuple(parameters)

    def parameter(self, node: ast.arg, kind: str, default: ast.expr | None) -> tree.Parameter:
        span = self.name_at(node.arg, node.lineno, self.code_points(node.lineno, node.col_offset))
        return tree.Parameter(node.arg, kind, self.optional(default), self.optional(node.annotation), span)

    def formatted_string(self, node: ast.JoinedStr) -> tree.FormattedString:
        texts = texts_around(node)
        if _HAS_EXACT_FORMATTED_STRINGS:
            fields = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
            return tree.FormattedString(self.expressions(fields), self.span(node), texts)
        return tree.FormattedString(self.located_fields(node), self.span(node), texts)

    def located_fields(self, node: ast.JoinedStr) -> tuple[tree.Expression, ...]:
        """The expressions in an f-string; before Python 3.12 `ast` misplaces them, so they are parsed once more."""
        if not any(isinstance(part, ast.FormattedValue) for part in node.values):
            return ()
        first, last = node.lineno, node.end_lineno or node.lineno
        start = self.code_points(first, node.col_offset)
        lines = self.lines[first - 1 : last]
        lines[-1] = lines[-1][: self.code_points(last, node.end_col_offset or 0)]
        lines[0] = lines[0][start:]
        text = "\n".join(lines)
        return tuple([self.located_field(text, begin, end, first, start) for begin, end in replacement_fields(text)])

    def located_field(self, text: str, begin: int, end: int, first: int, start: int) -> tree.Expression:
        """`text[begin:end]`, where `text` stands at column `start` of line `first`."""
        line = first + text.count("\n", 0, begin)
        column = begin - text.rfind("\n", 0, begin) - 1 + (start if line == first else 0)
        if line == 1:
            column += self.shift
        source = text[begin:end]
        # The added parenthesis stands where the brace is.
        inner = _Lowering(f"({source})", 1 - (line - self.first_line), column - 1)
        node = ast.parse(f"({source})", mode="eval").body
        value = inner.expression(node)
        if isinstance(value, tree.Sequence) and node.col_offset == 0 and value.kind == "tuple":
            blank = len(source) - len(source.lstrip(_BLANK))
            return tree.Sequence("tuple", value.items, inner.span_of(1 + blank, 1 + len(source.rstrip(_BLANK))))
        return value

    def span_of(self, begin: int, end: int) -> Span:
        """The span of a part of the text, given by offsets."""
        text = "\n".join(self.lines)
        line, end_line = text.count("\n", 0, begin), text.count("\n", 0, end)
        column, end_column = begin - text.rfind("\n", 0, begin) - 1, end - text.rfind("\n", 0, end) - 1
        return self.placed(line + 1, column, end_line + 1, end_column)

    # ------------------------------------------------------------------------------------------- statements
    def statements(self, nodes: list[ast.stmt]) -> tuple[tree.Statement, ...]:
        return tuple([_STATEMENTS[node.__class__](self, node) for node in nodes if node.__class__ in _STATEMENTS])

    def case(self, node: ast.match_case) -> tree.Case:
        names = []
        for part in ast.walk(node.pattern):
            name = part.rest if isinstance(part, ast.MatchMapping) else getattr(part, "name", None)
            if name is not None:
                names.append(name)
        return tree.Case(tuple(sorted(names)), self.optional(node.guard), self.statements(node.body))


def _code_point_of_byte(line: str) -> list[int]:
    """For each byte of the line in UTF-8, and its end, the number of code points before it."""
    columns: list[int] = []
    for column, character in enumerate(line):
        columns += [column] * len(character.encode())
    columns.append(len(line))
    return columns


# ------------------------------------------------------------------------------------------------ expressions
def _comparison(s: _Lowering, n: ast.Compare) -> tree.Comparison:
    return tree.Comparison(
        tuple([OPERATORS[op.__class__] for op in n.ops]), s.expressions([n.left, *n.comparators]), s.span(n)
    )


def _comprehension(kind: str) -> Callable[[_Lowering, Any], tree.Comprehension]:
    def lower_node(s: _Lowering, n: Any) -> tree.Comprehension:
        key = s.expression(n.key) if kind == "dict" else None
        element = s.expression(n.value if kind == "dict" else n.elt)
        clauses = [
            tree.Clause(s.expression(part.target), s.expression(part.iter), s.expressions(part.ifs))
            for part in n.generators
        ]
        return tree.Comprehension(kind, key, element, tuple(clauses), s.span(n))

    return lower_node


def _dictionary(s: _Lowering, n: ast.Dict) -> tree.Dictionary:
    items = tuple([(s.optional(key), s.expression(value)) for key, value in zip(n.keys, n.values, strict=True)])
    return tree.Dictionary(items, s.span(n))


def _slice(s: _Lowering, n: ast.Slice) -> tree.Other:
    return tree.Other("Slice", s.expressions([x for x in (n.lower, n.upper, n.step) if x is not None]), s.span(n))


def _binary(s: _Lowering, n: ast.BinOp) -> tree.Binary:
    return tree.Binary(OPERATORS[n.op.__class__], s.expression(n.left), s.expression(n.right), s.span(n))


def _conditional(s: _Lowering, n: ast.IfExp) -> tree.Conditional:
    return tree.Conditional(s.expression(n.test), s.expression(n.body), s.expression(n.orelse), s.span(n))


_EXPRESSIONS: dict[type[ast.AST], Callable[[_Lowering, Any], tree.Expression]] = {
    ast.Name: lambda s, n: tree.Name(n.id, s.span(n)),
    ast.Constant: lambda s, n: tree.Constant(n.value, s.span(n)),
    ast.Attribute: lambda s, n: tree.Attribute(s.expression(n.value), n.attr, s.span(n)),
    ast.Call: lambda s, n: tree.Call(s.expression(n.func), s.arguments(n.args, n.keywords), s.span(n)),
    ast.List: lambda s, n: tree.Sequence("list", s.expressions(n.elts), s.span(n)),
    ast.Tuple: lambda s, n: tree.Sequence("tuple", s.expressions(n.elts), s.span(n)),
    ast.Set: lambda s, n: tree.Sequence("set", s.expressions(n.elts), s.span(n)),
    ast.Starred: lambda s, n: tree.Starred(s.expression(n.value), s.span(n)),
    ast.Dict: _dictionary,
    ast.Subscript: lambda s, n: tree.Subscript(s.expression(n.value), s.expression(n.slice), s.span(n)),
    ast.Slice: _slice,
    ast.BinOp: _binary,
    ast.UnaryOp: lambda s, n: tree.Unary(OPERATORS[n.op.__class__], s.expression(n.operand), s.span(n)),
    ast.BoolOp: lambda s, n: tree.Logical(OPERATORS[n.op.__class__], s.expressions(n.values), s.span(n)),
    ast.Compare: _comparison,
    ast.JoinedStr: _Lowering.formatted_string,
    ast.IfExp: _conditional,
    ast.Lambda: lambda s, n: tree.Lambda(s.parameters(n.args), s.expression(n.body), s.span(n)),
    ast.ListComp: _comprehension("list"),
    ast.SetComp: _comprehension("set"),
    ast.DictComp: _comprehension("dict"),
    ast.GeneratorExp: _comprehension("generator"),
    ast.NamedExpr: lambda s, n: tree.Walrus(s.expression(n.target), s.expression(n.value), s.span(n)),
}


# ------------------------------------------------------------------------------------------------- statements
def _function(s: _Lowering, n: Any) -> tree.Function:
    name_span = s.definition_name(n)
    return tree.Function(
        name=n.name,
        parameters=s.parameters(n.args),
        returns=s.optional(n.returns),
        body=s.statements(n.body),
        decorators=s.expressions(n.decorator_list),
        is_async=n.__class__ is ast.AsyncFunctionDef,
        span=s.start(n).to(name_span),
        name_span=name_span,
    )


def _class(s: _Lowering, n: ast.ClassDef) -> tree.Class:
    name_span = s.definition_name(n)
    bases, body, decorators = s.arguments(n.bases, n.keywords), s.statements(n.body), s.expressions(n.decorator_list)
    return tree.Class(n.name, bases, body, decorators, s.start(n).to(name_span), name_span)


def _annotated(s: _Lowering, n: ast.AnnAssign) -> tree.Assign:
    return tree.Assign((s.expression(n.target),), s.optional(n.value), s.expression(n.annotation), s.span(n))


def _augmented(s: _Lowering, n: ast.AugAssign) -> tree.AugmentedAssign:
    return tree.AugmentedAssign(s.expression(n.target), OPERATORS[n.op.__class__], s.expression(n.value), s.span(n))


def _if(s: _Lowering, n: ast.If) -> tree.If:
    test = s.expression(n.test)
    return tree.If(test, s.statements(n.body), s.statements(n.orelse), s.header(n, test))


def _while(s: _Lowering, n: ast.While) -> tree.While:
    test = s.expression(n.test)
    return tree.While(test, s.statements(n.body), s.statements(n.orelse), s.header(n, test))


def _for(s: _Lowering, n: Any) -> tree.For:
    iterable = s.expression(n.iter)
    body, orelse = s.statements(n.body), s.statements(n.orelse)
    return tree.For(s.expression(n.target), iterable, body, orelse, s.header(n, iterable))


def _with(s: _Lowering, n: Any) -> tree.With:
    items = tuple([(s.expression(item.context_expr), s.optional(item.optional_vars)) for item in n.items])
    return tree.With(items, s.statements(n.body), s.header(n, items[-1][1] or items[-1][0]))


def _try(s: _Lowering, n: Any) -> tree.Try:
    handlers = [tree.Handler(s.optional(h.type), h.name, s.statements(h.body)) for h in n.handlers]
    start = s.start(n)
    word = Span(start.line, start.column, start.line, start.column + len("try"))
    return tree.Try(s.statements(n.body), tuple(handlers), s.statements(n.orelse), s.statements(n.finalbody), word)


def _import(s: _Lowering, n: ast.Import) -> tree.Import:
    names = [tree.Alias(a.name, a.asname or a.name.partition(".")[0], a.asname is not None) for a in n.names]
    return tree.Import(tuple(names), s.span(n))


def _import_from(s: _Lowering, n: ast.ImportFrom) -> tree.ImportFrom:
    names = [tree.Alias(a.name, a.asname or a.name, a.asname is not None) for a in n.names]
    return tree.ImportFrom(n.level, n.module or "", tuple(names), s.span(n))


def _match(s: _Lowering, n: ast.Match) -> tree.Match:
    subject = s.expression(n.subject)
    return tree.Match(subject, tuple([s.case(case) for case in n.cases]), s.header(n, subject))


def _type_alias(s: _Lowering, n: Any) -> tree.Assign:
    """`type Name = value`: the name is bound, to something that is not the value."""
    value = s.expression(n.value)
    return tree.Assign((s.expression(n.name),), tree.Other("TypeAlias", (value,), value.span), None, s.span(n))


_STATEMENTS: dict[type[ast.AST], Callable[[_Lowering, Any], tree.Statement]] = {
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.Assign: lambda s, n: tree.Assign(s.expressions(n.targets), s.expression(n.value), None, s.span(n)),
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Expr: lambda s, n: tree.ExpressionStatement(s.expression(n.value), s.span(n)),
    ast.Assert: lambda s, n: tree.Assert(s.expression(n.test), s.span(n)),
    ast.Return: lambda s, n: tree.Return(s.optional(n.value), s.span(n)),
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Global: lambda s, n: tree.ScopeStatement("global", tuple(n.names), s.span(n)),
    ast.Nonlocal: lambda s, n: tree.ScopeStatement("nonlocal", tuple(n.names), s.span(n)),
    ast.Break: lambda s, n: tree.Jump("break", s.span(n)),
    ast.Continue: lambda s, n: tree.Jump("continue", s.span(n)),
    ast.Raise: lambda s, n: tree.Raise(s.optional(n.exc), s.span(n)),
    ast.Delete: lambda s, n: tree.Delete(s.expressions(n.targets), s.span(n)),
    ast.Match: _match,
}
if sys.version_info >= (3, 11):
    _STATEMENTS[ast.TryStar] = _try
if sys.version_info >= (3, 12):
    _STATEMENTS[ast.TypeAlias] = _type_alias
