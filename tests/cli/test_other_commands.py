"""`explain`, `rules`, `verify`, `clean`, `server`, and what is no command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fake_pack import RULES, Run
from inline_snapshot import snapshot

from dryfit import __version__
from dryfit.engine.packs import load_packs
from dryfit.engine.witness import Outcome


def test_version_and_help(dryfit: Run) -> None:
    assert dryfit("--version").out == f"dryfit {__version__}\n"
    for command in ("check", "explain", "rules", "verify", "server", "clean"):
        assert command in dryfit("--help").out
        assert dryfit(command, "--help").code == 0


def test_what_is_no_command(dryfit: Run) -> None:
    for arguments in ((), ("chek",), ("run", "train.py")):
        done = dryfit(*arguments)
        assert done.code == 2
        assert done.err.count("\n") == 1


def test_explain(dryfit: Run) -> None:
    done = dryfit("explain", "unused-suppression")
    assert done.code == 0
    assert done.out.startswith("# unused-suppression\n\nA suppression comment that silences nothing.\n\ninfo")
    assert dryfit("explain", "seed-set").code == 0
    done = dryfit("explain", "seed-sett")
    assert (done.code, done.err) == (2, "dryfit: no rule is called `seed-sett`; did you mean `seed-set`?\n")


def test_explain_in_colour(dryfit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in dryfit("explain", "unused-suppression").out


def test_rules(dryfit: Run) -> None:
    assert dryfit("rules").out == snapshot("""\
random
  crashing-rule  error
  seed-set       error   fix
  threads-set    warning fix

3 rules, 2 with a fix
""")


def test_rules_as_json(dryfit: Run) -> None:
    assert json.loads(dryfit("rules", "--output-format", "json").out)[1] == {
        "name": "seed-set",
        "family": "random",
        "severity": "error",
        "default": True,
        "fixable": True,
        "summary": RULES[1].summary,
        "witnessed": [],
    }


class FakeHost:
    """Bad programs show what they should; good ones do not."""

    installed = {"python": "3.11.7", "torch": "2.13.0", "lightning": "2.6.6", "pytorch_lightning": None}  # noqa: RUF012
    good: bool | None = False

    def __init__(self, python: object, at_once: int) -> None:
        pass

    def __enter__(self) -> FakeHost:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def submit(self, name: str, program: str, expression: str | None) -> None:
        pass

    def result(self, name: str) -> Outcome:
        return Outcome(None, (), True if name.endswith("bad") else self.good, None)


def test_verify(dryfit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dryfit.cli.verify_command.Host", FakeHost)
    done = dryfit("verify", "seed-set", "threads-set")
    assert done.code == 0
    assert done.out == snapshot("""\
proven  seed-set  (torch 2.13.0, lightning 2.6.6)
proven  threads-set  (torch 2.13.0, lightning 2.6.6)
2 proven
""")
    witnessed = [r["witnessed"] for r in json.loads(dryfit("rules", "--output-format", "json").out)]
    assert witnessed == [[], *2 * [[{"torch": "2.13.0", "lightning": "2.6.6", "outcome": "proven"}]]]


def test_verify_says_what_failed(dryfit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dryfit.cli.verify_command.Host", FakeHost)
    monkeypatch.setattr(FakeHost, "good", True)
    done = dryfit("verify", "seed-set", "--output-format", "json")
    assert done.code == 1
    assert json.loads(done.out) == [
        {
            "rule": "seed-set",
            "outcome": "failed",
            "torch": "2.13.0",
            "lightning": "2.6.6",
            "python": "3.11.7",
            "examples": [
                {"example": 1, "outcome": "failed", "reason": "the witness holds for the good program as well"}
            ],
        }
    ]


def test_verify_without_frameworks(dryfit: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    done = dryfit("verify", "--python", "nowhere/python")
    assert (done.code, done.err) == (2, "dryfit: --python: no interpreter at `nowhere/python`\n")
    monkeypatch.setattr("dryfit.cli.verify_command.Host", FakeHost)
    monkeypatch.setattr(FakeHost, "installed", {"python": "3.11.7"})
    done = dryfit("verify")
    assert done.code == 2
    assert done.err.endswith("neither torch nor lightning can be imported there\n")
    assert dryfit("verify", "no-such-rule").code == 2


def test_clean(dryfit: Run, tmp_path: Path) -> None:
    folder = tmp_path / ".cache" / "dryfit"
    folder.mkdir(parents=True)
    (folder / "x.json").write_text("{}")
    assert dryfit("clean").out == f"removed {folder}\n"
    assert not folder.exists()
    assert dryfit("clean").out == f"nothing to remove: {folder} does not exist\n"


def test_server_is_started_with_its_address(dryfit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Server:
        @staticmethod
        def serve(address: tuple[str, int] | None) -> int:
            print(address)
            return 0

    monkeypatch.setattr("dryfit.cli.server_command.import_module", lambda name: Server)
    assert dryfit("server").out == "None\n"
    assert dryfit("server", "--tcp", "localhost:7000").out == "('localhost', 7000)\n"
    assert dryfit("server", "--tcp", "localhost").code == 2


def test_every_installed_rule_has_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    from dryfit.cli.main import main

    for rule in load_packs().rules[:3]:
        assert main(["explain", rule.name]) == 0
        out = capsys.readouterr().out
        assert out.startswith(f"# {rule.name}\n")
        assert "## Example" in out
