# ----------------------------------------------------------------------------------------------------------------------
# Kept out of the optimizer by a filter.
import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(5))
        self.gain.requires_grad = False

    def forward(self, x):
        return x * self.gain


network = nn.Sequential(Scale(), nn.Linear(5, 1))
optimizer = torch.optim.Adam(filter(lambda p: p.requires_grad, network.parameters()), lr=0.01)
rest = torch.optim.Adam([p for p in network.parameters() if p.requires_grad], lr=0.01)


# ----------------------------------------------------------------------------------------------------------------------
# Switched on again before training starts.
import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(5))
        self.gain.requires_grad = False

    def forward(self, x):
        return x * self.gain


network = nn.Sequential(Scale(), nn.Linear(5, 1))
network.requires_grad_(True)
optimizer = torch.optim.Adam(network.parameters(), lr=0.01)


# ----------------------------------------------------------------------------------------------------------------------
# Only one of the layer's parameters is fixed; the layer learns by the other.
import torch
from torch import nn


class Affine(nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(5))
        self.shift = nn.Parameter(torch.zeros(5))
        self.gain.requires_grad = False

    def forward(self, x):
        return x * self.gain + self.shift


network = nn.Sequential(Affine(), nn.Linear(5, 1))
optimizer = torch.optim.Adam(network.parameters(), lr=0.01)


# ----------------------------------------------------------------------------------------------------------------------
# A fixed kernel in a torch layer: the usual way to write a constant convolution.
import torch
from torch import nn


class Blur(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 3, padding=1, bias=False).requires_grad_(False)
        self.conv.weight.data.fill_(1 / 3)

    def forward(self, x):
        return self.conv(x)


network = nn.Sequential(Blur(), nn.Conv1d(1, 1, 3))
optimizer = torch.optim.Adam(network.parameters(), lr=0.01)


# ----------------------------------------------------------------------------------------------------------------------
# A table of positions: the weight of an embedding that is filled by a formula.
import torch
from torch import nn


class SinusoidalPositions(nn.Embedding):
    def __init__(self, length, size):
        super().__init__(length, size)
        self.weight.requires_grad = False
        angles = torch.arange(length)[:, None] / 10000 ** (torch.arange(size)[None, :] / size)
        self.weight.copy_(angles.sin())


network = nn.Sequential(SinusoidalPositions(10, 4), nn.Linear(4, 1))
optimizer = torch.optim.Adam(network.parameters(), lr=0.01)


# ----------------------------------------------------------------------------------------------------------------------
# Whether it learns is an option of the caller's.
import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self, is_trained):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(5))
        if not is_trained:
            self.gain.requires_grad = False

    def forward(self, x):
        return x * self.gain


network = nn.Sequential(Scale(is_trained=True), nn.Linear(5, 1))
optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
