"""An optimizer is given a value that its constructor refuses.

What it does:
Compares numbers that are certainly given to a class of `torch.optim` with what its constructor checks: rates, decays
and momenta below 0, betas outside of 0 to 1, one number where two betas are needed, the integer 0 as a beta of Adam,
`nesterov` without a momentum or with dampening, `fused` together with `foreach` or `differentiable`. Values are
followed through variables, configurations, `**mappings` and helper functions.

Why it matters:
The optimizer is not built: `ValueError: Invalid learning rate: -0.01`, `ValueError: Nesterov momentum requires a
momentum and zero dampening`, `TypeError: 'float' object is not subscriptable`. An integer beta, common in recipes for
adversarial training (`betas=(0, 0.9)`), was accepted by Adam and AdamW before torch 2.6, and raises `ValueError: betas
must be either both floats or both Tensors` since.

Fix safety:
Safe where an integer beta is written as a float. Unsafe where one number becomes a pair of betas: the second is Adam's
usual one.

Source:
The constructors in `torch.optim`, torch 2.13.0; run on 2.0 to 2.15.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    UNKNOWN,
    Example,
    Finding,
    Fix,
    Operand,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    refused_arguments,
    replace,
)

NEEDS_FLOATS = ("torch.optim.Adam", "torch.optim.AdamW")
SECOND_BETA = "0.999"


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.OptimizerBuilt):
        if built.is_of_torch and not built.arguments.is_expected_to_fail:
            yield from _outside(model, built)
            yield from _betas(model, built)
            yield from _nesterov(built)
            yield from _fused(model, built)


def _name(built: facts.OptimizerBuilt) -> str:
    return built.class_name.rpartition(".")[2]


def _outside(model: SemanticModel, built: facts.OptimizerBuilt) -> Iterator[Finding]:
    for refused in refused_arguments(model.frameworks, built.class_name, built.arguments):
        yield Finding(
            refused.value.site,
            f"{refused.message}, and `{_name(built)}` takes {refused.wanted}",
            _note(refused.error),
            f"give `{refused.name}` {refused.wanted}",
        )


def _note(error: str) -> str:
    kind, _, text = error.partition(": ")
    return f"raises {kind} when the optimizer is built: {text}"


def _known(model: SemanticModel, built: facts.OptimizerBuilt, name: str) -> Operand | None:
    """An argument that is certainly given."""
    signature = model.frameworks.signature(built.class_name)
    positional = () if signature is None else signature.positional
    return built.arguments.known(positional.index(name) if name in positional else None, name)


def _betas(model: SemanticModel, built: facts.OptimizerBuilt) -> Iterator[Finding]:
    """One number for two, and whole numbers among them."""
    betas = _known(model, built, "betas")
    if betas is None or "betas" not in model.frameworks.domains(built.class_name):
        return
    if _is_number(betas):
        title = f"write `({betas.literal}, {SECOND_BETA})`"
        is_beta = isinstance(betas.literal, float) and 0 <= betas.literal < 1
        fix = Fix.unsafe(title, replace(betas.site, title[7:-1])) if betas.is_written and is_beta else None
        yield Finding(
            betas.site,
            f"`betas` is one number, and `{_name(built)}` takes two",
            f"raises TypeError when the optimizer is built: '{type(betas.literal).__name__}' object is not "
            "subscriptable",
            title if is_beta else "give two numbers",
            fix,
        )
    elif built.class_name in NEEDS_FLOATS and model.frameworks.torch_since("2.6"):
        parts = betas.elements
        for i, part in enumerate(parts if parts is not UNKNOWN and len(parts) == 2 else ()):
            if type(part.literal) is int and part.literal == 0:
                title = "write `0.0`"
                yield Finding(
                    part.site,
                    f"`betas[{i}]` is the integer 0, and `{_name(built)}` takes floats",
                    "raises ValueError when the optimizer is built, since torch 2.6: betas must be either both floats "
                    "or both Tensors",
                    title,
                    Fix.safe(title, replace(part.site, "0.0")) if part.is_written else None,
                )


def _is_number(value: Operand) -> bool:
    return isinstance(value.literal, (int, float))


def _nesterov(built: facts.OptimizerBuilt) -> Iterator[Finding]:
    """`momentum` is argument 2, `dampening` 3 and `nesterov` 5 of `SGD`."""
    nesterov = built.arguments.known(5, "nesterov")
    if built.class_name != "torch.optim.SGD" or nesterov is None or nesterov.literal is not True:
        return
    momentum, dampening = built.arguments.get(2, "momentum"), built.arguments.get(3, "dampening")
    note = "raises ValueError when the optimizer is built: Nesterov momentum requires a momentum and zero dampening"
    if momentum is None or (isinstance(momentum, Operand) and _is_number(momentum) and momentum.literal == 0):
        yield Finding(nesterov.site, "`nesterov` is True without a momentum", note, "give `momentum` more than 0")
    elif isinstance(dampening, Operand) and _is_number(dampening) and dampening.literal != 0:
        message = f"`nesterov` is True and `dampening` is {dampening.literal}"
        yield Finding(nesterov.site, message, note, "leave out `dampening`")


def _fused(model: SemanticModel, built: facts.OptimizerBuilt) -> Iterator[Finding]:
    """`fused` excludes two others."""
    fused = _known(model, built, "fused")
    signature = model.frameworks.signature(built.class_name)
    if fused is None or fused.literal is not True or signature is None or not signature.accepts("fused"):
        return
    for name, text in (
        ("differentiable", "`fused` does not support `differentiable`"),
        ("foreach", "`fused` and `foreach` cannot be `True` together"),
    ):
        other = _known(model, built, name)
        if other is not None and other.literal is True:
            note = f"raises RuntimeError when the optimizer is built: {text}"
            yield Finding(other.site, f"`fused` and `{name}` are both True", note, f"remove `{name}`")
            return


RULE = Rule(
    name="invalid-optimizer-argument",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.SGD(net.parameters(), lr=-0.01)
                #                                                ^^^^^ invalid-optimizer-argument
            """,
            good="""
                import torch

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.01, maximize=True)
            """,
            witness=Raises("ValueError", "Invalid learning rate: -0.01"),
        ),
        Example(
            bad="""
                from torch import nn, optim

                BETAS = (0, 0.9)
                #        ^ invalid-optimizer-argument
                critic = nn.Linear(4, 1)
                optimizer = optim.Adam(critic.parameters(), lr=1e-4, betas=BETAS)
            """,
            good="""
                from torch import nn, optim

                BETAS = (0.0, 0.9)
                critic = nn.Linear(4, 1)
                optimizer = optim.Adam(critic.parameters(), lr=1e-4, betas=BETAS)
            """,
            witness=Raises("ValueError", "betas must be either both floats or both Tensors"),
        ),
        Example(
            bad="""
                import torch
                from torch.optim import AdamW as Optimizer

                config = {"lr": 1e-3, "betas": 0.9, "weight_decay": 1e-2}
                #                              ^^^ invalid-optimizer-argument


                def build(net, options):
                    return Optimizer(net.parameters(), **options)


                optimizer = build(torch.nn.Linear(4, 2), config)
            """,
            good="""
                import torch
                from torch.optim import AdamW as Optimizer

                config = {"lr": 1e-3, "betas": (0.9, 0.999), "weight_decay": 1e-2}


                def build(net, options):
                    return Optimizer(net.parameters(), **options)


                optimizer = build(torch.nn.Linear(4, 2), config)
            """,
            witness=Raises("TypeError", "'float' object is not subscriptable"),
        ),
        Example(
            bad="""
                import torch

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.SGD(net.parameters(), 0.1, nesterov=True)
                #                                                           ^^^^ invalid-optimizer-argument
            """,
            good="""
                import torch

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.SGD(net.parameters(), 0.1, 0.9, nesterov=True)
            """,
            witness=Raises("ValueError", "Nesterov momentum requires a momentum and zero dampening"),
        ),
        Example(
            bad="""
                import torch

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.Adam(net.parameters(), betas=(0.9, 1.0), weight_decay=1e-4)
                #                                                          ^^^ invalid-optimizer-argument
            """,
            good="""
                import torch

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.Adam(net.parameters(), betas=(0.9, 0.999), weight_decay=1e-4)
            """,
            witness=Raises("ValueError", "Invalid beta parameter at index 1: 1.0"),
        ),
    ),
    near_misses=(
        # What is unusual and accepted: zeros, large numbers, lists, integer betas of other classes, foreach=None.
        """
        import torch
        from torch import optim

        net = torch.nn.Linear(4, 2)
        optim.SGD(net.parameters(), lr=10, momentum=1.5, weight_decay=0)
        optim.SGD(net.parameters(), lr=0)
        optim.Adam(net.parameters(), lr=1, betas=[0.0, 0.99], eps=0, foreach=None)
        optim.RAdam(net.parameters(), betas=(0, 0.9))
        optim.Adadelta(net.parameters(), rho=1.0)
        optim.SGD(net.parameters(), 0.1, 0.9, 0, 1e-4, True)
        """,
        # A number that stands for "not given", and is replaced before it is used.
        """
        import sys

        import torch

        RATE = -1.0


        def build(net, rate=-1.0):
            if rate < 0:
                rate = 0.1 if len(sys.argv) < 100 else 0.2
            return torch.optim.SGD(net.parameters(), lr=rate)


        net = torch.nn.Linear(4, 2)
        first = build(net)
        second = torch.optim.Adam(net.parameters(), lr=RATE) if RATE > 0 else torch.optim.Adam(net.parameters())
        if RATE >= 0:
            third = torch.optim.SGD(net.parameters(), lr=RATE)
        """,
        # A test that waits for the exception.
        """
        import torch


        def refuses(rate):
            try:
                torch.optim.SGD(torch.nn.Linear(4, 2).parameters(), lr=-1.0)
            except ValueError:
                return True
            return False


        refuses(-1.0)
        """,
        # A class of that name with a range of its own, and one that turns the sign.
        """
        import torch


        class Adam:
            def __init__(self, params, lr, betas):
                self.lr = lr


        class Ascent(torch.optim.SGD):
            def __init__(self, params, lr):
                super().__init__(params, lr=abs(lr), maximize=lr < 0)


        net = torch.nn.Linear(4, 2)
        first = Adam(net.parameters(), lr=-1.0, betas=0.9)
        second = Ascent(net.parameters(), lr=-0.1)
        """,
    ),
    is_fixable=True,
)
