"""The installed packages beside torch and Lightning that have to do with them: torchvision, timm, transformers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from dryfit.engine.opinion.opinions import Opinions
from dryfit.frameworks import Frameworks, site_packages_of
from dryfit.frameworks.others import Others

_NEEDS_TORCH = re.compile(r"^Requires-Dist:[ \t]*(torch|lightning|pytorch[-_.]lightning)\b", re.M | re.I)
_SEPARATORS = re.compile(r"[-_.]+")


class ForeignPackages:
    """What their classes inherit from, and what their functions return. Nothing of them is imported or run.

    Packages that do not say that they need torch are not looked at: most code calls NumPy more often than anything.
    In a workspace that is not trusted nothing is looked at.
    """

    def __init__(self, python: Path, cache: Path | None, frameworks: Frameworks, is_trusted: bool = True) -> None:
        self._folders = site_packages_of(python) if is_trusted else ()
        self._others = Others(self._folders, cache, frameworks)
        self._opinions = Opinions(python, cache, is_trusted)
        self._needing: dict[str, bool] = {}

    def ancestry(self, path: str) -> tuple[str, ...]:
        """The class and all above it that are known; `()` if it is no class of such a package."""
        return self._others.bases(path) if self._needs_torch(path) else ()

    def result_class(self, path: str) -> str | None:
        """The class of what a call of this function returns; None: not known, or not known yet."""
        return self._opinions.result_class(path) if self._needs_torch(path) else None

    @property
    def is_busy(self) -> bool:
        """Is an answer still to come?"""
        return self._opinions.is_busy

    def poll(self) -> frozenset[str]:
        """The functions about which something is known now. Never waits."""
        return self._opinions.poll()

    def wait(self, seconds: float) -> frozenset[str]:
        """The same when everything is answered, or after so many seconds."""
        return self._opinions.wait(seconds)

    def close(self) -> None:
        self._opinions.close()

    def _needs_torch(self, path: str) -> bool:
        package = path.partition(".")[0]
        if package not in self._needing:
            self._needing[package] = any(_NEEDS_TORCH.search(text) for text in _metadata(self._folders, package))
        return self._needing[package]


def _metadata(folders: Sequence[Path], package: str) -> list[str]:
    """What the distributions of this name say about themselves."""
    texts = []
    for folder in folders:
        for place in folder.glob(f"{package[:1]}*.dist-info") if package else ():
            name = place.name.partition("-")[0]
            if _SEPARATORS.sub("_", name).lower() == _SEPARATORS.sub("_", package).lower():
                try:
                    texts.append((place / "METADATA").read_text(encoding="utf-8", errors="replace"))
                except OSError:
                    continue
    return texts
