# ----------------------------------------------------------------------------------------------------------------------
# Keys that are not all known.
import json

import torch


def group(**settings):
    return {"lr": 0.1, **settings}


net = torch.nn.Linear(4, 2)
name = json.loads('["params"]')[0]
first = torch.optim.SGD([{name: net.parameters()}])
second = torch.optim.SGD([group(**{name: net.parameters()})])
