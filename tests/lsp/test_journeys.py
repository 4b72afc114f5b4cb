"""What a user does in an editor, against the whole server with all rules, with the abilities of three real clients."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities, make_test_lsp_client

from .talk import BAD, BAD_LINE, GROUP, PREAMBLE, RULE, TIMEOUT_SECONDS

EMOJI = '"😀"; '
COMMAND = [sys.executable, "-m", "dryfit", "server"]
FIX_ALL = "source.fixAll.dryfit"


class Client(LanguageClient):
    """Remembers what was published, and can wait for more of it."""

    published: dict[str, types.PublishDiagnosticsParams]
    heard: asyncio.Condition

    async def shown(self, uri: str, version: int) -> list[types.Diagnostic]:
        """Our rule's findings in a version of a document, when they are there."""

        def is_there() -> bool:
            return uri in self.published and (self.published[uri].version or 0) >= version

        async with self.heard:
            await asyncio.wait_for(self.heard.wait_for(is_there), TIMEOUT_SECONDS)
        return of_our_rule(self.published[uri].diagnostics)

    def open(self, uri: str, text: str) -> None:
        item = types.TextDocumentItem(uri, "python", 1, text)
        self.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def change(self, uri: str, version: int, *edits: types.TextEdit) -> None:
        identifier = types.VersionedTextDocumentIdentifier(version, uri)
        changes = [types.TextDocumentContentChangePartial(edit.range, edit.new_text) for edit in edits]
        self.text_document_did_change(types.DidChangeTextDocumentParams(identifier, changes))

    async def actions(self, uri: str, found: types.Diagnostic, *only: str) -> list[types.CodeAction]:
        context = types.CodeActionContext([found], only=list(only) or None)
        params = types.CodeActionParams(types.TextDocumentIdentifier(uri), found.range, context)
        actions = await self.text_document_code_action_async(params)
        return [action for action in actions or () if isinstance(action, types.CodeAction)]

    async def edits_of(self, action: types.CodeAction) -> list[types.TextEdit]:
        """The action's edits, in an order in which they can be made one after the other."""
        edit = action.edit or (await self.code_action_resolve_async(action)).edit
        assert edit is not None
        if edit.changes:
            ((_, edits),) = edit.changes.items()
            return list(reversed(edits))
        (change,) = edit.document_changes or ()
        assert isinstance(change, types.TextDocumentEdit)
        return [each for each in reversed(change.edits) if isinstance(each, types.TextEdit)]


def make_client() -> Client:
    client = make_test_lsp_client()
    client.__class__ = Client
    assert isinstance(client, Client)
    client.published, client.heard = {}, asyncio.Condition()
    features = client.protocol.fm.features
    features.pop(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)

    @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)  # type: ignore[untyped-decorator]
    async def published(params: types.PublishDiagnosticsParams) -> None:
        async with client.heard:
            client.published[params.uri] = params
            client.heard.notify_all()

    @client.feature(types.CLIENT_REGISTER_CAPABILITY)  # type: ignore[untyped-decorator]
    def registered(params: types.RegistrationParams) -> None:
        pass

    return client


@pytest_lsp.fixture(  # type: ignore[untyped-decorator]
    config=ClientServerConfig(server_command=COMMAND, client_factory=make_client)
)
async def client(lsp_client: LanguageClient) -> AsyncIterator[None]:
    yield
    await lsp_client.shutdown_session()


def of_our_rule(found: Any) -> list[types.Diagnostic]:
    return [item for item in found if item.code == RULE]


def at(line: int, character: int, width: int = 0, text: str = "") -> types.TextEdit:
    start, end = types.Position(line, character), types.Position(line, character + width)
    return types.TextEdit(types.Range(start, end), text)


async def started(client: Client, editor: str) -> str:
    """The position encoding that was agreed on."""
    params = types.InitializeParams(capabilities=client_capabilities(editor), root_uri="file:///project")
    result = await client.initialize_session(params)
    return str(getattr(result.capabilities.position_encoding, "value", result.capabilities.position_encoding))


