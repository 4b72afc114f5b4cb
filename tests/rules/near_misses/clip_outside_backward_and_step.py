# ----------------------------------------------------------------------------------------------------------------------
# The step at the start of the pass uses what the pass before has left.
import torch

net = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for x in torch.ones(3, 8, 4):
    optimizer.step()
    optimizer.zero_grad()
    net(x).mean().backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)


# ----------------------------------------------------------------------------------------------------------------------
# Two networks: each is clipped before its own step.
import torch
from torch import nn

actor, critic = nn.Linear(4, 1), nn.Linear(4, 1)
actor_optimizer = torch.optim.SGD(actor.parameters(), lr=0.1)
critic_optimizer = torch.optim.SGD(critic.parameters(), lr=0.1)
for x in torch.ones(3, 8, 4):
    actor_optimizer.zero_grad()
    critic_optimizer.zero_grad()
    (actor(x) + critic(x)).mean().backward()
    nn.utils.clip_grad_norm_(actor.parameters(), 1.0)
    actor_optimizer.step()
    nn.utils.clip_grad_norm_(critic.parameters(), 1.0)
    critic_optimizer.step()


# ----------------------------------------------------------------------------------------------------------------------
# It is only looked at under a condition.
import torch

net = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for i, x in enumerate(torch.ones(3, 8, 4)):
    optimizer.zero_grad()
    net(x).mean().backward()
    optimizer.step()
    if i == 2:
        print(torch.nn.utils.clip_grad_norm_(net.parameters(), float("inf")))
