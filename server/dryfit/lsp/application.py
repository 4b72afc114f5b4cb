"""The server as the client sees it: which messages it understands, and who answers them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

import dryfit
from dryfit.lsp.client import Client
from dryfit.lsp.protocol import Conversation

if TYPE_CHECKING:
    from concurrent.futures import Future

    from dryfit.lsp.workbench import Workbench

CONFIGURATION_SECONDS = 1.0  # a client that does not answer for so long has no configuration
FIX_ALL = "source.fixAll.dryfit"
SETTINGS_FILES = ("pyproject.toml", "dryfit.toml")

logger = logging.getLogger(__name__)


class Application(LanguageServer):
    """One client's server. The workbench, and the engine with it, is made after `initialize` is answered."""

    protocol: Conversation

    def __init__(self, on_ready: Callable[[], None]) -> None:
        super().__init__("dryfit", dryfit.__version__, protocol_cls=Conversation)
        self.client = Client()
        self._on_ready = on_ready
        self._workbench: Workbench | None = None
        self._folder: Path | None = None
        self._section: object = None  # the settings that came with `initialize`
        _register_lifecycle(self)

    @property
    def workbench(self) -> Workbench:
        if self._workbench is None:
            from dryfit.lsp.workbench import Workbench

            self._workbench = Workbench(self.client, self._folder, self, self.say)
            self.protocol.heard = self._workbench.schedule.heard
            self._on_ready()
        return self._workbench

    def begin(self, params: types.InitializeParams) -> None:
        """The client has introduced itself."""
        self.client = Client.of(params)
        self._folder = _folder_of(params)
        options = params.initialization_options
        self._section = options.get("settings") if isinstance(options, Mapping) else None
        loop = asyncio.get_running_loop()
        loop.call_soon(self._load)
        loop.call_later(CONFIGURATION_SECONDS, self._start_unconfigured)

    def _load(self) -> None:
        """Load the engine while the client reads the answer."""
        if not self.protocol.ended().done():
            _ = self.workbench

    def end(self) -> None:
        if self._workbench is not None:
            self._workbench.stop()

    # -- Configuration

    def ask_configuration(self) -> None:
        """Configure with what the client has in our section, or else with what came with `initialize`."""
        if not self.client.has_configuration:
            self.configure(self._section)
            return
        items = [types.ConfigurationItem(section="dryfit")]
        answer = self.workspace_configuration(types.ConfigurationParams(items))
        answer.add_done_callback(self._configuration_came)

    def configure(self, section: object) -> None:
        from dryfit.lsp.configuration import ClientSettings

        self.workbench.configure(ClientSettings.read(section))

    def watch_files(self) -> None:
        if self.client.watches_files:
            watcher = types.FileSystemWatcher("**/{*.py," + ",".join(SETTINGS_FILES) + "}")
            options = types.DidChangeWatchedFilesRegistrationOptions([watcher])
            registration = types.Registration("dryfit files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
            self.client_register_capability(types.RegistrationParams([registration]))

    def _configuration_came(self, answer: Future[Any]) -> None:
        if answer.cancelled():
            return
        sections = answer.result() if answer.exception() is None else None
        section = sections[0] if sections else None
        self.configure(self._section if section is None else section)

    def _start_unconfigured(self) -> None:
        if not self.workbench.is_configured:
            self.configure(self._section)

    # -- Words to the client

    def say(self, text: str) -> None:
        """Tell the user something about ourselves: what failed, and what still works."""
        self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, f"Dryfit: {text}"))

    def refresh_diagnostics(self) -> None:
        self.workspace_diagnostic_refresh(None)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """To the log; the client has the error as an answer, if it asked for something."""
        logger.error("%s", error)


def _folder_of(params: types.InitializeParams) -> Path | None:
    uri = params.workspace_folders[0].uri if params.workspace_folders else params.root_uri
    path = (to_fs_path(uri) if uri else None) or params.root_path
    return Path(path) if path else None


def _register_lifecycle(server: Application) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.begin(params)
        _register_documents(server)
        _register_features(server)
        if server.client.pulls_diagnostics:
            _register_pull(server)
        server.protocol.is_initialized = True

    @server.feature(types.INITIALIZED)
    def initialized(params: types.InitializedParams) -> None:
        server.ask_configuration()
        server.watch_files()

    @server.feature(types.SHUTDOWN)
    def shutdown(params: None) -> None:
        server.end()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def configuration_changed(params: types.DidChangeConfigurationParams) -> None:
        settings = params.settings
        if isinstance(settings, Mapping) and "dryfit" in settings:
            server.configure(settings["dryfit"])
        else:
            server.ask_configuration()

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def files_changed(params: types.DidChangeWatchedFilesParams) -> None:
        if any(change.uri.endswith(SETTINGS_FILES) for change in params.changes):
            server.workbench.configure_again()
        else:
            server.workbench.look_at_disk()


def _register_documents(server: Application) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        server.workbench.open(params.text_document)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        server.workbench.change(params)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        server.workbench.close(params.text_document.uri)


def _register_features(server: Application) -> None:
    action_options = types.CodeActionOptions(
        code_action_kinds=[types.CodeActionKind.QuickFix, FIX_ALL], resolve_provider=True
    )

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, action_options)
    def code_actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        return server.workbench.code_actions(params)

    @server.feature(types.CODE_ACTION_RESOLVE)
    def resolve(action: types.CodeAction) -> types.CodeAction:
        return server.workbench.resolve(action)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:
        return server.workbench.hover(params)


def _register_pull(server: Application) -> None:
    options = types.DiagnosticOptions(identifier="dryfit", inter_file_dependencies=True, workspace_diagnostics=True)

    @server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)
    async def diagnostic(params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        return await server.workbench.report(params)

    @server.feature(types.WORKSPACE_DIAGNOSTIC)
    async def workspace_diagnostic(params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
        return await server.workbench.workspace_report(params)
