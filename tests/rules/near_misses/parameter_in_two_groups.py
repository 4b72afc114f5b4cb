# ----------------------------------------------------------------------------------------------------------------------
# Parts of one network, and what is left after a filter.
import torch

net = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
first = torch.optim.SGD([{"params": net[0].parameters()}, {"params": net[2].parameters()}], lr=0.1)
ids = {id(p) for p in net[2].parameters()}
rest = [p for p in net.parameters() if id(p) not in ids]
second = torch.optim.SGD([{"params": rest}, {"params": net[2].parameters(), "lr": 0.1}], lr=0.01)
biases = [p for n, p in net.named_parameters() if n.endswith("bias")]
weights = [p for n, p in net.named_parameters() if not n.endswith("bias")]
third = torch.optim.AdamW([{"params": weights}, {"params": biases, "weight_decay": 0.0}])


# ----------------------------------------------------------------------------------------------------------------------
# A module without parameters may stand in two groups, and the name may mean another module by then.
import torch

layer, act = torch.nn.Linear(4, 4), torch.nn.ReLU()
groups = [{"params": [*layer.parameters(), *act.parameters()]}]
layer = torch.nn.Linear(4, 2)
groups.append({"params": [*layer.parameters(), *act.parameters()]})
optimizer = torch.optim.SGD(groups, lr=0.1)


# ----------------------------------------------------------------------------------------------------------------------
# The part that is added later was left out before, as far as can be known.
import torch

net = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Linear(4, 2))
for p in net[0].parameters():
    p.requires_grad = False
optimizer = torch.optim.SGD(filter(lambda p: p.requires_grad, net.parameters()), lr=0.1)
for p in net[0].parameters():
    p.requires_grad = True
optimizer.add_param_group({"params": net[0].parameters(), "lr": 0.01})
