# ----------------------------------------------------------------------------------------------------------------------
# The module clears, or each gradient is set to None.
import torch

net = torch.nn.Linear(1, 1, bias=False)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(5):
    net.zero_grad()
    net(torch.ones(1, 1)).sum().backward()
    optimizer.step()
for _ in range(5):
    for p in net.parameters():
        p.grad = None
    net(torch.ones(1, 1)).sum().backward()
    optimizer.step()
for _ in range(5):
    net(torch.ones(1, 1)).sum().backward()
    optimizer.step()
    net.weight.grad.zero_()


# ----------------------------------------------------------------------------------------------------------------------
# Cleared at the end of the pass, in a helper.
import torch


def finish(optimizer):
    optimizer.step()
    optimizer.zero_grad()


net = torch.nn.Linear(1, 1, bias=False)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(5):
    net(torch.ones(1, 1)).sum().backward()
    finish(optimizer)


# ----------------------------------------------------------------------------------------------------------------------
# The closure clears.
import torch

net = torch.nn.Linear(1, 1, bias=False)
optimizer = torch.optim.LBFGS(net.parameters(), max_iter=2)


def closure():
    optimizer.zero_grad()
    loss = net(torch.ones(1, 1)).pow(2).sum()
    loss.backward()
    return loss


for _ in range(3):
    closure()
    optimizer.step(closure)


# ----------------------------------------------------------------------------------------------------------------------
# A new network and a new optimizer on each pass.
import copy

import torch

scores = []
for seed in range(3):
    net = torch.nn.Linear(1, 1, bias=False)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    net(torch.ones(1, 1)).sum().backward()
    optimizer.step()
    scores.append(net.weight.item())
start = torch.nn.Linear(1, 1, bias=False)
for task in range(3):
    net = copy.deepcopy(start)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    net(torch.ones(1, 1)).sum().backward()
    optimizer.step()


# ----------------------------------------------------------------------------------------------------------------------
# Several optimizers, cleared in a loop or all through the module.
import torch
from torch import nn

nets = nn.ModuleList([nn.Linear(1, 1, bias=False) for _ in range(2)])
optimizers = [torch.optim.SGD(net.parameters(), lr=0.1) for net in nets]
for _ in range(3):
    for optimizer in optimizers:
        optimizer.zero_grad()
    sum(net(torch.ones(1, 1)).sum() for net in nets).backward()
    for optimizer in optimizers:
        optimizer.step()
for _ in range(3):
    nets.zero_grad()
    sum(net(torch.ones(1, 1)).sum() for net in nets).backward()
    for optimizer in optimizers:
        optimizer.step()


# ----------------------------------------------------------------------------------------------------------------------
# A GAN: each network is cleared where its loss is made.
import torch
from torch import nn

generator, discriminator = nn.Linear(2, 4), nn.Linear(4, 1)
optimizer_g = torch.optim.Adam(generator.parameters(), lr=2e-4)
optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4)
for real in torch.randn(3, 16, 4):
    fake = generator(torch.randn(16, 2))
    discriminator.zero_grad()
    loss_d = discriminator(fake.detach()).mean() - discriminator(real).mean()
    loss_d.backward()
    optimizer_d.step()
    generator.zero_grad()
    (-discriminator(fake).mean()).backward()
    optimizer_g.step()


# ----------------------------------------------------------------------------------------------------------------------
# The optimizer clears by itself after each step.
import torch


class ClearingSGD(torch.optim.SGD):
    def step(self, closure=None):
        super().step(closure)
        self.zero_grad()


net = torch.nn.Linear(1, 1, bias=False)
optimizer = ClearingSGD(net.parameters(), lr=0.1)
for _ in range(5):
    net(torch.ones(1, 1)).sum().backward()
    optimizer.step()
hooked = torch.optim.SGD(net.parameters(), lr=0.1)
hooked.register_step_post_hook(lambda used, args, kwargs: used.zero_grad())
for _ in range(5):
    net(torch.ones(1, 1)).sum().backward()
    hooked.step()


# ----------------------------------------------------------------------------------------------------------------------
# Gradients are written, not added.
import torch

net = torch.nn.Linear(1, 1, bias=False)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(5):
    loss = net(torch.ones(1, 1)).sum()
    (net.weight.grad,) = torch.autograd.grad(loss, [net.weight])
    optimizer.step()


# ----------------------------------------------------------------------------------------------------------------------
# What the loop calls is not known, and may clear.
import torch


def train(model, loader, optimizer, hooks):
    for x in loader:
        for hook in hooks:
            hook(model)
        model(x).sum().backward()
        optimizer.step()


net = torch.nn.Linear(1, 1, bias=False)
train(net, torch.ones(5, 1, 1), torch.optim.SGD(net.parameters(), lr=0.1), [lambda m: m.zero_grad()])
