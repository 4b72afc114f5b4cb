# ----------------------------------------------------------------------------------------------------------------------
# The other half has an optimizer of its own, built by a helper from a name.
import torch


def optimizer_for(module, name):
    return getattr(torch.optim, name)(module.parameters(), lr=0.1)


encoder, decoder = torch.nn.Linear(6, 2), torch.nn.Linear(2, 6)
first, second = torch.optim.SGD(encoder.parameters(), lr=0.1), optimizer_for(decoder, "SGD")
x = torch.randn(8, 6)
torch.nn.functional.mse_loss(decoder(encoder(x)), x).backward()
first.step()
second.step()


# ----------------------------------------------------------------------------------------------------------------------
# Both are held: by a group that is added later, or by a list that a loop fills.
import torch
from torch import nn

x, encoder, decoder = torch.randn(8, 6), nn.Linear(6, 2), nn.Linear(2, 6)
optimizer = torch.optim.SGD(encoder.parameters(), lr=0.1)
optimizer.add_param_group({"params": decoder.parameters(), "lr": 0.01})
nn.functional.mse_loss(decoder(encoder(x)), x).backward()
optimizer.step()

first, second = nn.Linear(6, 2), nn.Linear(2, 6)
trained = []
for part in (first, second):
    trained += list(part.parameters())
other = torch.optim.SGD(trained, lr=0.1)
nn.functional.mse_loss(second(first(x)), x).backward()
other.step()


# ----------------------------------------------------------------------------------------------------------------------
# Left alone on purpose: a backbone in front of the head that is trained, a network that is frozen by a helper, and a fixed one whose output is detached.
import torch
from torch import nn


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
        self.fc = nn.Linear(8, 3)

    def forward(self, x):
        return self.fc(self.backbone(x))


def freeze(module):
    for parameter in module.parameters():
        parameter.requires_grad = False


x = torch.randn(8, 4)
classifier = Classifier()
head_optimizer = torch.optim.SGD(classifier.fc.parameters(), lr=0.1)
nn.functional.cross_entropy(classifier(x), torch.zeros(8).long()).backward()
head_optimizer.step()

student, extractor = nn.Linear(4, 3), nn.Sequential(nn.Linear(3, 8), nn.ReLU())
freeze(extractor)
student_optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
nn.functional.l1_loss(extractor(student(x)), torch.zeros(8, 8)).backward()
student_optimizer.step()

fixed, predictor = nn.Linear(4, 8), nn.Linear(4, 8)
distillation_optimizer = torch.optim.Adam(predictor.parameters(), lr=1e-3)
(predictor(x) - fixed(x).detach()).pow(2).mean().backward()
distillation_optimizer.step()


# ----------------------------------------------------------------------------------------------------------------------
# A GAN: the generator's loss goes through the discriminator, which has its own optimizer. Targets of another network under no_grad, which follows by a moving average. A network that is updated by hand.
import copy

import torch
from torch import nn

generator, discriminator = nn.Linear(2, 4), nn.Linear(4, 1)
optimizer_g = torch.optim.Adam(generator.parameters(), lr=2e-4)
optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4)
criterion = nn.BCEWithLogitsLoss()
for real in torch.randn(3, 16, 4):
    fake = generator(torch.randn(16, 2))
    optimizer_d.zero_grad()
    criterion(discriminator(real), torch.ones(16, 1)).backward()
    criterion(discriminator(fake.detach()), torch.zeros(16, 1)).backward()
    optimizer_d.step()
    optimizer_g.zero_grad()
    criterion(discriminator(fake), torch.ones(16, 1)).backward()
    optimizer_g.step()

online = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
target = copy.deepcopy(online)
optimizer = torch.optim.Adam(online.parameters(), lr=1e-2)
for state in torch.randn(3, 8, 4):
    with torch.no_grad():
        goal = 0.9 * target(state).max(1).values + 1
    optimizer.zero_grad()
    nn.functional.smooth_l1_loss(online(state)[:, 0], goal).backward()
    optimizer.step()
    for slow, fast in zip(target.parameters(), online.parameters()):
        slow.data.lerp_(fast.data, 0.1)

policy, value = nn.Linear(4, 2), nn.Linear(2, 1)
policy_optimizer = torch.optim.SGD(policy.parameters(), lr=0.1)
for state in torch.randn(3, 8, 4):
    policy_optimizer.zero_grad()
    value.zero_grad()
    value(policy(state)).mean().backward()
    policy_optimizer.step()
    with torch.no_grad():
        for parameter in value.parameters():
            parameter -= 0.1 * parameter.grad


# ----------------------------------------------------------------------------------------------------------------------
# An image is optimized through a network that stays as it is.
import torch
from torch import nn

network = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)).eval()
image = torch.randn(1, 4, requires_grad=True)
optimizer = torch.optim.Adam([image], lr=0.1)
for _ in range(3):
    optimizer.zero_grad()
    (-network(image)[0, 1]).backward()
    optimizer.step()


# ----------------------------------------------------------------------------------------------------------------------
# An optimizer of one's own making.
import torch
from torch import nn


class Descent:
    def __init__(self, parameters, lr):
        self.parameters, self.lr = list(parameters), lr

    def step(self):
        for parameter in self.parameters:
            parameter.data.add_(parameter.grad, alpha=-self.lr)


encoder, decoder = nn.Linear(6, 2), nn.Linear(2, 6)
first, second = torch.optim.SGD(encoder.parameters(), lr=0.1), Descent(decoder.parameters(), 0.1)
x = torch.randn(8, 6)
nn.functional.mse_loss(decoder(encoder(x)), x).backward()
first.step()
second.step()


# ----------------------------------------------------------------------------------------------------------------------
# The caller brings the other optimizer.
import torch
from torch import nn


def train(decoder, decoder_optimizer):
    encoder = nn.Linear(6, 2)
    optimizer = torch.optim.SGD(encoder.parameters(), lr=0.1)
    x = torch.randn(8, 6)
    nn.functional.mse_loss(decoder(encoder(x)), x).backward()
    optimizer.step()
    decoder_optimizer.step()


decoder = nn.Linear(2, 6)
train(decoder, torch.optim.SGD(decoder.parameters(), lr=0.1))


# ----------------------------------------------------------------------------------------------------------------------
# Two phases: the trunk first, the heads afterwards.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk, self.head = nn.Linear(4, 4), nn.Linear(4, 1)

    def forward(self, x):
        return self.head(self.trunk(x))


net = Net()
for part in (net.trunk, net.head):
    optimizer = torch.optim.SGD(part.parameters(), lr=0.1)
    optimizer.zero_grad()
    net(torch.randn(8, 4)).pow(2).mean().backward()
    optimizer.step()


# ----------------------------------------------------------------------------------------------------------------------
# A layer that is added behind the optimizer's back, and given to it.
import torch
from torch import nn


class Late(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 4)
        self.optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        self.head = nn.Linear(4, 2)
        self.optimizer.add_param_group({"params": self.head.parameters()})

    def forward(self, x):
        return self.head(torch.relu(self.body(x)))


late = Late()
for x in torch.randn(3, 8, 4):
    late.optimizer.zero_grad()
    late(x).pow(2).mean().backward()
    late.optimizer.step()


# ----------------------------------------------------------------------------------------------------------------------
# A head that is replaced, and the optimizer built anew.
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
net[1] = nn.Linear(4, 3)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for x in torch.randn(3, 8, 4):
    optimizer.zero_grad()
    net(x).pow(2).mean().backward()
    optimizer.step()
