"""What is judged when: with the key, the function that is typed in; everything else in slices while nobody types."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from dryfit.lsp.documents import Document, Documents

QUIET_SECONDS = 0.15  # without a message for this long, nobody is typing
PATIENCE_SECONDS = 1.0  # nothing stays stale for longer, whatever the client chatters
SLICE_SECONDS = 0.008  # the longest that a message waits for us, but for the last step of a walk
HURRIED_SLICES = 3  # what most edits need at most

logger = logging.getLogger(__name__)


class Schedule:
    """Gives the sessions time.

    `attach` gives a document its session, when its turn comes. `typed` is called when what was typed in is judged,
    `settled` when all is. `others` works for so many seconds on what is not open, and says whether there is more to
    do; it is called when everything else is done. Nothing is judged before `start`: the client's configuration may
    still be on its way.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        documents: Documents,
        attach: Callable[[Document], None],
        typed: Callable[[Document], None],
        settled: Callable[[Document], None],
        others: Callable[[float], bool] = lambda seconds: False,
    ) -> None:
        self._documents = documents
        self._attach = attach
        self._tell_typed = typed
        self._tell_settled = settled
        self._judge_others = others
        self._has_others = False  # may there be something to do for what is not open?
        self._loop = loop
        self._is_started = False
        self._typed: dict[Document, None] = {}  # edited, and not judged since
        self._stale: dict[Document, float] = {}  # something in it may have to be judged; since when
        self._new: set[Document] = set()  # of these: what others may rest on has changed
        self._urgent: dict[Document, float] = {}  # somebody waits for it: slices without quiet that it may have
        self._waiting: dict[Document, list[asyncio.Future[None]]] = {}
        self._answer_handle: asyncio.Handle | None = None
        self._work_handle: asyncio.Handle | None = None
        self._quiet_from = 0.0

    # -- What happened

    def start(self) -> None:
        self._is_started = True
        self._wake()

    def heard(self) -> None:
        """A message came in."""
        self._quiet_from = self._loop.time() + QUIET_SECONDS

    def opened(self, document: Document) -> None:
        """Judge all of it, at once."""
        self._stale[document] = self._loop.time()
        self._new.add(document)
        self.hurry(document)

    def edited(self, document: Document) -> None:
        """Judge what was typed in as soon as the messages that are here are read, the rest when it is quiet."""
        self._typed[document] = None
        self._stale.setdefault(document, self._loop.time())
        self._new.add(document)
        if self._answer_handle is None:
            self._answer_handle = self._loop.call_soon(self._answer)
        self._wake()

    def suspect(self, document: Document) -> None:
        """What the document rests on may be another thing now."""
        self._stale.setdefault(document, self._loop.time())
        self._wake()

    def closed(self, document: Document) -> None:
        self._typed.pop(document, None)
        self._done(document)

    def stop(self) -> None:
        """No more work from here on."""
        self._is_started = False
        for handle in (self._answer_handle, self._work_handle):
            if handle is not None:
                handle.cancel()

    # -- What others wait for

    def flush(self, document: Document) -> None:
        """Judge now what was typed in."""
        if document in self._typed and document.session is not None:
            del self._typed[document]
            try:
                document.session.judge_edited(document.name)
            except Exception:
                logger.exception("judging the edited part of %s failed; its findings are as before", document.name)

    def hurry(self, document: Document) -> None:
        """Do not wait for quiet: not at all the first time, and not for a few slices later on."""
        self._urgent[document] = HURRIED_SLICES if document.is_judged else float("inf")
        if self._work_handle is not None:
            self._work_handle.cancel()
            self._work_handle = None
        self._wake()

    async def settled(self, document: Document) -> None:
        """Return when all of the document is judged, or it is edited again or closed meanwhile.

        What takes long is done when it is quiet all the same: who asks after each key gets an answer with the next one.
        """
        version = document.version
        self.hurry(document)
        while document in self._stale and document.version == version:
            future: asyncio.Future[None] = self._loop.create_future()
            self._waiting.setdefault(document, []).append(future)
            await future
        self.flush(document)

    # -- The work

    def _answer(self) -> None:
        """The keystroke path."""
        self._answer_handle = None
        for document in tuple(self._typed):
            self.flush(document)
            if document.is_judged:
                self._tell_typed(document)
            self._release(document)

    def _wake(self) -> None:
        if self._work_handle is None and self._is_started and (self._stale or self._has_others):
            self._work_handle = self._loop.call_soon(self._work)

    def _work(self) -> None:
        """One slice, and another one after the messages that came in meanwhile."""
        self._work_handle = None
        document = next((d for d in self._stale if d in self._urgent), None)
        if document is None:
            document = next(iter(self._stale), None)
            since = self._loop.time() if document is None else self._stale[document]
            due = min(self._quiet_from, since + PATIENCE_SECONDS)
            if self._loop.time() < due:
                self._work_handle = self._loop.call_at(due, self._work)
                return
            if document is None:
                self._has_others = self._judge_others(SLICE_SECONDS)
                self._wake()
                return
        elif self._urgent[document] <= 1:
            del self._urgent[document]
        else:
            self._urgent[document] -= 1
        if not self._judge_some(document):
            is_new = document in self._new
            self._typed.pop(document, None)
            self._done(document)
            document.is_judged = True
            self._tell_settled(document)
            self._has_others = True
            if is_new:
                self._suspect_others(document)
        self._wake()

    def _judge_some(self, document: Document) -> bool:
        """Is there more to do?"""
        try:
            if document.session is None:
                self._attach(document)
            return document.session is not None and document.session.judge_some(document.name, SLICE_SECONDS)
        except Exception:
            logger.exception("judging %s failed; its findings are those made so far", document.name)
            return False

    def _suspect_others(self, document: Document) -> None:
        """What is imported from this document may be another thing now."""
        for other in self._documents:
            if other is not document and other.session is document.session:
                self._stale.setdefault(other, self._loop.time())

    def _done(self, document: Document) -> None:
        self._stale.pop(document, None)
        self._new.discard(document)
        self._urgent.pop(document, None)
        self._release(document)

    def _release(self, document: Document) -> None:
        for future in self._waiting.pop(document, ()):
            if not future.done():
                future.set_result(None)
