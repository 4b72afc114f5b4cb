"""A worker process seen from the parent: questions in, messages out, by a thread, so that nobody waits for a pipe."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class Ready:
    """It has prepared what it needs: at its start, and once more before it first asks jedi.

    What it needs from now on is the question's own cost.
    """


@dataclass(frozen=True, slots=True)
class Answered:
    question: str
    result: str | None


@dataclass(frozen=True, slots=True)
class Ended:
    """It is gone, or could not be started. `exit_code` as of `subprocess`: minus the signal that ended it."""

    exit_code: int | None


Message: TypeAlias = "Ready | Answered | Ended"


class Worker(Protocol):
    """What is asked of a worker. Nothing here waits but `receive`, and that no longer than it is told."""

    @property
    def pid(self) -> int | None:
        """None as long as it has not started."""
        ...

    def ask(self, question: str) -> None:
        """One question at a time."""
        ...

    def receive(self, seconds: float) -> Message | None:
        """The next message; None if there is none within this time."""
        ...

    def kill(self) -> None:
        """End it at once. What it sends afterwards is of no interest."""
        ...


class WorkerProcess:
    """Starts when it is made, in a thread of its own: even that may take long on a busy machine."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._questions: SimpleQueue[str | None] = SimpleQueue()
        self._messages: SimpleQueue[Message] = SimpleQueue()
        self._lock = threading.Lock()  # guards the two below
        self._process: subprocess.Popen[bytes] | None = None
        self._is_wanted = True
        threading.Thread(target=self._talk, daemon=True, name="opinions").start()

    @property
    def pid(self) -> int | None:
        with self._lock:
            return None if self._process is None else self._process.pid

    def ask(self, question: str) -> None:
        self._questions.put(question)

    def receive(self, seconds: float) -> Message | None:
        try:
            return self._messages.get(timeout=seconds) if seconds > 0 else self._messages.get_nowait()
        except Empty:
            return None

    def kill(self) -> None:
        with self._lock:
            self._is_wanted = False
            if self._process is not None:
                self._process.kill()
        self._questions.put(None)

    def _talk(self) -> None:
        exit_code: int | None = None
        try:
            process = self._start()
        except (OSError, ValueError):
            process = None
        if process is not None:
            # A worker that ends, and one that says what is no answer, come out below alike.
            with contextlib.suppress(OSError, ValueError, TypeError):
                self._converse(process)
            process.kill()
            exit_code = process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError, AttributeError):
                    pipe.close()  # type: ignore[union-attr]
        self._messages.put(Ended(exit_code))

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Ctrl-C in a terminal is for us; the worker ends when its input does.
            start_new_session=True,
            creationflags=_behind_everything_else(),
        )
        with self._lock:
            self._process = process
            if not self._is_wanted:
                process.kill()
        return process

    def _converse(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        if json.loads(process.stdout.readline()) != "ready":
            return
        self._messages.put(Ready())
        while (question := self._questions.get()) is not None:
            process.stdin.write(json.dumps(question).encode("ascii") + b"\n")
            process.stdin.flush()
            while (said := json.loads(process.stdout.readline())) == "ready":
                self._messages.put(Ready())
            asked, result = said
            if asked != question or not isinstance(result, (str, type(None))):
                return
            self._messages.put(Answered(question, result))


def _behind_everything_else() -> int:
    """Flags for Windows; elsewhere the worker steps back by itself."""
    if sys.platform == "win32":
        return subprocess.CREATE_NO_WINDOW | subprocess.BELOW_NORMAL_PRIORITY_CLASS
    return 0
