"""With the key: what is typed in. At idle, in slices: the rest."""

from __future__ import annotations

import asyncio

import pytest

from dryfit.lsp.documents import Document, Documents
from dryfit.lsp.encoding import Encoding
from dryfit.lsp.schedule import HURRIED_SLICES, PATIENCE_SECONDS, QUIET_SECONDS, Schedule

from .fakes import FakeLoop, FakeSession, attach_to, opened, typed


class Bench:
    """A schedule with everything around it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.session = FakeSession()
        self.documents = Documents(Encoding.UTF16)
        self.told: list[str] = []
        self.schedule = Schedule(
            loop,
            self.documents,
            attach_to(self.session),
            lambda document: self.told.append(f"typed {document.version}"),
            lambda document: self.told.append(f"settled {document.version}"),
        )
        self.schedule.start()

    def open(self, text: str, uri: str = "file:///a.py") -> Document:
        document = opened(self.documents, text, uri)
        self.schedule.opened(document)
        return document

    def type(self, document: Document, line: int, text: str) -> None:
        self.schedule.heard()
        self.documents.change(typed(document, line, text))
        self.schedule.edited(document)


@pytest.fixture
def loop() -> FakeLoop:
    return FakeLoop()


@pytest.fixture
def bench(loop: FakeLoop) -> Bench:
    return Bench(loop.as_loop())


def test_a_document_that_is_opened_is_judged_at_once_in_slices(bench: Bench, loop: FakeLoop) -> None:
    bench.schedule.heard()
    bench.open("a\nb\nc")
    assert loop.turn() == 1
    assert bench.session.calls == ["judge_some"]
    loop.turns()
    assert bench.session.calls == ["judge_some"] * 3
    assert bench.told == ["settled 1"]


def test_a_burst_of_edits_is_judged_once(bench: Bench, loop: FakeLoop) -> None:
    document = bench.open("a\nb")
    loop.turns()
    bench.session.calls.clear()
    for text in "xyz":
        bench.type(document, 0, text)
    loop.turns()
    assert bench.session.calls == ["edit", "edit", "edit", "judge_edited"]
    assert bench.told == ["settled 1", "typed 4"]


def test_the_rest_waits_for_quiet(bench: Bench, loop: FakeLoop) -> None:
    document = bench.open("a\nb")
    loop.turns()
    bench.type(document, 0, "x")
    loop.advance(QUIET_SECONDS * 0.9)
    bench.schedule.heard()
    bench.session.calls.clear()
    loop.advance(QUIET_SECONDS * 0.9)
    assert bench.session.calls == []
    loop.advance(QUIET_SECONDS * 0.2)
    assert bench.session.calls == ["judge_some"]
    assert bench.told[-1] == "settled 2"


def test_chatter_does_not_keep_it_from_work_for_ever(bench: Bench, loop: FakeLoop) -> None:
    document = bench.open("a\nb")
    loop.turns()
    bench.told.clear()
    bench.type(document, 0, "x")
    for _ in range(int(PATIENCE_SECONDS / QUIET_SECONDS * 2) + 2):
        loop.advance(QUIET_SECONDS / 2)
        bench.schedule.heard()
    assert bench.told == ["typed 2", "settled 2"]


def test_messages_are_handled_between_slices(bench: Bench, loop: FakeLoop) -> None:
    bench.open("a\nb\nc")
    order: list[str] = []
    loop.turn()
    loop.call_soon(lambda: order.append(f"message after {len(bench.session.calls)}"))
    loop.turn()
    assert order == ["message after 2"]


def test_nothing_is_told_of_a_document_that_was_not_judged_whole(bench: Bench, loop: FakeLoop) -> None:
    document = bench.open("a\nb\nc\nd")
    loop.turn()
    bench.type(document, 0, "x")
    loop.turn()
    assert bench.told == []
    loop.turns()
    assert bench.told == ["settled 2"]


def test_another_document_that_may_rest_on_it_is_judged_again(bench: Bench, loop: FakeLoop) -> None:
    first = bench.open("a", "file:///a.py")
    bench.open("b", "file:///b.py")
    loop.advance(QUIET_SECONDS)
    bench.told.clear()
    bench.type(first, 0, "x")
    loop.turns()
    assert bench.told == ["typed 2"]
    loop.advance(QUIET_SECONDS)
    assert bench.told == ["typed 2", "settled 2", "settled 1"]


def test_nothing_is_judged_after_closing_or_before_the_start(loop: FakeLoop) -> None:
    bench = Bench(loop.as_loop())
    bench.schedule.stop()
    document = bench.open("a")
    loop.turns()
    assert bench.session.calls == []
    bench.documents.close(document.uri)
    bench.schedule.closed(document)
    bench.schedule.start()
    loop.advance(QUIET_SECONDS)
    assert bench.session.calls == []


async def test_who_waits_for_all_of_it_is_not_kept_waiting_for_quiet() -> None:
    bench = Bench(asyncio.get_running_loop())
    document = bench.open("a\nb")
    await bench.schedule.settled(document)
    bench.type(document, 0, "x")
    bench.schedule.heard()
    await bench.schedule.settled(document)
    assert bench.told[-1] == "settled 2"


def test_who_waits_after_each_key_costs_a_few_slices(bench: Bench, loop: FakeLoop) -> None:
    document = bench.open("\n".join("abcdefghij"))
    loop.turns()
    bench.type(document, 0, "\n")
    bench.session.calls.clear()
    bench.schedule.hurry(document)
    loop.turns()
    assert bench.session.calls.count("judge_some") == HURRIED_SLICES
    loop.advance(QUIET_SECONDS)
    assert bench.session.calls.count("judge_some") > HURRIED_SLICES
    assert bench.told[-1] == "settled 2"


async def test_who_waits_is_let_go_when_the_document_is_edited_or_closed() -> None:
    bench = Bench(asyncio.get_running_loop())
    document = bench.open("\n" * 1000)
    waiting = [asyncio.ensure_future(bench.schedule.settled(document)) for _ in range(2)]
    await asyncio.sleep(0)
    bench.type(document, 0, "x")
    await asyncio.wait_for(waiting[0], 10)
    again = asyncio.ensure_future(bench.schedule.settled(document))
    await asyncio.sleep(0)
    bench.documents.close(document.uri)
    bench.schedule.closed(document)
    await asyncio.wait_for(asyncio.gather(again, *waiting), 10)
    assert bench.told == []


async def test_a_crash_of_the_engine_costs_the_findings_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(asyncio.get_running_loop())

    def crash(*_: object) -> bool:
        raise RuntimeError("this is a test")

    monkeypatch.setattr(bench.session, "judge_some", crash)
    monkeypatch.setattr(bench.session, "judge_edited", crash)
    document = bench.open("a")
    await bench.schedule.settled(document)
    bench.type(document, 0, "x")
    await bench.schedule.settled(document)
    assert bench.told == ["settled 1", "typed 2", "settled 2"]
    assert "this is a test" in caplog.text


async def test_an_edit_that_the_engine_cannot_make_is_made_by_taking_the_text_anew(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(asyncio.get_running_loop())
    document = bench.open("a")
    await bench.schedule.settled(document)

    def crash(*_: object) -> None:
        raise RuntimeError("this is a test")

    monkeypatch.setattr(bench.session, "edit", crash)
    bench.type(document, 0, "x")
    await bench.schedule.settled(document)
    assert bench.session.texts[document.name] == "xa"
    assert "this is a test" in caplog.text
