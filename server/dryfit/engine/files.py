"""Reading and writing source files; all that can go wrong comes back as one line."""

from __future__ import annotations

from dataclasses import dataclass

from dryfit.text.source import Source, SourceProblem, decode


@dataclass(frozen=True, slots=True)
class FileProblem:
    """Why there is no text. `is_failure`: we could not do our job; otherwise the file is no Python source."""

    message: str
    is_failure: bool


def read_source(path: str) -> Source | FileProblem:
    """The text of a file."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except (OSError, ValueError) as error:
        return FileProblem(f"{path}: cannot be read: {_reason(error)}", True)
    return decoded(path, data)


def decoded(path: str, data: bytes) -> Source | FileProblem:
    """The text of these bytes; the path is for the message."""
    source = decode(data)
    if isinstance(source, SourceProblem):
        place = path if source.line is None else f"{path}:{source.line + 1}"
        return FileProblem(f"{place}: not checked: {source.reason}", False)
    return source


def write_source(path: str, source: Source, text: str) -> FileProblem | None:
    """Put another text into the file that `source` was read from, in its encoding and with its newlines.

    In place, so that links and permissions stay; nothing is written if the text cannot be encoded.
    """
    try:
        data = source.encode(text)
        with open(path, "wb") as file:
            file.write(data)
    except (OSError, ValueError) as error:
        return FileProblem(f"{path}: cannot be written: {_reason(error)}", True)
    return None


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
