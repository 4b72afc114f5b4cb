# ----------------------------------------------------------------------------------------------------------------------
# A value that is computed from a parameter, and kept as such.
import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(4))
        self.initial = self.gain.detach().clone()
        self.start = float(self.gain.sum())


scale = Scale()


# ----------------------------------------------------------------------------------------------------------------------
# Registered as well; what is cast is kept for speed.
import torch
from torch import nn


class Cached(nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(4))
        self.rounded = self.gain.half()


cached = Cached()


# ----------------------------------------------------------------------------------------------------------------------
# Nothing to move.
import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(4)).to("cpu")


scale = Scale()
