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
