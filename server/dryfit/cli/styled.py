"""Text with styles, printed in colour where that is wanted and plain where it is not."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TextIO


class Piece(NamedTuple):
    """A stretch of text in one style ("" for none)."""

    text: str
    style: str = ""


Line = list[Piece]

STYLES = {
    "error": "bold red",
    "warning": "bold yellow",
    "info": "bold cyan",
    "hint": "bold green",
    "strong": "bold",
    "quiet": "blue",
    "good": "green",
}


def wants_colour(stream: TextIO, variables: Mapping[str, str]) -> bool:
    """NO_COLOR says no, FORCE_COLOR says yes, otherwise a terminal gets colour."""
    if variables.get("NO_COLOR"):
        return False
    if variables.get("FORCE_COLOR") not in (None, "", "0"):
        return True
    return stream.isatty() and variables.get("TERM") != "dumb"


def print_lines(lines: Iterable[Line], stream: TextIO, colour: bool) -> None:
    """Print lines, each as it is: nothing is wrapped."""
    if not colour:
        stream.write("".join(plain(line) + "\n" for line in lines))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, force_terminal=True, color_system="standard", highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text.assemble(*((piece.text, STYLES.get(piece.style, "")) for piece in line)))


def plain(line: Line) -> str:
    return "".join(piece.text for piece in line).rstrip()


def say(text: str) -> None:
    """One line to standard error, where what is not a finding goes."""
    print(text, file=sys.stderr)
