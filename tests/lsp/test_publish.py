"""Nothing is said twice, and nothing is forgotten."""

from __future__ import annotations

from lsprotocol import types

from dryfit.lsp.client import Client
from dryfit.lsp.documents import Document, Documents
from dryfit.lsp.encoding import Encoding
from dryfit.lsp.publish import Publisher

from .fakes import FakeSession, FakeWire, attach_to, opened, typed


class Desk:
    """A publisher with a document in which every line is judged at once."""

    def __init__(self, text: str, client: Client | None = None) -> None:
        self.session = FakeSession()
        self.documents = Documents(Encoding.UTF16)
        self.wire = FakeWire()
        self.publisher = Publisher(self.documents, client or Client(), self.wire)
        self.document: Document = opened(self.documents, text)
        attach_to(self.session)(self.document)
        self._judge()

    def _judge(self) -> None:
        while self.session.judge_some(self.document.name, 1):
            pass

    def type(self, line: int, text: str) -> None:
        self.documents.change(typed(self.document, line, text))
        self._judge()


def test_an_empty_list_is_pushed_once() -> None:
    desk = Desk("good")
    desk.publisher.push(desk.document)
    desk.publisher.push(desk.document)
    assert desk.wire.lines() == [[]]


def test_only_a_list_that_differs_is_pushed() -> None:
    desk = Desk("BAD\ngood")
    desk.publisher.push(desk.document)
    desk.type(1, "x")
    desk.publisher.push(desk.document)
    assert desk.wire.lines() == [[0]]
    desk.type(1, "BAD")
    desk.publisher.push(desk.document)
    assert desk.wire.lines() == [[0], [0, 1]]
    assert [params.version for params in desk.wire.published] == [1, 3]


def test_a_client_that_counts_versions_hears_of_each() -> None:
    desk = Desk("good", Client(counts_versions=True))
    desk.publisher.push(desk.document)
    desk.type(0, "x")
    desk.publisher.push(desk.document)
    desk.publisher.settled(desk.document)
    assert [params.version for params in desk.wire.published] == [1, 2]


def test_columns_in_the_clients_units_are_news_too() -> None:
    desk = Desk("é BAD")
    desk.publisher.push(desk.document)
    here = types.Range(types.Position(0, 0), types.Position(0, 1))
    desk.document.change(types.TextDocumentContentChangePartial(here, "😀"))
    desk.publisher.push(desk.document)
    assert [params.diagnostics[0].range.end.character for params in desk.wire.published] == [3, 4]


def test_closing_takes_back_what_was_pushed() -> None:
    desk = Desk("BAD")
    desk.publisher.push(desk.document)
    desk.documents.close(desk.document.uri)
    desk.publisher.closed(desk.document)
    assert desk.wire.lines() == [[0], []]


def test_a_pull_is_answered_with_unchanged_if_it_is() -> None:
    desk = Desk("BAD", Client(pulls_diagnostics=True))
    first = desk.publisher.report(desk.document, None)
    assert isinstance(first, types.RelatedFullDocumentDiagnosticReport)
    same = desk.publisher.report(desk.document, first.result_id)
    assert same == types.RelatedUnchangedDocumentDiagnosticReport(result_id=first.result_id or "")
    desk.type(0, "\n")
    assert isinstance(desk.publisher.report(desk.document, first.result_id), types.RelatedFullDocumentDiagnosticReport)
    assert desk.wire.published == []


def test_a_client_that_pulls_is_reminded_once_and_only_of_news() -> None:
    desk = Desk("good", Client(pulls_diagnostics=True, refreshes_diagnostics=True))
    desk.publisher.settled(desk.document)
    assert desk.wire.refreshes == 0, "it has not pulled yet"
    desk.publisher.report(desk.document, None)
    desk.type(0, "x")
    desk.publisher.settled(desk.document)
    assert desk.wire.refreshes == 0, "nothing is new"
    desk.type(0, "BAD")
    desk.publisher.push(desk.document)
    assert desk.wire.refreshes == 0, "it pulls by itself after an edit"
    desk.publisher.settled(desk.document)
    desk.publisher.settled(desk.document)
    assert desk.wire.refreshes == 1
    assert desk.wire.published == []
