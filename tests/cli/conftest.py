"""The command line as a fixture."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_pack import RULES, Run

from dryfit.engine.packs import Packs


@pytest.fixture
def dryfit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command, in an empty folder, with the rules above."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
    for variable in ("NO_COLOR", "FORCE_COLOR", "VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(variable, raising=False)
    for module in ("dryfit.cli.options", "dryfit.engine.batch"):
        monkeypatch.setattr(f"{module}.load_packs", lambda: Packs(RULES))
    return Run(capsys)
