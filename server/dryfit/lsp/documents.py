"""The open documents: their texts as the client has them, and the sessions that judge them."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote

from lsprotocol import types
from pygls.uris import from_fs_path, to_fs_path

from dryfit.lsp.encoding import Encoding
from dryfit.lsp.texts import Text

if TYPE_CHECKING:
    from dryfit.engine.diagnostic import Diagnostic
    from dryfit.engine.session import Session

LANGUAGE = "python"

logger = logging.getLogger(__name__)


class Document:
    """One open document. Until it is attached to a session, edits only change its text and nothing is found in it."""

    def __init__(self, item: types.TextDocumentItem, encoding: Encoding) -> None:
        self.uri = item.uri
        self.name = name_of(item.uri)
        self.version = item.version
        self.text = Text(item.text, encoding)
        self.is_judged = False  # was everything in it judged, at least once?
        self.session: Session | None = None

    def attach(self, session: Session) -> None:
        session.open(self.name, str(self.text))
        self.session = session

    def detach(self) -> None:
        if self.session is not None:
            self.session.close(self.name)
            self.session = None
        self.is_judged = False

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What is known now, at present positions."""
        return self.session.diagnostics(self.name) if self.session is not None else ()

    def settle(self) -> None:
        """Judge all of it, now: for what the user asked for and waits for."""
        if self.session is not None:
            self.session.settle(self.name)

    def change(self, change: types.TextDocumentContentChangeEvent) -> None:
        if isinstance(change, types.TextDocumentContentChangePartial):
            edit = self.text.edit(change.range, change.text)
        else:
            edit = self.text.replace(change.text)
        if (session := self.session) is None:
            return
        try:
            session.edit(self.name, edit.span, edit.new_text)
        except Exception:
            logger.exception("an edit of %s failed; its text is taken anew", self.name)
            self.detach()
            self.attach(session)


class Documents:
    """All open Python documents, by their addresses; the rest is not ours and is ignored."""

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._documents: dict[str, Document] = {}

    def __iter__(self) -> Iterator[Document]:
        return iter(tuple(self._documents.values()))

    def get(self, uri: str) -> Document | None:
        return self._documents.get(_key(uri))

    def open(self, item: types.TextDocumentItem) -> Document | None:
        """Take a document over from the disk; one that is open already is taken anew."""
        self.close(item.uri)
        if item.language_id != LANGUAGE:
            return None
        document = self._documents[_key(item.uri)] = Document(item, self._encoding)
        return document

    def change(self, params: types.DidChangeTextDocumentParams) -> Document | None:
        document = self.get(params.text_document.uri)
        if document is not None:
            for change in params.content_changes:
                document.change(change)
            document.version = params.text_document.version
        return document

    def close(self, uri: str) -> Document | None:
        document = self._documents.pop(_key(uri), None)
        if document is not None:
            document.detach()
        return document

    def text_of(self, name: str) -> Text | None:
        """The text of the open document with this name."""
        return next((d.text for d in self._documents.values() if d.name == name), None)

    def detach_all(self) -> None:
        for document in self:
            document.detach()


def name_of(uri: str) -> str:
    """What the rest of Dryfit calls a document: its path, or its address if it is not a file."""
    try:
        return to_fs_path(uri) or uri
    except ValueError:
        return uri


def uri_of(name: str) -> str:
    """The address of a document with this name."""
    return (from_fs_path(name) or name) if os.path.isabs(name) else name


def _key(uri: str) -> str:
    """Clients spell the same address differently (`%3A` and `:`)."""
    return unquote(uri)
