"""Names that the history calls removed: not in the tables since, and nothing of today is taken for one of them."""

import pytest

from dryfit.frameworks import Frameworks, bundled, history
from dryfit.frameworks.bundled import bundled_table, bundled_versions

ELSEWHERE = {"lightning.pytorch.utilities.rank_zero_only"}  # another package makes it, so that no table has it
REMOVED = history.removed_names("2.6.6")


@pytest.mark.parametrize("version", bundled_versions("lightning"))
def test_no_table_has_what_was_removed_before(version: str) -> None:
    table = bundled_table("lightning", version)
    assert table is not None
    there = {*table.classes, *table.functions, *table.aliases}
    gone = history.removed_names(version)
    assert [name for name in there if any(name == path or name.startswith(f"{path}.") for path in gone)] == []


def test_replacements_are_there() -> None:
    table = bundled().lightning
    there = {*table.classes, *table.functions, *table.aliases}
    inside = {name.rpartition(".")[0] for name in there}
    replacements = {removal.replacement for removal in REMOVED.values() if removal.replacement}
    known = {name for name in replacements if name.startswith("lightning.pytorch.")}
    assert sorted(name for name in known if name not in there | inside | ELSEWHERE) == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("pytorch_lightning.metrics.functional.accuracy", "lightning.pytorch.metrics"),
        ("lightning.pytorch.plugins.DDPPlugin", "lightning.pytorch.plugins.DDPPlugin"),
        ("pytorch_lightning.utilities.cli", "lightning.pytorch.utilities.cli"),
        ("lightning.pytorch.cli.LightningCLI", None),
        ("lightning.pytorch.callbacks.ProgressBar", None),
        ("torch.metrics", None),
        ("lightning.pytorch", None),
    ],
)
def test_what_is_asked(path: str, name: str | None) -> None:
    found = bundled().removed_name(path)
    assert (None if found is None else found.name) == name


def test_an_older_version_has_it() -> None:
    table = bundled_table("lightning", "1.9.5")
    assert table is not None
    assert Frameworks(bundled().torch, table).removed_name("pytorch_lightning.plugins.DDPPlugin") is None
