# ----------------------------------------------------------------------------------------------------------------------
# A scheduler of the project, which calls it from inside and has its own idea of it.
import torch
from torch.optim.lr_scheduler import LRScheduler, StepLR


class Warmup(LRScheduler):
    def get_lr(self):
        return [rate * min(1.0, (self.last_epoch + 1) / 10) for rate in self.base_lrs]


class Halved(StepLR):
    def get_lr(self):
        return [rate / 2 for rate in super().get_lr()]


net = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
first, second = Warmup(optimizer), Halved(optimizer, 10)
rates = first.get_lr()
optimizer.step()
second.step()


# ----------------------------------------------------------------------------------------------------------------------
# Which scheduler it is is not known.
import torch


class Constant:
    def __init__(self, optimizer):
        self.optimizer = optimizer

    def get_lr(self):
        return [group["lr"] for group in self.optimizer.param_groups]


def rate(scheduler):
    return scheduler.get_lr()[0]


net = torch.nn.Linear(4, 2)
value = rate(Constant(torch.optim.SGD(net.parameters(), lr=0.1)))
