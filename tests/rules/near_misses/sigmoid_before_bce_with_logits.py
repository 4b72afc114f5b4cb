# ----------------------------------------------------------------------------------------------------------------------
# Gates inside the network.
import torch
from torch import nn


class Gated(nn.Module):
    def __init__(self):
        super().__init__()
        self.gate, self.value, self.out = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 1)

    def forward(self, x):
        return self.out(torch.sigmoid(self.gate(x)) * self.value(x))


loss = nn.BCEWithLogitsLoss()(Gated()(torch.randn(8, 4)), torch.ones(8, 1))


# ----------------------------------------------------------------------------------------------------------------------
# Soft targets.
import torch
from torch import nn

teacher, student = torch.randn(4, 1), torch.randn(4, 1)
loss = nn.functional.binary_cross_entropy_with_logits(student, torch.sigmoid(teacher))


# ----------------------------------------------------------------------------------------------------------------------
# SiLU multiplies by a sigmoid, and the logarithm is another function.
import torch
from torch import nn
from torch.nn import functional as F

x = torch.randn(4, 1)
losses = [
    F.binary_cross_entropy_with_logits(x * torch.sigmoid(x), torch.ones(4, 1)),
    F.binary_cross_entropy_with_logits(F.logsigmoid(x), torch.ones(4, 1)),
    F.binary_cross_entropy_with_logits(nn.Sequential(nn.Sigmoid(), nn.Linear(1, 1))(x), torch.ones(4, 1)),
]
