"""An optimizer is built with an argument that it does not have.

What it does:
Compares the keyword arguments of `torch.optim` classes, those from a `**mapping` whose keys are known included, with
the signature in the installed torch.

Why it matters:
`TypeError: Adam.__init__() got an unexpected keyword argument 'momentum'` when the optimizer is built.

Fix safety:
Safe where the name is a misspelling or a common other name of an argument (`learning_rate`, `weight_deacy`): the call
was refused. Unsafe where the argument is removed: another optimizer can have been meant.

Source:
Signatures of the classes in `torch.optim`, torch 2.13.0.
"""

from collections.abc import Iterator
from difflib import get_close_matches

from dryfit.rulekit import (
    Arguments,
    Example,
    Finding,
    Fix,
    KeywordArgument,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    remove_argument,
    rename_argument,
)

OTHER_NAMES = {
    "alpha": "lr",
    "beta": "betas",
    "decay": "weight_decay",
    "epsilon": "eps",
    "l2": "weight_decay",
    "learn_rate": "lr",
    "learning_rate": "lr",
    "model_parameters": "params",
    "parameters": "params",
    "rate": "lr",
    "wd": "weight_decay",
}


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.OptimizerBuilt):
        signature = model.frameworks.signature(built.class_name)
        if built.is_of_torch and built.class_name.startswith("torch.optim.") and signature is not None:
            for keyword in built.arguments.keywords.values():
                if not signature.accepts(keyword.name):
                    accepted = tuple(p.name for p in signature.parameters if p.kind in ("pos", "kw"))
                    yield _finding(model, built, keyword, _meant(keyword.name, accepted, built.arguments))


def _meant(name: str, accepted: tuple[str, ...], arguments: Arguments) -> str | None:
    """The argument that this is another name for, if it is not given itself."""
    other = OTHER_NAMES.get(name.lower())
    close = [other] if other in accepted else get_close_matches(name.lower(), accepted, n=1, cutoff=0.8)
    if not close or close[0] in arguments.keywords or accepted.index(close[0]) < len(arguments.positional):
        return None
    return close[0]


def _finding(model: SemanticModel, built: facts.OptimizerBuilt, keyword: KeywordArgument, meant: str | None) -> Finding:
    optimizer = built.class_name.rpartition(".")[2]
    version = model.frameworks.torch_version
    of_version = "" if version is None else f" in torch {'.'.join(version.split('.')[:2])}"
    note = f"raises TypeError when the optimizer is built: unexpected keyword argument '{keyword.name}'"
    message = f"`{optimizer}` has no argument `{keyword.name}`{of_version}"
    if meant is not None:
        title = f"rename `{keyword.name}` to `{meant}`"
        edit = rename_argument(keyword, meant)
        return Finding(keyword.name_site, message, note, title, Fix.safe(title, edit) if edit else None)
    title = f"remove `{keyword.name}`"
    fix = None
    if keyword.argument is not None:
        fix = Fix.unsafe(title, remove_argument(built.arguments, keyword.argument))
    return Finding(keyword.name_site, message, note, title, fix)


RULE = Rule(
    name="unknown-optimizer-argument",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.Adam(net.parameters(), learning_rate=1e-3)
                #                                              ^^^^^^^^^^^^^ unknown-optimizer-argument
            """,
            good="""
                import torch

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
            """,
            witness=Raises("TypeError", "unexpected keyword argument 'learning_rate'"),
        ),
        Example(
            bad="""
                from torch import nn
                from torch.optim import Adam as A

                net = nn.Linear(4, 2)
                optimizer = A(net.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4)
                #                                        ^^^^^^^^ unknown-optimizer-argument
            """,
            good="""
                from torch import nn
                from torch.optim import Adam as A

                net = nn.Linear(4, 2)
                optimizer = A(net.parameters(), lr=1e-3, weight_decay=1e-4)
            """,
            witness=Raises("TypeError", "unexpected keyword argument 'momentum'"),
        ),
        Example(
            bad="""
                from torch import nn, optim

                CONFIG = {"lr": 0.1, "momentum": 0.9, "weight_deacy": 1e-4}
                #                                     ^^^^^^^^^^^^^^ unknown-optimizer-argument
                net = nn.Linear(4, 2)
                optimizer = optim.SGD(net.parameters(), **CONFIG)
            """,
            good="""
                from torch import nn, optim

                CONFIG = {"lr": 0.1, "momentum": 0.9, "weight_decay": 1e-4}
                net = nn.Linear(4, 2)
                optimizer = optim.SGD(net.parameters(), **CONFIG)
            """,
            witness=Raises("TypeError", "unexpected keyword argument 'weight_deacy'"),
        ),
    ),
    near_misses=(
        # Every argument of the signature, and settings that are not known.
        """
        import json

        import torch

        net = torch.nn.Linear(4, 2)
        first = torch.optim.Adam(params=net.parameters(), lr=1e-3, betas=(0.9, 0.99), eps=1e-8, fused=True)
        second = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True, maximize=False)
        settings = json.loads('{"lr": 0.1}')
        third = torch.optim.SGD(net.parameters(), **settings)
        """,
        # A subclass with arguments of its own, and another class of the same name.
        """
        import torch


        class Warm(torch.optim.Adam):
            def __init__(self, params, warmup=10, **settings):
                super().__init__(params, **settings)
                self.warmup = warmup


        class SGD:
            def __init__(self, params, learning_rate):
                self.learning_rate = learning_rate


        net = torch.nn.Linear(4, 2)
        first = Warm(net.parameters(), warmup=100, lr=1e-3)
        second = SGD(net.parameters(), learning_rate=0.1)
        """,
        # Which class it is depends on the program's input.
        """
        import sys

        import torch

        net = torch.nn.Linear(4, 2)
        name = "SGD" if len(sys.argv) < 100 else "Adam"
        optimizer = getattr(torch.optim, name)(net.parameters(), lr=0.1, momentum=0.9)
        """,
    ),
    is_fixable=True,
)
