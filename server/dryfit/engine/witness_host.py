"""Runs small programs under the user's interpreter, each in a fresh process, and says what happened.

This file imports nothing of dryfit: its text is handed to another interpreter (`python -c`), which has the frameworks
and nothing else of ours. The host imports the frameworks once and forks a child for each program; where there is no
fork, each program gets an interpreter of its own.

It reads one JSON object a line, {"id", "program", "expression", "seconds"}, and writes one a line, in the order in
which they end: {"id", "exception", "warnings", "observed", "problem", "output"}. Its first line says what is installed.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import types
import warnings
from typing import Any, Dict, TextIO  # noqa: UP035

FRAMEWORKS = ("torch", "lightning", "pytorch_lightning")
MAX_OUTPUT = 2000

Json = Dict[str, Any]  # noqa: UP006 - evaluated by the user's interpreter, which may be old


def main() -> None:
    """Serve programs until the input ends. Arguments: how many at once, or "single" for one program and no fork."""
    mode = sys.argv[1] if len(sys.argv) > 1 else "1"
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a framework prints while it is imported is not an answer
    if mode == "single":
        job = json.loads(sys.stdin.readline())
        say(answers, {"id": job["id"], **in_empty_folder(job)})
        return
    say(answers, {"installed": imported(), "forks": hasattr(os, "fork")})
    serve(answers, int(mode)) if hasattr(os, "fork") else serve_without_fork(answers)


def imported() -> Json:
    """Versions of the frameworks that can be imported here; they are imported by this."""
    found: Json = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in FRAMEWORKS:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                module = importlib.import_module(name)
            found[name] = importlib.metadata.version(name) or module.__version__
        except Exception:
            found[name] = None
    if sys.modules.get("torch"):
        # Many threads in many small processes only get in each other's way.
        sys.modules["torch"].set_num_threads(1)
    return found


# ------------------------------------------------------------------------------------------------------- serving
def serve(answers: TextIO, at_once: int) -> None:
    """Fork a child for each program, at most `at_once` at a time."""
    waiting: list[Json] = []
    running: dict[int, Json] = {}
    source, rest, is_open = sys.stdin.fileno(), b"", True
    while is_open or waiting or running:
        while waiting and len(running) < at_once:
            child = start(waiting.pop(0))
            running[child["pipe"]] = child
        wait_for = [*running, *([source] if is_open else [])]
        deadline = min((child["deadline"] for child in running.values()), default=time.monotonic() + 60)
        ready, _, _ = select.select(wait_for, [], [], max(0.0, deadline - time.monotonic()))
        for descriptor in ready:
            data = os.read(descriptor, 65536)
            if descriptor == source:
                *lines, rest = (rest + data).split(b"\n")
                waiting += [json.loads(line) for line in lines if line.strip()]
                is_open = bool(data)
            elif data and not data.endswith(b"\n"):
                running[descriptor]["data"] += data
            else:
                # The line is complete; whoever else holds the pipe (a worker of a loader) is not waited for.
                running[descriptor]["data"] += data
                finish(answers, running.pop(descriptor))
        for descriptor in [d for d, child in running.items() if child["deadline"] < time.monotonic()]:
            child = running.pop(descriptor)
            finish(answers, child, f"did not end within {child['job']['seconds']:g} seconds")


def start(job: Json) -> Json:
    """A child that runs the program and writes what happened into a pipe."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            os.setsid()
            os.close(reading)
            empty = os.open(os.devnull, os.O_RDONLY)
            os.dup2(empty, 0)
            with os.fdopen(writing, "w", encoding="utf-8") as pipe:
                pipe.write(json.dumps(in_empty_folder(job)) + "\n")
        os._exit(0)
    os.close(writing)
    return {"job": job, "pid": pid, "pipe": reading, "data": b"", "deadline": time.monotonic() + job["seconds"]}


