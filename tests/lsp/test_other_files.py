"""What one file says depends on others: open ones, and those on the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .talk import RULE, Talk, edit

TRAIN = """\
import torch
from nets import Net

net = Net()
optimizer = torch.optim.Adam([{"params": net.a.parameters()}, net.b.parameters()])
"""
NETS = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(2, 2)
        self.b = nn.Linear(2, 2)
"""
LAST = "        self.b = nn.Linear(2, 2)\n"
OTHER = NETS.replace(LAST, "")  # nothing is known of `net.b`
WRITE, DELETE = edit(7, 0, 7, 0, LAST), edit(7, 0, 8, 0, "")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text(TRAIN)
    (tmp_path / "nets.py").write_text(OTHER)
    (tmp_path / "pyproject.toml").write_text("")
    return tmp_path


def rules_in(talk: Talk, uri: str) -> list[str] | None:
    said = talk.diagnostics.get(uri)
    return None if said is None else [diagnostic["code"] for diagnostic in said["diagnostics"]]


async def started(talk: Talk, project: Path, *opened: str) -> list[str]:
    await talk.start(rootUri=project.as_uri())
    uris = [(project / name).as_uri() for name in opened]
    for uri, name in zip(uris, opened, strict=True):
        talk.open((project / name).read_text(), uri)
        await talk.until(lambda uri=uri: rules_in(talk, uri) is not None)
    return uris


async def test_an_edit_of_an_open_file_is_seen_in_the_files_that_import_it(talk: Talk, project: Path) -> None:
    train, nets = await started(talk, project, "train.py", "nets.py")
    assert rules_in(talk, train) == []
    talk.change([WRITE], 2, nets)
    await talk.until(lambda: rules_in(talk, train) == [RULE])
    talk.change([DELETE], 3, nets)
    await talk.until(lambda: rules_in(talk, train) == [])


async def test_what_is_on_the_disk_counts_again_when_a_file_is_closed(talk: Talk, project: Path) -> None:
    train, nets = await started(talk, project, "train.py", "nets.py")
    talk.change([WRITE], 2, nets)
    await talk.until(lambda: rules_in(talk, train) == [RULE])
    talk.close(nets)
    await talk.until(lambda: rules_in(talk, train) == [])
    assert rules_in(talk, nets) == []


async def test_files_that_change_on_the_disk_are_taken_anew(talk: Talk, project: Path) -> None:
    (train,) = await started(talk, project, "train.py")
    assert rules_in(talk, train) == []
    (project / "nets.py").write_text(NETS)
    changed: dict[str, Any] = {"changes": [{"uri": (project / "nets.py").as_uri(), "type": 2}]}
    talk.notify("workspace/didChangeWatchedFiles", changed)
    await talk.until(lambda: rules_in(talk, train) == [RULE])
    (project / "nets.py").unlink()
    talk.notify("workspace/didChangeWatchedFiles", changed)
    await talk.until(lambda: rules_in(talk, train) == [])


async def test_a_client_that_does_not_watch_files_hears_of_them_when_it_opens_one(talk: Talk, project: Path) -> None:
    (train,) = await started(talk, project, "train.py")
    assert rules_in(talk, train) == []
    (project / "nets.py").write_text(NETS)
    (project / "other.py").write_text("")
    talk.open("", (project / "other.py").as_uri())
    await talk.until(lambda: rules_in(talk, train) == [RULE])


async def test_an_import_that_is_typed_leads_to_a_file_that_was_not_read_yet(talk: Talk, project: Path) -> None:
    (project / "nets.py").write_text(NETS)
    (project / "train.py").write_text(TRAIN.replace("from nets import Net\n", "\n"))
    (train,) = await started(talk, project, "train.py")
    assert rules_in(talk, train) == []
    talk.change([edit(1, 0, 1, 0, "from nets import Net")], 2, train)
    await talk.until(lambda: rules_in(talk, train) == [RULE])


async def test_what_a_factory_of_another_package_makes_is_known_later(talk: Talk, project: Path, python: Path) -> None:
    text = "import torch, zoo\nzoo.net('large')\noptimizer = torch.optim.Adam([{}, zoo.net('small').parameters()])\n"
    (project / "train.py").write_text(text)
    await talk.start(rootUri=project.as_uri(), initializationOptions={"settings": {"python": str(python)}})
    train = (project / "train.py").as_uri()
    talk.open(text, train)
    await talk.until(lambda: rules_in(talk, train) == [RULE])
    (diagnostic,) = talk.diagnostics[train]["diagnostics"]
    assert diagnostic["range"]["start"]["line"] == 2


async def test_nothing_is_asked_in_a_workspace_that_is_not_trusted(talk: Talk, project: Path, python: Path) -> None:
    text = "import torch, zoo\noptimizer = torch.optim.Adam([{}, zoo.net('small').parameters()])\n"
    options = {"settings": {"python": str(python)}, "trusted": False}
    await talk.start(rootUri=project.as_uri(), initializationOptions=options)
    train = (project / "train.py").as_uri()
    talk.open(text, train)
    await talk.until(lambda: rules_in(talk, train) is not None)
    (session,) = talk.application.workbench._projects.sessions  # type: ignore[union-attr]
    await talk.until(lambda: not session.is_expecting)
    session.settle(str(project / "train.py"))
    assert rules_in(talk, train) == [] == [d.rule for d in session.diagnostics(str(project / "train.py"))]
