"""Names that a class gives a meaning of its own: it reads them, or a class above calls them."""

from __future__ import annotations

import pytest
from facts_of import facts_of
from files import facts_in, program_of

from dryfit.semantic.facts import AttributeSet, HookDefined

BASE = """
import lightning as L
class Base(L.LightningModule):
    def on_train_epoch_end(self):
        self.on_over()
    def configure_optimizers(self):
        return None
"""
NET = """
from base import Base
class Net(Base):
    def on_over(self):
        self.on_seldom()
    def on_never(self):
        pass
"""


def test_a_hook_that_a_class_above_calls() -> None:
    program = program_of({"base.py": BASE, "net.py": NET}, "net.py")
    hooks = {hook.name: hook.is_called_above for hook in facts_in(program, "net.py", HookDefined)}
    assert hooks == {"on_over": True, "on_never": False}


@pytest.mark.parametrize(
    ("body", "is_read"),
    [
        ("return x if self.switch else 0", True),
        ("self.switch = x", False),
        ("self.switch.scale = x", True),
        ("self.switch += x", True),
        ("return self.layer.switch", False),
    ],
)
def test_an_attribute_that_the_class_reads(body: str, is_read: bool) -> None:
    program = f"""
    class Switched(Net):
        def forward(self, x):
            {body}
    switched = Switched()
    switched.switch = 1
    """
    found = [fact for fact in facts_of(program, AttributeSet) if fact.to.literal == 1]
    assert [fact.owner.reads("switch") for fact in found] == [is_read]


@pytest.mark.parametrize(
    ("constructor", "initialised"),
    [
        ("super().__init__()", True),
        ("super(Net, self).__init__()", True),
        ("super(Grown, self).__init__()", True),
        ("somewhere.above(self).__init__()", True),
        ("pass", False),
    ],
)
def test_a_constructor_that_reaches_the_framework(constructor: str, initialised: bool) -> None:
    program = f"""
    from os.path import *
    import somewhere
    class Grown(Net):
        def __init__(self):
            {constructor}
            self.mark = 1
    """
    found = [fact for fact in facts_of(program, AttributeSet) if fact.name == "mark"]
    assert [fact.base_initialised for fact in found] == [initialised]
