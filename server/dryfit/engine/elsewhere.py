"""What roots of one file say about places in another one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dryfit.engine.judge import Found, Judgement


class Elsewhere:
    """Kept by the file and root that say it."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], tuple[Found, ...]] = {}

    def __bool__(self) -> bool:
        return bool(self._said)

    def note(self, name: str, root: str, judged: Iterable[Judgement]) -> None:
        """What a root of the file `name` says now."""
        found = tuple(j for j in judged if isinstance(j, Found) and j.finding.site.module != name)
        if found:
            self._said[name, root] = found
        else:
            self._said.pop((name, root), None)

    def forget(self, name: str) -> None:
        """The file is gone, and what it said with it."""
        for key in [key for key in self._said if key[0] == name]:
            del self._said[key]

    def names(self) -> set[str]:
        """The files that something is said about."""
        return {found.finding.site.module for said in self._said.values() for found in said}

    def found_in(self, name: str) -> Iterator[Found]:
        """What is said about a file."""
        for said in self._said.values():
            yield from (found for found in said if found.finding.site.module == name)
