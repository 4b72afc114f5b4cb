"""Where a backward leads: what is cut, what is a leaf, and whose graph was freed before."""

from __future__ import annotations

import pytest
from facts_of import facts_of

from dryfit.semantic.facts import Backward
from dryfit.semantic.history import ANYTHING, LEAF, NOTHING

SETUP = "net = Net()\nx = torch.randn(2, 2)\noptimizer = A(net.parameters())\n"


@pytest.mark.parametrize(
    ("body", "reach", "how"),
    [
        ("loss = net(x).sum()", ANYTHING, None),
        ("loss = net(x).sum().detach()", NOTHING, "detach"),
        ("loss = F.mse_loss(net(x).data, x)", NOTHING, "data"),
        ("with torch.no_grad():\n    loss = net(x).sum()", NOTHING, "no_grad"),
        ("with torch.no_grad():\n    with torch.enable_grad():\n        loss = net(x).sum()", ANYTHING, None),
        ("with torch.inference_mode(False):\n    loss = net(x).sum()", ANYTHING, None),
        ("loss = torch.zeros(1, requires_grad=True) - net(x).sum().item()", LEAF, "item"),
        ("loss = torch.zeros(1).requires_grad_() - net(x).sum().item()", LEAF, "item"),
        ("loss = torch.tensor([v for v in [net(x).sum().item()]], requires_grad=True).sum()", LEAF, "item"),
        ("loss = net(x).sum().item() * unknown", ANYTHING, None),
        ("loss = torch.zeros(2)\nloss[0] = net(x).sum()", ANYTHING, None),
        ("loss = torch.zeros(2)\nother = loss\nother += net(x).sum()", ANYTHING, None),
        ("loss = torch.zeros(2)\nunknown(loss)", ANYTHING, None),
        ("loss = torch.distributions.Normal(net(x), 1.0).log_prob(x).sum()", ANYTHING, None),
    ],
)
def test_how_far_a_backward_reaches(body: str, reach: int, how: str | None) -> None:
    (fact,) = facts_of("from elsewhere import unknown\n" + SETUP + body + "\nloss.backward()\n", Backward)
    history = fact.loss.history
    assert (history.reach, history.cut.how if history.cut and history.reach else None) == (reach, how)


@pytest.mark.parametrize(
    ("expression", "how"),
    [
        ("a + 0.1 * b.item()", "item"),
        ("(a - b.item()) / 2", "item"),
        ("(a + b).mean() + float(b)", "float"),
        ("(a - b.item()) ** 2", None),
        ("a * b.item()", None),
        ("a + 1.0", None),
    ],
)
def test_numbers_that_are_added(expression: str, how: str | None) -> None:
    (fact,) = facts_of(f"{SETUP}a, b = net(x).sum(), net(x).mean()\n({expression}).backward()\n", Backward)
    dropped = fact.loss.history.dropped
    assert (None if dropped is None else dropped.how) == how


@pytest.mark.parametrize(
    ("body", "spent"),
    [
        ("loss = net(x).sum(); loss.backward(); loss.backward()", [None, ""]),
        ("loss = net(x).sum(); loss.backward(retain_graph=True); loss.backward()", [None, None]),
        ("h = net(x); h.sum().backward(); net(h).sum().backward()", [None, ""]),
        ("h = net(x); h.sum().backward(); net(h.detach()).sum().backward()", [None, None]),
        ("h = net(x); net(x).sum().backward(); h.sum().backward()", [None, None]),
        ("h = x\nfor i in range(9):\n    h = net(h)\n    h.sum().backward()", ["h"]),
        ("h = x\nfor i in range(9):\n    h = net(h.detach())\n    h.sum().backward()", [None]),
        ("h = x\nfor i in range(9):\n    h = net(h)\n    h.sum().backward()\n    h.detach_()", [None]),
        ("h = net(x)\nfor i in range(9):\n    net(h).sum().backward()", ["h"]),
        ("t = 0\nfor i in range(9):\n    t = t + net(x).sum()\n    t.backward()", ["t"]),
        (
            "t = 0\nfor i in range(9):\n    t = t + net(x).sum()\n    if i % 3 == 0:\n        t.backward(); t = 0",
            [None],
        ),
        ("for h in [net(x) for i in range(9)]:\n    h.sum().backward()", [None]),
        (
            "h, c = x, x\nr = nn.LSTM(2, 2)\nfor i in range(9):\n    o, (h, c) = r(x, (h, c))\n    o.sum().backward()",
            ["h"],
        ),
    ],
)
def test_graphs_that_were_freed(body: str, spent: list[str | None]) -> None:
    facts = facts_of(f"{SETUP}{body}\n", Backward)
    assert [None if f.loss.history.spent is None else f.loss.history.spent.carried for f in facts] == spent


@pytest.mark.parametrize(
    ("optimizer", "is_certain"),
    [
        ("optimizer = A(net.parameters())", True),
        ("optimizer = A([*net.parameters(), leaf])", False),
        ("pass", False),
        ("optimizer = unknown(net)", False),
    ],
)
def test_a_leaf_that_no_optimizer_holds(optimizer: str, is_certain: bool) -> None:
    text = f"from elsewhere import unknown\nnet = Net()\nleaf = torch.zeros(1, requires_grad=True)\n{optimizer}\n"
    (fact,) = facts_of(text + "(leaf * net(torch.randn(2, 2)).mean().item()).backward()\n", Backward)
    assert fact.reaches_no_optimizer is is_certain
