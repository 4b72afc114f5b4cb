"""Statements that do not do what they seem to: methods not called, results dropped, sums of iterators."""

from __future__ import annotations

from facts_of import facts_of

from dryfit.semantic.facts import (
    AttributeSet,
    CalledInForward,
    IteratorsAdded,
    LayersRepeated,
    ModuleReplaced,
    NotCalled,
    OptimizerBuilt,
    OwnAttributeRead,
    ResultDropped,
    TensorNotHeld,
)
from dryfit.semantic.operand import Operand


def not_called(text: str) -> list[str]:
    return [fact.name for fact in facts_of(text, NotCalled)]


def test_a_method_that_stands_alone() -> None:
    assert not_called("net = Net()\nnet.eval\noptimizer = A(net.parameters())\noptimizer.step\nnet(1).backward") == [
        "eval",
        "step",
        "backward",
    ]


def test_a_method_that_is_handed_on_or_of_something_unknown() -> None:
    assert not_called("import other\nstep = A(Net().parameters()).step\nother.thing.eval\nprint(step)") == []


def test_a_context_that_is_not_called() -> None:
    assert not_called("with torch.no_grad:\n    pass\nwith torch.no_grad():\n    pass") == ["torch.no_grad"]


def test_the_result_of_a_tensors_method_is_dropped() -> None:
    dropped = facts_of(
        "x = torch.zeros(2)\nx.to('cpu')\ny = x.float()\nx.sum().float()\nnet = Net()\nnet.to('cpu')\n", ResultDropped
    )
    assert [(fact.name, fact.text) for fact in dropped] == [("to", "x")]


def test_torch_compile_is_dropped() -> None:
    dropped = facts_of("net = Net()\ntorch.compile(net)\nnet = torch.compile(net)\n", ResultDropped)
    assert [(fact.name, fact.text) for fact in dropped] == [("torch.compile", "net")]


def test_a_module_is_replaced_by_what_loading_returns() -> None:
    text = "net = Net()\nreport = net.load_state_dict({})\nnet = net.load_state_dict({})"
    assert [fact.name for fact in facts_of(text, ModuleReplaced)] == ["load_state_dict"]


def test_iterators_are_added() -> None:
    text = "a, b = Net(), Net()\na.parameters() + b.parameters()\nlist(a.parameters()) + b.parameters()\n[1] + [2]"
    added = facts_of(text, IteratorsAdded)
    assert [(fact.left.kind, fact.right.kind) for fact in added] == [("generator", "generator"), ("list", "generator")]


def test_layers_are_repeated() -> None:
    text = "[nn.Linear(2, 2)] * 3\n[nn.ReLU()] * 3\nlayer = nn.Linear(2, 2)\n[layer] * 3\n2 * [Net()]\n[1] * 3"
    assert [fact.times.literal for fact in facts_of(text, LayersRepeated)] == [3, 2]


MAKER = """
class Maker(nn.Module):
    def forward(self, x):
        if x is None:
            return nn.Linear(1, 1)
        return self.more(F.dropout(x))
    def more(self, x):
        return nn.Linear(2, 2)(x)
"""


def test_what_is_called_while_forward_runs() -> None:
    called = facts_of(MAKER, CalledInForward)
    assert [(fact.name, fact.self_name) for fact in called] == [
        ("torch.nn.Linear", "self"),
        ("torch.nn.functional.dropout", "self"),
        ("torch.nn.Linear", ""),
    ]


def test_under_no_grad_nothing_is_called_in_forward() -> None:
    assert facts_of(MAKER + "with torch.no_grad():\n    Maker()(1)", CalledInForward)[3:] == []


def parts_of_optimizer(text: str) -> list[str]:
    (built,) = facts_of(text, OptimizerBuilt)
    assert isinstance(built.parameters, Operand)
    return [part.tag for part in built.parameters.known_elements]


def test_what_is_computed_from_a_leaf_is_none() -> None:
    text = "x = torch.zeros(2, requires_grad=True)\ny = x * 2\nA([x, y, y.detach(), y.detach().requires_grad_()])"
    assert parts_of_optimizer(text) == ["leaf", "of-leaf", "", "leaf"]


def test_a_gradient_that_is_retained_makes_it_as_good_as_a_leaf() -> None:
    assert parts_of_optimizer("x = torch.zeros(2, requires_grad=True) * 2\nx.retain_grad()\nA([x])") == [""]


def test_a_tensor_of_a_module_is_not_held() -> None:
    text = "m = Net()\nm.scale = torch.ones(1, requires_grad=True)\nA(m.parameters())\nA([*m.parameters(), m.scale])"
    assert [fact.name for fact in facts_of(text, TensorNotHeld)] == ["scale"]


def test_an_attribute_of_an_optimizer_is_set_and_read() -> None:
    text = "optimizer = A(Net().parameters())\noptimizer.lr = 0.1\nprint(optimizer.lr, optimizer.defaults)"
    assert [fact.name for fact in facts_of(text, OwnAttributeRead)] == ["lr"]


def test_an_attribute_is_set_on_a_parameter() -> None:
    found = facts_of("for p in Net().parameters():\n    p.require_grad = False", AttributeSet)
    (fact,) = [fact for fact in found if fact.owner.kind == "parameter"]
    assert (fact.name, fact.owner.kind, fact.name_site is not None) == ("require_grad", "parameter", True)


def test_a_branch_that_numbers_exclude_is_expected_to_fail() -> None:
    text = "RATE = -1\nif RATE > 0 and True:\n    A(Net().parameters(), lr=RATE)\nelse:\n    A(Net().parameters())"
    assert [fact.arguments.is_expected_to_fail for fact in facts_of(text, OptimizerBuilt)] == [True, False]


def test_a_test_that_waits_for_an_exception_is_expected_to_fail() -> None:
    text = "try:\n    A([], lr=-1)\nexcept ValueError:\n    pass\nA(Net().parameters()) if 1 > 0 else A([])"
    assert [fact.arguments.is_expected_to_fail for fact in facts_of(text, OptimizerBuilt)] == [True, False, True]
