"""What the history says of versions, compared with the tables of those versions; and versions that are set."""

from __future__ import annotations

from pathlib import Path

import pytest

from dryfit.frameworks import Frameworks, bundled, history, installed
from dryfit.frameworks.as_of import as_of
from dryfit.frameworks.bundled import bundled_table, bundled_versions
from dryfit.frameworks.frameworks import HOOK_CLASSES
from dryfit.frameworks.history import is_since
from dryfit.frameworks.table import Table

LIGHTNING = bundled_versions("lightning")
METHODS = ("Trainer", "Trainer.fit", "Trainer.validate", "Trainer.test", "Trainer.predict")


def table(version: str) -> Table:
    found = bundled_table("lightning", version)
    assert found is not None
    return found


def frameworks(lightning: Table) -> Frameworks:
    return Frameworks(bundled().torch, lightning)


def test_what_is_bundled() -> None:
    assert LIGHTNING == ("1.9.5", "2.0.9.post0", "2.1.4", "2.2.5", "2.3.3", "2.4.0", "2.5.6", "2.6.6")
    assert [table(version).version for version in LIGHTNING] == list(LIGHTNING)


@pytest.mark.parametrize(
    ("version", "since", "answer"),
    [
        ("2.0.9.post0", "2.0", True),
        ("2.0", "2.0", True),
        ("2.10.0", "2.9", True),
        ("1.9.5", "2.0", False),
        ("2.5.4", "2.5.5", False),
        ("2.5.5", "2.5.5", True),
        ("2.5", "2.5.5", False),
        ("3.0.0rc1", "2.6", True),
        ("2.6", "", True),
    ],
)
def test_is_since(version: str, since: str, answer: bool) -> None:
    assert is_since(version, since) is answer


def names(answers: Frameworks) -> dict[str, object]:
    """Everything that the history is asked about."""
    signatures = {name: answers.signature(f"lightning.pytorch.{name}") for name in METHODS}
    return {
        **{name: {p.name for p in s.parameters} - {"*"} if s else set() for name, s in signatures.items()},
        "strategies": answers.strategies,
        "precisions": answers.precisions,
        "trainer arguments": (answers.removed_trainer_arguments.keys(), answers.added_trainer_arguments.keys()),
        "trainer methods": answers.removed_trainer_methods.keys(),
        **{kind: (answers.removed_hooks(kind).keys(), answers.added_hooks(kind).keys()) for kind in HOOK_CLASSES},
    }


@pytest.mark.parametrize("version", LIGHTNING)
@pytest.mark.parametrize("other", LIGHTNING)
def test_a_table_put_right_has_the_names_of_the_other_version(version: str, other: str) -> None:
    ours, theirs = names(frameworks(as_of(table(version), other))), names(frameworks(table(other)))
    assert {key: (ours[key], theirs[key]) for key in ours if ours[key] != theirs[key]} == {}


@pytest.mark.parametrize("version", LIGHTNING)
def test_hooks_of_a_table_put_right_are_called_in_the_other_version(version: str) -> None:
    for other in LIGHTNING:
        ours, theirs = frameworks(as_of(table(version), other)), frameworks(table(other))
        extra = {kind: ours.hooks(kind).keys() - theirs.hooks(kind).keys() for kind in HOOK_CLASSES}
        assert extra == {"module": set(), "callback": set(), "datamodule": set()}


@pytest.mark.parametrize("version", LIGHTNING)
def test_how_other_versions_call_a_hook_is_how_they_do(version: str) -> None:
    ours = frameworks(table(version))
    for other in LIGHTNING:
        theirs = frameworks(table(other))
        for kind in HOOK_CLASSES:
            for name, hook in theirs.hooks(kind).items():
                calls = [
                    call
                    for call in history.other_calls(kind, name, version)
                    if is_since(other, call.since) and not (call.until and is_since(other, call.until))
                ]
                for call in calls:
                    assert (name, call.positional, call.keyword, set(call.optional)) == (
                        name,
                        hook.positional,
                        hook.keyword,
                        set(hook.optional),
                    )
                here = ours.hook(kind, name)
                if not calls and here is not None and hook.signature.parameters != here.signature.parameters:
                    # A signature that changed without a change of what is passed: the steps, and a default or two.
                    assert (hook.positional, hook.keyword) == (here.positional, here.keyword)


