"""From the bytes of a Python file to its text, and back to bytes without changing what was not edited."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from io import BytesIO
from tokenize import detect_encoding

from dryfit.text.newlines import normalised

_BOM = b"\xef\xbb\xbf"
_UTF_16_AND_32 = (b"\xff\xfe", b"\xfe\xff")
_NEWLINE = re.compile(r"\r\n|\r|\n")
_HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """Why bytes are no Python source, in one line; the line, counted from zero, if it is known."""

    reason: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    r"""A text whose lines end with `\n`, and what else its bytes say.

    `newlines`: the one newline of all lines, or, where they are mixed, that of each line.
    """

    text: str
    encoding: str = "utf-8"
    has_bom: bool = False
    newlines: str | tuple[str, ...] = "\n"

    def encode(self, text: str) -> bytes:
        """The bytes of the file with another text; lines that are in both keep their newline.

        Raises UnicodeEncodeError for a character that the file's encoding lacks.
        """
        body = self._with_newlines(text).encode(self.encoding)
        return _BOM + body if self.has_bom else body

    def _with_newlines(self, text: str) -> str:
        if self.newlines == "\n":
            return text
        if isinstance(self.newlines, str):
            return text.replace("\n", self.newlines)
        lines = text.split("\n")
        return "".join([part for pair in zip(lines, [*self._newlines_of(lines), ""], strict=True) for part in pair])

    def _newlines_of(self, lines: list[str]) -> Iterator[str]:
        """The newline after each line of an edited text but the last; new lines get the most frequent one."""
        frequent = Counter(self.newlines).most_common(1)[0][0]
        old = self.text.split("\n")
        matcher = SequenceMatcher(None, old, lines, autojunk=False)
        for _, begin, end, new_begin, new_end in matcher.get_opcodes():
            for number in range(new_end - new_begin):
                if new_begin + number == len(lines) - 1:
                    return
                known = begin + number < min(end, len(self.newlines))
                yield self.newlines[begin + number] if known else frequent


def decode(data: bytes) -> Source | SourceProblem:
    """The text of a Python file, as Python reads it: byte order mark, coding line, UTF-8 otherwise.

    Nothing is raised, and nothing is guessed: what Python refuses is a problem.
    """
    if data.startswith(_UTF_16_AND_32):
        return SourceProblem("the file is UTF-16 or UTF-32, Python reads UTF-8", 0)
    has_bom = data.startswith(_BOM)
    body = data[len(_BOM) :] if has_bom else data
    encoding = _declared_encoding(body)
    if isinstance(encoding, SourceProblem):
        return encoding
    if has_bom and encoding != "utf-8":
        return SourceProblem(f"the file begins with a UTF-8 mark and declares `{encoding}`", 0)
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        line = len(_NEWLINE.findall(body[: error.start].decode("latin-1")))
        byte = body[error.start]
        return SourceProblem(f"line {line + 1} is not valid {encoding} (byte 0x{byte:02x})", line)
    except (LookupError, ValueError):
        return SourceProblem(f"the declared encoding `{encoding}` cannot be read as text")
    if "\0" in text:
        line = len(_NEWLINE.findall(text, 0, text.index("\0")))
        return SourceProblem(f"line {line + 1} holds a NUL character", line)
    return Source(normalised(text), encoding, has_bom, _newlines(text))


def _declared_encoding(body: bytes) -> str | SourceProblem:
    """The encoding of a coding line in the first two lines, or UTF-8."""
    # Only an ASCII rendering is looked at: what is not valid UTF-8 is told by decoding, with its line.
    head = re.sub(rb"[^\x00-\x7f]", b"?", body[:_HEAD_BYTES])
    head = head.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        return detect_encoding(BytesIO(head).readline)[0]
    except SyntaxError as error:
        return SourceProblem(str(error.msg))


def _newlines(text: str) -> str | tuple[str, ...]:
    if "\r" not in text:
        return "\n"
    found = _NEWLINE.findall(text)
    return found[0] if len(set(found)) == 1 else tuple(found)