async def test_in_vs_code(client: Client) -> None:
    """Open, see, mend, break, silence, rename, close; by push, with columns behind an emoji in UTF-16."""
    assert await started(client, "visual-studio-code") == "utf-16"
    uri, start = "file:///project/train.py", len(EMOJI) + 1 + BAD.index(GROUP)
    client.open(uri, PREAMBLE + EMOJI + BAD)

    (found,) = await client.shown(uri, 1)
    assert found.range == at(BAD_LINE, start, len(GROUP)).range
    hover = await client.text_document_hover_async(
        types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(BAD_LINE, start))
    )
    assert hover is not None
    assert RULE in str(hover.contents)

    fix, *_ = await client.actions(uri, found, "quickfix")
    client.change(uri, 2, *await client.edits_of(fix))
    assert await client.shown(uri, 2) == []

    again = at(BAD_LINE + 1, 0, 0, EMOJI + BAD + BAD)
    client.change(uri, 3, again)
    lines = [item.range.start.line for item in await client.shown(uri, 3)]
    client.change(uri, 4, at(BAD_LINE, 0, 0, "print((\n"))
    first, second = await client.shown(uri, 4)
    assert [first.range.start.line, second.range.start.line] == [line + 1 for line in lines]
    client.change(uri, 5, at(BAD_LINE, 5, 2, "()"))  # whole again: the same list, which is not sent again

    ignore = next(a for a in await client.actions(uri, first) if a.title == f"Ignore {RULE} on this line")
    client.change(uri, 6, *await client.edits_of(ignore))
    (left,) = await client.shown(uri, 6)
    assert left.range == second.range
    (everything,) = await client.actions(uri, left, FIX_ALL)
    client.change(uri, 7, *await client.edits_of(everything))
    assert await client.shown(uri, 7) == []

    renamed = "file:///project/learn.py"
    client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))
    client.open(renamed, PREAMBLE + BAD)
    assert len(await client.shown(renamed, 1)) == 1
    assert not client.published[uri].diagnostics


async def test_in_neovim(client: Client) -> None:
    """By pull, in UTF-8, on a client that cannot be told to pull again."""
    assert await started(client, "neovim") == "utf-8"
    uri, start = "file:///project/train.py", len(EMOJI.encode()) + BAD.index(GROUP)
    client.open(uri, PREAMBLE + EMOJI + BAD)
    document = types.TextDocumentIdentifier(uri)

    report = await client.text_document_diagnostic_async(types.DocumentDiagnosticParams(document))
    assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
    (found,) = of_our_rule(report.items)
    assert found.range == at(BAD_LINE, start, len(GROUP)).range
    known = types.DocumentDiagnosticParams(document, previous_result_id=report.result_id)
    assert isinstance(
        await client.text_document_diagnostic_async(known), types.RelatedUnchangedDocumentDiagnosticReport
    )

    fix, *_ = await client.actions(uri, found)
    client.change(uri, 2, *await client.edits_of(fix))
    report = await client.text_document_diagnostic_async(known)
    assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
    assert of_our_rule(report.items) == []
    assert client.published == {}


async def test_in_emacs(client: Client) -> None:
    """By push, in UTF-32, on a client that never resolves an action."""
    assert await started(client, "emacs") == "utf-32"
    uri, start = "file:///project/train.py", len(EMOJI) + BAD.index(GROUP)
    client.open(uri, PREAMBLE + EMOJI + BAD)
    (found,) = await client.shown(uri, 1)
    assert found.range == at(BAD_LINE, start, len(GROUP)).range
    assert found.related_information is None
    fix, *_ = await client.actions(uri, found)
    assert fix.edit is not None
    client.change(uri, 2, *await client.edits_of(fix))
    assert await client.shown(uri, 2) == []
