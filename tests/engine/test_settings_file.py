"""Settings: what they mean, and what is said when they are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dryfit.engine.settings import Settings
from dryfit.engine.settings_file import SettingsError, SettingsFinder, load_settings
from dryfit.engine.unused import Vocabulary
from dryfit.rulekit import Argued, Example, Finding, Observes, Rule, SemanticModel, Severity

VOCABULARY = Vocabulary(frozenset({"rule-a", "rule-b"}), frozenset({"optimizer"}), frozenset(), frozenset())


def check(model: SemanticModel) -> Iterator[Finding]:
    yield from ()


def rule(name: str, is_default: bool = True) -> Rule:
    witness = Observes("True") if is_default else Argued("source")
    return Rule(name=name, severity=Severity.ERROR, check=check, examples=(Example("", "", witness),))


check.__module__ = "pack.family.rule"
FAMILY = "family"
RULES = (rule("rule-a"), rule("rule-b"), rule("rule-off", is_default=False))


def names(settings: Settings, path: str = "train.py") -> list[str]:
    return [r.name for r in settings.enabled(RULES, path)]


def load(folder: Path, text: str, file: str = "pyproject.toml") -> Settings:
    (folder / file).write_text(text)
    return load_settings(folder, VOCABULARY)


def error(folder: Path, text: str, file: str = "pyproject.toml") -> str:
    with pytest.raises(SettingsError) as caught:
        load(folder, text, file)
    return str(caught.value).removeprefix(str(folder) + "/")


def test_defaults() -> None:
    assert names(Settings()) == ["rule-a", "rule-b"]


def test_select_and_ignore() -> None:
    assert names(Settings(select=("rule-off",))) == ["rule-off"]
    assert names(Settings(select=(FAMILY,))) == ["rule-a", "rule-b", "rule-off"]
    assert names(Settings(select=("all",), ignore=("rule-a",))) == ["rule-b", "rule-off"]
    assert names(Settings(ignore=(FAMILY,))) == []
    assert names(Settings(select=("rule-a",), ignore=(FAMILY,))) == ["rule-a"]


def test_the_command_line_narrows() -> None:
    settings = Settings(select=("rule-a", "rule-b"), ignore=("rule-b",))
    assert names(settings.narrowed((), ("rule-a",))) == []
    assert names(settings.narrowed(("rule-off",), ())) == ["rule-off"]


def test_per_file_ignores_are_relative_to_the_settings_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.dryfit.per-file-ignores]\n"tests/*" = ["rule-a"]\n')
    settings = load_settings(tmp_path, VOCABULARY, tmp_path / "tests")
    assert names(settings, "test_x.py") == ["rule-b"]
    assert names(settings, str(tmp_path / "tests" / "deep" / "test_x.py")) == ["rule-b"]
    assert names(settings, "../train.py") == ["rule-a", "rule-b"]


def test_everything_that_can_be_set(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
        [tool.dryfit]
        select = ["optimizer"]
        ignore = ["rule-b"]
        exclude = ["old/"]
        python = "env/bin/python"
        severity = {rule-a = "info"}
        frameworks = {lightning = "2.0.9.post0", torch = "2.4"}
        [tool.dryfit.run]
        time-limit = 60
        """,
    )
    assert settings == Settings(
        select=("optimizer",),
        ignore=("rule-b",),
        severity={"rule-a": Severity.INFO},
        exclude=("old/",),
        python=str(tmp_path / "env/bin/python"),
        frameworks={"lightning": "2.0.9.post0", "torch": "2.4"},
        run={"time-limit": 60},
        root=tmp_path,
        folder=tmp_path,
    )


def test_dryfit_toml_goes_first_and_a_pyproject_without_us_does_not_count(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text('[tool.dryfit]\nignore = ["rule-a"]\n')
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.ruff]\nline-length = 120\n# dryfit\n")
    assert load_settings(inner, VOCABULARY).ignore == ("rule-a",)
    (tmp_path / "a" / "dryfit.toml").write_text('ignore = ["rule-b"]\n')
    assert load_settings(inner, VOCABULARY).ignore == ("rule-b",)


def test_each_file_has_the_nearest_settings(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "dryfit.toml").write_text('ignore = ["rule-a"]\n')
    (tmp_path / "a" / "dryfit.toml").write_text('ignore = ["rule-b"]\n')
    finder = SettingsFinder(VOCABULARY, tmp_path)
    assert finder.of_file("x.py").ignore == ("rule-a",)
    assert finder.of_file("a/deep/x.py").ignore == ("rule-b",)


def test_an_unknown_key(tmp_path: Path) -> None:
    text = "[project]\nname = 'x'\n\n[tool.dryfit]\nselct = ['rule-a']\n"
    assert error(tmp_path, text) == "pyproject.toml:5: unknown key `selct`; did you mean `select`?"


def test_an_unknown_rule(tmp_path: Path) -> None:
    text = "ignore = [\n  'rule-a',\n  'rule-aa',\n]\n"
    expected = "dryfit.toml:3: no rule or family is called `rule-aa`; did you mean `rule-a`?"
    assert error(tmp_path, text, "dryfit.toml") == expected


def test_an_unknown_severity(tmp_path: Path) -> None:
    text = "[tool.dryfit]\nseverity = {rule-a = 'fatal'}\n"
    assert error(tmp_path, text) == (
        "pyproject.toml:2: `fatal` is not a severity; use one of error, warning, info, hint"
    )


def test_a_wrong_type(tmp_path: Path) -> None:
    assert error(tmp_path, "[tool.dryfit]\nselect = 'rule-a'\n") == (
        "pyproject.toml:2: `select` is not a list of strings"
    )
    assert error(tmp_path, "[tool.dryfit]\nrun = 3\n") == "pyproject.toml:2: `run` is not a table"


def test_an_unknown_key_of_run(tmp_path: Path) -> None:
    text = "[tool.dryfit.run]\ntimelimit = 3\n"
    assert error(tmp_path, text) == "pyproject.toml:2: unknown key `run.timelimit`; did you mean `run.time-limit`?"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{lightning = 2.2}", '`frameworks.lightning` is not a version as text; write for instance "2.2"'),
        ("{torch = '2'}", '`frameworks.torch` is not a version as text; write for instance "2.2"'),
        ("{lightning = 'newest'}", '`frameworks.lightning` is not a version as text; write for instance "2.2"'),
        ("{lightnig = '2.2'}", "unknown key `frameworks.lightnig`; did you mean `frameworks.lightning`?"),
        ("'2.2'", "`frameworks` is not a table"),
    ],
)
def test_versions_that_are_none(tmp_path: Path, value: str, message: str) -> None:
    assert error(tmp_path, f"[tool.dryfit]\nframeworks = {value}\n") == f"pyproject.toml:2: {message}"


def test_broken_toml(tmp_path: Path) -> None:
    assert error(tmp_path, "[tool.dryfit]\nselect = [\n").startswith("pyproject.toml: not valid TOML: ")
    (tmp_path / "pyproject.toml").write_text("this is not toml, and not about us\n")
    assert load_settings(tmp_path, VOCABULARY) == Settings(folder=tmp_path)
