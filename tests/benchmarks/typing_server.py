"""What a key costs: CPU and waiting time of the server while somebody types into a file, over its pipes.

    python tests/benchmarks/typing_server.py [--pull] FILE...

CPU time of the server's process is the number to trust on a machine that is shared; waiting times are upper bounds.
The next key is typed when the diagnostics of the last one are there. Reads /proc: Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dryfit.lsp.transport import CHUNK_BYTES, Frames

TYPED = ("\n{indent}trainer = Trainer(max_epochs=3, gpus=1)", "\n{indent}self.log('loss', loss, on_step=True)")
CPUCLOCK_SCHED = 2  # include/linux/posix-timers.h
SETTLE_SECONDS = 1.5  # for what is judged at idle, before and after typing
KEY_SECONDS = 0.005  # from an answer to the next key


class Server:
    """A server process, spoken to one message at a time."""

    def __init__(self, command: list[str], is_pulled: bool, root: str | None = None) -> None:
        self.began = time.perf_counter()
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._is_pulled = is_pulled
        self._incoming = self._messages()
        document = {"diagnostic": {}} if is_pulled else {"publishDiagnostics": {"versionSupport": True}}
        capabilities = {"textDocument": document}
        self.request("initialize", {"processId": None, "rootUri": root, "capabilities": capabilities})
        self.notify("initialized", {})

    def notify(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def request(self, method: str, params: Any) -> Any:
        self._send({"id": 1, "method": method, "params": params})
        return next(message for message in self._incoming if message.get("id") == 1)["result"]

    def diagnostics(self, uri: str, version: int) -> None:
        """Wait for those of this version."""
        if self._is_pulled:
            self.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
            return
        for message in self._incoming:
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["version"] == version:
                return

    def until(self, uri: str, rules: list[str]) -> None:
        """Wait until exactly these rules are reported for a document."""
        for message in self._incoming:
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri:
                if [diagnostic["code"] for diagnostic in message["params"]["diagnostics"]] == rules:
                    return

    def type(self, uri: str, version: int, line: int, column: int, text: str) -> None:
        here = {"line": line, "character": column}
        changes = [{"range": {"start": here, "end": here}, "text": text}]
        identifier = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": changes})

    def cpu_seconds(self) -> float:
        """Of all threads, also of those that have ended: the process's own clock (clock_getcpuclockid(3))."""
        return time.clock_gettime((~self._process.pid << 3) | CPUCLOCK_SCHED)

    def resident_mb(self) -> float:
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def stop(self) -> int:
        self.request("shutdown", None)
        self.notify("exit", None)
        return self._process.wait(60)

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _messages(self) -> Iterator[Any]:
        assert self._process.stdout is not None
        frames = Frames()
        while data := os.read(self._process.stdout.fileno(), CHUNK_BYTES):
            for body in frames.feed(data):
                yield json.loads(body)


def measure(path: str, is_pulled: bool) -> str:
    text = Path(path).read_text(encoding="utf-8")
    lines = text.split("\n")
    uri = Path(path).absolute().as_uri()
    server = Server([sys.executable, "-m", "dryfit", "server"], is_pulled)
    item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
    server.notify("textDocument/didOpen", {"textDocument": item})
    server.diagnostics(uri, 1)
    first_seconds, first_cpu = time.perf_counter() - server.began, server.cpu_seconds()
    time.sleep(SETTLE_SECONDS)

    before, version = server.cpu_seconds(), 1
    cpu: list[float] = []
    waited: list[float] = []
    for line, column, character in _keys(lines):
        version += 1
        cpu_before, began = server.cpu_seconds(), time.perf_counter()
        server.type(uri, version, line, column, character)
        server.diagnostics(uri, version)
        waited.append(time.perf_counter() - began)
        time.sleep(KEY_SECONDS)
        cpu.append(server.cpu_seconds() - cpu_before)
    typing = server.cpu_seconds() - before
    time.sleep(SETTLE_SECONDS)
    idle = server.cpu_seconds() - before - typing
    memory = server.resident_mb()
    server.stop()
    return (
        f"{Path(path).name}: {len(lines)} lines, {len(cpu)} keys\n"
        f"  first diagnostics  {first_cpu:.2f} s CPU, {first_seconds:.2f} s\n"
        f"  CPU a key          {_ms(cpu, 0.5)} median, {_ms(cpu, 0.95)} p95, {typing / len(cpu) * 1e3:.2f} ms mean\n"
        f"  waited a key       {_ms(waited, 0.5)} median, {_ms(waited, 0.95)} p95, {_ms(waited, 1)} max\n"
        f"  at idle afterwards {idle * 1e3:.0f} ms CPU; resident {memory:.0f} MB"
    )


def _keys(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    """Two statements typed behind simple ones, at a quarter, a half and three quarters of the file, bottom up."""
    places = [
        number
        for number, line in enumerate(lines)
        if line.startswith("        ") and line.endswith(")") and line.count("(") == line.count(")")
    ]
    for quarter in (3, 2, 1):
        line = places[len(places) * quarter // 4]
        column = len(lines[line])
        indent = lines[line][: column - len(lines[line].lstrip())]
        for character in TYPED[quarter % 2].format(indent=indent):
            yield line, column, character
            line, column = (line + 1, 0) if character == "\n" else (line, column + 1)


def _ms(values: list[float], share: float) -> str:
    ordered = sorted(values)
    return f"{ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e3:.2f} ms"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--pull", action="store_true", help="pull the diagnostics instead of waiting for them")
    options = parser.parse_args()
    for file in options.files:
        print(measure(file, options.pull), flush=True)
