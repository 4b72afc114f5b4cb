"""The server as a process: its streams, its exit codes, its two ways to be spoken to."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from dryfit.lsp.transport import Frames

from .talk import BAD, PREAMBLE, TIMEOUT_SECONDS

COMMAND = [sys.executable, "-m", "dryfit", "server"]
INITIALIZE = {"id": 1, "method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}}
INITIALIZED = {"method": "initialized", "params": {}}
SHUTDOWN = {"id": 2, "method": "shutdown"}
EXIT = {"method": "exit"}
LONG = PREAMBLE + BAD + "def f():\n    pass\n" * 2_000
OPEN = {
    "method": "textDocument/didOpen",
    "params": {"textDocument": {"uri": "file:///a.py", "languageId": "python", "version": 1, "text": LONG}},
}


def framed(*messages: dict[str, Any]) -> bytes:
    bodies = [json.dumps({"jsonrpc": "2.0", **message}).encode() for message in messages]
    return b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies)


def run(data: bytes) -> tuple[int, list[dict[str, Any]], bytes]:
    """The exit code, what was said, and what was written to standard error."""
    done = subprocess.run(COMMAND, input=data, capture_output=True, timeout=TIMEOUT_SECONDS, check=False)
    frames = Frames()
    messages = [json.loads(body) for body in frames.feed(done.stdout)]
    assert done.stdout == b"" or frames.is_at_rest, "something else than messages was written"
    return done.returncode, messages, done.stderr


def test_an_orderly_end_in_the_middle_of_work() -> None:
    code, messages, errors = run(framed(INITIALIZE, INITIALIZED, OPEN, SHUTDOWN, EXIT))
    assert messages[0]["result"]["serverInfo"]["name"] == "dryfit"
    assert messages[-1] == {"id": 2, "jsonrpc": "2.0", "result": None}
    assert (code, errors) == (0, b"")


@pytest.mark.parametrize(
    "data",
    [
        framed(INITIALIZE, EXIT),
        framed(INITIALIZE)[:-5],
        b"Content-Length: many\r\n\r\n{}",
    ],
    ids=["exit without shutdown", "cut off", "no length"],
)
def test_a_disorderly_end(data: bytes) -> None:
    code, _, errors = run(data)
    assert (code, errors) == (1, b"")


def test_nothing_but_messages_on_standard_output() -> None:
    """What prints, prints to standard error."""
    program = (
        "import sys; from dryfit.lsp import application, server\n"
        "begin = application.Application.begin\n"
        "application.Application.begin = lambda *a: (print('printed'), sys.__stdout__.flush(), begin(*a))[0]\n"
        "sys.exit(server.main([]))"
    )
    data = framed(INITIALIZE, INITIALIZED, SHUTDOWN, EXIT)
    done = subprocess.run(
        [sys.executable, "-c", program], input=data, capture_output=True, timeout=TIMEOUT_SECONDS, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (0, b"printed")
    assert b"printed" not in done.stdout


@pytest.fixture
def listening() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server that listens, and its port."""
    command = [*COMMAND, "--tcp", "127.0.0.1:0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        port = re.search(r"listening on 127\.0\.0\.1:(\d+)", process.stderr.readline())
        assert port is not None
        yield process, int(port[1])
        process.kill()


def test_over_tcp(listening: tuple[subprocess.Popen[str], int]) -> None:
    process, port = listening
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as connection:
        connection.sendall(framed(INITIALIZE, INITIALIZED, SHUTDOWN))
        frames = Frames()
        answers: list[Any] = []
        while len(answers) < 2:
            answers += [json.loads(body)["id"] for body in frames.feed(connection.recv(1 << 16))]
        assert answers == [1, 2]
        connection.sendall(framed(EXIT))
        assert process.wait(TIMEOUT_SECONDS) == 0


def test_an_address_that_is_none() -> None:
    done = subprocess.run([*COMMAND, "--tcp", "here"], capture_output=True, timeout=TIMEOUT_SECONDS, check=False)
    assert done.returncode == 2
    assert b"HOST:PORT" in done.stderr
