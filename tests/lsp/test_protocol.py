"""Every request is answered, in every state of the session, and the server lives on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .talk import BAD, BAD_LINE, GROUP, PREAMBLE, RULE, URI, VS_CODE, Talk, edit, range_of

PARSE_ERROR, INVALID_REQUEST, NO_METHOD, INVALID_PARAMS = -32700, -32600, -32601, -32602
NOT_INITIALIZED, CANCELLED, CONTENT_MODIFIED = -32002, -32800, -32801

AT_THE_TOP = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 0}}


async def is_alive(talk: Talk) -> bool:
    talk.open(PREAMBLE + BAD, "file:///project/alive.py")
    found = await talk.published(1, "file:///project/alive.py")
    return [item["code"] for item in found] == [RULE]


# -- The life of a session


async def test_before_initialize(talk: Talk) -> None:
    answer = await talk.answer("textDocument/hover", AT_THE_TOP)
    assert answer["error"]["code"] == NOT_INITIALIZED
    talk.open(PREAMBLE + BAD)  # dropped
    await talk.start()
    assert await talk.hover(BAD_LINE, 65) is None
    assert await is_alive(talk)


async def test_initialize_a_second_time(talk: Talk) -> None:
    await talk.start()
    assert (await talk.answer("initialize", {"processId": None, "rootUri": None, "capabilities": {}}))["error"][
        "code"
    ] == INVALID_REQUEST
    assert await is_alive(talk)


async def test_an_initialize_that_fails_can_be_repeated(talk: Talk) -> None:
    attempts: list[Any] = [{"capabilities": 3}, {"processId": None, "rootUri": "http://[", "capabilities": {}}]
    for params in attempts:
        assert "error" in await talk.answer("initialize", params)
        assert (await talk.answer("textDocument/hover", AT_THE_TOP))["error"]["code"] == NOT_INITIALIZED
    await talk.start()
    assert await is_alive(talk)


async def test_after_shutdown(talk: Talk) -> None:
    await talk.start()
    assert await talk.request("shutdown") is None
    for method in ("textDocument/hover", "shutdown", "made/up"):
        assert (await talk.answer(method, AT_THE_TOP))["error"]["code"] == INVALID_REQUEST
    talk.open(PREAMBLE + BAD)  # dropped
    talk.notify("exit")
    assert await talk.application.protocol.ended() == 0
    assert talk.diagnostics == {}


@pytest.mark.parametrize("params", [None, {}, []], ids=str)
async def test_the_end_is_not_missed_for_its_parameters(talk: Talk, params: Any) -> None:
    await talk.start()
    assert await talk.request("shutdown", params) is None
    talk.notify("exit", params)
    assert await talk.application.protocol.ended() == 0


async def test_exit_without_shutdown(talk: Talk) -> None:
    await talk.start()
    talk.notify("exit")
    assert await talk.application.protocol.ended() == 1


async def test_a_client_that_goes_without_a_word(talk: Talk) -> None:
    await talk.start()
    talk.application.protocol.gone()
    assert await talk.application.protocol.ended() == 1


async def test_shutdown_during_work_cancels_it(talk: Talk) -> None:
    """What waits for diagnostics is answered as cancelled; pygls would fail over its own table here."""
    await talk.start({"textDocument": {"diagnostic": {}}})
    talk.open(PREAMBLE + "def f():\n    pass\n" * 300)
    for msg_id in ("first", "second", "third"):
        params = {"textDocument": {"uri": URI}}
        talk.send({"id": msg_id, "method": "textDocument/diagnostic", "params": params})
    assert await talk.request("shutdown") is None
    for msg_id in ("first", "second", "third"):
        assert (await talk.answer_to(msg_id))["error"]["code"] == CANCELLED
    talk.notify("exit")
    assert await talk.application.protocol.ended() == 0


async def test_a_request_can_be_cancelled(talk: Talk) -> None:
    await talk.start({"textDocument": {"diagnostic": {}}})
    talk.open(PREAMBLE + "def f():\n    pass\n" * 300)
    talk.send({"id": "slow", "method": "textDocument/diagnostic", "params": {"textDocument": {"uri": URI}}})
    talk.notify("$/cancelRequest", {"id": "slow"})
    talk.notify("$/cancelRequest", {"id": "never sent"})
    assert (await talk.answer_to("slow"))["error"]["code"] == CANCELLED
    assert (await talk.pull())["kind"] == "full"


# -- Messages that are not what they should be


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", PARSE_ERROR),
        (b"\xff\xfe", PARSE_ERROR),
        (b"[" * 100_000, PARSE_ERROR),
        (b"[]", INVALID_REQUEST),
        (b"42", INVALID_REQUEST),
        (b'{"id": null, "method": "shutdown", "jsonrpc": "2.0"}', INVALID_REQUEST),
        (b'{"id": {}, "method": "shutdown", "jsonrpc": "2.0"}', INVALID_REQUEST),
    ],
    ids=lambda value: str(value)[:20],
)
async def test_not_a_message(talk: Talk, body: bytes, code: int) -> None:
    await talk.start()
    talk.raw(body)
    assert (await talk.answer_to(None))["error"]["code"] == code
    assert await is_alive(talk)


async def test_another_version_of_json_rpc(talk: Talk) -> None:
    await talk.start()
    talk.raw(json.dumps({"jsonrpc": "1.0", "id": "old", "method": "shutdown"}).encode())
    assert (await talk.answer_to("old"))["error"]["code"] == INVALID_REQUEST


@pytest.mark.parametrize(
    "params",
    [
        None,
        [],
        {},
        {"textDocument": {"uri": URI}},
        {"textDocument": {"uri": URI}, "position": {"line": -1, "character": 0}},
        {"textDocument": {"uri": URI}, "position": {"line": "first", "character": 0}},
        {"textDocument": None, "position": {"line": 0, "character": 0}},
    ],
    ids=str,
)
async def test_malformed_parameters(talk: Talk, params: Any) -> None:
    await talk.start()
    assert (await talk.answer("textDocument/hover", params))["error"]["code"] == INVALID_PARAMS
    assert await is_alive(talk)


async def test_malformed_notifications_and_answers_are_left_out(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    await talk.start({"workspace": {"configuration": True}})
    talk.notify("textDocument/didOpen", {"textDocument": {"uri": URI}})
    talk.notify(
        "textDocument/didChange", {"textDocument": {"uri": URI, "version": 2}, "contentChanges": [{"range": 1}]}
    )
    talk.notify("textDocument/didClose", None)
    talk.notify("workspace/didChangeWatchedFiles", {"changes": 7})
    talk.notify("made/up", {})
    talk.send({"id": "nobody asked", "result": 1})
    talk.send({"id": [], "error": "wrong"})
    talk.send({})
    assert await is_alive(talk)
    assert "textDocument/didOpen" in caplog.text


async def test_an_unknown_method(talk: Talk) -> None:
    await talk.start()
    assert (await talk.answer("textDocument/teleport", {}))["error"]["code"] == NO_METHOD
    assert (await talk.answer("$/made-up", None))["error"]["code"] == NO_METHOD


async def test_an_unknown_command(talk: Talk) -> None:
    await talk.start()
    answer = await talk.answer("workspace/executeCommand", {"command": "dryfit.made-up"})
    assert answer["error"]["code"] == INVALID_PARAMS


# -- Documents that are not there


@pytest.mark.parametrize("uri", ["file:///nowhere/none.py", "untitled:Untitled-1", "http://[", ""])
async def test_a_document_that_was_never_opened(talk: Talk, uri: str) -> None:
    await talk.start({**VS_CODE, "textDocument": {**VS_CODE["textDocument"], "diagnostic": {}}})
    assert await talk.hover(0, 0, uri) is None
    assert await talk.actions((0, 0), uri=uri) == []
    assert await talk.pull(uri) == {"kind": "full", "items": []}
    talk.change([edit(0, 0, 0, 0, "x")], 2, uri)
    talk.close(uri)
    answer = await talk.answer("codeAction/resolve", {"title": "?", "data": {"uri": uri, "do": "fix"}})
    assert answer["error"]["code"] == CONTENT_MODIFIED


@pytest.mark.parametrize(
    "data", [None, 1, [], {}, {"uri": URI, "do": "?"}, {"uri": URI, "do": "ignore", "at": "there"}]
)
async def test_an_action_that_is_not_ours(talk: Talk, data: Any) -> None:
    await talk.start(VS_CODE)
    talk.open(PREAMBLE + BAD)
    await talk.published(1)
    answer = await talk.answer("codeAction/resolve", {"title": "?", "data": data})
    assert answer["error"]["code"] == CONTENT_MODIFIED


async def test_a_document_that_is_not_python(talk: Talk) -> None:
    await talk.start()
    talk.open(PREAMBLE + BAD, "file:///project/notes.md", language="markdown")
    assert await talk.hover(BAD_LINE, BAD.index(GROUP), "file:///project/notes.md") is None
    assert await is_alive(talk)
    assert "file:///project/notes.md" not in talk.diagnostics


async def test_positions_outside_the_text(talk: Talk) -> None:
    await talk.start()
    talk.open(BAD)
    assert await talk.hover(10_000, 10_000) is None
    params = {"textDocument": {"uri": URI}, "range": range_of(9, 9, 1, 1), "context": {"diagnostics": []}}
    assert await talk.request("textDocument/codeAction", params) == []
    talk.change([edit(500, 3, 700, 1, "\nx = 1")], 2)
    assert await is_alive(talk)


# -- Memory


async def test_messages_leave_nothing_behind(talk: Talk) -> None:
    """pygls keeps a Future for each notification; a day of typing would fill memory with them."""
    await talk.start()
    talk.open("x = 1\n")
    await talk.published(1)
    for version in range(2, 50):
        talk.change([edit(0, 0, 0, 0, "y")], version)
        await talk.hover(0, 0)
    assert talk.application.protocol._request_futures == {}
