"""Environments made of a few lines, and ways to watch a worker."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from dryfit.engine.opinion.process import Answered, Message, WorkerProcess

LONG = 120.0  # seconds that nothing takes, not even on a busy machine


def environment(folder: Path, files: Mapping[str, str], distributions: Sequence[str] = ("one-1.0",)) -> Path:
    """A folder that looks like an environment with these files in its `site-packages`; its interpreter cannot run."""
    site_packages = folder / "lib" / "python3.11" / "site-packages"
    for name, text in files.items():
        path = site_packages / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    for distribution in distributions:
        (site_packages / f"{distribution}.dist-info").mkdir(parents=True)
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.write_text("not to be run", encoding="utf-8")
    return python


ONE = {
    "one/__init__.py": "from one.nets import Net, build, other, wrapped\n",
    "one/nets.py": """
        from one.tools import traced

        class Net:
            pass

        def build() -> Net:
            return Net()

        def other() -> Net:
            return Net()

        @traced
        def wrapped() -> Net:
            return Net()
        """,
    # A decorator that our own look does not see through; so jedi is asked.
    "one/tools.py": """
        import functools

        def traced(function):
            def inner(*arguments):
                return function(*arguments)
            functools.update_wrapper(inner, function)
            return inner
        """,
}


class FakeWorker:
    """Says what it is told to say, and notes what it is asked."""

    def __init__(self) -> None:
        self.pid: int | None = 1
        self.asked: list[str] = []
        self.waits: list[float] = []
        self.messages: list[Message] = []
        self.is_killed = False

    def ask(self, question: str) -> None:
        self.asked.append(question)

    def receive(self, seconds: float) -> Message | None:
        self.waits.append(seconds)
        return self.messages.pop(0) if self.messages else None

    def kill(self) -> None:
        self.is_killed = True

    def answers(self, result: str | None) -> None:
        self.messages.append(Answered(self.asked[-1], result))


class Watched(WorkerProcess):
    """A real one; `started` is set when its process is there."""

    def __init__(self, command: Sequence[str]) -> None:
        self.started = threading.Event()
        super().__init__(command)

    def _start(self) -> subprocess.Popen[bytes]:
        process = super()._start()
        self.started.set()
        return process


def stub(code: str) -> list[str]:
    """A worker that answers every question with `one.nets.Net`, but first runs this code for the `question`."""
    source = f"""
import json, sys
print('"ready"', flush=True)
for line in sys.stdin:
    question = json.loads(line)
{textwrap.indent(textwrap.dedent(code), "    ")}
    print(json.dumps([question, "one.nets.Net"]), flush=True)
"""
    return [sys.executable, "-I", "-S", "-c", source]
