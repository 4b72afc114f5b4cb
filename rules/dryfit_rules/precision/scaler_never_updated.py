"""A training loop steps through a gradient scaler and never updates it.

What it does:
Reports a loop with `scaler.step(optimizer)` on every pass where nothing calls `scaler.update()`.

Why it matters:
The scaler remembers until `update()` that this optimizer has stepped. The second pass raises `RuntimeError: step()
has already been called since the last update().` (or the like, if `unscale_` comes first)

Fix safety:
Safe: the loop could not have run twice.

Source:
`torch.amp.GradScaler.step` and `update`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Fix,
    Operand,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    dotted_name,
    facts,
    insert_after,
    tree,
)

SCALERS = ("torch.amp.GradScaler", "torch.cuda.amp.GradScaler")
HELP = "call `update()` on the scaler after the step"


def check(model: SemanticModel) -> Iterator[Finding]:
    updated = [call.receiver for call in model.calls_to(*(f"{scaler}.update" for scaler in SCALERS))]
    for loop in model.facts(facts.TrainingLoop):
        for call in model.calls_to(*(f"{scaler}.step" for scaler in SCALERS)):
            scaler = call.receiver
            if scaler is None or not _is_enabled(scaler) or any(r is None or r.is_same(scaler) for r in updated):
                continue
            if any(event.kind == "step" and event.is_certain and event.site == call.site for event in loop.events):
                yield Finding(
                    call.site,
                    "the scaler steps on every pass and is never updated",
                    "raises RuntimeError on the second pass",
                    HELP,
                    _fix(call),
                )


def _is_enabled(scaler: Operand) -> bool:
    """Certainly switched on, and held by nobody who could update it."""
    made = scaler.arguments
    enabled = made.get("enabled")
    is_default = "**" not in made and sum(isinstance(key, int) for key in made) < 5
    return not scaler.is_escaped and is_default and (enabled is None or enabled.literal is True)


def _fix(call: facts.FrameworkCall) -> Fix | None:
    function = call.arguments.call.func
    name = dotted_name(function.value) if isinstance(function, tree.Attribute) else ""
    return Fix.safe(HELP, insert_after(call.site, f"\n{name}.update()")) if name else None


RULE = Rule(
    name="scaler-never-updated",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch

                net = torch.nn.Linear(4, 1)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                scaler = torch.amp.GradScaler("cpu")
                for x in torch.randn(3, 8, 4):
                    optimizer.zero_grad()
                    scaler.scale(net(x).mean()).backward()
                    scaler.step(optimizer)
                #   ^^^^^^^^^^^^^^^^^^^^^^ scaler-never-updated
            """,
            good="""
                import torch

                net = torch.nn.Linear(4, 1)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                scaler = torch.amp.GradScaler("cpu")
                for x in torch.randn(3, 8, 4):
                    optimizer.zero_grad()
                    scaler.scale(net(x).mean()).backward()
                    scaler.step(optimizer)
                    scaler.update()
            """,
            witness=Raises("RuntimeError", "step() has already been called since the last update()"),
        ),
        Example(
            bad="""
                import torch
                from torch.amp import GradScaler as Scaler


                def apply(scaler, optimizer):
                    scaler.step(optimizer)
                #   ^^^^^^^^^^^^^^^^^^^^^^ scaler-never-updated


                def train(net, batches):
                    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                    scaler = Scaler(device="cpu", init_scale=1024.0)
                    for x in batches:
                        optimizer.zero_grad()
                        scaler.scale(net(x).mean()).backward()
                        apply(scaler, optimizer)


                train(torch.nn.Linear(4, 1), torch.randn(3, 8, 4))
            """,
            good="""
                import torch
                from torch.amp import GradScaler as Scaler


                def apply(scaler, optimizer):
                    scaler.step(optimizer)
                    scaler.update()


                def train(net, batches):
                    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                    scaler = Scaler(device="cpu", init_scale=1024.0)
                    for x in batches:
                        optimizer.zero_grad()
                        scaler.scale(net(x).mean()).backward()
                        apply(scaler, optimizer)


                train(torch.nn.Linear(4, 1), torch.randn(3, 8, 4))
            """,
            witness=Raises("RuntimeError", "has already been called since the last update()"),
        ),
    ),
    near_misses=(
        # Switched off, or it may be.
        """
        import torch


        def train(net, batches, use_amp):
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            scaler = torch.amp.GradScaler("cpu", enabled=use_amp)
            for x in batches:
                optimizer.zero_grad()
                scaler.scale(net(x).mean()).backward()
                scaler.step(optimizer)


        train(torch.nn.Linear(4, 1), torch.randn(3, 8, 4), False)
        """,
        # Updated at the start of the next pass, in a helper.
        """
        import torch


        def begin(scaler, optimizer, is_first):
            if not is_first:
                scaler.update()
            optimizer.zero_grad()


        net = torch.nn.Linear(4, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        scaler = torch.amp.GradScaler("cpu")
        for i, x in enumerate(torch.randn(3, 8, 4)):
            begin(scaler, optimizer, i == 0)
            scaler.scale(net(x).mean()).backward()
            scaler.step(optimizer)
        """,
    ),
    is_fixable=True,
)
