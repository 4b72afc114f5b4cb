"""An option of an optimizer is written to the optimizer itself, which reads it from its groups.

What it does:
Reports `optimizer.lr = ...` and other options of optimizers of torch, set as attributes that the program does not read
again itself.

Why it matters:
The rate that is used is that of each group, in `optimizer.param_groups`. The attribute is a new one that nothing reads:
the run goes on with the old rate (measured: 0.1 after `optimizer.lr = 0.001`).

Source:
`torch.optim.Optimizer.param_groups`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Observes, Rule, SemanticModel, Severity, facts


def check(model: SemanticModel) -> Iterator[Finding]:
    read = [(fact.owner, fact.name) for fact in model.facts(facts.OwnAttributeRead)]
    for fact in model.facts(facts.AttributeSet):
        path = next(iter(fact.owner.class_names), "")
        signature = model.frameworks.signature(path) if path.startswith("torch.optim.") else None
        if signature is None or "torch.optim.Optimizer" not in fact.owner.class_names:
            continue
        is_option = any(p.name == fact.name for p in signature.parameters) and fact.name != "params"
        if is_option and not any(name == fact.name and owner.is_same(fact.owner) for owner, name in read):
            yield Finding(
                fact.site,
                f"`{fact.name}` is set on the optimizer, which reads it from its groups",
                "nothing changes: the steps go on with the old value",
                f'set `group["{fact.name}"]` for each group in `param_groups`',
            )


RULE = Rule(
    name="optimizer-attribute-written",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch

                net = torch.nn.Linear(4, 1)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                for epoch in range(4):
                    if epoch == 2:
                        optimizer.lr = 0.01
                #       ^^^^^^^^^^^^ optimizer-attribute-written
                    optimizer.zero_grad()
                    net(torch.randn(8, 4)).mean().backward()
                    optimizer.step()
            """,
            good="""
                import torch

                net = torch.nn.Linear(4, 1)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                for epoch in range(4):
                    if epoch == 2:
                        for group in optimizer.param_groups:
                            group["lr"] = 0.01
                    optimizer.zero_grad()
                    net(torch.randn(8, 4)).mean().backward()
                    optimizer.step()
            """,
            witness=Observes("optimizer.param_groups[0]['lr'] == 0.1"),
        ),
        Example(
            bad="""
                from torch import nn
                from torch.optim import AdamW


                def decay(optimizer, amount):
                    optimizer.weight_decay = amount
                #   ^^^^^^^^^^^^^^^^^^^^^^ optimizer-attribute-written


                optimizer = AdamW(nn.Linear(4, 2).parameters(), weight_decay=0.1)
                decay(optimizer, 0.0)
            """,
            good="""
                from torch import nn
                from torch.optim import AdamW


                def decay(optimizer, amount):
                    for group in optimizer.param_groups:
                        group["weight_decay"] = amount


                optimizer = AdamW(nn.Linear(4, 2).parameters(), weight_decay=0.1)
                decay(optimizer, 0.0)
            """,
            witness=Observes("optimizer.param_groups[0]['weight_decay'] == 0.1"),
        ),
    ),
    near_misses=(
        # A note that the program reads itself.
        """
        import torch

        net = torch.nn.Linear(4, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        optimizer.lr = 0.1
        for epoch in range(3):
            optimizer.lr = optimizer.lr * 0.5
            for group in optimizer.param_groups:
                group["lr"] = optimizer.lr
        optimizer.epoch = 3
        """,
        # An optimizer of the project that has such a property, and a class around one.
        """
        import torch


        class Rated(torch.optim.SGD):
            @property
            def lr(self):
                return self.param_groups[0]["lr"]

            @lr.setter
            def lr(self, value):
                for group in self.param_groups:
                    group["lr"] = value


        class Warmup:
            def __init__(self, optimizer):
                self.optimizer, self.lr = optimizer, 0.0


        net = torch.nn.Linear(4, 1)
        optimizer = Rated(net.parameters(), lr=0.1)
        optimizer.lr = 0.01
        warmup = Warmup(optimizer)
        warmup.lr = 0.1
        """,
    ),
)
