"""Sets of parameters: where they come from, what is certainly in them, and when they are used up."""

from __future__ import annotations

import pytest
from facts_of import facts_of

from dryfit.semantic.facts import GroupAdded, OptimizerBuilt
from dryfit.semantic.operand import Operand


def given_to(text: str) -> Operand:
    """The parameters operand of the last optimizer that the module's body builds."""
    found = [fact.parameters for fact in facts_of(text, OptimizerBuilt)]
    assert isinstance(found[-1], Operand)
    return found[-1]


@pytest.mark.parametrize(
    "expression",
    [
        "net.parameters()",
        "list(net.parameters())",
        "[*net.a.parameters(), *net.b.parameters()]",
        "itertools.chain(net.a.parameters(), net.b.parameters())",
        "filter(lambda p: p.requires_grad, net.parameters())",
        "[p for name, p in net.named_parameters() if 'bias' in name]",
        "list(net.a.parameters()) + list(net.b.parameters())",
        "(p for p in net.parameters())",
        "sorted(net.parameters(), key=len)",
        "[net.a.weight, net.a.bias]",
    ],
)
def test_collections_of_parameters(expression: str) -> None:
    assert given_to(f"net = Net()\nA({expression})\n").is_parameters


@pytest.mark.parametrize(
    ("expression", "count"),
    [
        ("net.parameters()", 1),
        ("list(net.a.parameters()) + list(net.b.parameters())", 2),
        ("itertools.chain(net.a.parameters(), net.b.parameters())", 2),
        ("filter(lambda p: p.requires_grad, net.parameters())", 0),
        ("[p for p in net.parameters() if p.ndim > 1]", 0),
        ("[p for p in net.parameters()]", 1),
        ("list(net.parameters())[:2]", 0),
        ("net.parameters() if flag else net.a.parameters()", 0),
    ],
)
def test_what_is_certainly_held(expression: str, count: int) -> None:
    assert len(given_to(f"net = Net()\nflag = input()\nA({expression})\n").whole_modules) == count


def test_a_loop_with_a_condition_claims_nothing_of_the_whole() -> None:
    text = """
        def split(net):
            decay, rest = [], []
            for p in net.parameters():
                if p.ndim > 1:
                    decay.append(p)
                else:
                    rest.append(p)
            return [{"params": decay}, {"params": rest}]
        A(split(Net()))
        """
    groups = given_to(text).elements
    assert isinstance(groups, tuple)
    assert [group.whole_modules for group in groups] == [frozenset(), frozenset()]


def test_each_pass_of_a_known_loop_makes_its_own_objects() -> None:
    text = """
        def build(*modules):
            groups = []
            for module in modules:
                groups.append({"params": module.parameters()})
            return groups
        A(build(nn.Linear(2, 2), nn.Linear(2, 2)))
        """
    groups = given_to(text).elements
    assert isinstance(groups, tuple)
    first, second = groups
    assert first.whole_modules != second.whole_modules
    assert not first.shares_parameters(second)


@pytest.mark.parametrize(
    ("use", "is_exhausted"),
    [
        ("n = sum(p.numel() for p in params)", True),
        ("n = len(list(params))", True),
        ("for p in params: pass", True),
        ("first = A(params)", True),
        ("for p in params:\n    break", False),
        ("n = next(params)", False),
        ("print(params)", False),
        ("if input(): list(params)", False),
        ("params = net.parameters()", False),
    ],
)
def test_exhausted_iterators(use: str, is_exhausted: bool) -> None:
    text = f"net = Net()\nparams = net.parameters()\n{use}\nA(params)\n"
    assert given_to(text).is_exhausted is is_exhausted


@pytest.mark.parametrize(
    ("group", "repeats"),
    [
        ("{'params': net.b.parameters()}", True),
        ("{'params': [p for p in net.b.parameters() if p.ndim > 1]}", False),
        ("{'params': nn.Linear(2, 2).parameters()}", False),
    ],
)
def test_a_group_that_is_held_already(group: str, repeats: bool) -> None:
    (fact,) = facts_of(
        f"net = Net()\noptimizer = A(net.parameters())\noptimizer.add_param_group({group})\n", GroupAdded
    )
    assert fact.repeats is repeats


def test_an_alias_changes_the_one_dict() -> None:
    text = """
        config = {"params": None, "lr": 0.1}
        other = config
        other["params"] = Net().parameters()
        del other["lr"]
        A([config])
        """
    groups = given_to(text).elements
    assert isinstance(groups, tuple)
    assert groups[0].entry("lr") is None
    params = groups[0].entry("params")
    assert isinstance(params, Operand)
    assert params.is_parameters


def test_unknown_code_makes_a_list_unknown() -> None:
    operand = given_to("import helper\ngroups = [Net().parameters()]\nhelper.change(groups)\nA(groups)\n")
    assert operand.known_elements == ()
