# ----------------------------------------------------------------------------------------------------------------------
# The list becomes a ModuleList in the end.
from torch import nn


class Net(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.layers = [nn.Linear(4, 4) for _ in range(depth)]
        self.layers = nn.ModuleList(self.layers)


net = Net(3)


# ----------------------------------------------------------------------------------------------------------------------
# Registered one by one.
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(4, 4), nn.Linear(4, 2)]
        for i, layer in enumerate(self.layers):
            self.add_module(f"layer{i}", layer)


class Other(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(4, 4), nn.Linear(4, 2)]
        for i, layer in enumerate(self.layers):
            setattr(self, f"layer{i}", layer)


class Third(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.second = nn.Linear(4, 4)
        self.layers = [self.first, self.second]


nets = Net(), Other(), Third()


# ----------------------------------------------------------------------------------------------------------------------
# Nothing in it has weights.
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.activations = {"relu": nn.ReLU(), "tanh": nn.Tanh()}
        self.losses = [nn.MSELoss(), nn.L1Loss()]


net = Net()


# ----------------------------------------------------------------------------------------------------------------------
# Hidden on purpose: a teacher that is neither trained nor saved.
import torch
from torch import nn


class Distilled(nn.Module):
    def __init__(self, teacher):
        super().__init__()
        self.student = nn.Linear(4, 2)
        self._teacher = [teacher]


class WithFixedTeacher(nn.Module):
    def __init__(self):
        super().__init__()
        self.student = nn.Linear(4, 2)
        teacher = nn.Linear(4, 2)
        for parameter in teacher.parameters():
            parameter.requires_grad = False
        self.teacher = [teacher]


nets = Distilled(nn.Linear(4, 2)), WithFixedTeacher()


# ----------------------------------------------------------------------------------------------------------------------
# No module: it hands the parameters to the optimizer itself.
import torch
from torch import nn


class Ensemble:
    def __init__(self):
        self.nets = [nn.Linear(4, 2) for _ in range(3)]
        self.optimizers = [torch.optim.SGD(net.parameters(), lr=0.1) for net in self.nets]


ensemble = Ensemble()


# ----------------------------------------------------------------------------------------------------------------------
# The class brings its own `parameters`.
import itertools

import torch
from torch import nn


class Ensemble(nn.Module):
    def __init__(self):
        super().__init__()
        self.nets = [nn.Linear(4, 2) for _ in range(3)]

    def parameters(self, recurse=True):
        return itertools.chain.from_iterable(net.parameters() for net in self.nets)


ensemble = Ensemble()
optimizer = torch.optim.SGD(ensemble.parameters(), lr=0.1)


# ----------------------------------------------------------------------------------------------------------------------
# Registered by a helper that is handed the module.
from torch import nn


def register(owner, layers):
    for i, layer in enumerate(layers):
        owner.add_module(str(i), layer)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(4, 4), nn.Linear(4, 2)]
        register(self, self.layers)


net = Net()
