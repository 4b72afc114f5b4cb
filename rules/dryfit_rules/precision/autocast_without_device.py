"""`autocast` is called without the device that it is for.

What it does:
Reports `torch.autocast()` and `torch.amp.autocast()` with no device.

Why it matters:
The device decides which operations change their precision, and has no default: `TypeError: autocast.__init__()
missing 1 required positional argument: 'device_type'`. Only the old `torch.cuda.amp.autocast()` needs none.

Source:
`torch.amp.autocast`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Raises, Rule, SemanticModel, Severity

AUTOCAST = ("torch.autocast", "torch.amp.autocast")


def check(model: SemanticModel) -> Iterator[Finding]:
    for call in model.calls_to(*AUTOCAST):
        if call.arguments.get(0, "device_type") is None:
            yield Finding(
                call.site,
                "`autocast` is called without a device",
                "raises TypeError: missing 1 required positional argument: 'device_type'",
                "pass the device's type",
            )


RULE = Rule(
    name="autocast-without-device",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch

                net = torch.nn.Linear(4, 2)
                with torch.autocast():
                #    ^^^^^^^^^^^^^^^^ autocast-without-device
                    loss = net(torch.randn(8, 4)).mean()
            """,
            good="""
                import torch

                net = torch.nn.Linear(4, 2)
                with torch.autocast("cpu"):
                    loss = net(torch.randn(8, 4)).mean()
            """,
            witness=Raises("TypeError", "missing 1 required positional argument: 'device_type'"),
        ),
        Example(
            bad="""
                import torch
                from torch.amp import autocast


                def forward(net, x, use_amp=True):
                    with autocast(enabled=use_amp, dtype=torch.bfloat16):
                #        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ autocast-without-device
                        return net(x)


                out = forward(torch.nn.Linear(4, 2), torch.randn(8, 4))
            """,
            good="""
                import torch
                from torch.amp import autocast


                def forward(net, x, use_amp=True):
                    with autocast("cpu", enabled=use_amp, dtype=torch.bfloat16):
                        return net(x)


                out = forward(torch.nn.Linear(4, 2), torch.randn(8, 4))
            """,
            witness=Raises("TypeError", "device_type"),
        ),
    ),
    near_misses=(
        # By name, or with what is not known.
        """
        import torch


        def forward(net, x, **options):
            with torch.autocast(**options):
                return net(x)


        with torch.autocast(device_type="cpu"):
            out = forward(torch.nn.Linear(4, 2), torch.randn(8, 4), device_type="cpu")
        """,
        # Another function of that name.
        """
        import torch


        def autocast():
            return torch.autocast("cpu")


        with autocast():
            out = torch.nn.Linear(4, 2)(torch.randn(8, 4))
        """,
    ),
)
