"""What happens to gradients: clearing, steps, loops, and the ways through them."""

from __future__ import annotations

import pytest
from facts_of import facts_of

from dryfit.semantic.facts import GradientsTaken, OptimizerStep, SchedulerCall, TrainingLoop
from dryfit.semantic.values import UNKNOWN

SETUP = "net = Net()\nx = torch.randn(2, 2)\noptimizer = A(net.parameters())\n"


@pytest.mark.parametrize(
    ("body", "is_cleared"),
    [
        ("net(x).sum().backward(); optimizer.zero_grad(); optimizer.step()", True),
        ("net(x).sum().backward(); net.zero_grad(); optimizer.step()", True),
        ("optimizer.zero_grad(); net(x).sum().backward(); optimizer.step()", False),
        ("optimizer.zero_grad(); optimizer.step()", False),
        ("net(x).sum().backward(); A(net.a.parameters()).zero_grad(); optimizer.step()", False),
        ("net(x).sum().backward()\nif input(): optimizer.zero_grad()\noptimizer.step()", False),
        ("net(x).sum().backward(); optimizer.zero_grad(); net(x).sum().backward(); optimizer.step()", False),
        ("def clear(o): o.zero_grad()\nnet(x).sum().backward(); clear(optimizer); optimizer.step()", True),
        ("import other\nnet(x).sum().backward(); optimizer.zero_grad(); other.fill(net); optimizer.step()", False),
    ],
)
def test_gradients_cleared_before_a_step(body: str, is_cleared: bool) -> None:
    *_, step = facts_of(SETUP + body + "\n", OptimizerStep)
    assert (step.cleared is not None) is is_cleared


@pytest.mark.parametrize(
    ("body", "clears"),
    [
        ("net(x).sum().backward(); optimizer.step()", False),
        ("optimizer.zero_grad(); net(x).sum().backward(); optimizer.step()", True),
        ("net(x).sum().backward(); optimizer.step(); net.zero_grad()", True),
        ("net(x).sum().backward(); optimizer.step(); clear()", UNKNOWN),
        ("net(x).sum().backward(); optimizer.step()\n    for p in net.parameters(): p.grad = None", UNKNOWN),
        ("net(x).sum().backward(); optimizer.step(); helper(net)", UNKNOWN),
        ("optimizer = A(net.parameters()); net(x).sum().backward(); optimizer.step()", UNKNOWN),
    ],
)
def test_does_a_loop_clear(body: str, clears: object) -> None:
    text = f"from helper import clear, helper\n{SETUP}for i in range(9):\n    {body}\n"
    loops = facts_of(text, TrainingLoop)
    if "clear()" in body:
        assert loops[-1].clears_gradients in (UNKNOWN, False)  # `clear` holds neither the net nor the optimizer
    else:
        assert loops[-1].clears_gradients == clears


def test_accumulation_does_not_step_on_every_pass() -> None:
    (loop,) = facts_of(
        SETUP + "for i in range(9):\n    net(x).sum().backward()\n    if i % 4 == 3:\n        optimizer.step()\n",
        TrainingLoop,
    )
    assert not loop.steps_every_pass


def test_a_loop_of_one_pass_is_none() -> None:
    assert (
        facts_of(SETUP + "for i in range(9):\n    net(x).sum().backward(); optimizer.step(); break\n", TrainingLoop)
        == []
    )


def test_the_innermost_loop_is_meant() -> None:
    text = (
        SETUP
        + "for e in range(9):\n    optimizer.zero_grad()\n"
        + "    for i in range(9):\n        net(x).sum().backward(); optimizer.step()\n"
    )
    (loop,) = facts_of(text, TrainingLoop)
    assert loop.clears_gradients is False
    assert loop.clear_before is not None


@pytest.mark.parametrize(
    ("body", "has_stepped"),
    [
        ("scheduler.step()", False),
        ("optimizer.step(); scheduler.step()", True),
        ("for i in range(9): scheduler.step(); optimizer.step()", False),
        ("for i in range(9): optimizer.step(); scheduler.step()", True),
        ("if input(): optimizer.step()\nscheduler.step()", UNKNOWN),
        ("import other\nother.train(optimizer); scheduler.step()", UNKNOWN),
        ("scaler = torch.amp.GradScaler(); scaler.step(optimizer); scheduler.step()", True),
        ("optimizer.load_state_dict(torch.load('x')); scheduler.step()", UNKNOWN),
    ],
)
def test_order_of_scheduler_and_optimizer(body: str, has_stepped: object) -> None:
    text = SETUP + "scheduler = lr_scheduler.StepLR(optimizer, 1)\n" + body + "\n"
    *_, call = facts_of(text, SchedulerCall)
    assert call.optimizer_has_stepped == has_stepped


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("grads = torch.autograd.grad(net(x).sum(), net.parameters()); optimizer.step()", 1),
        (
            "grads = torch.autograd.grad(net(x).sum(), list(net.parameters()))\n"
            "print(grads[0].norm()); optimizer.step()",
            1,
        ),
        (
            "grads = torch.autograd.grad(net(x).sum(), net.parameters())\n"
            "for p, g in zip(net.parameters(), grads): p.grad = g\noptimizer.step()",
            0,
        ),
        ("torch.autograd.grad(net(x).sum(), net.parameters()); net(x).sum().backward(); optimizer.step()", 0),
        ("torch.autograd.grad(net(x).sum(), nn.Linear(2, 2).parameters()); optimizer.step()", 0),
    ],
)
def test_gradients_that_reach_nobody(body: str, count: int) -> None:
    assert len(facts_of(SETUP + body + "\n", GradientsTaken)) == count
