"""The process that has the opinions; started as a file, with nothing on its path but Python's standard library.

Reads questions and writes answers, one JSON value a line. What it needs beyond the standard library is loaded from the
folders named in its argument; so neither the user's packages nor those installed beside Dryfit can be imported here,
whatever jedi wants to know.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

_NICENESS = 15
_STARTING = frozenset(
    {"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile", "os.system", "subprocess.Popen"}
)


def main(setup: dict[str, Any]) -> None:
    """`setup`: `packages` (name -> folder), `site_packages`, `cache`, `cpu_seconds`, `memory_bytes`."""
    answers = _private_output()
    _behave(setup["memory_bytes"])
    for name, folder in setup["packages"].items():
        _load(name, folder)
    _confine(frozenset(setup["packages"]))

    def on_ready() -> None:
        _limit_cpu(setup["cpu_seconds"])
        _write(answers, "ready")

    opinion = _opinion(setup, on_ready)
    questions: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_read, args=(questions,), daemon=True).start()
    on_ready()
    while True:
        path = questions.get()
        _limit_cpu(setup["cpu_seconds"])
        try:
            result = opinion(path)
        except Exception:  # jedi on strange code; "nothing" is an answer
            result = None
        _write(answers, [path, result])


def _opinion(setup: dict[str, Any], on_ready: Callable[[], None]) -> Callable[[str], str | None]:
    from dryfit.engine.opinion.answering import Answering

    folders = [Path(folder) for folder in setup["site_packages"]]
    return Answering(folders, Path(setup["cache"]), on_ready).result_class


def _load(name: str, folder: str) -> None:
    """Import a package from its folder; its submodules are found through it."""
    place = Path(folder, "__init__.py")
    spec = importlib.util.spec_from_file_location(name, place, submodule_search_locations=[folder])
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


def _confine(packages: frozenset[str]) -> None:
    """Refuse every import from elsewhere, and every program, to whoever asks in this process.

    jedi is kept from asking; this holds if it finds a way around that. Source: Python's table of audit events.
    """
    allowed = packages | sys.stdlib_module_names

    def check(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "import" and arguments[0].partition(".")[0] not in allowed:
            raise ImportError(f"{arguments[0]} is not to be imported here")
        if event in _STARTING:
            raise PermissionError("nothing is to be started here")

    sys.addaudithook(check)


def _private_output() -> int:
    """The way to the parent, taken away from `print`."""
    private = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return private


def _write(place: int, value: object) -> None:
    os.write(place, json.dumps(value).encode("ascii") + b"\n")


def _read(questions: SimpleQueue[str]) -> None:
    """Ends the process with its parent, even in the middle of a question."""
    for line in sys.stdin.buffer:
        questions.put(json.loads(line))
    os._exit(0)


def _behave(memory_bytes: int) -> None:
    """Step back behind everything else, and have the system refuse memory far beyond the limit.

    The parent looks at limits when it has time; these hold if it never does.
    """
    if sys.platform != "win32":
        import resource

        with contextlib.suppress(OSError):
            os.nice(_NICENESS)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_DATA, (2 * memory_bytes, resource.RLIM_INFINITY))


def _limit_cpu(seconds: float) -> None:
    if sys.platform != "win32":
        import resource

        used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        with contextlib.suppress(OSError, ValueError):
            hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
            resource.setrlimit(resource.RLIMIT_CPU, (int(used + seconds) + 2, hard))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
