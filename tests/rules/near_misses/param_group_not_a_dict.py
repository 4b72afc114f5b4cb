# ----------------------------------------------------------------------------------------------------------------------
# Lists of tensors, however they are put together.
import itertools

import torch

a, b = torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)
first = torch.optim.SGD([*a.parameters(), *b.parameters()], lr=0.1)
second = torch.optim.SGD(list(a.parameters()) + list(b.parameters()), lr=0.1)
third = torch.optim.SGD(itertools.chain(a.parameters(), b.parameters()), lr=0.1)
fourth = torch.optim.SGD([p for m in (a, b) for p in m.parameters()], lr=0.1)
fifth = torch.optim.SGD([a.weight, b.weight], lr=0.1)


# ----------------------------------------------------------------------------------------------------------------------
# A subclass that makes groups of what it is given.
import torch


class PerModule(torch.optim.SGD):
    def __init__(self, params, lr):
        super().__init__([{"params": p} for p in params], lr=lr)


a, b = torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)
optimizer = PerModule([a.parameters(), b.parameters()], lr=0.1)


# ----------------------------------------------------------------------------------------------------------------------
# Another class of the same name, and an element that is not known.
import json

import torch


class Adam:
    def __init__(self, groups):
        self.groups = groups


def settings(module):
    return json.loads('{"lr": 0.1}') | {"params": list(module.parameters())}


a, b = torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)
first = Adam([{"params": a.parameters()}, b.parameters()])
second = torch.optim.Adam([{"params": a.parameters()}, settings(b)])


# ----------------------------------------------------------------------------------------------------------------------
# On each way through the function the list is uniform.
import torch


def build(net, split):
    if split:
        groups = [{"params": [net.weight]}]
        groups.append({"params": [net.bias], "weight_decay": 0.0})
    else:
        groups = []
        groups.extend(net.parameters())
    return torch.optim.AdamW(groups)


net = torch.nn.Linear(4, 2)
build(net, True), build(net, False)
