"""What stands at a value's site: its own text, which a fix can change, or something that stands for it."""

from __future__ import annotations

import pytest
from facts_of import facts_of

from dryfit.rulekit import rename_argument, rewrite_string
from dryfit.semantic.facts import OptimizerBuilt, OptimizersReturned, TrainerBuilt
from dryfit.semantic.operand import Operand

HEAD = """
import lightning as L
NAME = "CPU"
def cpu():
    return "CPU"
"""


def accelerator(expression: str, before: str = "") -> Operand:
    built = facts_of(f"{HEAD}{before}\nL.Trainer(accelerator={expression})\n", TrainerBuilt)
    return built[-1].arguments.keywords["accelerator"].value


@pytest.mark.parametrize("expression", ['"CPU"', "'CPU'", '("CPU")'])
def test_a_string_that_is_written_out(expression: str) -> None:
    edit = rewrite_string(accelerator(expression), "cpu")
    assert edit is not None
    assert (edit.new_text, edit.site.span.end_column - edit.site.span.column) == ("cpu", 3)


@pytest.mark.parametrize("expression", ["NAME", "accel", "cpu()", '"C" "PU"', 'r"CPU"', '"""CPU"""', '"C\\x50U"'])
def test_a_string_that_is_written_elsewhere_or_otherwise(expression: str) -> None:
    given = accelerator(expression, 'accel = "CPU"')
    assert given.literal == "CPU"
    assert rewrite_string(given, "cpu") is None


@pytest.mark.parametrize("expression", ["[1, 2]", "(1, 2)", "{1: 2}", "[[1], *[2]]", "[]", "1", "None", "{**{}, 1: 2}"])
def test_displays_and_literals(expression: str) -> None:
    before = f"other = {expression}"
    assert accelerator(expression).is_written == ("*" not in expression)
    assert not accelerator("other", before).is_written


def test_what_is_in_a_display_is_not_the_display() -> None:
    inner = accelerator("[*parts]", "part = [1]\nparts = (part,) if L.x else (part,)").known_elements
    assert [element.is_written for element in inner] == [False]


@pytest.mark.parametrize(
    ("arguments", "is_written"),
    [
        ("learning_rate=0.1", True),
        ("**{'learning_rate': 0.1}", True),
        ("**dict(learning_rate=0.1)", True),
        ("**{KEY: 0.1}", False),
        ("**options", False),
    ],
)
def test_names_of_arguments(arguments: str, is_written: bool) -> None:
    before = "KEY = 'learning_rate'\noptions = {KEY: 0.1}\n"
    built = facts_of(f"{before}A(Net().parameters(), {arguments})\n", OptimizerBuilt)[-1]
    edit = rename_argument(built.arguments.keywords["learning_rate"], "lr")
    assert (edit is not None) == is_written
    assert edit is None or edit.site.span.end_column - edit.site.span.column == len("learning_rate")


RETURNS = """
class M(L.LightningModule):
    def training_step(self, batch, batch_idx): ...
    {decorator}
    def configure_optimizers(self):
        opt = A(self.parameters())
        one, two = lr_scheduler.StepLR(opt, 1), lr_scheduler.StepLR(opt, 2)
        return {value}
"""


@pytest.mark.parametrize(
    ("value", "schedulers"),
    [
        ("opt", []),
        ("[opt], [one, {'scheduler': two}]", [("instance", None), ("dict", None)]),
        ("[opt], one", [("instance", None)]),
        ("{'optimizer': opt, 'lr_scheduler': one}", [("instance", "dict")]),
        ("[{'optimizer': opt, 'lr_scheduler': one}, {'optimizer': opt}]", [("instance", "dict")]),
        ("opt, one", []),
    ],
)
def test_schedulers_that_are_returned(value: str, schedulers: list[tuple[str, str | None]]) -> None:
    [fact] = facts_of(RETURNS.format(decorator="", value=value), OptimizersReturned)
    found = [(scheduler.kind, None if config is None else config.kind) for scheduler, config in fact.schedulers]
    assert (found, fact.is_automatic, fact.is_manual) == (schedulers, True, False)


def test_what_no_trainer_gets_is_not_returned_to_it() -> None:
    changed = RETURNS.format(decorator="@changed", value="opt")
    by_hand = "from lightning.fabric import Fabric\n" + RETURNS.format(decorator="", value="opt")
    assert facts_of(changed, OptimizersReturned) == facts_of(by_hand, OptimizersReturned) == []
