"""What the client was told about each document, and telling it what is new."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Protocol

from lsprotocol import types

from dryfit.lsp.client import Client
from dryfit.lsp.convert import to_client
from dryfit.lsp.documents import Document, Documents, uri_of
from dryfit.lsp.texts import Text

if TYPE_CHECKING:
    from dryfit.engine.diagnostic import Diagnostic


class Wire(Protocol):
    """The part of the server that can talk about diagnostics."""

    def text_document_publish_diagnostics(self, params: types.PublishDiagnosticsParams) -> None: ...

    def refresh_diagnostics(self) -> None: ...


@dataclass(slots=True)
class _Listing:
    """What is known about a document. A list that is made anew under the same `result_id` is the same list."""

    result_id: str
    diagnostics: tuple[Diagnostic, ...]
    columns: tuple[int, ...]  # in the client's units: they can move while the spans stand still
    items: list[types.Diagnostic] = field(default_factory=list)
    told: str | None = None  # the result that the client has
    told_version: int | None = None
    reminded: str | None = None  # the result that the client was told to pull


class Publisher:
    """Pushes to a client that does not pull, answers one that does; says nothing twice."""

    def __init__(self, documents: Documents, client: Client, wire: Wire) -> None:
        self._documents = documents
        self._client = client
        self._wire = wire
        self._listings: dict[Document, _Listing] = {}
        self._closed: dict[str, tuple[Diagnostic, ...]] = {}  # what was said of files that are not open
        self._ids = map(str, count(1))

    def push(self, document: Document) -> None:
        """Push the list if it differs from the one the client has, or is for a version that it waits for."""
        if self._client.pulls_diagnostics:
            return  # it asks after each edit
        listing = self._current(document)
        is_awaited = self._client.counts_versions and listing.told_version != document.version
        if listing.told != listing.result_id or is_awaited:
            listing.told, listing.told_version = listing.result_id, document.version
            self._wire.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(document.uri, listing.items, document.version)
            )

    def settled(self, document: Document) -> None:
        """Everything is known now: push it, or ask a client that pulled before that to pull again."""
        if not self._client.pulls_diagnostics:
            self.push(document)
            return
        listing = self._current(document)
        if listing.told is not None and listing.result_id not in (listing.told, listing.reminded):
            listing.reminded = listing.result_id
            if self._client.refreshes_diagnostics:
                self._wire.refresh_diagnostics()

    def closed(self, document: Document) -> None:
        """Take back what was pushed."""
        listing = self._listings.pop(document, None)
        if listing is not None and listing.told is not None and not self._client.pulls_diagnostics:
            self._wire.text_document_publish_diagnostics(types.PublishDiagnosticsParams(document.uri, []))

    def tell_of_closed(self, found: Mapping[str, tuple[Diagnostic, ...]], text_of: Callable[[str], str]) -> None:
        """Push what was found in files that are not open, and take back what is not found any more.

        Also to a client that pulls: it does not ask about what is not open.
        """
        for name in [name for name in self._closed if name not in found]:
            del self._closed[name]
            if self._client.pulls_diagnostics or self._documents.text_of(name) is None:
                self._wire.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri_of(name), []))
        for name, diagnostics in found.items():
            if self._closed.get(name) != diagnostics:
                self._closed[name] = diagnostics
                text = Text(text_of(name), self._client.encoding)
                items = [to_client(d, uri_of(name), text, self._documents.text_of, self._client) for d in diagnostics]
                self._wire.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri_of(name), items))

    def report(self, document: Document, previous: str | None) -> types.DocumentDiagnosticReport:
        """The answer to a pull by a client that has the result `previous`."""
        listing = self._current(document)
        listing.told = listing.result_id
        if previous == listing.result_id:
            return types.RelatedUnchangedDocumentDiagnosticReport(result_id=previous)
        return types.RelatedFullDocumentDiagnosticReport(items=listing.items, result_id=listing.result_id)

    def _current(self, document: Document) -> _Listing:
        """The listing of the document as it is now."""
        diagnostics = document.diagnostics()
        columns = _columns(document, diagnostics)
        listing = self._listings.get(document)
        if listing is not None and listing.diagnostics == diagnostics and listing.columns == columns:
            return listing
        items = [to_client(d, document.uri, document.text, self._documents.text_of, self._client) for d in diagnostics]
        if listing is None:
            listing = self._listings[document] = _Listing(next(self._ids), diagnostics, columns, items)
        else:
            if listing.items != items:
                listing.result_id = next(self._ids)
            listing.diagnostics, listing.columns, listing.items = diagnostics, columns, items
        return listing


def _columns(document: Document, diagnostics: tuple[Diagnostic, ...]) -> tuple[int, ...]:
    column_of = document.text.client_column
    return tuple(
        column
        for d in diagnostics
        for column in (column_of(d.span.line, d.span.column), column_of(d.span.end_line, d.span.end_column))
    )
