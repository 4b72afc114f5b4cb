"""Everything the server works with, put together for one client."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from lsprotocol import types
from pygls.uris import to_fs_path

from dryfit.engine.packs import Packs, load_packs
from dryfit.lsp.actions import FIX_ALL, Actions, is_wanted
from dryfit.lsp.client import Client
from dryfit.lsp.configuration import ClientSettings
from dryfit.lsp.documents import Document, Documents
from dryfit.lsp.hover import Hover
from dryfit.lsp.projects import Projects
from dryfit.lsp.publish import Publisher, Wire
from dryfit.lsp.schedule import Schedule


class Sessions(Protocol):
    """What gives a document its session."""

    def session_for(self, name: str) -> Session: ...


class Workbench:
    """The open documents and what is done with them."""
