"""Both lowerings on what is easily got wrong: spans point at the exact text, and both give the same tree."""

import ast
import sys
from textwrap import dedent

import libcst
import pytest
from hypothesis import given, settings

from dryfit.syntax import lower_ast, lower_libcst, tree
from dryfit.syntax.libcst_places import MetadataPlaces, TokenPlaces
from dryfit.text.newlines import normalised
from dryfit.text.source import Source, decode
from dryfit.text.span import Span

from .lowering_agreement import difference
from .python_texts import texts

STATEMENTS = [
    "x = 1",
    "x = y = (1, 2)",
    'x = f"""a\\n = "{b}" c"""',  # a text that ends with a quote, in front of a field
    "(x), [y, *z] = (a), b",
    "x: int = (1)",
    "x: int",
    "x.y[0] += (yield)",
    "x @= y // z ** -w",
    "del a, (b), [c]",
    "del (a, b)",
    "del a,",
    "return",
    "return (a, b)",
    "return a, (b)",
    "return (a), b,",
    "raise",
    "raise E(a) from b",
    "assert (a), b",
    "global a, b",
    "nonlocal c",
    "import a.b.c, d as e, f.g as h",
    "from . import a",
    "from ...b.c import (d, e as f,)",
    "from .  .x import *",
    "pass; x; pass",
    "break",
    "continue",
    "...",
    '"""doc"""',
    "if a: pass\nelif (b): c\nelse: d",
    "for i, j, in a, b,: pass\nelse: c",
    "for (i) in (a): pass",
    "while (a): b\nelse:\n  c",
    "with a, b as c: d",
    "with (a, b as (c)): d",
    "with (a as b, c as (d, e),): f",
    "with (a): b",
    "with (a, b) as c: d",
    "with (a), b: c",
    "async def f():\n  async with a as b: pass\n  async for c in d: await e\n  return [x async for x in y]",
    "try: a\nexcept (B, C) as d: e\nexcept F: g\nexcept: h\nelse: i\nfinally: j",
    "try:\n  a\nfinally:\n  b",
    "def f(a, /, b: int = (1), *c: d, e, f=(2), **g: h) -> (i): return a",
    "def f(*, a): pass",
    "def f(\n  a,  # first\n  b=1,\n): pass",
    "@a\n@b.c(\n  d\n)\nasync  def \\\n  f(): pass",
    "@a\nclass \\\n A(B, *C, metaclass=D, **E): x = 1",
    "class A: pass",
    "class A():\n  '''doc'''\n  def f(self): pass",
    "match a, b:\n  case [C(x, y=z), *w] if (v): u\n  case _: t",
    "match a,:\n  case {'k': d, **rest} | e.f: g\n  case (1 | -2.5j) as h: i\n  case _: j",
    "match (a):\n  case None: pass",
    "match = case = type = 1",
    "x = match(a)[case]",
    "x = a if (b) else (c)",
    "x = (lambda: (yield))",
    "x = lambda a, /, b=lambda c: (d), *e, f=(1), **g: (h)",
    "x = not (a), -b, +(c), ~d",
    "x = a and b and (c and d) or e or (f or g)",
    "x = (a and b) and c",
    "x = a < b <= c != d is not e not in f in (g)",
    "x = a + b - (c * d) / e % f @ g << h >> i & j | k ^ l",
    "x = f(a, *b, c=(d), *(e), **f, **(g))(h)(\n  i,\n)",
    "x = f(a for a in b)",
    "x = f( # (\n  a for a in b # )\n  )",
    "x = f((a for a in b), c)",
    "x = f(a := 1, (b := 2))",
    "x = ( a . b ) . c \\\n . d",
    "x = a[b]",
    "x = a[b,]",
    "x = a[ (b), c , ]",
    "x = a[b:c, ::d, (e):, :]",
    "x = a[ : ]",
    "x = a[b : # c :\n ]",
    "x = a[b,\n c # ,\n , # d\n ]",
    "x = a[(b, c)], a[(b)]",
    "x = a[b:c:d][:, None][..., 0]",
    "x = [], [a], [a, *b,], (), (a,), (*a,), {a}, {*a, b}",
    "x = {}, {a: b, **c, (d): (e),}",
    "x = ((((a)), b))",
    "x = *a, *(b)",
    "x = [a for a in b if (c) if d for e, f in (g)], {a: b for c in d}, {a for b in c}, (a for b in c)",
    "x = ( # (\n (a) for b in c\n)",
    "x = 0, 00, 1_000, 0xFF, 0b1, 0o17, 1., .5, 1e-3, 1_0.0_1, 1j, 1_0J, 9" + "9" * 40,
    "x = True, False, None, ..., __debug__",
    "x = 'a' \"b\" r'\\c' u'd' '''e\nf''' R\"\"\"g\"\"\"",
    "x = b'a' rb'\\b' Br\"c\" b'\\x00\\n'",
    "x = '\\n\\t\\x41\\u00e9\\N{BULLET}\\\n', '', \"\", ''''''",
    "x = '\\d \\ '",
    "x = f'a', f'', f'{a}', rf'{a}\\d{b}', F'{{{a}}}'",
    "x = f'{a!r:>{b}.{c}} {d=} {e = !s} {f:%Y-%m}'",
    "x = f'{a[\"b\"]}{c.d(e, f=1)}{ g }{(lambda: 1)}{h != i}{j >= k}{ {1: 2}[1] }'",
    "x = f'{a, b}', f'{ (a), b, }', f'{*a, b}', f'{(a, b)}'",
    "x = f'''\n{a}é{b} {\nc\n}\n {d:{e}\n}'''",
    "x = (f'é{a}' 'b{c}' # {d}\n  f\"{e}\"\n  rf'''\n{f}''')",
    'x = f\'{f"{a}" + f"é{b!r}"}\'',
    "x = f'\\N{BULLET}{a}\\{b}\\\\{c}'",
    "x = f'{yield_}{(yield)}'",
    "x = f'{a if b else c}{[d for e in f]}'",
    "x = ﬁ(ﬀ=ﬂ.ªb)\ndef ﬁ(ª, *ﬂ): global ﬀ\nclass ﬁ: import ﬁ.ﬂ as ﬀ",
    "é = 'ü'; 变量 = é.ñ(ö='😀', β=1)  # 😀",
    "x = '😀', y, '\u2028', z, f'😀{w}'",
    "if 1:\n\tx = (y,\n\t\tz)",
    "\f\nx = 1\n\f\ndef f():\n\f    return 2",
    "x = 1 ;  y = 2 ;",
    "x = \\\n  a \\\n  + b",
    "def f(): return (yield), (yield from a), (await b)",
]
NEWER = {
    (3, 11): ["try: a\nexcept* B as c: d", "x = a[*b]", "x = a[*b, c]", "def f(*a: *b): pass"],
    (3, 12): ["type A[T] = list[T]", "def f[T](a: T): pass", "class A[T](B): pass", 'x = f"{a["b"]}{f"{c}"}"'],
    (3, 13): ["type A[T = int] = T", "class A[T = int]: pass"],
}
LOWERINGS = {"ast": lower_ast.lower, "libcst": lower_libcst.lower}


