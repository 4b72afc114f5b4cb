"""Signatures: their text form and what they answer."""

import inspect

import pytest

from dryfit.frameworks import Parameter, Signature
from dryfit.frameworks.signature import parse_signature, signature_text

KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: "posonly",
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "pos",
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.KEYWORD_ONLY: "kw",
    inspect.Parameter.VAR_KEYWORD: "**",
}


def no_parameters() -> None: ...
def plain(a, b=1): ...
def positional_only(a, b=1, /): ...
def positional_only_and_more(a, /, b, *, c=None): ...
def keyword_only(*, a, b="x,y=z"): ...
def variadic(a, *args, b=(1, 2), **kwargs): ...
def only_variadic(*args, **kwargs): ...


@pytest.mark.parametrize(
    "function",
    [no_parameters, plain, positional_only, positional_only_and_more, keyword_only, variadic, only_variadic],
)
def test_text_keeps_everything(function):
    parameters = tuple(
        Parameter(p.name, KINDS[p.kind], None if p.default is p.empty else repr(p.default))
        for p in inspect.signature(function).parameters.values()
    )
    assert parse_signature(signature_text(parameters)).parameters == parameters


def test_text_is_one_parameter_a_line():
    parameters = (Parameter("params", "pos"), Parameter("lr", "pos", "1e-3"), Parameter("foreach", "kw", "None"))
    assert signature_text(parameters) == "params\nlr=1e-3\n*\nforeach=None"


def test_questions():
    signature = parse_signature("model\nlr=1\n*\nfused\n**options")
    assert signature.positional == ("model", "lr")
    assert signature.required == ("model", "fused")
    assert signature.parameter("lr") == Parameter("lr", "pos", "1")
    assert signature.parameter("nothing") is None
    assert signature.has_var_keyword
    assert not signature.has_var_positional


@pytest.mark.parametrize(
    ("text", "keyword", "is_accepted"),
    [
        ("a\nb=1", "b", True),
        ("a\nb=1", "c", False),
        ("a\n/\nb", "a", False),
        ("*\nb", "b", True),
        ("*args", "args", False),
        ("**kwargs", "anything", True),
        ("a\n/\n**kwargs", "a", True),
    ],
)
def test_accepts(text, keyword, is_accepted):
    assert parse_signature(text).accepts(keyword) is is_accepted


def test_nothing_is_accepted_by_the_empty_signature():
    assert Signature(()).positional == ()
    assert not Signature(()).accepts("x")
