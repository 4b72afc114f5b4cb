# ----
# Split learning: what is cut off is a leaf, and its gradient is handed back.
import torch
from torch import nn

client, opt_in = nn.Linear(4, 3), None
opt = torch.optim.SGD(client.parameters(), lr=0.1)
for x in torch.randn(5, 8, 4):
    out = client(x)
    received = out.detach().requires_grad_()
    weight = out.mean().item()
    loss = (received**2).mean() * weight
    loss.backward()
    opt.zero_grad()
    out.backward(received.grad)
    opt.step()
for x in torch.randn(5, 8, 4):
    out = client(x)
    received = torch.tensor(out.detach(), requires_grad=True)
    (received**2).mean().backward()
    opt.zero_grad()
    out.backward(received.grad)
    opt.step()

# ----
# Old log-probabilities and advantages are numbers on purpose.
import torch, torch.nn as nn
from torch.distributions import Categorical


class AC(nn.Module):
    def __init__(self):
        super().__init__()
        self.actor = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2), nn.Softmax(dim=-1))
        self.critic = nn.Linear(4, 1)

    def act(self, s):
        d = Categorical(self.actor(s))
        a = d.sample()
        return a.detach(), d.log_prob(a).detach(), self.critic(s).detach()

    def evaluate(self, s, a):
        d = Categorical(self.actor(s))
        return d.log_prob(a), self.critic(s), d.entropy()


class PPO:
    def __init__(self):
        self.policy, self.old = AC(), AC()
        self.optimizer = torch.optim.Adam(
            [
                {"params": self.policy.actor.parameters(), "lr": 1e-3},
                {"params": self.policy.critic.parameters()},
            ]
        )
        self.old.load_state_dict(self.policy.state_dict())
        self.mse = nn.MSELoss()

    def update(self, states, actions, logprobs, rewards, values):
        adv = rewards.detach() - values.detach()
        for _ in range(4):
            lp, v, ent = self.policy.evaluate(states, actions)
            v = torch.squeeze(v)
            ratios = torch.exp(lp - logprobs.detach())
            loss = (
                -torch.min(ratios * adv, torch.clamp(ratios, 0.8, 1.2) * adv)
                + 0.5 * self.mse(v, rewards)
                - 0.01 * ent
            )
            self.optimizer.zero_grad()
            loss.mean().backward()
            self.optimizer.step()
        self.old.load_state_dict(self.policy.state_dict())


agent = PPO()
for ep in range(3):
    S, A, L, R, V = [], [], [], [], []
    for t in range(6):
        s = torch.randn(4)
        with torch.no_grad():
            a, l, v = agent.old.act(s)
        S.append(s)
        A.append(a)
        L.append(l)
        V.append(v)
        R.append(1.0)
    agent.update(
        torch.stack(S), torch.stack(A), torch.stack(L), torch.tensor(R), torch.squeeze(torch.stack(V))
    )

# ----
# A perturbation and an image are what is trained; the network is only asked.
import torch, torch.nn as nn, torch.nn.functional as F

model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
model.eval()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for x in torch.randn(5, 8, 4):
    y = torch.randint(0, 3, (8,))
    delta = torch.zeros_like(x, requires_grad=True)
    for k in range(3):
        loss = F.cross_entropy(model(x + delta), y)
        loss.backward()
        delta.data = (delta + 0.1 * delta.grad.detach().sign()).clamp(-1, 1)
        delta.grad.zero_()
    opt.zero_grad()
    F.cross_entropy(model(x + delta.detach()), y).backward()
    opt.step()
img = torch.rand(1, 4).requires_grad_(True)
style = torch.optim.LBFGS([img])
feats = model(torch.rand(1, 4)).detach()
for p in model.parameters():
    p.requires_grad_(False)
for step in range(3):

    def closure():
        style.zero_grad()
        l = F.mse_loss(model(img), feats)
        l.backward()
        return l

    style.step(closure)
w = torch.randn(4, 1, requires_grad=True)
for i in range(3):
    l = (torch.randn(8, 4) @ w).pow(2).mean()
    l.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
        w.grad.zero_()
