# ----------------------------------------------------------------------------------------------------------------------
# Parameters that come in by other ways.
import torch


class Base(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.build()


class Named(Base):
    def build(self):
        for name in ("first", "second"):
            setattr(self, name, torch.nn.Linear(4, 2))


class Registered(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_parameter("scale", torch.nn.Parameter(torch.ones(1)))


class Added(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [torch.nn.Linear(4, 4)]
        for i, layer in enumerate(self.layers):
            self.add_module(str(i), layer)


class Late(torch.nn.Module):
    pass


late = Late()
late.layer = torch.nn.Linear(4, 2)
optimizers = [torch.optim.SGD(m.parameters(), lr=0.1) for m in (Named(), Registered(), Added(), late)]
first = torch.optim.SGD(Named().parameters(), lr=0.1)
second = torch.optim.SGD(Registered().parameters(), lr=0.1)
third = torch.optim.SGD(Added().parameters(), lr=0.1)
fourth = torch.optim.SGD(late.parameters(), lr=0.1)
