# ----------------------------------------------------------------------------------------------------------------------
# Registered one by one, and kept in a list for convenience.
import torch
from torch import nn


class Mixture(nn.Module):
    def __init__(self):
        super().__init__()
        self.scales = []
        for i in range(3):
            scale = nn.Parameter(torch.ones(4))
            self.register_parameter(f"scale{i}", scale)
            self.scales.append(scale)


class Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(4))
        self.shift = nn.Parameter(torch.zeros(4))
        self.both = [self.gain, self.shift]


nets = Mixture(), Named()


# ----------------------------------------------------------------------------------------------------------------------
# The list becomes a ParameterList.
import torch
from torch import nn


class Mixture(nn.Module):
    def __init__(self):
        super().__init__()
        scales = [nn.Parameter(torch.ones(4)) for _ in range(3)]
        self.scales = nn.ParameterList(scales)
        self.parts = [nn.Parameter(torch.ones(4)) for _ in range(3)]
        self.parts = nn.ParameterList(self.parts)


net = Mixture()


# ----------------------------------------------------------------------------------------------------------------------
# No module: the list is what the optimizer is given.
import torch


class Problem:
    def __init__(self):
        self.unknowns = [torch.nn.Parameter(torch.ones(4)), torch.nn.Parameter(torch.zeros(2))]
        self.optimizer = torch.optim.LBFGS(self.unknowns)


problem = Problem()
