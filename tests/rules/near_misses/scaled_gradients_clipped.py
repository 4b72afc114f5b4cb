# ----------------------------------------------------------------------------------------------------------------------
# Without a scaler, or clipped where the scaler has no part.
import torch


def train(net, batches, scaler=None):
    optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
    for x in batches:
        optimizer.zero_grad()
        loss = net(x).mean()
        if scaler is None:
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
        else:
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()


train(torch.nn.Linear(4, 1), torch.ones(6, 8, 4), torch.amp.GradScaler("cpu"))


# ----------------------------------------------------------------------------------------------------------------------
# Two networks: the one that is clipped has nothing to do with the scaler.
import torch

net, other = torch.nn.Linear(4, 1), torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
plain = torch.optim.SGD(other.parameters(), lr=1.0)
scaler = torch.amp.GradScaler("cpu")
for x in torch.ones(6, 8, 4):
    optimizer.zero_grad()
    scaler.scale(net(x).mean()).backward()
    plain.zero_grad()
    other(x).mean().backward()
    torch.nn.utils.clip_grad_norm_(other.parameters(), 1.0)
    plain.step()
    scaler.step(optimizer)
    scaler.update()


# ----------------------------------------------------------------------------------------------------------------------
# What else is done with the scaler is not known.
import torch


def train(net, batches, prepare):
    optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
    scaler = torch.amp.GradScaler("cpu")
    for x in batches:
        optimizer.zero_grad()
        scaler.scale(net(x).mean()).backward()
        prepare(scaler, optimizer)
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()


train(torch.nn.Linear(4, 1), torch.ones(6, 8, 4), lambda scaler, optimizer: scaler.unscale_(optimizer))
