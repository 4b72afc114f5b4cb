"""Messages are cut from a stream, however it arrives."""

from __future__ import annotations

import pytest

from dryfit.lsp.transport import Frames

STREAM = (
    b"Content-Length: 2\r\n\r\n{}"
    b"content-length:4\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\nnull"
    b"X-Nothing: 1\r\n\r\n"
    b"Content-Length: 0\r\n\r\n"
    b"Content-Length: 3\n\n[1]"
)
BODIES = [b"{}", b"null", b"", b"[1]"]


@pytest.mark.parametrize("size", [1, 2, 7, len(STREAM)])
def test_pieces_of_any_size(size: int) -> None:
    frames = Frames()
    pieces = [STREAM[i : i + size] for i in range(0, len(STREAM), size)]
    assert [body for piece in pieces for body in frames.feed(piece)] == BODIES
