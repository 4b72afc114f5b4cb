from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dryfit.engine.packs import Packs
from dryfit_rules.optimizer import param_group_not_a_dict

from .talk import Talk


@pytest.fixture(autouse=True)
def _own_caches(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's user is read or written."""
    folder: Path = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))


@pytest.fixture
async def talk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Talk]:
    """A client and its server, in this process; one rule is on, so that no other one has a say in what is found."""
    monkeypatch.setattr("dryfit.lsp.workbench.load_packs", lambda: Packs((param_group_not_a_dict.RULE,)))
    talk = Talk()
    yield talk
    talk.application.end()
    gc.enable()
