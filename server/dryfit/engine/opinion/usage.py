"""What a process has used, read from the system where it tells."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """Since its start on the processor, and resident in memory now."""

    cpu_seconds: float
    memory_bytes: int


def usage_of(pid: int) -> Usage | None:
    """None where the system does not tell, or the process is gone.

    Source: proc(5), `/proc/[pid]/stat`: fields 14 and 15 (utime, stime) in clock ticks, 24 (rss) in pages.
    """
    if sys.platform != "linux":
        return None
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            # The second field is the command's name in parentheses, and may hold anything.
            fields = file.read().rpartition(")")[2].split()
        cpu_seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return Usage(cpu_seconds, int(fields[21]) * os.sysconf("SC_PAGE_SIZE"))
    except (OSError, ValueError, IndexError):
        return None
