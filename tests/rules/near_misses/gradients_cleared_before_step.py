# ----------------------------------------------------------------------------------------------------------------------
# An empty step before training, which keeps the scheduler's warning away.
import torch

net = torch.nn.Linear(4, 2)
before = net.weight.clone()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 10)
optimizer.zero_grad()
optimizer.step()
for x in torch.randn(3, 8, 4):
    scheduler.step()
    optimizer.zero_grad()
    net(x).pow(2).mean().backward()
    optimizer.step()


# ----------------------------------------------------------------------------------------------------------------------
# A GAN: each optimizer clears for itself.
import torch
from torch import nn

generator, discriminator = nn.Linear(2, 4), nn.Linear(4, 1)
before = generator.weight.clone()
optimizer_g = torch.optim.Adam(generator.parameters(), lr=2e-4)
optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4)
for real in torch.randn(3, 16, 4):
    fake = generator(torch.randn(16, 2))
    loss_g = -discriminator(fake).mean()
    loss_d = discriminator(fake.detach()).mean() - discriminator(real).mean()
    optimizer_g.zero_grad()
    loss_g.backward()
    optimizer_d.zero_grad()
    optimizer_g.step()
    loss_d.backward()
    optimizer_d.step()


# ----------------------------------------------------------------------------------------------------------------------
# Apply the last pass's gradients first, then make new ones.
import torch

net = torch.nn.Linear(4, 2)
before = net.weight.clone()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for x in torch.randn(3, 8, 4):
    optimizer.step()
    optimizer.zero_grad()
    net(x).pow(2).mean().backward()


# ----------------------------------------------------------------------------------------------------------------------
# The closure clears and computes before each step.
import torch

net = torch.nn.Linear(4, 2)
before = net.weight.clone()
optimizer = torch.optim.LBFGS(net.parameters(), max_iter=2)
x = torch.randn(8, 4)


def closure():
    optimizer.zero_grad()
    loss = net(x).pow(2).mean()
    loss.backward()
    return loss


closure()
optimizer.zero_grad()
optimizer.step(closure)


# ----------------------------------------------------------------------------------------------------------------------
# Gradients are kept, cleared, changed and written back (gradient surgery).
import torch

net = torch.nn.Linear(4, 2)
before = net.weight.clone()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
collected = []
for x in torch.randn(2, 8, 4):
    optimizer.zero_grad()
    net(x).pow(2).mean().backward()
    collected.append([p.grad.clone() for p in net.parameters()])
optimizer.zero_grad()
for p, first, second in zip(net.parameters(), *collected):
    p.grad = first + second
optimizer.step()


# ----------------------------------------------------------------------------------------------------------------------
# The same, written back in place by a helper.
import torch


def write_back(net, gradients):
    for name, p in net.named_parameters():
        p.grad.copy_(gradients[name])


net = torch.nn.Linear(4, 2)
before = net.weight.clone()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
net(torch.randn(8, 4)).pow(2).mean().backward()
kept = {name: p.grad.clone() for name, p in net.named_parameters()}
optimizer.zero_grad(set_to_none=False)
write_back(net, kept)
optimizer.step()


# ----------------------------------------------------------------------------------------------------------------------
# Only a part is cleared: that part is left alone in this step.
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))
before = net[1].weight.clone()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
net(torch.randn(8, 4)).pow(2).mean().backward()
net[0].zero_grad()
optimizer.step()


# ----------------------------------------------------------------------------------------------------------------------
# An auxiliary backward first: its gradients are thrown away on purpose.
import torch

net = torch.nn.Linear(4, 2)
before = net.weight.clone()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
x = torch.randn(8, 4, requires_grad=True)
net(x).sum().backward()
attack = x.detach() + 0.1 * x.grad.sign()
optimizer.zero_grad()
net(attack).pow(2).mean().backward()
optimizer.step()


# ----------------------------------------------------------------------------------------------------------------------
# Backward is hidden in code that is not known.
import torch


class Engine:
    def __getattr__(self, name):
        return lambda loss: loss.backward()


def train(engine, net, optimizer, batches):
    for x in batches:
        net(x).sum().backward()
        optimizer.zero_grad()
        engine.run(net(x).pow(2).mean())
        optimizer.step()


net = torch.nn.Linear(4, 2)
before = net.weight.clone()
train(Engine(), net, torch.optim.SGD(net.parameters(), lr=0.1), torch.randn(2, 8, 4))


# ----------------------------------------------------------------------------------------------------------------------
# Cleared only if the gradients are not finite: that batch is skipped.
import torch

net = torch.nn.Linear(4, 2)
before = net.weight.clone()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for x in torch.randn(3, 8, 4):
    optimizer.zero_grad()
    net(x).pow(2).mean().backward()
    norm = torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    if not torch.isfinite(norm):
        optimizer.zero_grad()
    optimizer.step()


# ----------------------------------------------------------------------------------------------------------------------
# Sharpness-aware: climb, clear, compute again, descend.
import torch

net = torch.nn.Linear(4, 2)
before = net.weight.clone()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for x in torch.randn(3, 8, 4):
    net(x).pow(2).mean().backward()
    with torch.no_grad():
        climbed = [p.grad * 0.05 for p in net.parameters()]
        for p, e in zip(net.parameters(), climbed):
            p.add_(e)
    optimizer.zero_grad()
    net(x).pow(2).mean().backward()
    with torch.no_grad():
        for p, e in zip(net.parameters(), climbed):
            p.sub_(e)
    optimizer.step()
    optimizer.zero_grad()


# ----------------------------------------------------------------------------------------------------------------------
# Frozen: a gradient that is left over would go on moving it.
import torch

body = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(body.parameters(), lr=0.1)
body(torch.randn(8, 4)).pow(2).mean().backward()
body.requires_grad_(False)
optimizer.zero_grad()
optimizer.step()