def text_at(text: str, span: Span) -> str:
    lines = text.split("\n")[span.line : span.end_line + 1]
    lines[-1] = lines[-1][: span.end_column]
    lines[0] = lines[0][span.column :]
    return "\n".join(lines)


def check_spans(text: str, statements: tuple[tree.Statement, ...]) -> None:
    """Names, constants and definitions stand where their spans say."""
    for statement in statements:
        for node in tree.walk(statement):
            match node:
                case tree.Name(id=name, span=span):
                    assert identifier(text_at(text, span)) == name
                case tree.Constant(value=value, span=span):
                    found = text_at(text, span)
                    assert found in (repr(value), "...") or ast.literal_eval(f"({found})") == value
                case tree.Attribute(name=name, name_span=span):
                    assert identifier(text_at(text, span)) == name
                case tree.Parameter(name=name, span=span):
                    assert identifier(text_at(text, span)) == name
                case tree.Argument(keyword=str(name), span=span):
                    assert identifier(text_at(text, span).partition("=")[0].strip(" \\\n")) == name
                case tree.Argument(stars=stars, span=span) if stars:
                    assert text_at(text, span).startswith("*" * stars)
                case tree.Function(name=name, span=span, name_span=name_span, is_async=is_async):
                    assert identifier(text_at(text, name_span)) == name
                    assert text_at(text, span).startswith("async" if is_async else "def")
                    assert span[2:] == name_span[2:]
                case tree.Class(name=name, span=span, name_span=name_span):
                    assert identifier(text_at(text, name_span)) == name
                    assert text_at(text, span).startswith("class")
                case tree.If() | tree.For() | tree.While() | tree.With() | tree.Try() | tree.Match():
                    words = ("if", "elif", "for", "async", "while", "with", "try", "match")
                    assert text_at(text, node.span).startswith(words)


def identifier(written: str) -> str:
    """A name as Python reads it."""
    node = ast.parse(written, mode="eval").body
    assert isinstance(node, ast.Name)
    return node.id


def statements_here() -> list[str]:
    newer = [text for version, found in NEWER.items() if sys.version_info >= version for text in found]
    return STATEMENTS + newer


@pytest.mark.filterwarnings("ignore:invalid escape sequence")
@pytest.mark.parametrize("text", statements_here())
def test_both_lowerings_agree_and_spans_are_exact(text: str) -> None:
    for source in (
        text,
        text + "\n",
        "# é\n\n" + text,
        "if é:\n" + "".join([f"    {x}\n" for x in [text] if "\n" not in x]),
    ):
        if source.endswith(":\n"):
            continue
        by_ast, by_libcst = lower_ast.lower(source), lower_libcst.lower(source)
        assert difference(by_ast, by_libcst) is None
        check_spans(source, by_ast)


