"""The best weights are kept as a reference, and every further step changes them.

What it does:
Reports `network.state_dict()` that is kept without a copy and is loaded into the network again after further steps of
its optimizer. Reported as well, where it was taken in the course of training and only on some ways: that it is saved
by `torch.save` or loaded into another network. `copy.deepcopy`, a dict of clones, and a state that is used at once are
right; `.copy()`, `dict(...)` and `copy.copy` copy the dict and not the tensors.

Why it matters:
`state_dict()` returns the tensors themselves. What is loaded or saved in the end are the last weights, not the best
ones; loading them into the same network does nothing. Nothing is raised (measured: best validation loss 0.092, after
restoring the "best" weights 0.110).

Fix safety:
Unsafe: the copy takes as much memory as the network.

Source:
`torch.nn.Module.state_dict`, `keep_vars` in its documentation, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Observes, Related, Rule, SemanticModel, Severity, facts


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.StateReused):
        done = "saved" if fact.is_saved else "loaded"
        yield Finding(
            fact.site,
            f"`state_dict` holds the network's own tensors, and is {done} after further steps",
            "the weights that were to be kept are those of the last step",
            "keep a copy: `copy.deepcopy(...state_dict())`",
            None,
            (Related(fact.used, f"{done} here"),),
        )


RULE = Rule(
    name="kept-state-is-a-reference",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn

                model = nn.Linear(4, 1)
                optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
                losses, best, best_state, best_weight = [0.5, 0.9, 0.8], 1.0, None, None
                for epoch in range(3):
                    optimizer.zero_grad()
                    model(torch.ones(8, 4)).sum().backward()
                    optimizer.step()
                    validation = losses[epoch]
                    if validation < best:
                        best, best_weight = validation, model.weight.detach().clone()
                        best_state = model.state_dict()
                #                    ^^^^^^^^^^^^^^^^^^ kept-state-is-a-reference
                model.load_state_dict(best_state)
            """,
            good="""
                import copy

                import torch
                from torch import nn

                model = nn.Linear(4, 1)
                optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
                losses, best, best_state, best_weight = [0.5, 0.9, 0.8], 1.0, None, None
                for epoch in range(3):
                    optimizer.zero_grad()
                    model(torch.ones(8, 4)).sum().backward()
                    optimizer.step()
                    validation = losses[epoch]
                    if validation < best:
                        best, best_weight = validation, model.weight.detach().clone()
                        best_state = copy.deepcopy(model.state_dict())
                model.load_state_dict(best_state)
            """,
            witness=Observes("not torch.equal(model.weight, best_weight)"),
        ),
        Example(
            bad="""
                import torch
                import torch.nn as nn


                class EarlyStopping:
                    def __init__(self):
                        self.best, self.state = float("inf"), None

                    def __call__(self, value, net):
                        if value < self.best:
                            self.best = value
                            self.state = net.state_dict().copy()
                            #            ^^^^^^^^^^^^^^^^ kept-state-is-a-reference


                def fit(net, values):
                    opt, stopping = torch.optim.Adam(net.parameters(), lr=0.1), EarlyStopping()
                    for value in values:
                        opt.zero_grad()
                        net(torch.ones(2, 3)).pow(2).sum().backward()
                        opt.step()
                        weights.append(net.weight.detach().clone())
                        stopping(value, net)
                    net.load_state_dict(stopping.state)


                net, weights = nn.Linear(3, 1), []
                fit(net, [3.0, 1.0, 2.0, 4.0, 5.0])
            """,
            good="""
                import torch
                import torch.nn as nn


                class EarlyStopping:
                    def __init__(self):
                        self.best, self.state = float("inf"), None

                    def __call__(self, value, net):
                        if value < self.best:
                            self.best = value
                            self.state = {k: v.clone() for k, v in net.state_dict().items()}


                def fit(net, values):
                    opt, stopping = torch.optim.Adam(net.parameters(), lr=0.1), EarlyStopping()
                    for value in values:
                        opt.zero_grad()
                        net(torch.ones(2, 3)).pow(2).sum().backward()
                        opt.step()
                        weights.append(net.weight.detach().clone())
                        stopping(value, net)
                    net.load_state_dict(stopping.state)


                net, weights = nn.Linear(3, 1), []
                fit(net, [3.0, 1.0, 2.0, 4.0, 5.0])
            """,
            witness=Observes("not torch.equal(net.weight, weights[1])"),
        ),
    ),
    near_misses=(
        # Used at once, the last one, left by `break`, and changed into a copy.
        """
        import io

        import torch
        from torch import nn

        net, other = nn.Linear(2, 1), nn.Linear(2, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)


        def step():
            optimizer.zero_grad()
            net(torch.randn(2, 2)).sum().backward()
            optimizer.step()


        for epoch in range(9):
            step()
            if torch.rand(1) > 0.5:
                torch.save(net.state_dict(), io.BytesIO())
                found = net.state_dict()
                other.load_state_dict(found)
                if torch.rand(1) > 0.5:
                    break
        step()
        for epoch in range(9):
            step()
            last = net.state_dict()
        net.load_state_dict(last)
        best = net.state_dict()
        for epoch in range(9):
            step()
            if torch.rand(1) > 0.5:
                best = net.state_dict()
                for key in best:
                    best[key] = best[key].clone()
        best.update(other.state_dict())
        net.load_state_dict(best)
        """,
        # A reference that is meant to follow, and a step of another network.
        """
        import copy

        import torch
        from torch import nn

        policy, target, critic = nn.Linear(2, 1), nn.Linear(2, 1), nn.Linear(2, 1)
        optimizer = torch.optim.SGD(critic.parameters(), lr=0.1)
        learner = torch.optim.SGD(policy.parameters(), lr=0.1)
        online, fixed = policy.state_dict(), copy.deepcopy(policy.state_dict())
        for i in range(9):
            learner.zero_grad()
            policy(torch.randn(2, 2)).sum().backward()
            learner.step()
            if i % 3 == 0:
                target.load_state_dict(online)
        policy.load_state_dict(fixed)
        kept = policy.state_dict()
        for i in range(9):
            optimizer.zero_grad()
            critic(torch.randn(2, 2)).sum().backward()
            optimizer.step()
        policy.load_state_dict(kept)
        """,
    ),
)
