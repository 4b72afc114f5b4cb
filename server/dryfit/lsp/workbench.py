"""Everything that works for one client, put together. Importing this loads the engine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from dryfit.engine.packs import PackError, Packs, load_packs
from dryfit.lsp.actions import Actions
from dryfit.lsp.client import Client
from dryfit.lsp.configuration import ClientSettings
from dryfit.lsp.documents import Document, Documents
from dryfit.lsp.hover import Hovers
from dryfit.lsp.projects import Projects, Say
from dryfit.lsp.publish import Publisher, Wire
from dryfit.lsp.schedule import Schedule
from dryfit.syntax.parsing import load_libcst

POLL_SECONDS = 0.1  # what runs in the background is asked so often whether it is done
MAX_LOGGED = 20  # problems of our own: more than that say nothing new

if TYPE_CHECKING:
    from dryfit.engine.session import Session

logger = logging.getLogger(__name__)


class Workbench:
    """The open documents and what is done with them."""

    def __init__(self, client: Client, folder: Path | None, wire: Wire, say: Say) -> None:
        self._client = client
        self._folder = folder
        self._say = say
        self._logged: set[str] = set()
        self._packs = self._load_packs()
        load_libcst()  # before the first document comes
        self._settings: ClientSettings | None = None  # not known yet
        self._projects: Projects | None = None
        self._documents = Documents(client.encoding)
        self._publisher = Publisher(self._documents, client, wire)
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._poll_handle: asyncio.TimerHandle | None = None
        publish = self._publisher
        self.schedule = Schedule(
            loop, self._documents, self._attach, publish.push, self._settled, self._judge_what_is_not_open
        )
        self._actions = Actions(self._documents, client)
        families = frozenset(rule.family for rule in self._packs.rules)
        self._hovers = Hovers({rule.name: rule for rule in self._packs.rules}, families, client.reads_markdown)

    def _load_packs(self) -> Packs:
        try:
            return load_packs()
        except PackError as error:
            self._say(f"{error}; nothing is checked until then")
            return Packs(())

    @property
    def is_configured(self) -> bool:
        return self._settings is not None

    def configure(self, settings: ClientSettings, always: bool = False) -> None:
        """Judge everything under these settings; nothing happens if they are the old ones, unless `always`."""
        if settings == self._settings and not always:
            return
        self._settings = settings
        if self._projects is not None:
            self._projects.close()
        self._projects = None
        if settings.is_enabled:
            self._projects = Projects(self._packs, settings, self._folder, self._say, self._client.is_trusted)
        for document in self._documents:
            document.detach()
            self.schedule.opened(document)
        self.schedule.start()

    def configure_again(self) -> None:
        """A settings file or an environment has changed."""
        if self._settings is not None:
            self.configure(self._settings, always=True)

    def stop(self) -> None:
        """No more work from here on."""
        self.schedule.stop()
        if self._poll_handle is not None:
            self._poll_handle.cancel()
        if self._projects is not None:
            self._projects.close()

    def look_at_disk(self) -> None:
        """Files that are not open may have changed."""
        for session in self._sessions:
            if session.look_at_disk():
                self._suspect_all_of(session)
        self._poll_soon()

    # -- Documents

    def open(self, item: types.TextDocumentItem) -> None:
        self.close(item.uri)
        document = self._documents.open(item)
        if document is not None:
            self.schedule.opened(document)
        if not self._client.watches_files:
            self.look_at_disk()  # nobody else tells

    def change(self, params: types.DidChangeTextDocumentParams) -> None:
        document = self._documents.change(params)
        if document is not None:
            self.schedule.edited(document)

    def close(self, uri: str) -> None:
        document = self._documents.close(uri)
        if document is not None:
            self.schedule.closed(document)
            self._publisher.closed(document)

    # -- Questions

    def hover(self, params: types.HoverParams) -> types.Hover | None:
        document = self._up_to_date(params.text_document.uri)
        return None if document is None else self._hovers.at(document, params.position)

    def code_actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        document = self._up_to_date(params.text_document.uri)
        return [] if document is None else self._actions.offer(document, params)

    def resolve(self, action: types.CodeAction) -> types.CodeAction:
        for document in self._documents:
            self.schedule.flush(document)
        return self._actions.resolve(action)

    async def report(self, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        """The answer to a pull; nothing is found in a document that is not open."""
        report = await self._report(params.text_document.uri, params.previous_result_id)
        return types.RelatedFullDocumentDiagnosticReport([]) if report is None else report

    async def workspace_report(self, params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
        """The same for all open documents, and nothing for those that the client thinks are."""
        previous = {known.uri: known.value for known in params.previous_result_ids}
        reports = [await self._workspace_report(document, previous) for document in self._documents]
        gone = [uri for uri in previous if self._documents.get(uri) is None]
        reports += [types.WorkspaceFullDocumentDiagnosticReport(uri, []) for uri in gone]
        return types.WorkspaceDiagnosticReport([report for report in reports if report is not None])

    async def _workspace_report(
        self, document: Document, previous: Mapping[str, str]
    ) -> types.WorkspaceDocumentDiagnosticReport | None:
        report = await self._report(document.uri, previous.get(document.uri))
        if report is None:
            return None
        if isinstance(report, types.RelatedUnchangedDocumentDiagnosticReport):
            return types.WorkspaceUnchangedDocumentDiagnosticReport(document.uri, report.result_id, document.version)
        return types.WorkspaceFullDocumentDiagnosticReport(
            document.uri, report.items, document.version, result_id=report.result_id
        )

    async def _report(self, uri: str, previous: str | None) -> types.DocumentDiagnosticReport | None:
        document = self._documents.get(uri)
        if document is None:
            return None
        # A client that can be told to pull again need not wait for what is judged at idle.
        if document.is_judged and self._client.refreshes_diagnostics:
            self.schedule.flush(document)
        else:
            await self.schedule.settled(document)
        return self._publisher.report(document, previous) if self._documents.get(uri) is document else None

    def _up_to_date(self, uri: str) -> Document | None:
        """The open document, with what was typed in judged."""
        document = self._documents.get(uri)
        if document is not None:
            self.schedule.flush(document)
        return document

    def _settled(self, document: Document) -> None:
        self._publisher.settled(document)
        if document.session is not None:
            for problem in document.session.problems(document.name):
                self._log_once(problem)

    def _log_once(self, problem: str) -> None:
        if problem not in self._logged and len(self._logged) < MAX_LOGGED:
            self._logged.add(problem)
            logger.warning("%s", problem)

    def _attach(self, document: Document) -> None:
        if self._projects is not None:
            document.attach(self._projects.session_for(document.name))
            self._poll_soon()

    # -- What is not open

    @property
    def _sessions(self) -> tuple[Session, ...]:
        return () if self._projects is None else self._projects.sessions

    def _judge_what_is_not_open(self, seconds: float) -> bool:
        """Judge files that speak of open ones; True while there is more to do."""
        for session in self._sessions:
            try:
                if session.judge_company(seconds):
                    return True
            except Exception:
                logger.exception("judging files that are not open failed; their findings are those made so far")
        found = {name: told for session in self._sessions for name, told in session.elsewhere().items()}
        self._publisher.tell_of_closed(found, self._text_of_closed)
        for document in self._documents:
            if document.is_judged:
                self._publisher.settled(document)
        return False

    def _text_of_closed(self, name: str) -> str:
        return next((text for session in self._sessions if (text := session.text(name))), "")

    def _suspect_all_of(self, session: Session) -> None:
        for document in self._documents:
            if document.session is session:
                self.schedule.suspect(document)

    def _poll_soon(self) -> None:
        if self._poll_handle is None and any(session.is_expecting for session in self._sessions):
            self._poll_handle = self._loop.call_later(POLL_SECONDS, self._poll)

    def _poll(self) -> None:
        """Take in what processes in the background have found out."""
        self._poll_handle = None
        for session in self._sessions:
            try:
                if session.poll():
                    self._suspect_all_of(session)
            except Exception:
                logger.exception("what was found out in the background could not be taken in")
        self._poll_soon()
