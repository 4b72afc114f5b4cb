"""`requires_grad` is switched on for a loss that was computed.

What it does:
Reports `loss.requires_grad = True` where the tensor is certainly the result of a loss. Inputs and other leaves are
not reported.

Why it matters:
A loss requires gradients if its graph leads to a parameter. If it does, the assignment raises `RuntimeError: you can
only change requires_grad flags of leaf variables.` If it does not, because of `no_grad`, `detach`, `argmax` or `item`
on the way, the assignment silences the error that `backward` would raise, and nothing else: the loss becomes a leaf,
`backward` ends there, and no weight moves (measured: 0 of 2 parameters).

Source:
`torch.Tensor.requires_grad`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Observes, Raises, Rule, SemanticModel, Severity, facts


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.AttributeSet):
        is_loss = all(option.tag == "loss" for option in fact.owner.options)
        if fact.name == "requires_grad" and fact.to.literal is True and is_loss:
            yield Finding(
                fact.site,
                "`requires_grad` is set on a loss that was computed",
                "either it raises RuntimeError, or `backward` ends at the loss and no weight moves",
                "remove the assignment and find where the graph is cut",
            )


RULE = Rule(
    name="requires-grad-set-on-loss",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn

                net = nn.Linear(4, 1)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                before = net.weight.clone()
                for x in torch.randn(3, 8, 4):
                    optimizer.zero_grad()
                    with torch.no_grad():
                        output = net(x)
                    loss = nn.functional.mse_loss(output, torch.zeros(8, 1))
                    loss.requires_grad = True
                #   ^^^^^^^^^^^^^^^^^^ requires-grad-set-on-loss
                    loss.backward()
                    optimizer.step()
            """,
            good="""
                import torch
                from torch import nn

                net = nn.Linear(4, 1)
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                before = net.weight.clone()
                for x in torch.randn(3, 8, 4):
                    optimizer.zero_grad()
                    output = net(x)
                    loss = nn.functional.mse_loss(output, torch.zeros(8, 1))
                    loss.backward()
                    optimizer.step()
            """,
            witness=Observes("torch.equal(net.weight, before)"),
        ),
        Example(
            bad="""
                import torch


                def step(net, criterion, x, y):
                    loss = criterion(net(x), y)
                    loss.requires_grad = True
                #   ^^^^^^^^^^^^^^^^^^ requires-grad-set-on-loss
                    loss.backward()
                    return loss.item()


                step(torch.nn.Linear(4, 2), torch.nn.CrossEntropyLoss(), torch.randn(8, 4), torch.zeros(8).long())
            """,
            good="""
                import torch


                def step(net, criterion, x, y):
                    loss = criterion(net(x), y)
                    loss.backward()
                    return loss.item()


                step(torch.nn.Linear(4, 2), torch.nn.CrossEntropyLoss(), torch.randn(8, 4), torch.zeros(8).long())
            """,
            witness=Raises("RuntimeError", "you can only change requires_grad flags of leaf variables"),
        ),
    ),
    near_misses=(
        # An input whose gradient is wanted, and a weight that is thawed.
        """
        import torch
        from torch import nn

        net = nn.Linear(4, 2)
        image = torch.rand(1, 4)
        image.requires_grad = True
        loss = nn.functional.cross_entropy(net(image), torch.zeros(1).long())
        loss.backward()
        attack = (image + 0.1 * image.grad.sign()).detach()
        attack.requires_grad = True
        net.weight.requires_grad = True
        """,
        # Losses as numbers of their own: weights that are learned for them.
        """
        import torch

        losses = torch.tensor([0.7, 0.2])
        losses.requires_grad = True
        log_variance = torch.zeros(2)
        log_variance.requires_grad = True
        (losses * torch.exp(-log_variance) + log_variance).sum().backward()
        """,
        # A copy that is taken off the graph, to get the gradient of what follows by it.
        """
        import torch
        from torch import nn

        net = nn.Linear(4, 1)
        loss = nn.functional.mse_loss(net(torch.randn(8, 4)), torch.zeros(8, 1))
        leaf = loss.detach()
        leaf.requires_grad = True
        leaf.square().backward()
        loss.backward(leaf.grad)
        """,
        # Switched off, or set on something that is not known.
        """
        import torch


        def prepare(loss, wants_gradient):
            loss.requires_grad = wants_gradient
            return loss


        prepare(torch.zeros(1), True)
        prepare(torch.nn.functional.mse_loss(torch.zeros(2), torch.ones(2)), False)
        """,
    ),
)
