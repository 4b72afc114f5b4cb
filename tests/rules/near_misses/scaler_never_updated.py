# ----------------------------------------------------------------------------------------------------------------------
# The caller's loop is not seen: the method steps once.
import torch


class Runner:
    def __init__(self, net):
        self.net, self.scaler = net, torch.amp.GradScaler("cpu")
        self.optimizer = torch.optim.SGD(net.parameters(), lr=0.1)

    def update(self, x):
        self.optimizer.zero_grad()
        self.scaler.scale(self.net(x).mean()).backward()
        self.scaler.step(self.optimizer)


runner = Runner(torch.nn.Linear(4, 1))
for x in torch.randn(3, 8, 4):
    runner.update(x)
    runner.scaler.update()


# ----------------------------------------------------------------------------------------------------------------------
# Code that is not known has the scaler.
import torch


def train(net, batches, finish):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu")
    for x in batches:
        optimizer.zero_grad()
        scaler.scale(net(x).mean()).backward()
        scaler.step(optimizer)
        finish(scaler)


train(torch.nn.Linear(4, 1), torch.randn(3, 8, 4), lambda scaler: scaler.update())
