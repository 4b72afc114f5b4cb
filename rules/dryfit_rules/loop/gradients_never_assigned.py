"""Gradients taken by `torch.autograd.grad` are not given to the parameters that the optimizer steps.

What it does:
Reports `torch.autograd.grad(loss, parameters)` before a step of the optimizer that holds these parameters, if nothing
fills their `.grad`: no `backward()`, no assignment, no helper that is handed the result.

Why it matters:
`torch.autograd.grad` returns the gradients and leaves every `.grad` as it was. After `zero_grad()` that is None, and
a step skips parameters without a gradient: no weight moves, and nothing is raised. Touching `p.grad.data` in between
raises `AttributeError: 'NoneType' object has no attribute 'data'`.

Source:
`torch.autograd.grad`, `torch.optim.Optimizer.step`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Observes, Raises, Related, Rule, SemanticModel, Severity, Site, facts


def check(model: SemanticModel) -> Iterator[Finding]:
    found: dict[Site, list[Site]] = {}
    for fact in model.facts(facts.GradientsTaken):
        found.setdefault(fact.site, []).append(fact.step)
    for taken, steps in found.items():
        yield Finding(
            taken,
            "the gradients of `torch.autograd.grad` never reach `.grad`",
            "the step finds none: no weight moves",
            "assign them to the parameters' `.grad` before the step",
            related=tuple(Related(step, "the step that finds none") for step in dict.fromkeys(steps)),
        )


RULE = Rule(
    name="gradients-never-assigned",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                import torch.nn as nn
                import torch.optim as optim

                network = nn.Linear(10, 5)
                optimizer = optim.Adam(network.parameters(), lr=0.01)
                loss = network(torch.randn(8, 10)).pow(2).mean()
                network.zero_grad()
                gradients = torch.autograd.grad(loss, network.parameters())
                #           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ gradients-never-assigned
                for p, g in zip(network.parameters(), gradients):
                    p.grad.data.zero_()

                optimizer.step()
            """,
            good="""
                import torch
                import torch.nn as nn
                import torch.optim as optim

                network = nn.Linear(10, 5)
                optimizer = optim.Adam(network.parameters(), lr=0.01)
                loss = network(torch.randn(8, 10)).pow(2).mean()
                network.zero_grad()
                gradients = torch.autograd.grad(loss, network.parameters())
                for p, g in zip(network.parameters(), gradients):
                    p.grad = g

                optimizer.step()
            """,
            witness=Raises("AttributeError", "'NoneType' object has no attribute 'data'"),
        ),
        Example(
            bad="""
                import torch
                from torch.autograd import grad


                def update(net, optimizer, x):
                    optimizer.zero_grad()
                    gradients = grad(net(x).pow(2).mean(), list(net.parameters()))
                #               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ gradients-never-assigned
                    optimizer.step()
                    return gradients


                net = torch.nn.Linear(4, 2)
                before = net.weight.clone()
                update(net, torch.optim.SGD(net.parameters(), lr=0.1), torch.randn(8, 4))
            """,
            good="""
                import torch
                from torch.autograd import grad


                def update(net, optimizer, x):
                    optimizer.zero_grad()
                    net(x).pow(2).mean().backward()
                    optimizer.step()
                    return [p.grad for p in net.parameters()]


                net = torch.nn.Linear(4, 2)
                before = net.weight.clone()
                update(net, torch.optim.SGD(net.parameters(), lr=0.1), torch.randn(8, 4))
            """,
            witness=Observes("torch.equal(net.weight, before)"),
        ),
    ),
    near_misses=(
        # Assigned: one by one, in place, or by a helper.
        """
        import torch


        def assign(parameters, gradients):
            for p, g in zip(parameters, gradients):
                p.grad = g if p.grad is None else p.grad.copy_(g)


        net = torch.nn.Linear(4, 2)
        before = net.weight.clone()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        gradients = torch.autograd.grad(net(torch.randn(8, 4)).pow(2).mean(), net.parameters())
        net.weight.grad, net.bias.grad = gradients
        optimizer.step()
        gradients = torch.autograd.grad(net(torch.randn(8, 4)).pow(2).mean(), net.parameters())
        assign(net.parameters(), gradients)
        optimizer.step()
        """,
        # A gradient penalty: the result goes into a loss that is sent backward.
        """
        import torch

        critic = torch.nn.Linear(4, 1)
        before = critic.weight.clone()
        optimizer = torch.optim.Adam(critic.parameters(), lr=1e-3)
        x = torch.randn(8, 4, requires_grad=True)
        (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
        loss = critic(x).mean() + 10 * (slope.norm(dim=1) - 1).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        """,
        # Handed to code that is not known.
        """
        import torch


        def train(net, optimizer, assign):
            gradients = torch.autograd.grad(net(torch.randn(8, 4)).pow(2).mean(), net.parameters())
            assign(net, gradients)
            optimizer.step()


        def assign(net, gradients):
            for p, g in zip(net.parameters(), gradients):
                p.grad = g


        net = torch.nn.Linear(4, 2)
        before = net.weight.clone()
        train(net, torch.optim.SGD(net.parameters(), lr=0.1), assign)
        """,
        # The step belongs to another network, whose gradients a backward fills.
        """
        import torch

        net, other = torch.nn.Linear(4, 2), torch.nn.Linear(4, 2)
        before = other.weight.clone()
        optimizer = torch.optim.SGD(other.parameters(), lr=0.1)
        x = torch.randn(8, 4)
        other(x).pow(2).mean().backward()
        saliency = torch.autograd.grad(net(x).pow(2).mean(), list(net.parameters()))
        optimizer.step()
        """,
    ),
)
