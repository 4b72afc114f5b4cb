# ----------------------------------------------------------------------------------------------------------------------
# The optimizer is stepped by somebody else, or a state is loaded.
import torch


class Loop:
    def __init__(self, net):
        self.optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        self.scheduler = torch.optim.lr_scheduler.StepLR(self.optimizer, 1)

    def run(self, call):
        call(self.optimizer)
        self.scheduler.step()

    def end(self):
        self.scheduler.step()


loop = Loop(torch.nn.Linear(4, 2))
loop.run(getattr(torch.optim.SGD, "step"))
loop.end()

net = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
scheduler.load_state_dict({"last_epoch": 3, "_step_count": 4})
scheduler.step()


# ----------------------------------------------------------------------------------------------------------------------
# A scheduler of the project with a `step` of its own.
import torch


class Quiet(torch.optim.lr_scheduler.StepLR):
    def step(self, epoch=None):
        if getattr(self.optimizer, "_opt_called", False) or self._step_count == 0:
            super().step()


net = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
scheduler = Quiet(optimizer, 1)
scheduler.step()
