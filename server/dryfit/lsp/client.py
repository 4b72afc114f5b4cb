"""What the client can do, read once from its capabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder, get_capability

from dryfit.lsp.encoding import Encoding


@dataclass(frozen=True, slots=True)
class Client:
    """A client's abilities. Of one that says nothing, only what it can ignore without harm is expected."""

    encoding: Encoding = Encoding.UTF16
    is_trusted: bool = True  # may anything of the workspace be executed? (nothing is, so far)
    pulls_diagnostics: bool = False
    refreshes_diagnostics: bool = False  # can be told to pull again
    counts_versions: bool = False  # wants to know for which version pushed diagnostics are
    shows_related: bool = True
    tags: frozenset[types.DiagnosticTag] = frozenset(types.DiagnosticTag)
    resolves_edits: bool = False
    takes_document_changes: bool = False
    reads_markdown: bool = True
    has_configuration: bool = False
    watches_files: bool = False

    @staticmethod
    def of(params: types.InitializeParams) -> Client:
        """Read from what the client sends with `initialize`."""
        capabilities = params.capabilities
        options = params.initialization_options
        has = _Asker(capabilities)
        encoding = ServerCapabilitiesBuilder.choose_position_encoding(capabilities)
        markup = has.list("text_document.hover.content_format")
        return Client(
            encoding=Encoding(getattr(encoding, "value", encoding)),
            is_trusted=not (isinstance(options, Mapping) and options.get("trusted") is False),
            pulls_diagnostics=has.any("text_document.diagnostic"),
            refreshes_diagnostics=has.any("workspace.diagnostics.refresh_support"),
            counts_versions=has.any("text_document.publish_diagnostics.version_support"),
            shows_related=not has.declined("text_document.publish_diagnostics.related_information"),
            tags=frozenset(has.list("text_document.publish_diagnostics.tag_support.value_set") or types.DiagnosticTag),
            resolves_edits="edit" in has.list("text_document.code_action.resolve_support.properties"),
            takes_document_changes=has.any("workspace.workspace_edit.document_changes"),
            reads_markdown=not markup or types.MarkupKind.Markdown in markup,
            has_configuration=has.any("workspace.configuration"),
            watches_files=has.any("workspace.did_change_watched_files.dynamic_registration"),
        )


class _Asker:
    """Questions by dotted path, as pygls knows them."""

    def __init__(self, capabilities: types.ClientCapabilities) -> None:
        self._ask: Callable[[types.ClientCapabilities, str, object], Any] = get_capability
        self._capabilities = capabilities

    def any(self, path: str) -> bool:
        return bool(self._ask(self._capabilities, path, False))

    def declined(self, path: str) -> bool:
        return self._ask(self._capabilities, path, None) is False

    def list(self, path: str) -> list[Any]:
        return list(self._ask(self._capabilities, path, ()) or ())
