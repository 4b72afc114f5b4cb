"""Bytes in, bytes out: the base protocol (headers and bodies) over standard input and output, or over TCP."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Protocol

CHUNK_BYTES = 1 << 16
_LENGTH = re.compile(rb"^[ \t]*content-length[ \t]*:[ \t]*(\d+)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")


class Frames:
    """Cuts a stream of bytes into message bodies; headers that name no length are skipped."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._body_bytes: int | None = None

    @property
    def is_at_rest(self) -> bool:
        """Is the stream between two messages?"""
        return not self._waiting and self._body_bytes is None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bodies that are complete now."""
        self._waiting += data
        while True:
            if self._body_bytes is None:
                end = _END_OF_HEADERS.search(self._waiting)
                if end is None:
                    return
                headers = bytes(self._waiting[: end.start()])
                del self._waiting[: end.end()]
                length = _LENGTH.search(headers)
                if length is None:
                    continue
                self._body_bytes = int(length.group(1))
            if len(self._waiting) < self._body_bytes:
                return
            body = bytes(self._waiting[: self._body_bytes])
            del self._waiting[: self._body_bytes]
            self._body_bytes = None
            yield body


class Endpoint(Protocol):
    """Our side of a connection, as the transport sees it."""

    def attach(self, write: Callable[[bytes], None]) -> None:
        """From here on, what is to be sent goes through `write`."""

    def receive(self, body: bytes) -> None:
        """Handle one message."""

    def gone(self) -> None:
        """The client is gone, with or without a word."""

    def ended(self) -> asyncio.Future[int]:
        """Done, with the exit code, when the session is over."""


def serve_stdio(endpoint: Endpoint) -> int:
    """Serve one client over standard input and output until it ends; the exit code."""
    source, sink = _private_descriptors()

    async def run() -> int:
        loop = asyncio.get_running_loop()
        end = endpoint.ended()
        endpoint.attach(lambda data: _write_all(sink, data))
        receive = _receiver(endpoint)

        # A thread and not `connect_read_pipe`: files and consoles can be read as well, on every system, and the
        # client's pipe is not switched to non-blocking under its feet. `os.read` holds no lock that could be missed
        # when the interpreter ends while the thread waits.
        def read() -> None:
            try:
                while data := os.read(source, CHUNK_BYTES):
                    loop.call_soon_threadsafe(receive, data)
                loop.call_soon_threadsafe(endpoint.gone)
            except (OSError, RuntimeError):  # RuntimeError: the loop is closed, nobody listens any more
                pass

        threading.Thread(target=read, name="dryfit stdin", daemon=True).start()
        return await end

    return asyncio.run(run())


def _private_descriptors() -> tuple[int, int]:
    """Standard input and output for us alone.

    Whatever prints from here on prints to standard error, and no child process inherits the client's pipes.
    """
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    try:
        os.dup2(2, 1)
    except OSError:  # there is no standard error
        os.dup2(nothing, 1)
    os.close(nothing)
    sys.stdout = sys.stderr
    return source, sink


def serve_tcp(address: tuple[str, int], endpoint: Endpoint) -> int:
    """Serve the first client that connects to the address until it ends; the exit code. For debugging."""

    async def run() -> int:
        end = endpoint.ended()
        taken = False

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal taken
            if taken:
                writer.close()
                return
            taken = True
            endpoint.attach(writer.write)
            receive = _receiver(endpoint)
            try:
                while data := await reader.read(CHUNK_BYTES):
                    receive(data)
            except ConnectionError:
                pass
            endpoint.gone()

        listener = await asyncio.start_server(serve, *address)
        host, port = listener.sockets[0].getsockname()[:2]
        print(f"dryfit: listening on {host}:{port}", file=sys.stderr, flush=True)
        code = await end
        listener.close()
        return code

    return asyncio.run(run())


def _receiver(endpoint: Endpoint) -> Callable[[bytes], None]:
    frames = Frames()

    def receive(data: bytes) -> None:
        for body in frames.feed(data):
            endpoint.receive(body)

    return receive


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]
