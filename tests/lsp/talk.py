"""A client in this process: messages go straight into the server's protocol and come back as they were sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from dryfit.lsp.application import Application
from dryfit.lsp.transport import Frames

# Long enough for a busy machine; nothing waits for so long unless it is broken.
TIMEOUT_SECONDS = 60

VS_CODE: dict[str, Any] = {
    "textDocument": {
        "codeAction": {"resolveSupport": {"properties": ["edit"]}, "dataSupport": True},
        "publishDiagnostics": {"relatedInformation": True, "tagSupport": {"valueSet": [1, 2]}},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
    },
    "workspace": {"workspaceEdit": {"documentChanges": True}},
}

PREAMBLE = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(2, 2)
        self.b = nn.Linear(2, 2)


net = Net()
"""
GROUP = "net.b.parameters()"
BAD = f'optimizer = torch.optim.Adam([{{"params": net.a.parameters()}}, {GROUP}])\n'
GOOD = BAD.replace(GROUP, f'{{"params": {GROUP}}}')
RULE = "param-group-not-a-dict"
BAD_LINE = PREAMBLE.count("\n")
URI = "file:///project/train.py"


class Talk:
    """Speaks raw JSON-RPC; the newest diagnostics of each document are in `diagnostics`."""

    def __init__(self) -> None:
        self.application = Application(on_ready=lambda: None)
        self.inbox: list[dict[str, Any]] = []
        self.diagnostics: dict[str, dict[str, Any]] = {}
        self.configuration: Any = None
        self._ids = iter(range(1, 1_000_000))
        self._frames = Frames()
        self.application.protocol.attach(self._hear)

    # -- What the server says

    def _hear(self, data: bytes) -> None:
        for body in self._frames.feed(data):
            message = json.loads(body)
            self.inbox.append(message)
            method = message.get("method")
            if method == "textDocument/publishDiagnostics":
                self.diagnostics[message["params"]["uri"]] = message["params"]
            elif method == "workspace/configuration":
                self.send({"id": message["id"], "result": [self.configuration]})
            elif method is not None and "id" in message:
                self.send({"id": message["id"], "result": None})

    async def until(self, is_there: Callable[[], Any]) -> Any:
        """Wait until the answer is true; it is asked whenever the server has had a turn."""

        async def wait() -> Any:
            while not (found := is_there()):
                await asyncio.sleep(0)
            return found

        return await asyncio.wait_for(wait(), TIMEOUT_SECONDS)

    def said(self, method: str) -> list[Any]:
        """The parameters of all messages of a kind."""
        return [message.get("params") for message in self.inbox if message.get("method") == method]

    # -- What the client says

    def send(self, message: dict[str, Any]) -> None:
        self.raw(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def raw(self, body: bytes) -> None:
        # As over a wire: what the server sends while it handles a message is answered after it.
        asyncio.get_running_loop().call_soon(self.application.protocol.receive, body)

    def notify(self, method: str, params: Any = None) -> None:
        self.send({"method": method, "params": params})

    async def answer(self, method: str, params: Any = None) -> dict[str, Any]:
        """The whole answer to a request, be it a result or an error."""
        msg_id = next(self._ids)
        self.send({"id": msg_id, "method": method, "params": params})
        return await self.answer_to(msg_id)

    async def answer_to(self, msg_id: Any) -> dict[str, Any]:
        def find() -> dict[str, Any] | None:
            return next((m for m in self.inbox if "method" not in m and m.get("id") == msg_id), None)

        found: dict[str, Any] = await self.until(find)
        return found

    async def request(self, method: str, params: Any = None) -> Any:
        answer = await self.answer(method, params)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    # -- Usual things

    async def start(self, capabilities: dict[str, Any] | None = None, **params: Any) -> dict[str, Any]:
        params = {"processId": None, "rootUri": "file:///project", "capabilities": capabilities or {}, **params}
        result: dict[str, Any] = await self.request("initialize", params)
        self.notify("initialized", {})
        return result

    def open(self, text: str, uri: str = URI, version: int = 1, language: str = "python") -> None:
        item = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, changes: list[dict[str, Any]], version: int, uri: str = URI) -> None:
        identifier = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": changes})

    def close(self, uri: str = URI) -> None:
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    async def published(self, version: int, uri: str = URI) -> list[dict[str, Any]]:
        """The diagnostics of this version or a later one."""

        def find() -> bool:
            params = self.diagnostics.get(uri)
            return params is not None and params.get("version", -1) >= version

        await self.until(find)
        items: list[dict[str, Any]] = self.diagnostics[uri]["diagnostics"]
        return items

    async def pull(self, uri: str = URI, previous: str | None = None) -> dict[str, Any]:
        params = {"textDocument": {"uri": uri}, **({"previousResultId": previous} if previous else {})}
        report: dict[str, Any] = await self.request("textDocument/diagnostic", params)
        return report

    async def actions(
        self, start: tuple[int, int], only: list[str] | None = None, uri: str = URI
    ) -> list[dict[str, Any]]:
        context = {"diagnostics": [], **({"only": only} if only is not None else {})}
        params = {"textDocument": {"uri": uri}, "range": range_of(*start, *start), "context": context}
        actions: list[dict[str, Any]] = await self.request("textDocument/codeAction", params)
        return actions

    async def hover(self, line: int, character: int, uri: str = URI) -> Any:
        position = {"line": line, "character": character}
        return await self.request("textDocument/hover", {"textDocument": {"uri": uri}, "position": position})


def range_of(line: int, character: int, end_line: int, end_character: int) -> dict[str, Any]:
    """A range in the protocol's words."""
    start, end = {"line": line, "character": character}, {"line": end_line, "character": end_character}
    return {"start": start, "end": end}


def edit(line: int, character: int, end_line: int, end_character: int, text: str) -> dict[str, Any]:
    """A content change."""
    return {"range": range_of(line, character, end_line, end_character), "text": text}


def edited(text: str, edits: list[dict[str, Any]]) -> str:
    """The text of an ASCII document after the edits of an action: what an editor does with them."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)

    def offset(position: dict[str, int]) -> int:
        return starts[position["line"]] + position["character"]

    for change in reversed(edits):
        text = text[: offset(change["range"]["start"])] + change["newText"] + text[offset(change["range"]["end"]) :]
    return text
