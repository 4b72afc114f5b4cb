# ----------------------------------------------------------------------------------------------------------------------
# The base is initialised by other spellings.
from torch import nn


class First(nn.Module):
    def __init__(self):
        nn.Module.__init__(self)
        self.fc = nn.Linear(4, 2)


class Second(nn.Module):
    def __init__(self):
        super(Second, self).__init__()
        self.fc = nn.Linear(4, 2)


class Third(First):
    def __init__(self):
        First.__init__(self)
        self.more = nn.Linear(4, 2)


class Fourth(nn.Module):
    def __init__(self):
        self._start()
        self.fc = nn.Linear(4, 2)

    def _start(self):
        super().__init__()


nets = First(), Second(), Third(), Fourth()


# ----------------------------------------------------------------------------------------------------------------------
# No constructor of its own, or no module.
from torch import nn


class Net(nn.Linear):
    def grow(self):
        self.extra = nn.Linear(2, 2)


class Agent:
    def __init__(self):
        self.policy = nn.Linear(4, 2)


net = Net(4, 2)
net.grow()
agent = Agent()


# ----------------------------------------------------------------------------------------------------------------------
# A dataclass that starts the base when its fields are set.
from dataclasses import dataclass

from torch import nn


@dataclass(eq=False)
class Net(nn.Module):
    size: int = 4

    def __post_init__(self):
        super().__init__()
        self.fc = nn.Linear(self.size, 2)


net = Net()


# ----------------------------------------------------------------------------------------------------------------------
# Modules of a plain base class: the call stands in a mixin that both share.
from torch import nn


class Head:
    def __init__(self):
        super().__init__()
        self.size = 2


class Net(Head, nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, self.size)


net = Net()


# ----------------------------------------------------------------------------------------------------------------------
# Never reached without the call.
from torch import nn


class Net(nn.Module):
    def __init__(self, is_small):
        if is_small:
            super().__init__()
            self.fc = nn.Linear(4, 2)
        else:
            nn.Module.__init__(self)
            self.fc = nn.Linear(4, 20)


net = Net(True)


# ----------------------------------------------------------------------------------------------------------------------
# The constructor next above is skipped: `super` of the class above, from below.
from torch import nn


class Wide(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc = nn.Linear(4, width)


class Narrow(Wide):
    def __init__(self):
        super(Wide, self).__init__()
        self.fc = nn.Linear(4, 1)


net = Narrow()


# ----------------------------------------------------------------------------------------------------------------------
# A star import from elsewhere does not bring another `super`; and a base's constructor that is called by other means.
import os.path

import torch.nn as nn
from os.path import *


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc = nn.Linear(4, 2)


class Other(nn.Module):
    def __init__(self):
        getattr(nn, "Mod" + os.path.basename("ule")).__init__(self)
        self.fc = nn.Linear(4, 2)


class Last(nn.Module):
    def __init__(self):
        above = self.__class__.__mro__[1]
        super(above if above is nn.Linear else Last, self).__init__()
        self.fc = nn.Linear(4, 2)


nets = Net(), Other(), Last()
