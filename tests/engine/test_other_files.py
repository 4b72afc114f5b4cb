"""What is found through several files, and in which of them it is shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import pytest

from dryfit.engine.batch import BatchOptions, Mode, check_files
from dryfit.engine.layout import Layout
from dryfit.engine.library import ProjectLibrary
from dryfit.engine.packs import load_packs
from dryfit.engine.session import Session
from dryfit.engine.settings import Settings
from dryfit.engine.ties import Ties
from dryfit.frameworks import bundled
from dryfit.text.span import Span

Shown = tuple[str, str, str, tuple[str, ...]]


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))


def shown(folder: Path, *names: str, mode: Mode = Mode.CHECK) -> list[Shown]:
    """(file, rule, reported text, files of related places) of everything that is found in these files."""
    options = BatchOptions(folder, Path(sys.executable), use_cache=False, mode=mode)
    found: list[Shown] = []
    for report in check_files([str(folder / name) for name in names], options):
        assert report.failures == ()
        for d in report.diagnostics:
            line = (report.text or "").split("\n")[d.span.line]
            text = line[d.span.column : d.span.end_column if d.span.line == d.span.end_line else None]
            related = tuple(Path(place.path).name for place in d.related)
            found.append((Path(report.path).name, d.rule, text, related))
    return found


HELPERS = """
    import torch
    import lightning as L

    def broken(net):
        return torch.optim.SGD([net.parameters(), {"params": []}], lr=0.1)

    def trainer(**kwargs):
        options = {"max_epochs": 1}
        options.update(kwargs)
        return L.Trainer(**options)

    def adam(params):
        return torch.optim.Adam(params)
