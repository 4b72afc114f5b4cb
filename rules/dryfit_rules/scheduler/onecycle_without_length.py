"""`OneCycleLR` is built without the length of the cycle.

What it does:
Reports a `torch.optim.lr_scheduler.OneCycleLR` that certainly gets neither `total_steps` nor both of `epochs` and
`steps_per_epoch`.

Why it matters:
`ValueError: You must define either total_steps OR (epochs AND steps_per_epoch)` when the scheduler is built, since
torch 2.4. torch 2.2 compared None with a number: `TypeError: '<=' not supported`.

Source:
`torch.optim.lr_scheduler.OneCycleLR.__init__`, torch 2.13.0; run on 2.0, 2.2 and 2.4 to 2.13.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Operand, Raises, Rule, SemanticModel, Severity, facts

ONE_CYCLE = "torch.optim.lr_scheduler.OneCycleLR"


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.SchedulerBuilt):
        if built.class_name == ONE_CYCLE and built.scheduler.class_names[:1] == (ONE_CYCLE,):
            parts = [name for i, name in ((3, "epochs"), (4, "steps_per_epoch")) if _is_missing(built, i, name)]
            if _is_missing(built, 2, "total_steps") and parts:
                yield _finding(built, parts, model.frameworks.torch_since("2.4"))


def _is_missing(built: facts.SchedulerBuilt, position: int, name: str) -> bool:
    """Certainly not given, or None."""
    value = built.arguments.get(position, name)
    return value is None or (isinstance(value, Operand) and value.is_none)


def _finding(built: facts.SchedulerBuilt, parts: list[str], is_value_error: bool) -> Finding:
    # Half of the pair is there: the other half is what was forgotten.
    forgotten = f"`{parts[0]}`" if len(parts) == 1 else "`total_steps`, nor `epochs` and `steps_per_epoch`"
    return Finding(
        built.site,
        f"`OneCycleLR` is built without {forgotten}",
        "raises ValueError: You must define either total_steps OR (epochs AND steps_per_epoch)"
        if is_value_error
        else "raises when the scheduler is built",
        f"pass {forgotten}" if len(parts) == 1 else "pass `total_steps`",
    )


RULE = Rule(
    name="onecycle-without-length",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
                scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1)
                #           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ onecycle-without-length
            """,
            good="""
                import torch

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
                scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=100)
            """,
            witness=Raises("ValueError", "You must define either total_steps OR (epochs AND steps_per_epoch)"),
        ),
        Example(
            bad="""
                from torch import nn
                from torch.optim import AdamW
                from torch.optim.lr_scheduler import OneCycleLR as Cycle

                EPOCHS = 10


                def schedule(optimizer, total=None):
                    return Cycle(optimizer, 0.1, total, epochs=EPOCHS)
                    #      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ onecycle-without-length


                scheduler = schedule(AdamW(nn.Linear(4, 2).parameters()))
            """,
            good="""
                from torch import nn
                from torch.optim import AdamW
                from torch.optim.lr_scheduler import OneCycleLR as Cycle

                EPOCHS = 10


                def schedule(optimizer, total=None):
                    return Cycle(optimizer, 0.1, total, epochs=EPOCHS, steps_per_epoch=100)


                scheduler = schedule(AdamW(nn.Linear(4, 2).parameters()))
            """,
            witness=Raises("ValueError", "You must define either total_steps OR (epochs AND steps_per_epoch)"),
        ),
    ),
    near_misses=(
        # Both ways to say it, by position and by a mapping.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
        settings = {"epochs": 2, "steps_per_epoch": 10}
        first = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, 20)
        second = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, **settings)
        third = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, None, 2, 10)
        """,
        # Values that are not known.
        """
        import json

        import torch


        def build(optimizer, total, **settings):
            return torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=total, **settings)


        net = torch.nn.Linear(4, 2)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
        first = build(optimizer, json.loads("10"))
        second = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, **json.loads('{"total_steps": 10}'))
        """,
        # A subclass that fills it in.
        """
        import torch


        class Hundred(torch.optim.lr_scheduler.OneCycleLR):
            def __init__(self, optimizer, max_lr):
                super().__init__(optimizer, max_lr, total_steps=100)


        net = torch.nn.Linear(4, 2)
        scheduler = Hundred(torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9), 0.1)
        """,
    ),
)
