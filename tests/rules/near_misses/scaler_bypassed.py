# ----------------------------------------------------------------------------------------------------------------------
# The scaler steps on its own way, the optimizer on the other.
import torch


def train(net, batches, use_amp):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu")
    for x in batches:
        optimizer.zero_grad()
        loss = net(x).sum()
        if use_amp:
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
        else:
            loss.backward()
            optimizer.step()


train(torch.nn.Linear(1, 1), torch.ones(5, 1, 1), True)


# ----------------------------------------------------------------------------------------------------------------------
# Switched off, or it may be.
import torch


def train(net, batches, use_amp):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", enabled=use_amp)
    for x in batches:
        optimizer.zero_grad()
        scaler.scale(net(x).sum()).backward()
        optimizer.step()


train(torch.nn.Linear(1, 1), torch.ones(5, 1, 1), False)


# ----------------------------------------------------------------------------------------------------------------------
# Another network steps without the scaler.
import torch

net, other = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
plain = torch.optim.SGD(other.parameters(), lr=0.1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cpu")
for x in torch.ones(5, 1, 1):
    plain.zero_grad()
    other(x).sum().backward()
    optimizer.zero_grad()
    scaler.scale(net(x).sum()).backward()
    plain.step()
    scaler.step(optimizer)
    scaler.update()
