# ----------------------------------------------------------------------------------------------------------------------
# Modules that can be iterated over tensors.
import torch


class Bank(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)

    def __iter__(self):
        return self.layer.parameters()


class Kept(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weights = torch.nn.ParameterList([torch.ones(2), torch.zeros(2)])


first = torch.optim.SGD(Bank(), lr=0.1)
second = torch.optim.SGD(Kept().weights, lr=0.1)
third = torch.optim.SGD([{"params": Kept().weights}], lr=0.1)
