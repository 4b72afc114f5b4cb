"""The device's own name space is used for autocast or the gradient scaler.

What it does:
Reports calls of `torch.cuda.amp.autocast`, `torch.cuda.amp.GradScaler` and their twins in `torch.cpu.amp`, unless the
new name is called beside them: such code chooses by the version.

Why it matters:
Since torch 2.4 each of these calls issues a FutureWarning: `torch.amp.autocast("cuda", ...)` and
`torch.amp.GradScaler("cuda", ...)` take their place and behave the same.

Fix safety:
Safe: the new class is the one that the old one derives from, with the same device.

Source:
`torch.cuda.amp.autocast_mode` and `torch.cuda.amp.grad_scaler`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Fix,
    Rule,
    SemanticModel,
    Severity,
    Warns,
    dotted_name,
    facts,
    replace,
)

OLD = tuple(f"torch.{device}.amp.{name}" for device in ("cuda", "cpu") for name in ("autocast", "GradScaler"))


def check(model: SemanticModel) -> Iterator[Finding]:
    if not model.frameworks.torch_since("2.4"):
        return
    for call in model.calls_to(*OLD):
        _, device, _, name = call.name.split(".")
        if any(new.site[:2] == call.site[:2] for new in model.calls_to(f"torch.amp.{name}")):
            continue
        help = f'use `torch.amp.{name}("{device}", ...)`'
        yield Finding(
            call.site,
            f"`{call.name}` is deprecated",
            "issues a FutureWarning with each call",
            help,
            _fix(call, device, name, help),
        )


def _fix(call: facts.FrameworkCall, device: str, name: str, title: str) -> Fix | None:
    """The new name with the device in front, where the old one is written out from `torch` on."""
    written = call.arguments.call
    given = written.arguments
    if dotted_name(written.func) != call.name or (name == "autocast" and any(a.keyword is None for a in given)):
        return None
    if not given:
        return Fix.safe(title, replace(call.arguments.site_of(written.span), f'torch.amp.{name}("{device}")'))
    start = written.span.at_start.to(given[0].span.at_start)
    return Fix.safe(title, replace(call.arguments.site_of(start), f'torch.amp.{name}("{device}", '))


RULE = Rule(
    name="deprecated-cuda-amp",
    severity=Severity.HINT,
    check=check,
    examples=(
        Example(
            bad="""
                import torch

                net = torch.nn.Linear(4, 2)
                scaler = torch.cuda.amp.GradScaler(enabled=False)
                #        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ deprecated-cuda-amp
                with torch.cuda.amp.autocast(enabled=False):
                #    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ deprecated-cuda-amp
                    loss = net(torch.randn(8, 4)).mean()
            """,
            good="""
                import torch

                net = torch.nn.Linear(4, 2)
                scaler = torch.amp.GradScaler("cuda", enabled=False)
                with torch.amp.autocast("cuda", enabled=False):
                    loss = net(torch.randn(8, 4)).mean()
            """,
            witness=Warns("FutureWarning", "is deprecated"),
        ),
        Example(
            bad="""
                import torch
                from torch.cuda.amp import autocast


                def forward(net, x):
                    with autocast(enabled=False):
                #        ^^^^^^^^^^^^^^^^^^^^^^^ deprecated-cuda-amp
                        return net(x)


                out = forward(torch.nn.Linear(4, 2), torch.randn(8, 4))
            """,
            good="""
                import torch
                from torch.amp import autocast


                def forward(net, x):
                    with autocast("cuda", enabled=False):
                        return net(x)


                out = forward(torch.nn.Linear(4, 2), torch.randn(8, 4))
            """,
            witness=Warns("FutureWarning", "`torch.cuda.amp.autocast(args...)` is deprecated"),
        ),
    ),
    near_misses=(
        # The new names, by every way to them.
        """
        import torch
        from torch.amp import GradScaler

        scaler = GradScaler("cpu", enabled=False)
        with torch.autocast("cpu"), torch.amp.autocast(device_type="cpu"):
            out = torch.nn.Linear(4, 2)(torch.randn(8, 4))
        """,
        # By the version: the old one is for an old torch.
        """
        import torch

        HAS_NEW = hasattr(torch.amp, "GradScaler")


        def make_scaler(device):
            return torch.amp.GradScaler(device) if HAS_NEW else torch.cuda.amp.GradScaler()


        make_scaler("cpu")
        """,
        # Another function of that name.
        """
        import contextlib


        def autocast():
            return contextlib.nullcontext()


        with autocast():
            pass
        """,
    ),
    is_fixable=True,
)