# -------------------------------------------------------------------------------------------- versions that are set
@pytest.mark.parametrize(
    ("wanted", "source", "version"),
    [
        ("2.2", "2.2.5", "2.2"),
        ("2.2.5", "2.2.5", "2.2.5"),
        ("2.2.0", "2.2.5", "2.2.0"),
        ("2.0.9.post0", "2.0.9.post0", "2.0.9.post0"),
        ("1.9", "1.9.5", "1.9"),
        ("1.7", "1.9.5", None),
        ("2.7.1", "2.6.6", None),
    ],
)
def test_a_version_that_is_set(wanted: str, source: str, version: str | None) -> None:
    found = installed((), wanted={"lightning": wanted})
    assert found.lightning == as_of(table(source), wanted)
    assert (found.lightning_version, found.torch_version) == (version, None)
    stands_in = (
        f"`frameworks.lightning`: no table of lightning {wanted} is known here; that of {source} stands in, "
        f"put right by what is known to have changed; `python` can name an environment that has {wanted}"
    )
    assert found.notices == (() if version else (stands_in,))


def test_what_is_installed_counts_if_it_is_what_is_set(tmp_path: Path) -> None:
    (tmp_path / "lightning-2.6.6.dist-info").mkdir()
    (tmp_path / "torch-2.13.0.dist-info").mkdir()
    assert installed([tmp_path], wanted={"lightning": "2.6"}).lightning_version == "2.6.6"
    set_apart = installed([tmp_path], wanted={"lightning": "2.5"})
    assert (set_apart.lightning_version, set_apart.torch_version) == ("2.5", "2.13.0")
    assert set_apart.lightning == as_of(table("2.5.6"), "2.5")


def test_a_table_in_the_cache_is_known(tmp_path: Path) -> None:
    package = tmp_path / "site" / "lightning" / "pytorch"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("class Trainer:\n    def __init__(self, only_here=None): ...\n")
    (tmp_path / "site" / "lightning-1.7.7.dist-info").mkdir()
    read = installed([tmp_path / "site"], tmp_path / "cache")
    found = installed((), tmp_path / "cache", {"lightning": "1.7"})
    assert (found.lightning_version, found.notices) == ("1.7", ())
    assert found.signature("lightning.Trainer") == read.signature("lightning.Trainer")


def test_a_version_before_the_oldest_table() -> None:
    """What went between 1.7 and 1.9 is not said to be gone, what came is not said to be there."""
    found = installed((), wanted={"lightning": "1.7"})
    trainer = found.signature("lightning.Trainer")
    assert trainer is not None
    assert (trainer.accepts("weights_save_path"), trainer.accepts("inference_mode")) == (True, False)
    assert "on_epoch_end" not in found.removed_hooks("callback")
    assert found.has_member("lightning.Callback", "on_epoch_end")
    assert found.removed_hooks("callback")["on_keyboard_interrupt"].today == "never called, no error, no warning"


@pytest.mark.parametrize(("wanted", "answer"), [("2.4", True), ("2.7", False)])
def test_a_version_of_torch(wanted: str, answer: bool) -> None:
    found = installed((), wanted={"torch": wanted})
    scheduler = found.signature("torch.optim.lr_scheduler.StepLR")
    assert scheduler is not None
    assert scheduler.accepts("verbose") is answer
    assert (found.torch.version, found.torch_version, len(found.notices)) == (wanted, None, 1)
    assert (found.torch_since("2.7"), found.torch_since("2.4")) == (not answer, True)
