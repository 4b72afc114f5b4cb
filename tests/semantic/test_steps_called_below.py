"""A training step that a class of the same file calls and goes on with."""

from files import facts_in, program_of

from dryfit.semantic.facts import HookDefined

TEXT = """
import lightning as L

class Base(L.LightningModule):
    def training_step(self, batch, batch_idx):
        return 1, 2

class Child(Base):
    def training_step(self, batch, batch_idx):
        loss, _ = super().training_step(batch, batch_idx)
        return loss

class Grandchild(Child):
    def training_step(self, batch, batch_idx):
        return batch.mean()

class Other(L.LightningModule):
    def training_step(self, batch, batch_idx):
        return self.trainer.fit_loop
"""


def test_which_steps_are_called_below() -> None:
    program = program_of({"t.py": TEXT}, "t.py")
    steps = {fact.class_name: fact.is_called_below for fact in facts_in(program, "t.py", HookDefined)}
    assert steps == {"Base": True, "Child": False, "Grandchild": False, "Other": False}
