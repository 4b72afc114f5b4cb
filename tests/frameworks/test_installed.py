"""Tables of what is installed: bundled, read, cached."""

import sysconfig
from dataclasses import replace
from pathlib import Path

import pytest

from dryfit.frameworks import bundled, installed
from dryfit.frameworks.bundled import bundled_table
from dryfit.frameworks.installed import read_table, versions
from dryfit.frameworks.table import Table

SITE_PACKAGES = Path(sysconfig.get_path("purelib"))
INSTALLED = versions([SITE_PACKAGES])

LIGHTNING = {
    "lightning/pytorch/__init__.py": """
        from lightning.pytorch.core import LightningModule
        from lightning.pytorch.trainer.trainer import Trainer
    """,
    "lightning/pytorch/core/__init__.py": "from .module import LightningModule",
    "lightning/pytorch/core/module.py": """
        from torch.nn import Module
        class LightningModule(Module):
            def __init__(self): self.ready = True
            def training_step(self, *args, **kwargs): ...
            def on_fit_start(self): ...
    """,
    "lightning/pytorch/trainer/trainer.py": """
        class Trainer:
            @_defaults_from_env_vars
            def __init__(self, *, max_epochs=None, barebones=False): self.barebones = barebones
    """,
}


def environment(folder: Path, files: dict[str, str], *metadata: str) -> Path:
    for name in metadata:
        (folder / name).mkdir(parents=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = text.strip("\n").splitlines()
        indent = len(lines[0]) - len(lines[0].lstrip())
        path.write_text("\n".join(line[indent:] for line in lines), encoding="utf-8")
    return folder


def assert_same(read: Table | None, expected: Table | None) -> None:
    """Part by part, so that a difference can be read."""
    assert read is not None
    assert expected is not None
    for part in ("functions", "aliases", "classes"):
        ours, theirs = getattr(read, part), getattr(expected, part)
        assert {k: (ours.get(k), theirs.get(k)) for k in ours.keys() | theirs if ours.get(k) != theirs.get(k)} == {}
    assert read == expected


@pytest.mark.parametrize("distribution", ["torch", "lightning"])
def test_the_bundled_table_is_what_the_sources_say(distribution):
    """If this fails: `python -m dryfit.frameworks.tables SITE_PACKAGES` writes the tables anew."""
    expected = bundled_table(distribution, INSTALLED.get(distribution, ""))
    if expected is None:
        pytest.skip("another version is installed")
    assert_same(read_table(distribution, INSTALLED[distribution], [SITE_PACKAGES]), expected)


def test_both_distributions_of_lightning_say_the_same(tmp_path):
    """`pytorch-lightning` with its `lightning_fabric` gives the table of `lightning`."""
    packages = ("pytorch_lightning", "lightning_fabric")
    if not all((SITE_PACKAGES / name).is_dir() for name in packages):
        pytest.skip("pytorch-lightning is not installed")
    version = (next(SITE_PACKAGES.glob("pytorch_lightning-*.dist-info"))).name.split("-")[1].removesuffix(".dist")
    for name in packages:
        (tmp_path / name).symlink_to(SITE_PACKAGES / name)
    expected = bundled_table("lightning", version)
    if expected is None:
        pytest.skip("another version is installed")
    assert_same(read_table("lightning", version, [tmp_path]), expected)


def test_what_is_bundled_is_not_read(tmp_path):
    """The version alone decides: there is no source here."""
    table = bundled().torch
    frameworks = installed([environment(tmp_path, {}, f"torch-{table.version}+cu126.dist-info")])
    assert frameworks.torch == table
    assert frameworks.torch_version == table.version
    assert frameworks.lightning_version is None
    assert not frameworks.is_bundled


def test_nothing_installed(tmp_path):
    frameworks = installed([tmp_path, tmp_path / "missing"])
    assert frameworks == bundled()
    assert frameworks.is_bundled


def test_another_version_is_read(tmp_path):
    frameworks = installed([environment(tmp_path, LIGHTNING, "lightning-2.3.1.dist-info")])
    assert frameworks.lightning_version == "2.3.1"
    assert frameworks.torch_version is None
    assert frameworks.bases("lightning.LightningModule") == ("lightning.pytorch.LightningModule", "torch.nn.Module")
    assert frameworks.canonical("lightning.pytorch.core.module.LightningModule") == "lightning.pytorch.LightningModule"
    assert list(frameworks.hooks("module")) == ["on_fit_start", "training_step"]
    trainer = frameworks.signature("lightning.Trainer")
    assert trainer is not None
    assert [(p.name, p.kind, p.default) for p in trainer.parameters] == [
        ("max_epochs", "kw", "None"),
        ("barebones", "kw", "False"),
    ]
    assert frameworks.has_member("lightning.LightningModule", "ready")
    assert frameworks.has_member("lightning.LightningModule", "state_dict")
    assert frameworks.strategies is None
    assert "gpus" in frameworks.removed_trainer_arguments


def test_the_older_distribution_is_read(tmp_path):
    files = {
        name.replace("lightning/pytorch", "pytorch_lightning"): text.replace("lightning.pytorch", "pytorch_lightning")
        for name, text in LIGHTNING.items()
    }
    frameworks = installed([environment(tmp_path, files, "pytorch_lightning-2.3.1.dist-info")])
    assert frameworks.lightning_version == "2.3.1"
    assert frameworks.canonical("pytorch_lightning.core.LightningModule") == "lightning.pytorch.LightningModule"
    assert list(frameworks.hooks("module")) == ["on_fit_start", "training_step"]


def test_the_cache_stands_in_for_the_sources(tmp_path):
    site_packages = environment(tmp_path / "site", LIGHTNING, "lightning-2.3.1.dist-info")
    first = installed([site_packages], tmp_path / "cache")
    for name in LIGHTNING:
        (site_packages / name).unlink()
    assert installed([site_packages], tmp_path / "cache") == first
    assert installed([site_packages]) != first


@pytest.mark.parametrize("content", ["", "{}", "[1]", "\x00"])
def test_a_spoilt_cache_is_written_anew(tmp_path, content):
    site_packages = environment(tmp_path / "site", LIGHTNING, "lightning-2.3.1.dist-info")
    first = installed([site_packages], tmp_path / "cache")
    (path,) = (tmp_path / "cache").iterdir()
    good = path.read_text(encoding="utf-8")
    path.write_text(content, encoding="utf-8")
    assert installed([site_packages], tmp_path / "cache") == first
    assert path.read_text(encoding="utf-8") == good


def test_a_cache_that_cannot_be_written_does_no_harm(tmp_path):
    site_packages = environment(tmp_path / "site", LIGHTNING, "lightning-2.3.1.dist-info")
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert installed([site_packages], tmp_path / "file" / "cache").lightning_version == "2.3.1"


def test_without_sources_the_nearest_table_stands_in(tmp_path):
    """Nobody is told what their version does: it is not known."""
    frameworks = installed([environment(tmp_path, {}, "lightning-3.1.4.dist-info")])
    assert frameworks.lightning_version is None
    assert frameworks.notices == ()
    assert frameworks.lightning == replace(bundled().lightning, version="3.1.4")


def test_without_sources_a_table_of_the_same_line_will_do(tmp_path):
    frameworks = installed([environment(tmp_path, {}, "lightning-2.2.1.dist-info")])
    table = bundled_table("lightning", "2.2.5")
    assert table is not None
    assert frameworks.lightning_version == "2.2.1"
    assert frameworks.lightning == replace(table, version="2.2.1")


def test_plugins_may_register_more(tmp_path):
    version = bundled().lightning.version
    folder = environment(tmp_path, {}, f"lightning-{version}.dist-info", "lightning_habana-1.0.dist-info")
    frameworks = installed([folder])
    assert frameworks.accelerators is None
    assert frameworks.strategies is None
    assert frameworks.precisions is not None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("torch-2.1.0.dist-info", {"torch": "2.1.0"}),
        ("torch-2.1.0+cu118.dist-info", {"torch": "2.1.0"}),
        ("torch-2.5.0a0+git1234.dist-info", {"torch": "2.5.0a0"}),
        ("torch-1.13.1-py3.10.egg-info", {"torch": "1.13.1"}),
        ("pytorch_lightning-1.9.5.dist-info", {"lightning": "1.9.5"}),
        ("pytorch-lightning-1.9.5.dist-info", {"lightning": "1.9.5"}),
        ("lightning-2.0.9.post0.dist-info", {"lightning": "2.0.9.post0"}),
        ("lightning_utilities-0.15.3.dist-info", {}),
        ("torchmetrics-1.9.0.dist-info", {}),
        ("torch", {}),
    ],
)
def test_versions(tmp_path, name, expected):
    assert versions([environment(tmp_path, {}, name)]) == expected


def test_the_first_folder_counts(tmp_path):
    first = environment(tmp_path / "a", {}, "torch-2.1.0.dist-info")
    second = environment(tmp_path / "b", {}, "torch-2.2.0.dist-info", "lightning-2.1.0.dist-info")
    assert versions([first, second]) == {"torch": "2.1.0", "lightning": "2.1.0"}
