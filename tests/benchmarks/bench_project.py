"""What a project of many files costs in the editor: a base class is edited, and the open classes below it follow.

    python tests/benchmarks/bench_project.py [FILES]

A project is written to a temporary folder: a base class, 25 modules that inherit from it over three steps, the rest
networks, data and scripts that import each other. Reported are the CPU time and memory of the server's process, and how
long an edit of the base takes until the open subclasses have new diagnostics. Reads /proc: Linux only.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from typing_server import Server

OPEN_CLASSES = 5
EDITS = 10
RULE = "removed-hook"
TYPED = "        loss = self.head(self.net(batch)).mean() + 0.1 * self.lr * len(batch)  # as before"
BASE = """\
import torch
import lightning as L
from torch import nn


class Base({base}):
    def __init__(self, lr=0.1):
        super().__init__()
        self.lr = lr
        self.net = nn.Linear(4, 2)

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.lr)
"""
MODEL = """\
from torch import nn

from project.{above} import {parent}
from project.nets.net{net} import Net{net}


class Model{number}({parent}):
    def __init__(self):
        super().__init__()
        self.head = Net{net}()

    def training_step(self, batch, batch_idx):
        return self.head(self.net(batch)).sum()

    def validation_epoch_end(self, outputs):
        print(len(outputs))
"""
NET = """\
import torch
from torch import nn
from torch.nn import functional as F

{imports}


class Net{number}(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(3)])
        self.out = nn.Linear(width, 2)

    def forward(self, x):
        for layer in self.layers:
            x = F.relu(layer(x))
        return self.out(x)


def train(net, loader, epochs=3):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(net(x), y).backward()
            optimizer.step()
"""


def write_project(folder: Path, files: int) -> list[Path]:
    """The project; the files with the classes below the base come back."""
    package = folder / "project"
    for name in ("", "nets", "models"):
        (package / name).mkdir(parents=True)
        (package / name / "__init__.py").write_text("")
    (folder / "pyproject.toml").write_text("")
    (package / "base.py").write_text(BASE.format(base="L.LightningModule"))
    models = []
    for number in range(25):
        above, parent = ("base", "Base") if number < 10 else (f"models.model{number - 10}", f"Model{number - 10}")
        text = MODEL.format(above=above, parent=parent, number=number, net=number)
        models.append(package / "models" / f"model{number}.py")
        models[-1].write_text(text)
    for number in range(files - 29):
        imports = f"from project.nets.net{number // 2} import train as train_other" if number else ""
        (package / "nets" / f"net{number}.py").write_text(NET.format(number=number, imports=imports))
    return models


def main(files: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        models = write_project(folder, files)
        server = Server([sys.executable, "-m", "dryfit", "server"], False, folder.as_uri())
        base = folder / "project" / "base.py"
        opened = models[20 : 20 + OPEN_CLASSES]
        for path in (base, *opened):
            item = {"uri": path.as_uri(), "languageId": "python", "version": 1, "text": path.read_text()}
            server.notify("textDocument/didOpen", {"textDocument": item})
        for path in opened:
            server.until(path.as_uri(), [RULE])
        print(f"{files} files, {1 + OPEN_CLASSES} open")
        time.sleep(3)  # the index is read meanwhile
        print(f"all judged: {server.cpu_seconds():.2f} s CPU of the server, {server.resident_mb():.0f} MB")
        waits, costs = [], []
        line = BASE.split("\n").index("class Base({base}):")
        spelling = ("L.LightningModule", "object")
        for number in range(2 * EDITS):
            old, new = spelling if number % 2 == 0 else spelling[::-1]
            began, before = time.perf_counter(), server.cpu_seconds()
            column = len("class Base(")
            edited = {
                "start": {"line": line, "character": column},
                "end": {"line": line, "character": column + len(old)},
            }
            identifier = {"uri": base.as_uri(), "version": 2 + number}
            changes = [{"range": edited, "text": new}]
            server.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": changes})
            server.until(opened[-1].as_uri(), [] if new == "object" else [RULE])
            waits.append(time.perf_counter() - began)
            costs.append(server.cpu_seconds() - before)
            time.sleep(0.3)
        print(f"an edit of the base until the last open subclass is told, {2 * EDITS} times:")
        print(f"  waiting (0.15 s of quiet included): median {statistics.median(waits):.3f} s, max {max(waits):.3f} s")
        print(f"  CPU: median {1000 * statistics.median(costs):.1f} ms, max {1000 * max(costs):.1f} ms")
        print(f"typing a line in a method of a subclass: {_typing(server, opened[0])}")
        server.stop()


def _typing(server: Server, path: Path) -> str:
    """CPU of the server for each key of a line; the next key comes when the diagnostics of the last one are there."""
    line = path.read_text().split("\n").index("        return self.head(self.net(batch)).sum()")
    costs = []
    for number, key in enumerate(TYPED):
        before = server.cpu_seconds()
        server.type(path.as_uri(), 2 + number, line, number, key)
        server.diagnostics(path.as_uri(), 2 + number)
        costs.append(1000 * (server.cpu_seconds() - before))
    costs.sort()
    return f"median {statistics.median(costs):.1f} ms, p95 {costs[int(0.95 * len(costs))]:.1f} ms of CPU a key"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