@pytest.mark.parametrize("text", [text for version, found in NEWER.items() for text in found])
def test_libcst_knows_newer_syntax_than_the_running_python(text: str) -> None:
    assert lower_libcst.lower(text)


@given(texts)
@settings(deadline=None)
def test_both_lowerings_agree_on_any_text_that_both_know(text: str) -> None:
    try:
        by_ast = lower_ast.lower(text)
        by_libcst = lower_libcst.lower(text)
    except (SyntaxError, ValueError, libcst.ParserSyntaxError):
        return
    assert difference(by_ast, by_libcst) is None
    check_spans(normalised(text), by_ast)


@pytest.mark.parametrize("lowering", LOWERINGS)
def test_first_line_becomes_line_zero(lowering: str) -> None:
    text = "if 1:\n    x = f'''\n{y}'''\n"
    (condition,) = LOWERINGS[lowering](text, 2)
    assert isinstance(condition, tree.If)
    (assign,) = condition.body
    assert condition.span == Span(-1, 0, -1, 4)
    assert assign.span == Span(0, 4, 1, 6)
    assert isinstance(assign, tree.Assign)
    assert assign.value == tree.FormattedString((tree.Name("y", Span(1, 1, 1, 2)),), Span(0, 8, 1, 6), ("\n", ""))


@pytest.mark.parametrize("lowering", LOWERINGS)
def test_a_whole_tree(lowering: str) -> None:
    text = dedent("""\
        @a.b
        async def f(x, *, y: int = 1):
            with (g(*x, k=(y)) as z):
                return z[0, :]
        """)
    x, y = tree.Name("x", Span(2, 13, 2, 14)), tree.Name("y", Span(2, 19, 2, 20))
    arguments = (tree.Argument(None, 1, x, Span(2, 12, 2, 14)), tree.Argument("k", 0, y, Span(2, 16, 2, 21)))
    call = tree.Call(tree.Name("g", Span(2, 10, 2, 11)), arguments, Span(2, 10, 2, 22))
    index = (tree.Constant(0, Span(3, 17, 3, 18)), tree.Other("Slice", (), Span(3, 20, 3, 21)))
    value = tree.Subscript(
        tree.Name("z", Span(3, 15, 3, 16)), tree.Sequence("tuple", index, Span(3, 17, 3, 21)), Span(3, 15, 3, 22)
    )
    with_ = tree.With(
        ((call, tree.Name("z", Span(2, 26, 2, 27))),), (tree.Return(value, Span(3, 8, 3, 22)),), Span(2, 4, 2, 27)
    )
    parameters = (
        tree.Parameter("x", "pos", None, None, Span(1, 12, 1, 13)),
        tree.Parameter(
            "y", "kw", tree.Constant(1, Span(1, 27, 1, 28)), tree.Name("int", Span(1, 21, 1, 24)), Span(1, 18, 1, 19)
        ),
    )
    decorator = tree.Attribute(tree.Name("a", Span(0, 1, 0, 2)), "b", Span(0, 1, 0, 4))
    assert LOWERINGS[lowering](text) == (
        tree.Function("f", parameters, None, (with_,), (decorator,), True, Span(1, 0, 1, 11), Span(1, 10, 1, 11)),
    )


@pytest.mark.parametrize("lowering", LOWERINGS)
@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_other_newlines_and_a_byte_order_mark_move_nothing(lowering: str, newline: str) -> None:
    text = "x = 1\ny = '''\n'''\nz = f(\n  x)\n"
    expected = LOWERINGS[lowering](text)
    assert LOWERINGS[lowering](text.replace("\n", newline)) == expected
    source = decode(b"\xef\xbb\xbf" + text.replace("\n", newline).encode())
    assert isinstance(source, Source)
    assert LOWERINGS[lowering](source.text) == expected


def test_what_only_python_knows_is_refused_by_libcst() -> None:
    assert lower_ast.lower("(x): int = 1")
    with pytest.raises(libcst.ParserSyntaxError):
        lower_libcst.lower("(x): int = 1")


def test_odd_escapes_of_the_user_warn_nobody() -> None:
    for text in (r"x = '\d'", r"x = f'\d{y}'", "x = 1if y else 2", "x = f'{1if y else 2}'"):
        assert lower_ast.lower(text) == lower_libcst.lower(text)


@pytest.mark.filterwarnings("ignore:invalid escape sequence")
def test_public_metadata_give_the_same_places_as_tokens() -> None:
    for text in STATEMENTS:
        if "# (" in text or "# ," in text or "# c" in text:
            continue  # punctuation in comments is beyond the fallback
        module = libcst.parse_module(text)
        slow = lower_libcst._Lowering(MetadataPlaces(module), 0).body(module)
        module = libcst.parse_module(text)
        assert lower_libcst._Lowering(TokenPlaces(module), 0).body(module) == slow


def test_what_libcst_does_not_give_back_is_refused() -> None:
    with pytest.raises(ValueError, match="give back"):
        lower_libcst.lower("\\\nx = 1\n")
