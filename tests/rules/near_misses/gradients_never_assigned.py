# ----------------------------------------------------------------------------------------------------------------------
# The inner loop of a meta-learner: the outer loss is sent backward.
import torch

net = torch.nn.Linear(4, 1)
before = net.weight.clone()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
x = torch.randn(8, 4)
inner = net(x).pow(2).mean()
gradients = torch.autograd.grad(inner, list(net.parameters()), create_graph=True)
weight, bias = [p - 0.1 * g for p, g in zip(net.parameters(), gradients)]
outer = torch.nn.functional.linear(x, weight, bias).pow(2).mean()
optimizer.zero_grad()
outer.backward()
optimizer.step()


# ----------------------------------------------------------------------------------------------------------------------
# The gradients of two losses are compared; then the usual backward.
import torch

net = torch.nn.Linear(4, 2)
before = net.weight.clone()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
out = net(torch.randn(8, 4))
first = torch.autograd.grad(out[:, 0].mean(), net.weight, retain_graph=True)[0]
second = torch.autograd.grad(out[:, 1].mean(), net.weight, retain_graph=True)[0]
balance = (first.norm() / second.norm()).item()
(out[:, 0].mean() + balance * out[:, 1].mean()).backward()
optimizer.step()


# ----------------------------------------------------------------------------------------------------------------------
# The weights are moved by hand; the optimizer's step is for what backward filled before.
import torch

net = torch.nn.Linear(4, 2)
before = net.weight.clone()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
net(torch.randn(8, 4)).pow(2).mean().backward()
slope = torch.autograd.grad(net(torch.randn(8, 4)).sum(), list(net.parameters()))
scale = 1 / (1 + slope[0].norm().item())
for p in net.parameters():
    p.grad.mul_(scale)
optimizer.step()


# ----------------------------------------------------------------------------------------------------------------------
# The step uses what `backward` has left; the gradients taken afterwards are for the eye.
import torch

net = torch.nn.Linear(4, 2)
before = net.weight.clone()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
net(torch.randn(8, 4)).pow(2).mean().backward()
sharpness = torch.autograd.grad(net(torch.randn(8, 4)).pow(2).mean(), list(net.parameters()))
optimizer.step()
