"""Installed packages beside torch and Lightning: what their functions return is found out, and counts."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from dryfit.engine.batch import BatchOptions, check_files
from dryfit.engine.foreign_packages import ForeignPackages
from dryfit.frameworks import bundled


def rules_in(folder: Path, python: Path, text: str) -> list[tuple[str, int]]:
    (folder / "train.py").write_text(dedent(text))
    (report,) = check_files([str(folder / "train.py")], BatchOptions(folder, python, use_cache=False))
    assert report.failures == ()
    return [(diagnostic.rule, diagnostic.span.line) for diagnostic in report.diagnostics]


def test_a_module_from_a_factory_of_another_package(tmp_path: Path, python: Path) -> None:
    found = rules_in(
        tmp_path,
        python,
        """
        import torch
        import zoo

        net = zoo.net("small")
        net.requires_grad = False
        other = zoo.Net()
        other.requires_grad = False
        optimizer = torch.optim.Adam(zoo.net("large", pretrained=True))
        """,
    )
    assert found == [("requires-grad-on-module", 5), ("requires-grad-on-module", 7), ("parameters-are-a-module", 8)]


def test_what_is_no_module_or_not_looked_at(tmp_path: Path, python: Path) -> None:
    found = rules_in(
        tmp_path,
        python,
        """
        import torch
        import pens
        import zoo

        for thing in (zoo.plain(), zoo.Plain(), pens.net("small"), pens.Net(), zoo.missing()):
            thing.requires_grad = False
        class Mine(zoo.Net):
            def __init__(self):
                self.extra = torch.nn.Linear(2, 2)
        """,
    )
    assert found == []


def test_nothing_absent_is_claimed_of_such_a_module(tmp_path: Path, python: Path) -> None:
    found = rules_in(
        tmp_path,
        python,
        """
        import torch
        import zoo

        class Model(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.body = zoo.net("small")
                self.parts = [zoo.Net(), zoo.net("large")]
                self.head = torch.nn.Linear(2, 2)

        model = Model()
        optimizer = torch.optim.SGD(model.head.parameters(), lr=0.1)
        torch.optim.SGD(zoo.net("small").parameters(), lr=0.1)
        """,
    )
    assert found == []


def test_in_a_workspace_that_is_not_trusted_nothing_is_looked_at(python: Path) -> None:
    packages = ForeignPackages(python, None, bundled(), is_trusted=False)
    assert (packages.ancestry("zoo.Net"), packages.result_class("zoo.net"), packages.wait(5)) == ((), None, frozenset())
    assert not packages.is_busy


def test_a_class_is_known_by_every_path_to_it(python: Path) -> None:
    packages = ForeignPackages(python, None, bundled())
    expected = ("zoo.models.Net", "torch.nn.Module")
    assert [packages.ancestry(path) for path in ("zoo.Net", "zoo.models.Net", "pens.Net")] == [expected, expected, ()]