def finish(answers: TextIO, child: Json, problem: str | None = None) -> None:
    """Reap a child with all that it started, and pass its answer on."""
    os.close(child["pipe"])
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child["pid"], signal.SIGKILL)
    _, status = os.waitpid(child["pid"], 0)
    try:
        answer = json.loads(child["data"])
    except ValueError:
        answer = empty_answer()
        answer["problem"] = problem or f"the process ended without an answer (status {status})"
    say(answers, {"id": child["job"]["id"], **answer})


def serve_without_fork(answers: TextIO) -> None:
    """The same, one by one, each in an interpreter of its own."""
    for line in sys.stdin:
        job = json.loads(line)
        # `python -c` keeps the text of the program in orig_argv.
        command = [sys.executable, "-c", sys.orig_argv[sys.orig_argv.index("-c") + 1], "single"]
        try:
            done = subprocess.run(command, input=line.encode(), capture_output=True, timeout=job["seconds"] + 60)
            answer = json.loads(done.stdout)
        except (subprocess.TimeoutExpired, ValueError):
            answer = {**empty_answer(), "problem": "the process ended without an answer"}
        say(answers, {**answer, "id": job["id"]})


def say(answers: TextIO, message: Json) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


# ------------------------------------------------------------------------------------------------------- running
def in_empty_folder(job: Json) -> Json:
    """Run a program with an empty folder as the current one, its output kept, and no network."""
    with tempfile.TemporaryDirectory(prefix="dryfit-") as folder:
        os.chdir(folder)
        os.environ["TMPDIR"] = folder
        output = os.path.join(folder, "output.txt")
        with open(output, "wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        forbid_network()
        answer = run(job, folder)
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        with open(output, "rb") as file:
            answer["output"] = file.read().decode("utf-8", "replace")[-MAX_OUTPUT:]
        os.chdir("/")
        return answer


def run(job: Json, folder: str) -> Json:
    """What happened: the exception it ended with, the warnings it gave, the value of the expression afterwards."""
    answer = empty_answer()
    path = os.path.join(folder, "program.py")
    with open(path, "w", encoding="utf-8") as file:
        file.write(job["program"])
    sys.argv, sys.path[:0] = [path], [folder]
    module = types.ModuleType("__main__")
    module.__file__ = path
    sys.modules["__main__"] = module
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec(compile(job["program"], path, "exec"), module.__dict__)
        except BaseException as error:
            if not (isinstance(error, SystemExit) and error.code in (None, 0)):
                answer["exception"] = described(error)
    answer["warnings"] = [{"types": names(w.category), "text": str(w.message)} for w in caught]
    if job["expression"] is not None and answer["exception"] is None:
        try:
            answer["observed"] = bool(eval(job["expression"], module.__dict__))
        except Exception as error:
            answer["problem"] = f"the expression raised {type(error).__name__}: {error}"
    return answer


def empty_answer() -> Json:
    return {"exception": None, "warnings": [], "observed": None, "problem": None, "output": ""}


def described(error: BaseException) -> Json:
    line = error.__traceback__.tb_next.tb_lineno if error.__traceback__ and error.__traceback__.tb_next else None
    return {"types": names(type(error)), "text": str(error), "line": line}


def names(cls: type) -> list[str]:
    return [c.__name__ for c in cls.__mro__ if c is not object]


def forbid_network() -> None:
    """A witness that needs the network is no witness."""
    import socket

    def refuse(*arguments: Any, **options: Any) -> Any:
        raise OSError("no network for witnesses")

    # Local sockets stay: worker processes and torch's own threads talk through them.
    connect = socket.socket.connect

    def connect_locally(self: socket.socket, address: Any) -> None:
        if self.family == getattr(socket, "AF_UNIX", None) or (
            address and address[0] in ("127.0.0.1", "::1", "localhost")
        ):
            connect(self, address)
        else:
            refuse()

    setattr(socket.socket, "connect", connect_locally)  # noqa: B010 - not an assignment that a type checker accepts


if __name__ == "__main__":
    main()
