"""Work that is put down when its time is up and taken up again where it was.

It runs in a thread of its own, but never beside its owner: while one of the two runs, the other waits. So nothing needs
a lock, and a walk of any length can be cut at any step without being written as a generator down to the last function.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import perf_counter

STACK_BYTES = 16 * 1024 * 1024


class AbandonedError(BaseException):
    """The work that was put down is not wanted any more. Not an Exception: no guard around a rule may stop it."""


class Slices:
    """At most one piece of work at a time."""

    def __init__(self) -> None:
        self._deadline = float("inf")
        self._worker: threading.Thread | None = None
        self._owner_may_run = threading.Semaphore(0)
        self._worker_may_run = threading.Semaphore(0)
        self._is_abandoned = False
        self._error: BaseException | None = None

    @property
    def is_put_down(self) -> bool:
        """Is there work that was begun and has not ended?"""
        return self._worker is not None

    def run(self, work: Callable[[], None], seconds: float) -> bool:
        """Go on with the work that was put down, or begin this; True if it was put down when the time was up."""
        self._deadline = perf_counter() + seconds
        if self._worker is None:
            self._begin(work)
        else:
            self._worker_may_run.release()
        self._owner_may_run.acquire()
        self._deadline = float("inf")
        if self._worker is not None:
            return True
        error, self._error = self._error, None
        if error is not None:
            raise error
        return False

    def breathe(self) -> None:
        """For the work to call, often: returns when it may go on."""
        if perf_counter() < self._deadline:
            return
        self._owner_may_run.release()
        self._worker_may_run.acquire()
        if self._is_abandoned:
            raise AbandonedError

    def abandon(self) -> None:
        """Drop the work that was put down, if any."""
        if self._worker is not None:
            self._is_abandoned = True
            self._worker_may_run.release()
            self._owner_may_run.acquire()
            self._is_abandoned = False
            self._error = None

    def _begin(self, work: Callable[[], None]) -> None:
        before = threading.stack_size(STACK_BYTES)
        try:
            self._worker = threading.Thread(target=self._work, args=(work,), name="dryfit slices", daemon=True)
            self._worker.start()
        finally:
            threading.stack_size(before)

    def _work(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            self._error = error
        self._worker = None
        self._owner_may_run.release()
