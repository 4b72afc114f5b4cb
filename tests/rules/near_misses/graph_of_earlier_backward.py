# ----
# Truncated in time: the state is detached at the start of each update, or made anew.
import torch
import torch.nn as nn, torch.nn.functional as F


class AC(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTMCell(4, 8)
        self.critic = nn.Linear(8, 1)
        self.actor = nn.Linear(8, 2)

    def forward(self, inputs):
        x, (hx, cx) = inputs
        hx, cx = self.lstm(x, (hx, cx))
        return self.critic(hx), self.actor(hx), (hx, cx)


model = AC()
optimizer = torch.optim.Adam(model.parameters())
done = True
for update in range(4):
    if done:
        cx = torch.zeros(1, 8)
        hx = torch.zeros(1, 8)
    else:
        cx = cx.detach()
        hx = hx.detach()
    values, log_probs, rewards, entropies = [], [], [], []
    for step in range(5):
        value, logit, (hx, cx) = model((torch.randn(1, 4), (hx, cx)))
        prob = F.softmax(logit, dim=-1)
        log_prob = F.log_softmax(logit, dim=-1)
        entropies.append(-(log_prob * prob).sum(1, keepdim=True))
        action = prob.multinomial(num_samples=1).detach()
        log_probs.append(log_prob.gather(1, action))
        values.append(value)
        rewards.append(1.0)
        done = bool(torch.rand(1) > 0.9)
        if done:
            break
    R = torch.zeros(1, 1)
    if not done:
        value, _, _ = model((torch.randn(1, 4), (hx, cx)))
        R = value.detach()
    values.append(R)
    policy_loss = 0
    value_loss = 0
    gae = torch.zeros(1, 1)
    for i in reversed(range(len(rewards))):
        R = 0.99 * R + rewards[i]
        value_loss = value_loss + 0.5 * (R - values[i]).pow(2)
        delta = rewards[i] + 0.99 * values[i + 1] - values[i]
        gae = gae * 0.99 + delta
        policy_loss = policy_loss - log_probs[i] * gae.detach() - 0.01 * entropies[i]
    optimizer.zero_grad()
    (policy_loss + 0.5 * value_loss).sum().backward()
    optimizer.step()

# ----
# The state goes through a function that calls itself to detach it; the loop writes to the weights by hand.
import torch
import torch.nn as nn


def repackage_hidden(h):
    if isinstance(h, torch.Tensor):
        return h.detach()
    else:
        return tuple(repackage_hidden(v) for v in h)


class RNNModel(nn.Module):
    def __init__(self, kind="LSTM", n=10, d=8, layers=2, dropout=0.5):
        super().__init__()
        self.drop = nn.Dropout(dropout)
        self.encoder = nn.Embedding(n, d)
        self.rnn = getattr(nn, kind)(d, d, layers, dropout=dropout)
        self.decoder = nn.Linear(d, n)
        self.kind, self.layers, self.d = kind, layers, d

    def forward(self, x, hidden):
        out, hidden = self.rnn(self.drop(self.encoder(x)), hidden)
        return torch.log_softmax(self.decoder(self.drop(out)).view(-1, 10), dim=1), hidden

    def init_hidden(self, b):
        w = next(self.parameters())
        if self.kind == "LSTM":
            return (w.new_zeros(self.layers, b, self.d), w.new_zeros(self.layers, b, self.d))
        return w.new_zeros(self.layers, b, self.d)


model = RNNModel()
criterion = nn.NLLLoss()
data = torch.randint(0, 10, (60, 4))


def evaluate(src):
    model.eval()
    total = 0.0
    hidden = model.init_hidden(4)
    with torch.no_grad():
        for i in range(0, src.size(0) - 1, 5):
            x, y = src[i : i + 5], src[i + 1 : i + 6].reshape(-1)
            out, hidden = model(x[: len(y) // 4], hidden)
            hidden = repackage_hidden(hidden)
            total += len(x) * criterion(out, y).item()
    return total


def train():
    model.train()
    total = 0.0
    hidden = model.init_hidden(4)
    for i in range(0, 50, 5):
        x, y = data[i : i + 5], data[i + 1 : i + 6].reshape(-1)
        model.zero_grad()
        hidden = repackage_hidden(hidden)
        out, hidden = model(x, hidden)
        loss = criterion(out, y)
        loss.backward()
        for p in model.parameters():
            p.data.add_(p.grad, alpha=-0.1)
        total += loss.item()


best = None
for epoch in range(3):
    train()
    v = evaluate(data)
    if not best or v < best:
        with open("/dev/null", "wb") as f:
            torch.save(model, f)
        best = v

# ----
# A graph that is kept, losses of one pass that are added, outputs that are detached before the next pass.
import torch, torch.nn as nn

net = nn.Linear(4, 1)
opt = torch.optim.Adam(net.parameters())
head = nn.Linear(1, 1)
x = torch.randn(8, 4)
for i in range(5):
    out = net(x)
    l1 = out.mean()
    l2 = out.pow(2).mean()
    opt.zero_grad()
    l1.backward(retain_graph=True)
    l2.backward()
    opt.step()
losses = {}
for i in range(5):
    for name in ("a", "b"):
        losses[name] = net(torch.randn(8, 4)).mean()
    opt.zero_grad()
    sum(losses.values()).backward()
    opt.step()
history = []
for i in range(5):
    opt.zero_grad()
    loss = net(x).pow(2).mean()
    history.append(loss)
    loss.backward()
    opt.step()
    avg = torch.stack([h.detach() for h in history]).mean()
prev = None
for i in range(5):
    cur = net(x)
    loss = cur.mean() if prev is None else (cur - prev).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    prev = cur.detach().clone()
buf = torch.zeros(8, 1)
for i in range(5):
    cur = net(x)
    loss = (cur - buf).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    buf = 0.9 * buf + 0.1 * cur.data


class EMA:
    def __init__(self):
        self.v = None

    def update(self, t):
        self.v = t if self.v is None else 0.9 * self.v + 0.1 * t


ema = EMA()
for i in range(5):
    loss = net(x).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    ema.update(loss.item())


def closure_loss(fn):
    return fn()


for i in range(4):
    opt.zero_grad()
    closure_loss(lambda: net(x).mean()).backward()
    opt.step()

# ----
# Gradients of gradients, and two backwards through graphs of their own.
import torch, torch.nn as nn
from torch import autograd

G, D = nn.Linear(4, 6), nn.Linear(6, 1)
oG, oD = torch.optim.Adam(G.parameters()), torch.optim.Adam(D.parameters())
one = torch.tensor(1.0)
mone = one * -1


def penalty(real, fake):
    a = torch.rand(8, 1)
    inter = (a * real + (1 - a) * fake).requires_grad_(True)
    d = D(inter)
    g = autograd.grad(
        outputs=d,
        inputs=inter,
        grad_outputs=torch.ones(d.size()),
        create_graph=True,
        retain_graph=True,
        only_inputs=True,
    )[0]
    return ((g.norm(2, dim=1) - 1) ** 2).mean() * 10


for it in range(5):
    for p in D.parameters():
        p.requires_grad = True
    for k in range(5):
        D.zero_grad()
        real = torch.randn(8, 6)
        d_real = D(real).mean()
        d_real.backward(mone)
        with torch.no_grad():
            noise = torch.randn(8, 4)
        fake = G(noise).data
        d_fake = D(fake).mean()
        d_fake.backward(one)
        gp = penalty(real, fake)
        gp.backward()
        cost = d_fake - d_real + gp
        oD.step()
    for p in D.parameters():
        p.requires_grad = False
    G.zero_grad(set_to_none=False)
    g = D(G(torch.randn(8, 4))).mean()
    g.backward(mone)
    oG.step()
