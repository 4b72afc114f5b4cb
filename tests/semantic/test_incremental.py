"""What is remembered after edits is what a fresh walk says."""

from __future__ import annotations

import random

import pytest
from facts_of import HEAD, NET, frameworks, summary

from dryfit.semantic.program import Program
from dryfit.syntax.document import Document
from dryfit.text.span import Span

SCRIPT = (
    HEAD
    + NET
    + """
LR = 0.1
CONFIG = {"lr": LR, "params": None}

def build(net, lr=LR):
    groups = [{"params": net.a.parameters()}]
    groups.append({"params": net.b.parameters(), "lr": lr})
    return optim.SGD(groups, lr=lr)

class Agent:
    def __init__(self):
        self.net = Net()
        self.optimizer = build(self.net)
        self.scheduler = lr_scheduler.StepLR(self.optimizer, 1)

    def learn(self, x):
        loss = self.net(x).sum()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.scheduler.step()
        return loss.item()

class Lit(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = Net()

    def training_step(self, batch, batch_idx):
        return self.net(batch).sum()

    def configure_optimizers(self):
        optimizer = A(self.net.parameters(), lr=CONFIG["lr"])
        return [optimizer], [lr_scheduler.StepLR(optimizer, 1)]

def main():
    agent = Agent()
    for step in range(10):
        agent.learn(torch.randn(2, 2))
    trainer = L.Trainer(max_epochs=1)
    trainer.fit(Lit())

if __name__ == "__main__":
    main()
"""
)
PIECES = [
    *("x", "(", ")", "\n", "    ", "self.", "net", ".parameters()", "# ", '"""', "lr", "=", ", ", "0.5", ":", "[", "]"),
    *("def f(a):\n    return a\n", "optimizer.step()", "return ", "class Net:\n", "global LR\n", "import os\n"),
    "torch.no_grad()",
]


def findings(program: Program[str]) -> dict[str, tuple[str, ...]]:
    return {root: program.judgement("t.py", root) for root in program.roots("t.py")}


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("parser", ["ast", "libcst"])
def test_edits_equal_a_fresh_walk(seed: int, parser: str) -> None:
    chance = random.Random(seed)
    document = Document(SCRIPT, parser)  # type: ignore[arg-type]
    program: Program[str] = Program(frameworks(), summary)
    program.open("t.py", document)
    findings(program)
    for _ in range(12):
        lines = document.text.split("\n")
        line = chance.randrange(len(lines))
        column = chance.randrange(len(lines[line]) + 1)
        end = min(len(lines[line]), column + chance.choice((0, 0, 1, 3, 40)))
        document.edit(Span(line, column, line, end), chance.choice(PIECES))
        program.changed("t.py")
        if chance.random() < 0.5:
            findings(program)
    while document.resync():
        program.changed("t.py")
    if not all(unit.parsed for unit in document.units):
        # Units that do not parse keep what they said: mend the text by undoing everything.
        last = document.text.split("\n")
        document.edit(Span(0, 0, len(last) - 1, len(last[-1])), SCRIPT)
        program.changed("t.py")
    while document.resync():
        program.changed("t.py")
    fresh: Program[str] = Program(frameworks(), summary)
    fresh.open("t.py", Document(document.text))
    assert findings(program) == findings(fresh)


def test_an_edit_in_one_method_leaves_the_others_alone() -> None:
    document = Document(SCRIPT, "libcst")
    program: Program[str] = Program(frameworks(), summary)
    program.open("t.py", document)
    findings(program)
    before = program.work
    line = SCRIPT.split("\n").index("        return self.net(batch).sum()")
    document.edit(Span(line, 8, line, 8), "assert batch_idx >= 0; ")
    program.changed("t.py")
    stale = [root for root in program.roots("t.py") if not program.is_fresh("t.py", root)]
    assert "Lit.training_step" in stale
    assert "Agent.learn" not in stale
    findings(program)
    assert program.work - before < 60
