"""What the project index costs: for a made-up project of 500 files and for the files of the installed lightning.

CPU time, of child processes too, but for `wall`. The longest `poll` is what a message of the editor may have to wait.
Exit code 1 if an index that was kept up to date says something else than one that was built anew, or if looking
at a project in which nothing has changed costs more than a tenth of building its index.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import TypeVar

from dryfit.engine.index.build import Changes, ProjectIndex
from dryfit.engine.index.paths import project_files

_T = TypeVar("_T")
LONG_AGO = 1_000_000_000
FILES = 500
PACKAGE = 20  # files in one
POLL_SECONDS = 0.02  # between two looks at the refresh in the background
MODULE = '''"""Model {number} of a project that nobody trains."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import lightning as L
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from {above} import Net{previous} as Base
from . import layers{other}

logger = logging.getLogger(__name__)


class Items{number}(Dataset[Any]):
    """Numbers."""

    def __init__(self, folder: Path, size: int = 100) -> None:
        self.folder = folder
        self.items = torch.arange(size, dtype=torch.float32).reshape(size, 1)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> torch.Tensor:
        return self.items[index]


class Net{number}(Base):
    """A layer more than the one before."""

    def __init__(self, width: int = 32, depth: int = 3, rate: float = 1e-3) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.width, self.depth = width, depth
        self.layers = nn.Sequential(*[nn.Linear(width, width) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)
        self.head = layers{other}.Head(width)
        self.rate = rate

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = F.relu(self.norm(layer(x))) + x
        return self.head(x)

    def training_step(self, batch: torch.Tensor, index: int) -> torch.Tensor:
        loss = F.mse_loss(self(batch), batch)
        self.log("train/loss", loss, prog_bar=True)
        if index % 100 == 0:
            logger.info("step %d: %.3f", index, loss.item())
        return loss

    def validation_step(self, batch: torch.Tensor, index: int) -> None:
        self.log("val/loss", F.mse_loss(self(batch), batch), on_epoch=True, sync_dist=True)

    def configure_optimizers(self) -> dict[str, Any]:
        decay = [p for n, p in self.named_parameters() if p.ndim > 1]
        rest = [p for n, p in self.named_parameters() if p.ndim <= 1]
        groups = [{{"params": decay, "weight_decay": 0.1}}, {{"params": rest, "weight_decay": 0.0}}]
        optimizer = torch.optim.AdamW(groups, lr=self.rate)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
        return {{"optimizer": optimizer, "lr_scheduler": {{"scheduler": scheduler, "interval": "epoch"}}}}


def main(folder: Path) -> None:
    """Train it."""
    loader = DataLoader(Items{number}(folder), batch_size=10, shuffle=True, num_workers=2)
    trainer = L.Trainer(max_epochs=3, accelerator="auto", log_every_n_steps=10)
    trainer.fit(Net{number}(), loader)


if __name__ == "__main__":
    main(Path.cwd())
'''


@dataclass(frozen=True, slots=True)
class Project:
    """Files on disk, one of them to be changed, and a class that many inherit from."""

    name: str
    root: Path
    edited: str
    base: tuple[str, str]


def made_up(root: Path) -> Project:
    """Packages whose models inherit from each other's."""
    for number in range(FILES):
        package, place = divmod(number, PACKAGE)
        folder = root / f"part{package}"
        folder.mkdir(parents=True, exist_ok=True)
        if place == 0:
            texts = {"__init__.py": f"from .net{number + PACKAGE - 1} import Net{number + PACKAGE - 1} as Net\n"}
            texts |= {f"layers{place}.py": "from torch import nn\n\n\nclass Head(nn.Linear): ...\n" for place in (0, 1)}
        else:
            above = f".net{number - 1}" if place > 3 else f"part{package - 1}" if package else "lightning.pytorch"
            previous = str(number - 1) if place > 3 else ""
            text = MODULE.format(number=number, above=above, previous=previous, other=place % 2)
            texts = {f"net{number}.py": text}
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    return Project("made up", root, "part0/net10.py", ("part0/net4.py", "Net4"))


def installed(root: Path) -> Project:
    spec = find_spec("lightning")
    assert spec is not None, "lightning is not installed"
    (source,) = spec.submodule_search_locations or ()
    shutil.copytree(source, root / "lightning", ignore=shutil.ignore_patterns("__pycache__"))
    edited = "lightning/pytorch/callbacks/callback.py"
    return Project("lightning", root, edited, (edited, "Callback"))


def finder(root: Path) -> Callable[[str, int, str], str | None]:
    """Packages lie in the root."""
    there = set(project_files(root))

    def find(file: str, level: int, dotted: str) -> str | None:
        folders = file.split("/")[:-level] if level else []
        place = "/".join([*folders, *dotted.split(".")] if dotted else folders)
        return next((path for path in (f"{place}/__init__.py", f"{place}.py") if path in there), None)

    return find


def spent() -> float:
    """CPU seconds of this process and of its children that have ended."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def timed(what: str, work: Callable[[], _T]) -> tuple[_T, float]:
    cpu, wall = spent(), time.perf_counter()
    result = work()
    cpu, wall = spent() - cpu, time.perf_counter() - wall
    print(f"  {what:<46} {cpu * 1e3:8.0f} ms   wall {wall * 1e3:8.0f} ms")
    return result, cpu


def in_background(index: ProjectIndex) -> tuple[Changes, float]:
    """What a refresh in the background tells, and the longest `poll`."""
    longest = 0.0
    index.start_refresh()
    while True:
        begin = time.process_time()
        changes = index.poll()
        longest = max(longest, time.process_time() - begin)
        if changes is not None:
            return changes, longest
        time.sleep(POLL_SECONDS)


def measure(project: Project, folder: Path) -> bool:
    """Print what the index of a project costs; False if something is not as it should be."""
    root, edited = project.root, PurePosixPath(project.edited)
    for path in project_files(root):
        os.utime(root / path, (LONG_AGO, LONG_AGO))
    lines = sum([(root / path).read_bytes().count(b"\n") for path in project_files(root)])
    print(f"{project.name}: {len(project_files(root))} files, {lines} lines")

    def new(cache: Path | None) -> ProjectIndex:
        return ProjectIndex(root, partial(project_files, root), cache, finder(root))

    timed("list the files", lambda: project_files(root))
    cache = folder / f"{project.name} cache"
    index = new(cache)
    _, building = timed("build", index.refresh)
    timed("build, two processes", lambda: new(None).refresh(processes=2))
    _, looking = timed("refresh, nothing changed", index.refresh)
    timed("first refresh, all rows in the database", new(cache).refresh)
    timed("first question: links of all files", lambda: index.dependents(project.edited))
    heirs, _ = timed("subclasses of a class", lambda: index.subclasses(*project.base))

    text = (root / edited).read_text(encoding="utf-8") + "import json\n\n\nclass Another: ...\n"
    timed("an unsaved text", lambda: index.update(project.edited, text))
    timed("question after it", lambda: index.dependents(project.edited))
    index.forget_update(project.edited)
    (root / edited).write_text(text, encoding="utf-8")
    os.utime(root / edited, (LONG_AGO + 1, LONG_AGO + 1))
    timed("refresh, one file changed", index.refresh)

    (background, (changes, longest)), _ = timed(
        "in the background, all rows in the database", lambda: (other := new(cache), in_background(other))
    )
    print(f"  {'longest poll':<46} {longest * 1e3:8.1f} ms")
    (_, longest), _ = timed("in the background, nothing changed", lambda: in_background(background))
    print(f"  {'longest poll':<46} {longest * 1e3:8.1f} ms")

    tracemalloc.start()
    held = new(cache)
    held.refresh()
    rows = tracemalloc.get_traced_memory()[0]
    held.dependents(project.edited)
    links = tracemalloc.get_traced_memory()[0] - rows
    tracemalloc.stop()
    size = sum(path.stat().st_size for path in cache.iterdir())
    print(f"  memory: rows {rows / 1e6:.1f} MB, links {links / 1e6:.1f} MB; database {size / 1e6:.1f} MB")
    print(f"  {len(heirs)} subclasses of {project.base[1]}; {len(index.dependents(project.edited))} files rest on it")

    anew = new(None)
    anew.refresh()
    is_same = all(
        [
            [kept.row(path) for path in anew.paths()] == [anew.row(path) for path in anew.paths()]
            and kept.subclasses(*project.base) == anew.subclasses(*project.base)
            and kept.dependents(project.edited) == anew.dependents(project.edited)
            for kept in (index, background, held)
        ]
    )
    is_cheap = looking <= building / 10
    print(f"  as if built anew: {is_same}; nothing changed costs {looking / building:.1%} of building\n")
    return is_same and is_cheap and changes == Changes(added=anew.paths())


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        projects = [made_up(folder / "made up"), installed(folder / "lightning")]
        return 0 if all([measure(project, folder) for project in projects]) else 1


if __name__ == "__main__":
    sys.exit(main())
