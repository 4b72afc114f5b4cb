"""What a call of an installed package's function returns: remembered, or asked of a worker that nobody waits for."""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dryfit.engine.opinion import surroundings
from dryfit.engine.opinion.limits import Limits
from dryfit.engine.opinion.memo import Memo
from dryfit.engine.opinion.process import Answered, Message, Ready, Worker, WorkerProcess
from dryfit.engine.opinion.usage import Usage, usage_of
from dryfit.frameworks.installed_sources import InstalledFiles

_QUESTION = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", re.ASCII)
_MAX_CHARACTERS = 300
_COMPILED = frozenset({"_C", "_VF"})  # torch's; torchvision and others name theirs so, too
_PATIENCE_SECONDS = 0.1  # how long `wait` goes without looking at the limits


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the worker is thinking about."""

    question: str
    since: float
    cpu_seconds: float


class Opinions:
    """Opinions about the packages of one environment. Nothing here raises, and only `wait` waits.

    To be used from one thread. What is installed is looked at once: another set of packages wants other Opinions.
    """

    def __init__(
        self,
        python: Path,
        cache: Path | None,
        is_trusted: bool = True,
        limits: Limits = Limits(),  # noqa: B008 - immutable
        *,
        start: Callable[[Sequence[str]], Worker] = WorkerProcess,
        clock: Callable[[], float] = time.monotonic,
        usage: Callable[[int], Usage | None] = usage_of,
    ) -> None:
        """`cache`: a folder; None keeps nothing. In a workspace that is not trusted nothing is asked or looked up."""
        self._folders = surroundings.package_folders(python) if is_trusted else ()
        self._files = InstalledFiles(self._folders)
        self._cache = cache
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._memo = Memo(cache, surroundings.environment_id(python, self._folders))
        self._limits, self._start, self._clock, self._usage = limits, start, clock, usage
        self._answers: dict[str, str | None] = {}
        self._waiting: dict[str, None] = {}
        self._fresh: set[str] = set()
        self._worker: Worker | None = None
        self._is_ready = False
        self._asked: _Asked | None = None
        self._idle_since = 0.0
        self._deaths = 0
        self._died_over: set[str] = set()

    def result_class(self, path: str) -> str | None:
        """The class, by the path of its definition, of what a call of this function returns.

        An instance of that class or of one below it. None: not known, or not known yet; then the answer is looked for,
        and `poll` tells when there is one.
        """
        if path in self._answers:
            return self._answers[path]
        if not self._is_askable(path):
            self._answers[path] = None
            return None
        known = self._memo.get(path)
        if known is not None:
            self._answers[path] = known[0]
            return known[0]
        if self._deaths < self._limits.deaths and len(self._waiting) < self._limits.waiting:
            self._waiting[path] = None
            self._feed()
        return None

    @property
    def is_busy(self) -> bool:
        """Is an answer still to come? Then `poll` wants to be called now and then."""
        return self._asked is not None or bool(self._waiting)

    def poll(self) -> frozenset[str]:
        """The paths answered since the last time, those with "nothing" among them; sees to the limits, too."""
        while self._worker is not None and (message := self._worker.receive(0)) is not None:
            self._on_message(message)
        self._see_to_limits()
        self._feed()
        self._memo.flush()
        fresh = frozenset(self._fresh)
        self._fresh.clear()
        return fresh

    def wait(self, seconds: float) -> frozenset[str]:
        """Like `poll`, once everything that was asked is answered or the time is over."""
        until = self._clock() + seconds
        found = set(self.poll())
        while self._worker is not None and self.is_busy and (left := until - self._clock()) > 0:
            message = self._worker.receive(min(left, _PATIENCE_SECONDS))
            if message is not None:
                self._on_message(message)
            found |= self.poll()
        return frozenset(found)

    def close(self) -> None:
        """End the worker and let go of the file. What was not answered stays unknown."""
        self._deaths = self._limits.deaths
        self._waiting.clear()
        self._let_go()
        self._memo.close()
        if self._scratch is not None:
            self._scratch.cleanup()
            self._scratch = None

    def _is_askable(self, path: str) -> bool:
        """Is it a name in a package with Python sources?

        jedi would load compiled modules to look at them; the sources of the standard library are not looked into.
        """
        if len(path) > _MAX_CHARACTERS or not _QUESTION.fullmatch(path):
            return False
        parts = path.split(".")
        if parts[0] in sys.stdlib_module_names or not _COMPILED.isdisjoint(parts):
            return False
        return any(".".join(parts[:length]) in self._files for length in range(1, len(parts)))

    def _feed(self) -> None:
        """Give the worker the next question, if it has none."""
        if self._asked is not None or not self._waiting or self._deaths >= self._limits.deaths:
            return
        if self._worker is None:
            self._is_ready = False
            self._worker = self._start(self._command())
        question = next(iter(self._waiting))
        self._asked = self._asked_now(question)
        self._worker.ask(question)

    def _on_message(self, message: Message) -> None:
        if isinstance(message, Ready):
            self._is_ready = True
            if self._asked is not None:
                self._asked = self._asked_now(self._asked.question)
        elif isinstance(message, Answered):
            self._deaths = 0
            self._settle(message.question, message.result)
        else:
            self._on_end()

    def _on_end(self) -> None:
        """The worker is gone, and not by our hand."""
        asked, was_ready = self._asked, self._is_ready
        self._let_go()
        self._deaths += 1
        if asked is not None and was_ready:
            # Somebody may have killed it who had nothing against the question: that gets a second chance.
            if asked.question in self._died_over:
                self._settle(asked.question, None)
            self._died_over.add(asked.question)
        if self._deaths >= self._limits.deaths:
            self._waiting.clear()

    def _see_to_limits(self) -> None:
        if self._worker is None:
            return
        used = self._used()
        asked = self._asked
        if asked is None:
            is_large = used is not None and used.memory_bytes > self._limits.memory_bytes
            if is_large or self._clock() - self._idle_since > self._limits.idle_seconds:
                self._let_go()
        elif self._clock() - asked.since > self._limits.wall_seconds or (
            used is not None
            and (
                used.cpu_seconds - asked.cpu_seconds > self._limits.cpu_seconds
                or used.memory_bytes > self._limits.memory_bytes
            )
        ):
            self._let_go()
            self._deaths += 1
            self._settle(asked.question, None)
            if self._deaths >= self._limits.deaths:
                self._waiting.clear()

    def _settle(self, question: str, result: str | None) -> None:
        self._asked = None
        self._idle_since = self._clock()
        self._waiting.pop(question, None)
        self._answers[question] = result
        self._fresh.add(question)
        self._memo.put(question, result)

    def _let_go(self) -> None:
        """The next question starts another worker."""
        if self._worker is not None:
            self._worker.kill()
        self._worker = None
        self._asked = None

    def _asked_now(self, question: str) -> _Asked:
        used = self._used()
        return _Asked(question, self._clock(), 0.0 if used is None else used.cpu_seconds)

    def _used(self) -> Usage | None:
        pid = None if self._worker is None else self._worker.pid
        return None if pid is None else self._usage(pid)

    def _command(self) -> list[str]:
        """Our own interpreter, with nothing on its path; the worker's file is run as it lies there."""
        if self._cache is None and self._scratch is None:
            self._scratch = tempfile.TemporaryDirectory(prefix="dryfit-", ignore_cleanup_errors=True)
        cache = self._cache if self._scratch is None else Path(self._scratch.name)
        setup = {
            "packages": surroundings.tool_folders(),
            "site_packages": [str(folder) for folder in self._folders],
            "cache": str((cache or Path()) / "jedi"),
            "cpu_seconds": self._limits.cpu_seconds,
            "memory_bytes": self._limits.memory_bytes,
        }
        return [sys.executable, "-I", "-S", str(Path(__file__).with_name("worker.py")), json.dumps(setup)]
