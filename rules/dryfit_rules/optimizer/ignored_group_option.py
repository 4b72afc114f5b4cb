"""An option of a parameter group is misspelt, and so it is kept and ignored.

What it does:
Reports keys of parameter groups that are certainly no option of the optimizer and nearly one (`weight_deacy`,
`learning_rate`), while the option itself is not given. Other keys (`name`, `lr_scale`, `initial_lr`) are notes of the
program's own, and are not reported.

Why it matters:
A group accepts any key. The optimizer reads the option that it knows, and takes the default: the group that was to
learn with 0.1 learns with 0.001 (measured), and nothing is said.

Fix safety:
Unsafe: the group is trained with other settings from then on, as it was meant to.

Source:
`torch.optim.Optimizer.add_param_group`, torch 2.13.0.
"""

from collections.abc import Iterator
from difflib import get_close_matches

from dryfit.rulekit import (
    UNKNOWN,
    Example,
    Finding,
    Fix,
    Observes,
    Operand,
    Rule,
    SemanticModel,
    Severity,
    facts,
    rewrite_string,
)

OTHER_NAMES = {
    "epsilon": "eps",
    "learn_rate": "lr",
    "learning_rate": "lr",
    "learningrate": "lr",
    "wd": "weight_decay",
    "weightdecay": "weight_decay",
}


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.OptimizerBuilt):
        if built.is_of_torch and isinstance(built.parameters, Operand):
            for part in built.parameters.known_elements:
                yield from _in_group(model, built.class_name, part)
    for added in model.facts(facts.GroupAdded):
        path = next(iter(added.optimizer.class_names), "")
        if path.startswith("torch.optim.") and isinstance(added.group, Operand):
            yield from _in_group(model, path, added.group)


def _in_group(model: SemanticModel, path: str, group: Operand) -> Iterator[Finding]:
    signature = model.frameworks.signature(path)
    if group.kind != "dict" or signature is None or group.entries is UNKNOWN:
        return
    options = [p.name for p in signature.parameters if p.kind in ("pos", "kw") and p.name != "params"]
    keys = {str(key.literal) for key, _ in group.entries}
    for key, _ in group.entries:
        meant = _meant(key.literal, options) if isinstance(key.literal, str) else None
        if meant is not None and meant not in keys:
            title = f"rename it to `{meant}`"
            edit = rewrite_string(key, meant)
            yield Finding(
                key.site,
                f"`{path.rpartition('.')[2]}` has no option `{key.literal}`",
                f"the group keeps the key, and is trained with the default of `{meant}`",
                title,
                Fix.unsafe(title, edit) if edit is not None else None,
            )


def _meant(key: str, options: list[str]) -> str | None:
    """The option that a key stands for; None if it is one itself, or a note of the program's."""
    if key in (*options, "params"):
        return None
    other = OTHER_NAMES.get(key.lower(), key.lower())
    if other in options:
        return other
    return next(iter(get_close_matches(key.lower(), [o for o in options if len(o) > 3], n=1, cutoff=0.85)), None)


RULE = Rule(
    name="ignored-group-option",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn

                body, head = nn.Linear(4, 4), nn.Linear(4, 2)
                optimizer = torch.optim.Adam(
                    [{"params": body.parameters()}, {"params": head.parameters(), "learning_rate": 0.1}],
                    #                                                             ^^^^^^^^^^^^^^^ ignored-group-option
                    lr=1e-3,
                )
            """,
            good="""
                import torch
                from torch import nn

                body, head = nn.Linear(4, 4), nn.Linear(4, 2)
                optimizer = torch.optim.Adam(
                    [{"params": body.parameters()}, {"params": head.parameters(), "lr": 0.1}],
                    lr=1e-3,
                )
            """,
            witness=Observes("optimizer.param_groups[1]['lr'] == 1e-3"),
        ),
        Example(
            bad="""
                from torch import nn, optim


                def groups(net):
                    decayed, plain = [], []
                    for name, p in net.named_parameters():
                        (plain if name.endswith("bias") else decayed).append(p)
                    return [
                        {"params": decayed, "weight_decay": 0.01},
                        dict(params=plain, weight_deacy=0.0),
                        #                  ^^^^^^^^^^^^ ignored-group-option
                    ]


                optimizer = optim.AdamW(groups(nn.Linear(4, 2)), lr=1e-3, weight_decay=0.1)
            """,
            good="""
                from torch import nn, optim


                def groups(net):
                    decayed, plain = [], []
                    for name, p in net.named_parameters():
                        (plain if name.endswith("bias") else decayed).append(p)
                    return [
                        {"params": decayed, "weight_decay": 0.01},
                        dict(params=plain, weight_decay=0.0),
                    ]


                optimizer = optim.AdamW(groups(nn.Linear(4, 2)), lr=1e-3, weight_decay=0.1)
            """,
            witness=Observes("optimizer.param_groups[1]['weight_decay'] == 0.1"),
        ),
        Example(
            bad="""
                from torch import nn
                from torch.optim import SGD

                body, head = nn.Linear(4, 4), nn.Linear(4, 2)
                optimizer = SGD(body.parameters(), lr=0.1)
                optimizer.add_param_group({"params": head.parameters(), "LR": 1.0})
                #                                                       ^^^^ ignored-group-option
            """,
            good="""
                from torch import nn
                from torch.optim import SGD

                body, head = nn.Linear(4, 4), nn.Linear(4, 2)
                optimizer = SGD(body.parameters(), lr=0.1)
                optimizer.add_param_group({"params": head.parameters(), "lr": 1.0})
            """,
            witness=Observes("optimizer.param_groups[1]['lr'] == 0.1"),
        ),
    ),
    near_misses=(
        # Notes of the program's own, beside the options.
        """
        import torch
        from torch import nn

        net = nn.Linear(4, 2)
        optimizer = torch.optim.AdamW(
            [
                {"params": [net.weight], "name": "weights", "lr_scale": 0.5, "initial_lr": 0.1, "layer_id": 3},
                {"params": [net.bias], "lr": 0.1, "learning_rate": 0.1, "lr_mult": 2, "swa_lr": 0.05},
            ]
        )
        for group in optimizer.param_groups:
            group["lr"] = group["lr"] * group.get("lr_scale", 1.0)
        """,
        # An optimizer of the project that knows the key, and groups that are not known.
        """
        import json

        import torch
        from torch import nn


        class Scaled(torch.optim.SGD):
            def step(self, closure=None):
                for group in self.param_groups:
                    group["weight_decay"] = group.get("wd", 0.0)
                return super().step(closure)


        net = nn.Linear(4, 2)
        first = Scaled([{"params": net.parameters(), "wd": 0.1}], lr=0.1)
        second = torch.optim.SGD([{"params": net.parameters(), **json.loads("{}")}], lr=0.1)
        """,
    ),
    is_fixable=True,
)
