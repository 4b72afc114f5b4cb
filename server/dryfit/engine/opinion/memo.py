"""Answers kept on disk, for the next session and for other processes. A cache that cannot be used is no cache."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

_FORMAT = 1  # of the file and of what an answer means; another number begins afresh
_MAX_BYTES = 20 << 20  # answers about environments of long ago are never asked for: then all begins afresh
_TABLE = (
    "create table if not exists opinion (environment text, question text, result text, "
    "primary key (environment, question)) without rowid"
)


class Memo:
    """One environment's answers. Nothing here raises, and nothing waits for another process.

    What cannot be written because another process is writing is kept and written by the next `flush`.
    """

    def __init__(self, cache: Path | None, environment: str) -> None:
        self._path = None if cache is None else cache / f"opinions-{_FORMAT}.sqlite"
        self._environment = environment
        self._connection: sqlite3.Connection | None = None
        self._unwritten: dict[str, str | None] = {}

    def get(self, question: str) -> tuple[str | None] | None:
        """`(result,)`, the result being None for "nothing"; None if the question has not been answered."""
        if question in self._unwritten:
            return (self._unwritten[question],)
        rows = self._run(
            "select result from opinion where environment = ? and question = ?", [(self._environment, question)]
        )
        return (rows[0][0],) if rows else None

    def put(self, question: str, result: str | None) -> None:
        self._unwritten[question] = result

    def flush(self) -> None:
        """Write what is to be written, if nobody else is writing."""
        if self._unwritten:
            rows = [(self._environment, question, result) for question, result in self._unwritten.items()]
            if self._run("insert or replace into opinion values (?, ?, ?)", rows) is not None:
                self._unwritten.clear()

    def close(self) -> None:
        """For good: from now on nothing is known and nothing kept."""
        self.flush()
        self._disconnect()
        self._path = None

    def _run(self, statement: str, rows: Sequence[tuple[str | None, ...]]) -> list[tuple[str | None]] | None:
        """None if that is not possible now. A file that is broken is thrown away, once, and made again."""
        for _ in range(2):
            try:
                connection = self._connect()
                if connection is None:
                    return None
                with connection:
                    if statement.startswith("select"):
                        return connection.execute(statement, rows[0]).fetchall()
                    connection.executemany(statement, rows)
                    return []
            except (sqlite3.Error, OSError) as error:
                # The subclasses say that the file is in use, read-only, on a full disk; the class itself, that it is
                # no database.
                if type(error) is not sqlite3.DatabaseError:
                    return None
                self._throw_away()
        return None

    def _connect(self) -> sqlite3.Connection | None:
        if self._connection is None and self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.is_file() and self._path.stat().st_size > _MAX_BYTES:
                self._throw_away()
            connection = sqlite3.connect(self._path, timeout=0, check_same_thread=False)
            try:
                # What a crash of the machine takes away is asked again.
                connection.execute("pragma synchronous = off")
                connection.execute(_TABLE)
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _throw_away(self) -> None:
        self._disconnect()
        if self._path is not None:
            for path in (self._path, self._path.with_name(self._path.name + "-journal")):
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
