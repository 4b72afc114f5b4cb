# ----------------------------------------------------------------------------------------------------------------------
# An attribute of that name that holds a list, and a property.
import torch


class Policy:
    def __init__(self):
        self.net = torch.nn.Linear(4, 2)
        self.parameters = list(self.net.parameters())


class Critic(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Linear(4, 1)

    @property
    def named_parameters(self):
        return list(self.net.named_parameters())


policy, critic = Policy(), Critic()
first = torch.optim.SGD(policy.parameters, lr=0.1)
second = torch.optim.SGD(critic.named_parameters, lr=0.1)
