# ----------------------------------------------------------------------------------------------------------------------
# Looked at, but not run to its end; and used up on one way only.
import torch


def build(net, verbose):
    params = net.parameters()
    if verbose:
        print(sum(p.numel() for p in params))
        params = net.parameters()
    return torch.optim.SGD(params, lr=0.1)


net = torch.nn.Linear(4, 2)
params = net.parameters()
device = next(params).device
first = torch.optim.SGD(params, lr=0.1)
second = build(net, False)


# ----------------------------------------------------------------------------------------------------------------------
# The name is bound again in between, and an iterable that starts anew each time.
import torch


class Again:
    def __init__(self, net):
        self.net = net

    def __iter__(self):
        return self.net.parameters()


net = torch.nn.Linear(4, 2)
params = net.parameters()
torch.nn.utils.clip_grad_norm_(params, 1.0)
params = net.parameters()
first = torch.optim.SGD(params, lr=0.1)
again = Again(net)
count = len(list(again))
second = torch.optim.SGD(again, lr=0.1)
