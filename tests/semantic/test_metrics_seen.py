"""What is said of a `fit` follows the edits of the module that it trains."""

from __future__ import annotations

from facts_of import HEAD, frameworks

from dryfit.semantic.facts import TrainerCall, metrics_seen
from dryfit.semantic.model import SemanticModel
from dryfit.semantic.program import Program
from dryfit.syntax.document import Document
from dryfit.text.span import Span

SCRIPT = (
    HEAD
    + """
class M(L.LightningModule):
    def training_step(self, batch, batch_idx):
        self.log("train_loss", batch.mean())
    def validation_step(self, batch, batch_idx):
        self.log("val_loss", batch.mean())
    def val_dataloader(self):
        return torch.utils.data.DataLoader(self.rows)

def main():
    L.Trainer(callbacks=[L.pytorch.callbacks.EarlyStopping("val_loss")], max_epochs=1).fit(M())
"""
)


def said(model: SemanticModel) -> tuple[tuple[bool, bool, str], ...]:
    """(is the loss seen, is the accuracy, what is nearest to it) for each fit."""
    found = [metrics_seen(call) for call in model.facts(TrainerCall)]
    return tuple(
        (m.has("val_loss"), m.has("val_acc"), near.key if (near := m.nearest("valid_acc")) else "")
        for m in found
        if m is not None
    )


def test_edits_of_the_module_are_followed() -> None:
    program: Program[tuple[bool, bool, str]] = Program(frameworks(), said)
    document = Document(SCRIPT)
    program.open("t.py", document)
    assert program.judgement("t.py", "main") == ((True, False, ""),)

    def replace(old: str, new: str) -> tuple[tuple[bool, bool, str], ...]:
        before = document.text[: document.text.index(old)]
        line, column = before.count("\n"), len(before) - before.rfind("\n") - 1
        document.edit(Span(line, column, line, column + len(old)), new)
        program.changed("t.py")
        return program.judgement("t.py", "main")

    assert replace('"val_loss", batch', "str(batch), batch") == ()
    assert replace("str(batch), batch", '"val_acc", batch') == ((False, True, "val_acc"),)
    assert replace("return torch.utils.data.DataLoader(self.rows)", "return []") == ((False, False, ""),)
