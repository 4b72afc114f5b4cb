"""What loops do over time: how many samples there are, modes, states that are kept, frozen weights, schedules."""

from __future__ import annotations

import pytest
from facts_of import facts_of

from dryfit.semantic.facts import (
    EvaluatedInTraining,
    FrozenStillMoves,
    LoaderBuilt,
    SchedulerPace,
    StateReused,
    TrainedInEvaluation,
)

DATA = """
from torch.utils.data import ConcatDataset, DataLoader, Dataset, Subset
from torch.utils.data import SubsetRandomSampler, TensorDataset, random_split
class Rows(Dataset):
    def __init__(self, n=10):
        self.x = torch.randn(n, 3)
    def __len__(self):
        return self.x.shape[0]
x = torch.randn(40, 8)
rows = []
"""


@pytest.mark.parametrize(
    ("dataset", "samples"),
    [
        ("list(range(20))", 20),
        ("[i for i in range(2, 9)]", 7),
        ("[i for i in range(9) if i]", None),
        ("TensorDataset(x, x.sum(1))", 40),
        ("TensorDataset(x[:12], x[-12:])", 12),
        ("TensorDataset(torch.stack([x[i] for i in range(7)]))", 7),
        ("Subset(TensorDataset(x), range(5))", 5),
        ("random_split(TensorDataset(x), [30, 10])[1]", 10),
        ("random_split(TensorDataset(x), [0.95, 0.05])[1]", 2),
        ("ConcatDataset([TensorDataset(x), Rows()])", 50),
        ("Rows(4)", 4),
        ("Rows(int(input()))", None),
        ("rows, sampler=SubsetRandomSampler(range(3))", 3),
    ],
)
def test_how_many_samples_there_are(dataset: str, samples: int | None) -> None:
    (fact,) = facts_of(f"{DATA}loader = DataLoader({dataset})\n", LoaderBuilt)
    assert fact.samples == samples


def test_a_global_list_may_have_grown() -> None:
    (fact,) = facts_of(DATA + "def loader():\n    return DataLoader(rows)\n", LoaderBuilt)
    assert fact.samples is None


def test_a_trainer_asks_a_datamodule_for_its_loader() -> None:
    text = """
    class Data(L.LightningDataModule):
        def __init__(self, n=6):
            super().__init__()
            self.n = n
        def setup(self, stage):
            self.rows = list(range(self.n))
        def train_dataloader(self):
            return torch.utils.data.DataLoader(self.rows)
    L.Trainer().fit(L.LightningModule(), datamodule=Data())
    """
    assert [fact.samples for fact in facts_of(text, LoaderBuilt)] == [6, None]


STEP = """
def step(net, optimizer):
    optimizer.zero_grad()
    net(torch.randn(2, 2)).sum().backward()
    optimizer.step()
net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Linear(2, 2))
optimizer = A(net.parameters())
v = torch.randn(2, 2)
"""
EVALUATE = "\n    with torch.no_grad():\n        for i in range(9):\n            F.mse_loss(net(v), v)"


@pytest.mark.parametrize(
    ("body", "layers"),
    [
        ("step(net, optimizer)" + EVALUATE, ["BatchNorm1d"]),
        ("net.train(); step(net, optimizer)" + EVALUATE, ["BatchNorm1d"]),
        ("step(net, optimizer); net.train()" + EVALUATE, []),
        ("step(net, optimizer); net.eval()" + EVALUATE, []),
        ("step(net, optimizer); net.train(i > 3)" + EVALUATE, []),
        ("[m.eval() for m in net.modules()]; step(net, optimizer)" + EVALUATE, []),
        ("step(net, optimizer)" + EVALUATE.replace("F.mse_loss(net(v), v)", "net(v)"), []),
        ("step(net, optimizer)" + EVALUATE.replace("torch.no_grad()", "torch.enable_grad()"), []),
        ("unknown(net); step(net, optimizer)" + EVALUATE, []),
    ],
)
def test_evaluated_in_training_mode(body: str, layers: list[str]) -> None:
    text = f"from elsewhere import unknown\n{STEP}for i in range(9):\n    {body}\n"
    assert [fact.layer for fact in facts_of(text, EvaluatedInTraining)] == layers


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("step(net, optimizer); net.eval()", ["net"]),
        ("step(net, optimizer); net.eval(); net.train()", []),
        ("net.train(); step(net, optimizer); net.eval()", []),
        ("net.eval(); step(net, optimizer)", []),
        ("step(net, optimizer)\n    if i == 8:\n        net.eval()", []),
        ("step(net, optimizer)\n    if i > 3:\n        net.eval()\n        break", []),
        ("step(net, optimizer); net[0].eval()", []),
    ],
)
def test_trained_in_evaluation_mode(body: str, names: list[str]) -> None:
    assert [fact.name for fact in facts_of(f"{STEP}for i in range(9):\n    {body}\n", TrainedInEvaluation)] == names


