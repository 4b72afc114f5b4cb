"""From a question to an answer: our own look at the source, then jedi."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from dryfit.engine.opinion.look import Answer, Look
from dryfit.frameworks.installed_sources import InstalledSources

if TYPE_CHECKING:
    from dryfit.engine.opinion.limited_jedi import LimitedJedi


class Answering:
    """Runs in the worker. The answers depend on the packages in the folders and on nothing else."""

    def __init__(self, site_packages: Sequence[Path], cache: Path, on_ready: Callable[[], None]) -> None:
        """`on_ready` is called when jedi has been prepared: what follows is the question's own cost."""
        self._site_packages = site_packages
        self._cache = cache
        self._on_ready = on_ready
        self._look = Look(InstalledSources(site_packages))

    def result_class(self, path: str) -> str | None:
        """The class of what a call of this path returns, by the path of its definition; None for "nothing"."""
        answer = self._look.at(path)
        if isinstance(answer, Answer):
            return answer.result
        classes = self._jedi.returned_classes(answer.module, answer.callee, answer.is_decorated)
        if len(classes) != 1:
            return None
        found = next(iter(classes))
        # Of classes that are not written in these packages (`list`, compiled ones) nothing is claimed.
        return None if found is None else self._look.class_at(found)

    @cached_property
    def _jedi(self) -> LimitedJedi:
        # Most questions never come to this, and the import takes longer than answering them.
        from dryfit.engine.opinion.limited_jedi import LimitedJedi

        prepared = LimitedJedi(self._site_packages, self._cache)
        prepared.warm_up()
        self._on_ready()
        return prepared
