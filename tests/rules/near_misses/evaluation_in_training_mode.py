# ----
# Actions are chosen and targets computed without gradients, in the midst of training.
import torch, torch.nn as nn, random


class Q(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))

    def forward(self, x):
        return self.net(x)


policy, target = Q(), Q()
target.load_state_dict(policy.state_dict())
target.eval()
opt = torch.optim.RMSprop(policy.parameters())
memory = []
for episode in range(5):
    s = torch.randn(8, 4)
    for t in range(10):
        with torch.no_grad():
            a = policy(s).max(1)[1].view(8, 1)
        s2 = torch.randn(8, 4)
        memory.append((s, a, s2))
        s = s2
        bs, ba, bs2 = random.choice(memory)
        q = policy(bs).gather(1, ba)
        with torch.no_grad():
            nxt = target(bs2).max(1)[0]
        loss = nn.functional.smooth_l1_loss(q, (nxt * 0.9 + 1.0).unsqueeze(1))
        opt.zero_grad()
        loss.backward()
        for p in policy.parameters():
            p.grad.data.clamp_(-1, 1)
        opt.step()
        tsd, psd = target.state_dict(), policy.state_dict()
        for k in psd:
            tsd[k] = psd[k] * 0.005 + tsd[k] * 0.995
        target.load_state_dict(tsd)
    if episode % 2 == 0:
        target.load_state_dict(policy.state_dict())

# ----
# Fakes of a generator in training mode: nothing is measured.
import torch, torch.nn as nn

G = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 6))
D = nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.3), nn.Linear(8, 1), nn.Sigmoid())
oG, oD = torch.optim.Adam(G.parameters()), torch.optim.Adam(D.parameters())
bce = nn.BCELoss()
fixed = torch.randn(8, 4)
for epoch in range(3):
    for real in torch.randn(4, 8, 6):
        valid, fake_label = torch.ones(8, 1), torch.zeros(8, 1)
        oG.zero_grad()
        z = torch.randn(8, 4)
        gen = G(z)
        g_loss = bce(D(gen), valid)
        g_loss.backward()
        oG.step()
        oD.zero_grad()
        d_loss = (bce(D(real), valid) + bce(D(gen.detach()), fake_label)) / 2
        d_loss.backward()
        oD.step()
        D.zero_grad()
        errD_real = bce(D(real), valid)
        errD_real.backward()
        fake = G(torch.randn(8, 4))
        errD_fake = bce(D(fake.detach()), fake_label)
        errD_fake.backward()
        errD = errD_real + errD_fake
        oD.step()
        G.zero_grad()
        out = D(fake)
        errG = bce(out, valid)
        errG.backward()
        D_G_z2 = out.mean().item()
        oG.step()
    with torch.no_grad():
        sample = G(fixed).detach().cpu()
    print(d_loss.item() + g_loss.item())