@pytest.mark.parametrize(
    ("text", "is_saved"),
    [
        ("s = net.state_dict(); step(net, optimizer); net.load_state_dict(s)", [False]),
        ("s = dict(net.state_dict()); step(net, optimizer); net.load_state_dict(s)", [False]),
        ("step(net, optimizer); s = net.state_dict(); net.load_state_dict(s)", []),
        ("s = copy.deepcopy(net.state_dict()); step(net, optimizer); net.load_state_dict(s)", []),
        ("s = net.state_dict(); step(net, optimizer); s['a'] = v; net.load_state_dict(s)", []),
        ("s = net.state_dict(); step(net, optimizer); s.update(v); net.load_state_dict(s)", []),
        ("s = net.state_dict(); step(net, optimizer); Net().load_state_dict(s)", []),
        (
            "for i in range(9):\n    step(net, optimizer)\n    if v.sum() > 0: s = net.state_dict()\ntorch.save(s, '')",
            [True],
        ),
        ("for i in range(9):\n    step(net, optimizer)\n    s = net.state_dict()\ntorch.save(s, '')", []),
    ],
)
def test_states_that_are_kept(text: str, is_saved: list[bool]) -> None:
    assert [fact.is_saved for fact in facts_of(f"import copy\n{STEP}{text}\n", StateReused)] == is_saved


@pytest.mark.parametrize(
    ("after", "optimizer", "by"),
    [
        ("", "A(net.parameters())", ["its running mean of gradients"]),
        ("", "optim.SGD(net.parameters(), momentum=0.9)", ["momentum"]),
        ("", "optim.SGD(net.parameters(), weight_decay=0.1)", ["weight decay"]),
        ("", "optim.SGD(net.parameters())", []),
        ("optimizer.zero_grad(); ", "A(net.parameters())", []),
        ("net.requires_grad_(True); ", "A(net.parameters())", []),
        ("unknown(net); ", "A(net.parameters())", []),
        ("optimizer = A(net.parameters()); ", "A(net.parameters())", []),
    ],
)
def test_what_is_frozen_later(after: str, optimizer: str, by: list[str]) -> None:
    text = f"from elsewhere import unknown\nnet = Net()\noptimizer = {optimizer}\n"
    text += f"optimizer.step()\nnet.requires_grad_(False)\n{after}optimizer.zero_grad(set_to_none=False)\n"
    text += "optimizer.step()\n"
    assert [fact.by for fact in facts_of(text, FrozenStillMoves)] == by


LOOPS = """
def fit(net, loader, epochs, args):
    optimizer = A(net.parameters())
    scheduler = lr_scheduler.CosineAnnealingLR(optimizer, T_max={length})
    for epoch in {epochs}:
        for x in loader:
            optimizer.step()
            {inner}
        {outer}
"""


@pytest.mark.parametrize(
    ("length", "epochs", "is_inner", "pace"),
    [
        ("epochs", "range(epochs)", True, ["batch"]),
        ("args.epochs", "range(1, args.epochs + 1)", True, ["batch"]),
        ("5", "range(5)", True, ["batch"]),
        ("5", "range(6)", True, []),
        ("args.steps", "range(args.epochs)", True, []),
        ("epochs * len(loader)", "range(epochs)", True, []),
        ("epochs * len(loader)", "range(epochs)", False, ["epoch"]),
        ("epochs * len(args)", "range(epochs)", False, []),
        ("epochs", "range(epochs)", False, []),
    ],
)
def test_schedules(length: str, epochs: str, is_inner: bool, pace: list[str]) -> None:
    call = "scheduler.step()"
    inner, outer = (call, "pass") if is_inner else ("pass", call)
    text = LOOPS.format(length=length, epochs=epochs, inner=inner, outer=outer)
    assert [fact.pace for fact in facts_of(text, SchedulerPace)] == pace
