"""Stand-ins for the engine and the event loop, so that time and work can be counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from lsprotocol import types

from dryfit.engine.diagnostic import Diagnostic
from dryfit.engine.session import Session
from dryfit.lsp.documents import Document, Documents
from dryfit.rulekit import Severity
from dryfit.text.edit import TextEdit, apply_edits
from dryfit.text.span import Span

MARKER = "BAD"


class FakeSession:
    """Finds every line with the marker in it; judges one line with each call of `judge_some`."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.known: dict[str, dict[int, str]] = {}  # the lines as they were when they were judged
        self.edited: dict[str, set[int]] = {}
        self.calls: list[str] = []

    def open(self, name: str, text: str) -> None:
        self.texts[name], self.known[name], self.edited[name] = text, {}, set()

    def close(self, name: str) -> None:
        del self.texts[name]

    def edit(self, name: str, span: Span, new_text: str) -> None:
        self.texts[name] = apply_edits(self.texts[name], [TextEdit(span, new_text)])
        self.edited[name].add(span.line)
        self.calls.append("edit")

    def judge_edited(self, name: str) -> None:
        lines = self.texts[name].split("\n")
        self.known[name] |= {number: lines[number] for number in self.edited[name]}
        self.edited[name].clear()
        self.calls.append("judge_edited")

    def judge_some(self, name: str, seconds: float) -> bool:
        self.calls.append("judge_some")
        lines, known = dict(enumerate(self.texts[name].split("\n"))), self.known[name]
        stale = [number for number, line in lines.items() if known.get(number) != line]
        if stale:
            known[stale[0]] = lines[stale[0]]
        return len(stale) > 1

    def diagnostics(self, name: str) -> tuple[Diagnostic, ...]:
        return tuple(finding(n) for n, line in sorted(self.known[name].items()) if MARKER in line)

    def problems(self, name: str) -> tuple[str, ...]:
        return ()


def finding(line: int) -> Diagnostic:
    span = Span(line, 0, line, 3)
    return Diagnostic("bad-line", "line", Severity.ERROR, "a bad line", "it is bad", "mend it", span)


class FakeLoop:
    """Turns of an event loop, taken by hand, and a clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0
        self._due: list[tuple[float, int, FakeHandle]] = []
        self._count = 0

    def time(self) -> float:
        return self.now

    def call_soon(self, call: Callable[[], None]) -> FakeHandle:
        return self.call_at(self.now, call)

    def call_at(self, when: float, call: Callable[[], None]) -> FakeHandle:
        handle = FakeHandle(call)
        self._count += 1
        self._due.append((when, self._count, handle))
        return handle

    def turn(self) -> int:
        """Call what is due now, and not what it asks for; how many calls that were."""
        ready = sorted(entry for entry in self._due if entry[0] <= self.now)
        self._due = [entry for entry in self._due if entry not in ready]
        called = [handle for _, _, handle in ready if not handle.is_cancelled]
        for handle in called:
            handle.call()
        return len(called)

    def turns(self) -> None:
        """Until nothing is due now."""
        while self.turn():
            pass

    def advance(self, seconds: float) -> None:
        self.now += seconds
        self.turns()

    def as_loop(self) -> asyncio.AbstractEventLoop:
        return cast(asyncio.AbstractEventLoop, self)


class FakeHandle:
    def __init__(self, call: Callable[[], None]) -> None:
        self.call = call
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class FakeWire:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.published: list[types.PublishDiagnosticsParams] = []
        self.refreshes = 0

    def text_document_publish_diagnostics(self, params: types.PublishDiagnosticsParams) -> None:
        self.published.append(params)

    def refresh_diagnostics(self) -> None:
        self.refreshes += 1

    def lines(self) -> list[list[int]]:
        """The lines with findings, of each message."""
        return [[item.range.start.line for item in params.diagnostics] for params in self.published]


def attach_to(session: FakeSession) -> Callable[[Document], None]:
    def attach(document: Document) -> None:
        document.attach(cast(Session, session))

    return attach


def opened(documents: Documents, text: str, uri: str = "file:///a.py") -> Document:
    document = documents.open(types.TextDocumentItem(uri, "python", 1, text))
    assert document is not None
    return document


def typed(document: Document, line: int, text: str, **more: Any) -> types.DidChangeTextDocumentParams:
    """Text put at the start of a line, as the client says it."""
    here = types.Range(types.Position(line, 0), types.Position(line, 0))
    identifier = types.VersionedTextDocumentIdentifier(document.version + 1, document.uri)
    return types.DidChangeTextDocumentParams(identifier, [types.TextDocumentContentChangePartial(here, text)])
