# ----------------------------------------------------------------------------------------------------------------------
# The class gives the name a meaning of its own.
from torch import nn


class Switchable(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 2)

    @property
    def requires_grad(self):
        return self.layer.weight.requires_grad

    @requires_grad.setter
    def requires_grad(self, value):
        self.layer.requires_grad_(value)


network = Switchable()
network.requires_grad = False


# ----------------------------------------------------------------------------------------------------------------------
# What the object is cannot be told.
import torch


def freeze(thing):
    thing.requires_grad = False


freeze(torch.randn(3))


# ----------------------------------------------------------------------------------------------------------------------
# Of a module or of a tensor, whichever is given.
import torch
from torch import nn


def constant(size, as_tensor):
    thing = torch.zeros(size) if as_tensor else nn.Linear(size, size)
    thing.requires_grad = False
    return thing


constant(3, True)


# ----------------------------------------------------------------------------------------------------------------------
# The module's own switch, which it reads itself.
import torch
from torch import nn


class Features(nn.Module):
    def __init__(self, requires_grad=False):
        super().__init__()
        self.backbone = nn.Linear(4, 8)
        self.requires_grad = requires_grad

    def forward(self, x):
        with torch.set_grad_enabled(self.requires_grad):
            return self.backbone(x)


class Tuned(Features):
    def __init__(self):
        super().__init__(requires_grad=False)
        self.head = nn.Linear(8, 2)


assert not Features()(torch.ones(2, 4)).requires_grad
assert Tuned().head(torch.ones(2, 8)).requires_grad


# ----------------------------------------------------------------------------------------------------------------------
# Nothing in it could be trained.
import torch
from torch import nn


class Halves(nn.Module):
    def __init__(self):
        super().__init__()
        self.requires_grad = False

    def forward(self, x):
        return x[..., ::2] / 2, x[..., 1::2] / 2


halves = Halves()
assert not list(halves.parameters())
