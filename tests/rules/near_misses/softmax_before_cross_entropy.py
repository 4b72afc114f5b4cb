# ----------------------------------------------------------------------------------------------------------------------
# Probabilities are for the eye, the scores for the loss.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        scores = self.fc(x)
        probabilities = scores.softmax(1)
        return scores, probabilities


net = Net()
scores, probabilities = net(torch.randn(4, 4))
loss = nn.CrossEntropyLoss()(scores, torch.tensor([0, 1, 2, 0]))
confidence = probabilities.max(1).values.mean()


# ----------------------------------------------------------------------------------------------------------------------
# Softmax in evaluation only.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        scores = self.fc(x)
        return scores if self.training else scores.softmax(1)


net = Net()
loss = nn.CrossEntropyLoss()(net(torch.randn(4, 4)), torch.tensor([0, 1, 2, 0]))


# ----------------------------------------------------------------------------------------------------------------------
# Attention inside the network.
import torch
from torch import nn


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.out = nn.Linear(4, 1), nn.Linear(4, 3)

    def forward(self, x):
        weights = torch.softmax(self.query(x), dim=1)
        return self.out((weights * x).sum(1))


net = Attention()
loss = nn.CrossEntropyLoss()(net(torch.randn(4, 5, 4)), torch.tensor([0, 1, 2, 0]))


# ----------------------------------------------------------------------------------------------------------------------
# A loss of the same name that takes probabilities.
import torch


class CrossEntropyLoss(torch.nn.Module):
    def forward(self, probabilities, target):
        return -probabilities.log().gather(1, target[:, None]).mean()


criterion = CrossEntropyLoss()
loss = criterion(torch.softmax(torch.randn(4, 3), dim=1), torch.tensor([0, 1, 2, 0]))


# ----------------------------------------------------------------------------------------------------------------------
# A subclass that undoes it.
import torch
from torch import nn


class FromProbabilities(nn.CrossEntropyLoss):
    def forward(self, input, target):
        return super().forward(input.log(), target)


criterion = FromProbabilities()
loss = criterion(torch.softmax(torch.randn(4, 3), dim=1), torch.tensor([0, 1, 2, 0]))


# ----------------------------------------------------------------------------------------------------------------------
# With or without, as the caller wants.
import torch
from torch import nn


def predict(scores, as_probabilities=False):
    return torch.softmax(scores, dim=1) if as_probabilities else scores


def loss_of(scores, target, as_probabilities):
    output = predict(scores, as_probabilities)
    return nn.functional.cross_entropy(output, target)


loss = loss_of(torch.randn(4, 3), torch.tensor([0, 1, 2, 0]), False)
