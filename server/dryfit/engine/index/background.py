"""A refresh in a process of its own, niced, so that nobody waits for it. The two talk through files, which never block.

The child is started with our interpreter and our search path, and never looks for a module in the user's folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dryfit.engine.index.paths import relative
from dryfit.engine.index.refresh import Gone, refresh
from dryfit.engine.index.store import Scanned, Stamp, Store

_BOOT = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from {module} import main; main()"
_NICENESS = 10
_LAST_BREATH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be refreshed; it is pickled, and with it the function that lists the files."""

    root: Path
    files: Callable[[], Sequence[str]]
    cache: Path | None
    held: Mapping[str, Stamp]
    processes: int | None


class Background:
    """A refresh that runs. Nothing here waits or raises, but for an order that cannot be pickled."""

    def __init__(self, order: Order) -> None:
        self._answer: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the refresh
        with tempfile.TemporaryFile() as question:
            pickle.dump(order, question)
            question.seek(0)
            self._process = _started(question, self._answer)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def has_failed(self) -> bool:
        """Did it end before its time?"""
        return self._process is None or self._process.returncode != 0

    def learnt(self) -> Iterator[Scanned | Gone]:
        """What it found, once it does not run any more; if it was ended from outside, what it had found by then."""
        # While it ran the place in the file was also its own.
        self._answer.seek(0)
        for line in self._answer:
            if line.endswith(b"\n"):
                yield _read(line)

    def close(self) -> None:
        """End it, if it still runs."""
        process = self._process
        if process is not None and process.poll() is None:
            with contextlib.suppress(OSError):
                if sys.platform == "win32":
                    process.kill()
                else:
                    os.killpg(process.pid, signal.SIGKILL)  # its helpers too
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_LAST_BREATH_SECONDS)
        self._answer.close()


def _started(question: IO[bytes], answer: IO[bytes]) -> subprocess.Popen[bytes] | None:
    """The child; None if there cannot be one."""
    path = json.dumps([entry for entry in sys.path if entry])
    command = [sys.executable, "-I", "-c", _BOOT.format(module=__name__), path]
    try:
        return subprocess.Popen(
            command,
            stdin=question,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),  # on Windows, where nothing is nice
        )
    except OSError:
        return None


# ---------------------------------------------------------------------------------------------------- in the child
def main() -> None:
    """Read an order, carry it out, and write a line for each thing that the other side has to learn."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    order: Order = pickle.load(sys.stdin.buffer)
    store = None if order.cache is None else Store(order.cache, order.root)
    files = relative(order.root, order.files())
    for learnt in refresh(order.root, files, order.held, store, order.processes):
        sys.stdout.buffer.write(_written(learnt))
    sys.stdout.buffer.flush()
    if store is not None:
        store.close()


def _written(learnt: Scanned | Gone) -> bytes:
    if isinstance(learnt, str):
        return json.dumps([learnt]).encode() + b"\n"
    size, mtime_ns, digest = learnt.stamp
    return json.dumps([learnt.path, size, mtime_ns, digest.hex(), learnt.payload]).encode() + b"\n"


def _read(line: bytes) -> Scanned | Gone:
    path, *rest = json.loads(line)
    if not rest:
        return str(path)
    size, mtime_ns, digest, payload = rest
    return Scanned(path, Stamp(size, mtime_ns, bytes.fromhex(digest)), payload)