"""


def test_a_fault_of_the_helper_is_shown_there_and_only_there(tmp_path: Path) -> None:
    write(tmp_path, helpers=HELPERS, train="from torch import nn\nimport helpers\nhelpers.broken(nn.Linear(2, 2))\n")
    expected = [("helpers.py", "param-group-not-a-dict", "net.parameters()", ())]
    assert shown(tmp_path, "train.py", "helpers.py") == expected
    assert shown(tmp_path, "helpers.py") == []  # nothing is known of `net` there
    assert shown(tmp_path, "train.py") == expected


def test_a_fault_of_the_helper_alone_is_not_repeated_at_its_calls(tmp_path: Path) -> None:
    write(
        tmp_path,
        lib="""
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(2, 2)
                    self.optimizer = torch.optim.Adam(self.fc.parameters)
        """,
        train="from lib import Net\nNet()\n",
    )
    expected = [("lib.py", "parameters-not-called", "self.fc.parameters", ())]
    assert shown(tmp_path, "train.py", "lib.py") == expected
    assert shown(tmp_path, "train.py") == []  # lib.py was not asked about


def test_a_keyword_that_is_passed_on_is_shown_where_it_was_written(tmp_path: Path) -> None:
    write(tmp_path, helpers=HELPERS, train="import helpers\nhelpers.trainer(max_steps=1, gpus=2)\n")
    assert shown(tmp_path, "train.py", "helpers.py") == [("train.py", "unknown-trainer-argument", "gpus", ())]


def test_a_key_of_a_third_file_is_shown_there(tmp_path: Path) -> None:
    write(tmp_path, helpers=HELPERS, options='OPTIONS = {"max_epochs": 1, "gpus": 2}\n')
    write(tmp_path, train="import lightning as L\nimport options\nL.Trainer(**options.OPTIONS)\n")
    write(tmp_path, other="import helpers, options\nhelpers.trainer(**options.OPTIONS)\n")
    expected = [("options.py", "unknown-trainer-argument", '"gpus"', ())]
    assert shown(tmp_path, "train.py") == expected
    assert shown(tmp_path, "other.py") == expected
    assert shown(tmp_path, "train.py", "options.py", "helpers.py", "other.py") == expected


def test_a_key_of_the_helper_is_said_by_the_helper(tmp_path: Path) -> None:
    helpers = HELPERS.replace('{"max_epochs": 1}', '{"max_epochs": 1, "gpus": 2}')
    write(tmp_path, helpers=helpers, train="import helpers\nhelpers.trainer(max_steps=1)\n")
    assert shown(tmp_path, "train.py") == []
    assert shown(tmp_path, "train.py", "helpers.py") == [("helpers.py", "unknown-trainer-argument", '"gpus"', ())]


def test_a_global_that_is_changed_through_its_module_has_unknown_content(tmp_path: Path) -> None:
    write(tmp_path, options='OPTIONS = {"max_epochs": 1, "gpus": 2}\n')
    write(
        tmp_path,
        train="""
            import lightning as L
            import options

            def clean():
                del options.OPTIONS["gpus"]

            def build():
                return L.Trainer(**options.OPTIONS)
        """,
    )
    assert shown(tmp_path, "train.py") == []


def test_a_fault_of_the_caller_is_shown_at_the_call_with_the_place_behind_it(tmp_path: Path) -> None:
    write(tmp_path, helpers=HELPERS, train="from torch import nn\nimport helpers as h\nh.adam(nn.Linear(2, 2))\n")
    assert shown(tmp_path, "train.py") == [
        ("train.py", "parameters-are-a-module", "h.adam(nn.Linear(2, 2))", ("helpers.py",))
    ]


def test_a_fault_behind_a_call_is_not_fixed_at_the_call(tmp_path: Path) -> None:
    train = "from torch import nn\nimport helpers as h\nh.adam(nn.Linear(2, 2))\n"
    write(tmp_path, helpers=HELPERS, train=train)
    assert len(shown(tmp_path, "train.py", "helpers.py", mode=Mode.FIX)) == 1
    assert (tmp_path / "train.py").read_text() == train


BASE = """
    import lightning as L
    import torch
    from torch import nn

    class Base(L.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = nn.Linear(2, 2)

        def configure_optimizers(self):
            return torch.optim.Adam(self.groups())
"""


@pytest.mark.parametrize(
    ("imports", "base"),
    [
        ("from base import Base", "Base"),
        ("import base", "base.Base"),
        ("from base import Base as B", "B"),
        ("from package import Base", "Base"),
        ("import package.inner as inner", "inner.Base"),
        ("from package.inner import *", "Base"),
    ],
)
def test_a_hook_of_a_class_whose_base_is_elsewhere(tmp_path: Path, imports: str, base: str) -> None:
    write(tmp_path, base=BASE, package__inner=BASE, package____init__="from .inner import Base\n")
    (tmp_path / "package" / "__init__.py").write_text("from .inner import Base\n")
    write(tmp_path, train=f"{imports}\n\nclass Model({base}):\n    def validation_epoch_end(self, outputs): ...\n")
    assert shown(tmp_path, "train.py") == [("train.py", "removed-hook", "validation_epoch_end", ())]


NEAR_MISSES = {
    "a base that is no module": ("class Base: ...", "from base import Base\nclass M(Base):\n    "),
    "a base that is not found": ("", "from elsewhere import Base\nclass M(Base):\n    "),
    "a name that the file does not bind": ("", "from base import Base\nclass M(Base):\n    "),
    "a circle": ("from train import M\nclass Base(M): ...", "from base import Base\nclass M(Base):\n    "),
}


@pytest.mark.parametrize(("base", "model"), NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_a_base_of_which_nothing_is_known(tmp_path: Path, base: str, model: str) -> None:
    write(tmp_path, base=base)
    (tmp_path / "train.py").write_text(f"{model}def validation_epoch_end(self, outputs): ...\n")
    assert shown(tmp_path, "train.py", "base.py") == []


def test_a_global_that_functions_fill_has_unknown_content(tmp_path: Path) -> None:
    write(tmp_path, registry="PARAMS = []\nGROUPS = [{}]\n\ndef drop():\n    GROUPS.pop()\n")
    write(
        tmp_path,
        train="""
            import torch
            from registry import GROUPS, PARAMS

            def collect(net):
                PARAMS.extend(net.parameters())

            def build():
                return torch.optim.SGD(PARAMS, lr=0.1), torch.optim.SGD(GROUPS, lr=0.1)
        """,
    )
    assert shown(tmp_path, "train.py") == []


STEPS = """
    import lightning as L
    import torch
    from torch import nn

    class Model(L.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = nn.Linear(2, 2)

        def training_step(self, batch, batch_idx):
            return self.net(batch).sum()

        def validation_step(self, batch, batch_idx):
            self.log("loss", self.net(batch).sum())

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)
"""
FIT = """
    import lightning as L
    import torch
    from torch.utils.data import DataLoader

    from steps import Model

    def main():
        train, val, other = (DataLoader(torch.randn(8, 2)) for _ in range(3))
        L.Trainer().fit(Model(), train, [val, other])
"""
BETWEEN = ("steps.py", "dataloader-idx-missing", "validation_step", ("train.py",))


def test_what_lies_between_files_is_shown_in_the_one_that_has_to_change(tmp_path: Path) -> None:
    write(tmp_path, steps=STEPS, train=FIT)
    assert shown(tmp_path, "steps.py", "train.py") == [BETWEEN]
    assert shown(tmp_path, "train.py") == [BETWEEN]
    assert shown(tmp_path, "steps.py") == []  # nobody asked for the file that uses it


def test_a_comment_silences_it_where_it_is_shown(tmp_path: Path) -> None:
    silenced = STEPS.replace("batch_idx):\n            self.log", "batch_idx):  # dryfit: ignore\n            self.log")
    write(tmp_path, steps=silenced.replace("ignore", "ignore[dataloader-idx-missing]"), train=FIT)
    assert shown(tmp_path, "steps.py", "train.py") == []


def test_the_editor_says_the_same_with_either_file_open(tmp_path: Path) -> None:
    write(tmp_path, steps=STEPS, train=FIT)
    (tmp_path / "pyproject.toml").write_text("")
    steps, train = str(tmp_path / "steps.py"), str(tmp_path / "train.py")
    for opened in ([steps], [train], [steps, train]):
        with session_of(opened) as session:
            known = {name: [d.rule for d in session.diagnostics(name)] for name in opened}
            closed = {name: [d.rule for d in found] for name, found in session.elsewhere().items()}
            said = {name: rules for name, rules in (known | closed).items() if rules}
            assert said == {steps: ["dataloader-idx-missing"]}


def test_an_edit_of_either_file_takes_it_back(tmp_path: Path) -> None:
    write(tmp_path, steps=STEPS, train=FIT)
    (tmp_path / "pyproject.toml").write_text("")
    steps, train = str(tmp_path / "steps.py"), str(tmp_path / "train.py")
    with session_of([steps]) as session:
        assert [d.rule for d in session.diagnostics(steps)] == ["dataloader-idx-missing"]
        write(tmp_path, train=FIT.replace("[val, other]", "[val]"))
        assert session.look_at_disk()
        settle(session, [steps])
        assert session.diagnostics(steps) == ()
    with session_of([train]) as session:
        assert session.elsewhere() == {}
        line = next(i for i, text in enumerate(session.text(train).split("\n")) if "[val]" in text)
        column = session.line(train, line).index("[val]") + len("[val")
        session.edit(train, Span(line, column, line, column), ", other")
        settle(session, [train])
        assert list(session.elsewhere()) == [steps]


@contextmanager
def session_of(opened: list[str]) -> Iterator[Session]:
    """These files open, everything judged, what lies around them included."""
    layout = Layout()
    library = ProjectLibrary(layout, Ties(layout, None, is_waiting=False))
    session = Session(load_packs().rules, lambda name: Settings(), bundled(), guard=False, library=library)
    for name in opened:
        session.open(name, Path(name).read_text())
    settle(session, opened)
    yield session
    session.close_all()


def settle(session: Session, opened: list[str]) -> None:
    """Until nothing is expected from the background and nothing is left to judge."""
    while session.is_expecting:
        session.poll()
    for name in opened:
        session.settle(name)
    while session.judge_company(float("inf")):
        pass


EARLY = """
    import torch
    from torch import nn

    class Base(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Linear(4, 4)
            self.optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
"""
LATE = """
    import torch
    from torch import nn
    from early import Base

    class Model(Base):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(4, 2)

        def forward(self, x):
            return self.head(self.body(x))

    model = Model()
    for x in torch.randn(3, 8, 4):
        model.optimizer.zero_grad()
        model(x).pow(2).mean().backward()
        model.optimizer.step()
"""


def test_a_base_class_builds_the_optimizer_before_the_subclass_has_its_layers(tmp_path: Path) -> None:
    write(tmp_path, early=EARLY, train=LATE)
    found = ("train.py", "parameters-no-optimizer-holds", "super().__init__()", ("early.py", "train.py"))
    assert shown(tmp_path, "train.py", "early.py") == [found]
    good = LATE.replace(
        "Linear(4, 2)\n",
        "Linear(4, 2)\n            self.optimizer.add_param_group({'params': self.head.parameters()})\n",
    )
    write(tmp_path, train=good)
    assert shown(tmp_path, "train.py", "early.py") == []


def test_what_takes_longer_than_a_slice_is_taken_up_again(tmp_path: Path) -> None:
    write(tmp_path, steps=STEPS, train=FIT)
    (tmp_path / "pyproject.toml").write_text("")
    steps = str(tmp_path / "steps.py")
    library = ProjectLibrary(layout := Layout(), Ties(layout, None, is_waiting=False))
    session = Session(load_packs().rules, lambda name: Settings(), bundled(), guard=False, library=library)
    session.open(steps, Path(steps).read_text())
    while session.is_expecting:
        session.poll()
    session.settle(steps)
    slices = 0
    while session.judge_company(0.0):  # each slice is over after one step
        slices += 1
        assert slices < 100_000
    assert slices > 100
    assert [d.rule for d in session.diagnostics(steps)] == ["dataloader-idx-missing"]
    session.close_all()
