# ----------------------------------------------------------------------------------------------------------------------
# Another class with a list of that name, and an optimizer of the project that needs no defaults.
import torch


class Plan:
    def __init__(self):
        self.param_groups = []


class Plain(torch.optim.Optimizer):
    def __init__(self, params):
        super().__init__(params, {"momentum": 0.9})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                p -= group["lr"] * p.grad


net, head = torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)
plan = Plan()
plan.param_groups.append({"params": net.parameters(), "lr": 0.1})
optimizer = Plain([{"params": net.parameters(), "lr": 0.1}])
optimizer.param_groups.append({"params": list(head.parameters()), "lr": 0.1})
head(net(torch.randn(8, 4))).mean().backward()
optimizer.step()
