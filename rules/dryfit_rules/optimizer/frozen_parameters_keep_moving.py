"""Parameters that are frozen in the course of training go on moving.

What it does:
Reports `zero_grad(set_to_none=False)` between the freezing of parameters (`requires_grad = False`), which the optimizer
holds and has stepped already, and a further step of it, if it certainly moves what has a zero gradient: Adam and its
kin by their running mean, others by `momentum` or `weight_decay` above zero. Right are `zero_grad()`, which sets
gradients to None, a new optimizer after freezing, and parameters that are unfrozen again.

Why it matters:
An optimizer passes over a parameter whose gradient is None. One whose gradient is zero is updated as ever, by what is
left of its momentum and by the decay (measured: a frozen layer drifts by 0.2 in two epochs of Adam). Nothing is raised.

Fix safety:
Unsafe: what is frozen stands still from then on. To take it out of the optimizer is another way.

Source:
`torch.optim.Optimizer.zero_grad`, `torch.optim.Adam._init_group`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Fix,
    Observes,
    Related,
    Rule,
    SemanticModel,
    Severity,
    facts,
    remove_argument,
)

HELP = "clear the gradients to None"


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.FrozenStillMoves):
        yield Finding(
            fact.site,
            f"zero gradients, and `{fact.optimizer}` goes on moving what was frozen",
            f"{fact.by} moves it with every step; a gradient of None would leave it alone",
            HELP,
            _fix(model, fact),
            (Related(fact.frozen, "frozen here, after steps"), Related(fact.step, "moved here")),
        )


def _fix(model: SemanticModel, fact: facts.FrozenStillMoves) -> Fix | None:
    """Without the argument; None if it is not written in the call."""
    for call in model.facts(facts.FrameworkCall):
        written = call.arguments.written("set_to_none") if call.site == fact.site else None
        if written is not None and call.name.endswith(".zero_grad"):
            return Fix.unsafe(HELP, remove_argument(call.arguments, written))
    return None


RULE = Rule(
    name="frozen-parameters-keep-moving",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn

                body, head = nn.Linear(4, 4), nn.Linear(4, 2)
                optimizer = torch.optim.Adam([*body.parameters(), *head.parameters()], lr=0.01)


                def train(batches):
                    for x in batches:
                        optimizer.zero_grad(set_to_none=False)
                    #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ frozen-parameters-keep-moving
                        head(body(x)).pow(2).mean().backward()
                        optimizer.step()


                train(torch.randn(3, 8, 4))
                for module in (body,):
                    module.requires_grad_(False)
                before = body.weight.clone()
                train(torch.randn(3, 8, 4))
            """,
            good="""
                import torch
                from torch import nn

                body, head = nn.Linear(4, 4), nn.Linear(4, 2)
                optimizer = torch.optim.Adam([*body.parameters(), *head.parameters()], lr=0.01)


                def train(batches):
                    for x in batches:
                        optimizer.zero_grad()
                        head(body(x)).pow(2).mean().backward()
                        optimizer.step()


                train(torch.randn(3, 8, 4))
                for module in (body,):
                    module.requires_grad_(False)
                before = body.weight.clone()
                train(torch.randn(3, 8, 4))
            """,
            witness=Observes("not torch.equal(body.weight, before)"),
        ),
        Example(
            bad="""
                import torch
                import torch.nn as nn
                import torch.optim as optim


                class Net(nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.fc1, self.fc2 = nn.Linear(4, 8), nn.Linear(8, 2)

                    def forward(self, x):
                        return self.fc2(torch.relu(self.fc1(x)))


                def freeze(net, prefix):
                    for name, p in net.named_parameters():
                        if name.startswith(prefix):
                            p.requires_grad = False


                net = Net()
                opt = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
                seen = []
                for epoch in range(4):
                    if epoch == 2:
                        freeze(net, "fc1")
                    opt.zero_grad(set_to_none=False)
                #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ frozen-parameters-keep-moving
                    net(torch.ones(8, 4)).sum().backward()
                    opt.step()
                    seen.append(net.fc1.bias.detach().clone())
            """,
            good="""
                import torch
                import torch.nn as nn
                import torch.optim as optim


                class Net(nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.fc1, self.fc2 = nn.Linear(4, 8), nn.Linear(8, 2)

                    def forward(self, x):
                        return self.fc2(torch.relu(self.fc1(x)))


                def freeze(net, prefix):
                    for name, p in net.named_parameters():
                        if name.startswith(prefix):
                            p.requires_grad = False


                net = Net()
                opt = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
                seen = []
                for epoch in range(4):
                    if epoch == 2:
                        freeze(net, "fc1")
                    opt.zero_grad()
                    net(torch.ones(8, 4)).sum().backward()
                    opt.step()
                    seen.append(net.fc1.bias.detach().clone())
            """,
            witness=Observes("not torch.equal(seen[1], seen[3])"),
        ),
    ),
    near_misses=(
        # A discriminator that rests while the generator steps; a new optimizer; one without momentum.
        """
        import torch
        from torch import nn, optim

        g, d = nn.Linear(2, 4), nn.Linear(4, 1)
        g_opt, d_opt = optim.Adam(g.parameters()), optim.Adam(d.parameters())


        def rest(net, flag):
            for p in net.parameters():
                p.requires_grad = not flag


        for real in torch.randn(3, 8, 4):
            rest(d, False)
            d_opt.zero_grad(set_to_none=False)
            d(real).mean().backward()
            d_opt.step()
            rest(d, True)
            g_opt.zero_grad(set_to_none=False)
            d(g(torch.randn(8, 2))).mean().backward()
            g_opt.step()

        body, head = nn.Linear(4, 4), nn.Linear(4, 1)
        opt = optim.Adam([*body.parameters(), *head.parameters()])
        for phase in range(2):
            for x in torch.randn(9, 8, 4):
                opt.zero_grad(set_to_none=False)
                head(body(x)).mean().backward()
                opt.step()
            body.requires_grad_(False)
            opt = optim.Adam(head.parameters())
        """,
        """
        import torch
        from torch import nn, optim

        body, head = nn.Linear(4, 4), nn.Linear(4, 1)
        plain = optim.SGD([*body.parameters(), *head.parameters()], lr=0.1)
        adam = optim.AdamW([*body.parameters(), *head.parameters()])
        for opt in (plain, adam):
            for x in torch.randn(9, 8, 4):
                opt.zero_grad(set_to_none=False)
                head(body(x)).mean().backward()
                opt.step()
        body.requires_grad_(False)
        plain.zero_grad(set_to_none=False)
        head(body(torch.randn(8, 4))).mean().backward()
        plain.step()
        for p in body.parameters():
            p.grad = None
        adam.zero_grad(set_to_none=False)
        head(body(torch.randn(8, 4))).mean().backward()
        adam.step()
        """,
    ),
    is_fixable=True,
)
