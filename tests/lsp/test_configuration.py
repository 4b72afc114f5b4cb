"""Settings: the client's, a file's, and what becomes of the ones that cannot be used."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from dryfit.engine.packs import Packs
from dryfit.engine.settings import Settings
from dryfit.lsp.configuration import ClientSettings
from dryfit.rulekit import Severity
from dryfit_rules.trainer import unknown_trainer_argument

from .talk import BAD, GOOD, PREAMBLE, RULE, URI, Talk

ASKS = {"workspace": {"configuration": True, "didChangeWatchedFiles": {"dynamicRegistration": True}}}


# -- Reading


@pytest.mark.parametrize(
    "section", [None, [], 7, "x", {}, {"unknown": 1}, {"enable": True, "select": None, "python": ""}]
)
def test_nothing_set(section: Any) -> None:
    assert ClientSettings.read(section) == ClientSettings()


def test_everything_set() -> None:
    versions = {"lightning": "2.2"}
    section = {"enable": False, "select": ["a"], "ignore": ["b"], "severity": {"c": "hint"}, "python": "python3"}
    settings = ClientSettings.read({**section, "frameworks": versions})
    assert settings == ClientSettings(False, ("a",), ("b",), {"c": Severity.HINT}, "python3", versions)


def test_what_cannot_be_read_is_left_out_and_named() -> None:
    section = {"select": "a", "ignore": [1], "severity": {"a": "fatal", "b": "info"}, "python": 3}
    settings = ClientSettings.read(section)
    assert settings == ClientSettings(severity={"b": Severity.INFO})
    assert [problem.split("`")[1] for problem in settings.problems] == [
        "dryfit.select",
        "dryfit.ignore",
        "dryfit.severity",
    ]
    assert ClientSettings.read({"severity": 3}).problems == ("the setting `dryfit.severity` is not an object",)
    assert ClientSettings.read({"frameworks": {"jax": "1.0", "torch": 2.4, "lightning": "2.2"}}).problems == (
        "the setting `dryfit.frameworks`: `jax` is none of lightning, torch",
        "the setting `dryfit.frameworks.torch` is not a version as text, such as `2.2`",
    )


def test_on_top_of_a_settings_file() -> None:
    file = Settings(select=("a",), ignore=("b",), severity={"a": Severity.INFO, "b": Severity.INFO})
    client = ClientSettings(select=("c",), ignore=("d",), severity={"b": Severity.HINT})
    over = client.over(file)
    assert (over.select, over.ignore) == (("c",), ("b", "d"))
    assert over.severity == {"a": Severity.INFO, "b": Severity.HINT}
    assert ClientSettings().over(file) == file
    versions = Settings(frameworks={"lightning": "1.9", "torch": "2.4"})
    assert ClientSettings(frameworks={"lightning": "2.2"}).over(versions).frameworks == {
        "lightning": "2.2",
        "torch": "2.4",
    }


# -- Through the protocol


async def test_the_client_is_asked_and_nothing_is_shown_before_it_answers(talk: Talk) -> None:
    talk.configuration = {"severity": {RULE: "hint"}}
    await talk.start(ASKS)
    talk.open(PREAMBLE + BAD)
    (item,) = await talk.published(1)
    assert item["severity"] == 4
    assert talk.said("workspace/configuration") == [{"items": [{"section": "dryfit"}]}]
    assert len(talk.said("textDocument/publishDiagnostics")) == 1


async def test_settings_that_come_with_initialize(talk: Talk) -> None:
    await talk.start(initializationOptions={"trusted": False, "settings": {"ignore": ["optimizer"]}})
    talk.open(PREAMBLE + BAD)
    assert await talk.published(1) == []


@pytest.mark.parametrize("asks", [True, False], ids=["the client is asked again", "the client sends them"])
async def test_changed_settings(talk: Talk, asks: bool) -> None:
    await talk.start(ASKS if asks else {})
    talk.open(PREAMBLE + BAD)
    assert len(await talk.published(1)) == 1

    async def listing_under(section: Any) -> list[Any]:
        before = len(talk.said("textDocument/publishDiagnostics"))
        talk.configuration = section
        talk.notify("workspace/didChangeConfiguration", {"settings": None if asks else {"dryfit": section}})
        await talk.until(lambda: len(talk.said("textDocument/publishDiagnostics")) > before)
        items: list[Any] = talk.diagnostics[URI]["diagnostics"]
        return items

    assert await listing_under({"ignore": [RULE]}) == []
    assert [item["severity"] for item in await listing_under({"severity": {RULE: "warning"}})] == [2]
    assert await listing_under({"select": ["unused-suppression"]}) == []
    assert len(await listing_under({})) == 1
    assert await listing_under({"enable": False}) == []
    assert await talk.actions((12, 70)) == []
    assert len(await listing_under({"enable": True})) == 1


async def test_a_client_that_never_answers(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dryfit.lsp.application.CONFIGURATION_SECONDS", 0.01)
    talk.configuration = {"ignore": ["optimizer"]}
    await talk.request("initialize", {"processId": None, "rootUri": None, "capabilities": ASKS})
    talk.open(PREAMBLE + BAD)
    assert len(await talk.published(1)) == 1


async def test_names_that_nobody_has_are_said_and_the_rest_counts(talk: Talk) -> None:
    talk.configuration = {"ignore": ["param-group-not-a-dic", "optimizer"]}
    await talk.start(ASKS)
    talk.open(PREAMBLE + BAD)
    assert await talk.published(1) == []
    (said,) = talk.said("window/showMessage")
    assert "did you mean `param-group-not-a-dict`?" in said["message"]


async def test_the_nearest_settings_file_and_its_changes(talk: Talk, tmp_path: Path) -> None:
    settings = tmp_path / "dryfit.toml"
    settings.write_text('severity = {param-group-not-a-dict = "info"}\n', encoding="utf-8")
    uri = (tmp_path / "deep" / "train.py").as_uri()
    await talk.start(ASKS, rootUri=tmp_path.as_uri())
    talk.open(PREAMBLE + BAD, uri)
    assert [item["severity"] for item in await talk.published(1, uri)] == [3]
    (registered,) = talk.said("client/registerCapability")[0]["registrations"]
    assert registered["method"] == "workspace/didChangeWatchedFiles"

    talk.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": uri, "type": 2}]})  # nothing comes of it
    settings.write_text("severity = {param-group-not-a-dict = 3}\n", encoding="utf-8")
    talk.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": settings.as_uri(), "type": 2}]})
    await talk.until(lambda: [item["severity"] for item in talk.diagnostics[uri]["diagnostics"]] == [1])
    (said,) = talk.said("window/showMessage")
    assert said["message"].startswith(f"Dryfit: {settings}:1: ")


async def test_an_interpreter_that_is_not_there(talk: Talk) -> None:
    talk.configuration = {"python": "/nowhere/python"}
    await talk.start(ASKS)
    talk.open(PREAMBLE + BAD)
    assert len(await talk.published(1)) == 1
    (said,) = talk.said("window/showMessage")
    assert "no interpreter at `/nowhere/python`" in said["message"]


async def test_nothing_of_the_workspace_is_run(talk: Talk, tmp_path: Path) -> None:
    """A `.venv` whose interpreter would leave a trace is read, not started."""
    trace = tmp_path / "it ran"
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!{sys.executable}\nopen({str(trace)!r}, 'w')\n", encoding="utf-8")
    python.chmod(0o755)
    (tmp_path / "train.py").write_text(f"open({str(trace)!r}, 'w')\n", encoding="utf-8")
    uri = (tmp_path / "train.py").as_uri()
    await talk.start(initializationOptions={"trusted": False}, rootUri=tmp_path.as_uri())
    talk.open(PREAMBLE + GOOD + (tmp_path / "train.py").read_text(encoding="utf-8"), uri)
    assert await talk.published(1, uri) == []
    assert not trace.exists()


async def test_versions_that_are_set(talk: Talk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files below a settings file that sets a version are judged by it; what stands in for it is said once."""
    monkeypatch.setattr("dryfit.lsp.workbench.load_packs", lambda: Packs((unknown_trainer_argument.RULE,)))
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "dryfit.toml").write_text('frameworks = {lightning = "1.7"}\n', encoding="utf-8")
    text = "from lightning.pytorch import Trainer\n\nTrainer(weights_save_path='a', barebones=True)\n"
    await talk.start(ASKS, rootUri=tmp_path.as_uri())
    messages = {}
    for name in ("old/a.py", "old/b.py", "new.py"):
        uri = (tmp_path / name).as_uri()
        talk.open(text, uri)
        messages[name] = [item["message"].split("\n")[0] for item in await talk.published(1, uri)]
    before = "`Trainer` has no argument `barebones` before lightning 2.0"
    since = "`weights_save_path` was removed from `Trainer` in lightning 1.8"
    assert messages == {"old/a.py": [before], "old/b.py": [before], "new.py": [since]}
    (said,) = talk.said("window/showMessage")
    assert said["message"].startswith("Dryfit: `frameworks.lightning`: no table of lightning 1.7 is known here; ")
