"""How an unexpected exception is told: in one line. Imports nothing of ours, so that it works when we do not."""

from __future__ import annotations

import traceback
from pathlib import PurePath


def described(error: BaseException) -> str:
    """Its class, the first line of its text, and the place that raised it."""
    text = str(error).split("\n", 1)[0]
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    where = f" ({PurePath(frames[0].filename).name}:{frames[0].lineno})" if frames else ""
    return f"{type(error).__name__}: {text}".rstrip(": ") + where
