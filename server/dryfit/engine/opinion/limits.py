"""How much a question may cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """A worker that passes one of these is killed; what it was asked is answered by "nothing" from then on.

    Time on the processor is what counts, so that a busy machine costs no answers; the clock on the wall is for a worker
    that hangs without computing.
    """

    cpu_seconds: float = 5.0
    wall_seconds: float = 60.0
    memory_bytes: int = 300 << 20
    # Workers that end one after the other without an answer; then no more are started in this session.
    deaths: int = 3
    # A worker that was asked nothing for so long is let go; it holds 30 to 100 MB.
    idle_seconds: float = 120.0
    # Questions that wait; more are not taken.
    waiting: int = 500
