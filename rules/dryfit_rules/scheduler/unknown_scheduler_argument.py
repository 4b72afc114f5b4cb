"""A scheduler is built with an argument that it does not have.

What it does:
Compares the keyword arguments of the schedulers in `torch.optim`, those from a `**mapping` whose keys are known
included, with the signature in the installed torch. The most common one is `verbose`, which torch 2.7 removed.

Why it matters:
`TypeError: StepLR.__init__() got an unexpected keyword argument 'verbose'` when the scheduler is built.

Fix safety:
Safe for `verbose`, which only printed the rate, and for misspellings of an argument. Unsafe where another argument is
removed.

Source:
Signatures of the classes in `torch.optim.lr_scheduler`, torch 2.13.0; `verbose` was run on torch 2.6.0 (deprecated)
and 2.7.1 (removed).
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
    "lr_max": "max_lr",
    "lr_min": "eta_min",
    "num_epochs": "epochs",
    "step": "step_size",
    "steps": "total_steps",
}


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.SchedulerBuilt):
        signature = model.frameworks.signature(built.class_name)
        is_of_torch = built.scheduler.class_names[:1] == (built.class_name,)
        if is_of_torch and built.class_name.startswith("torch.optim.") and signature is not None:
            for keyword in built.arguments.keywords.values():
                if not signature.accepts(keyword.name):
                    accepted = tuple(p.name for p in signature.parameters if p.kind in ("pos", "kw"))
                    yield _finding(model, built, keyword, _meant(keyword.name, accepted, built.arguments))


def _meant(name: str, accepted: tuple[str, ...], arguments: Arguments) -> str | None:
    """The argument that this is another name for, if it is not given itself."""
    folded = {argument.lower(): argument for argument in accepted}
    other = OTHER_NAMES.get(name.lower())
    close = [other] if other in accepted else get_close_matches(name.lower(), folded, n=1, cutoff=0.8)
    if not close or name == "verbose":
        return None
    meant = folded[close[0].lower()]
    is_given = meant in arguments.keywords or accepted.index(meant) < len(arguments.positional)
    return None if is_given else meant


def _finding(model: SemanticModel, built: facts.SchedulerBuilt, keyword: KeywordArgument, meant: str | None) -> Finding:
    scheduler = built.class_name.rpartition(".")[2]
    version = model.frameworks.torch_version
    of_version = "" if version is None else f" in torch {'.'.join(version.split('.')[:2])}"
    note = f"raises TypeError when the scheduler is built: unexpected keyword argument '{keyword.name}'"
    until = model.frameworks.range_of_argument(built.class_name, keyword.name)[1]
    if until and model.frameworks.torch_since(until):
        of_version = f" since torch {until}"
    message = f"`{scheduler}` has no argument `{keyword.name}`{of_version}"
    if meant is not None:
        title = f"rename `{keyword.name}` to `{meant}`"
        edit = rename_argument(keyword, meant)
        return Finding(keyword.name_site, message, note, title, Fix.safe(title, edit) if edit else None)
    title = f"remove `{keyword.name}`"
    fix = None
    if keyword.argument is not None:
        make = Fix.safe if keyword.name == "verbose" else Fix.unsafe
        fix = make(title, remove_argument(built.arguments, keyword.argument))
    return Finding(keyword.name_site, message, note, title, fix)


RULE = Rule(
    name="unknown-scheduler-argument",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch.optim.lr_scheduler import ReduceLROnPlateau

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                scheduler = ReduceLROnPlateau(optimizer, "min", patience=3, verbose=True)
                #                                                           ^^^^^^^ unknown-scheduler-argument
            """,
            good="""
                import torch
                from torch.optim.lr_scheduler import ReduceLROnPlateau

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                scheduler = ReduceLROnPlateau(optimizer, "min", patience=3)
            """,
            witness=Raises("TypeError", "unexpected keyword argument 'verbose'"),
        ),
        Example(
            bad="""
                from torch import nn, optim


                def schedule(optimizer, epochs):
                    return optim.lr_scheduler.CosineAnnealingLR(optimizer, t_max=epochs)
                    #                                                      ^^^^^ unknown-scheduler-argument


                scheduler = schedule(optim.SGD(nn.Linear(4, 2).parameters(), lr=0.1), epochs=10)
            """,
            good="""
                from torch import nn, optim


                def schedule(optimizer, epochs):
                    return optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)


                scheduler = schedule(optim.SGD(nn.Linear(4, 2).parameters(), lr=0.1), epochs=10)
            """,
            witness=Raises("TypeError", "unexpected keyword argument 't_max'"),
        ),
        Example(
            bad="""
                import torch.optim.lr_scheduler as sched
                from torch import nn, optim

                SETTINGS = dict(step=30, gamma=0.1)
                #               ^^^^ unknown-scheduler-argument
                optimizer = optim.SGD(nn.Linear(4, 2).parameters(), lr=0.1)
                scheduler = sched.StepLR(optimizer, **SETTINGS)
            """,
            good="""
                import torch.optim.lr_scheduler as sched
                from torch import nn, optim

                SETTINGS = dict(step_size=30, gamma=0.1)
                optimizer = optim.SGD(nn.Linear(4, 2).parameters(), lr=0.1)
                scheduler = sched.StepLR(optimizer, **SETTINGS)
            """,
            witness=Raises("TypeError", "unexpected keyword argument 'step'"),
        ),
    ),
    near_misses=(
        # Every argument is in the signature.
        """
        import torch
        from torch.optim import lr_scheduler as s

        net = torch.nn.Linear(4, 2)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
        first = s.StepLR(optimizer, step_size=3, gamma=0.1, last_epoch=-1)
        second = s.CosineAnnealingWarmRestarts(optimizer, T_0=3, T_mult=2, eta_min=1e-4)
        third = s.OneCycleLR(optimizer, max_lr=0.1, epochs=2, steps_per_epoch=3, pct_start=0.3)
        """,
        # A subclass with that argument, another class of the same name, and settings that are not known.
        """
        import json

        import torch


        class Talking(torch.optim.lr_scheduler.StepLR):
            def __init__(self, *args, verbose=False, **settings):
                super().__init__(*args, **settings)
                self.is_verbose = verbose


        class StepLR:
            def __init__(self, optimizer, verbose):
                self.optimizer = optimizer


        net = torch.nn.Linear(4, 2)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        first = Talking(optimizer, 10, verbose=True)
        second = StepLR(optimizer, verbose=True)
        third = torch.optim.lr_scheduler.StepLR(optimizer, **json.loads('{"step_size": 10}'))
        """,
    ),
    is_fixable=True,
)
