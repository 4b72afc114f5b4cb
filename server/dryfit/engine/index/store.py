"""The rows on disk, one sqlite file for each project. A cache: whatever is wrong with it, we work without."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar
from zlib import crc32

from dryfit.engine.index.row import FORMAT

if TYPE_CHECKING:
    import sqlite3

_T = TypeVar("_T")
_BUSY_SECONDS = 2.0
_UNUSED_SECONDS = 90 * 24 * 3600
# What a text is lowered to depends on the Python that parses it.
_VERSION: Final = FORMAT * 10_000 + sys.version_info[0] * 100 + sys.version_info[1]
_TABLE = (
    "create table if not exists "
    "files (path text primary key, size integer, mtime_ns integer, digest blob, payload text, checksum integer)"
)


class Stamp(NamedTuple):
    """By what a file is recognised: as it is if size and time are the same, by its content otherwise."""

    size: int
    mtime_ns: int
    digest: bytes


class Scanned(NamedTuple):
    """A file that is not as it was. `payload`: its row; None if only its times are others."""

    path: str
    stamp: Stamp
    payload: str | None


class Store:
    """The database of a project in a folder. Nothing here raises; several processes may use it at once."""

    def __init__(self, folder: Path, root: Path) -> None:
        name = blake2b(os.fsencode(root.absolute()), digest_size=8).hexdigest()
        self.path = folder / f"index-{_VERSION}-{name}.sqlite"
        self._database: sqlite3.Connection | None = None
        self._open()

    def load(self) -> dict[str, Scanned]:
        """All rows; without those that are damaged."""

        def read(database: sqlite3.Connection) -> dict[str, Scanned]:
            rows = database.execute("select path, size, mtime_ns, digest, payload, checksum from files")
            return {
                path: Scanned(path, Stamp(size, mtime_ns, digest), payload)
                for path, size, mtime_ns, digest, payload, checksum in rows
                if checksum is not None and _checksum(path, digest, payload) == checksum
            }

        return self._guarded(read) or {}

    def write(self, scanned: Sequence[Scanned], gone: Iterable[str] = ()) -> None:
        """Keep these and forget those, in one short transaction."""
        scanned = [s for s in scanned if _is_text(s.path)]
        new = [
            (s.path, *s.stamp, s.payload, _checksum(s.path, s.stamp.digest, s.payload)) for s in scanned if s.payload
        ]
        same = [(s.stamp.size, s.stamp.mtime_ns, s.path, s.stamp.digest) for s in scanned if not s.payload]

        def change(database: sqlite3.Connection) -> None:
            with database:
                database.execute("begin immediate")
                database.executemany("insert or replace into files values (?, ?, ?, ?, ?, ?)", new)
                database.executemany("update files set size = ?, mtime_ns = ? where path = ? and digest = ?", same)
                database.executemany("delete from files where path = ?", [(path,) for path in gone])

        self._guarded(change)

    def close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            with contextlib.suppress(Exception):
                database.close()

    def _open(self) -> None:
        """Connect. What is broken is replaced; one that is busy or out of reach is left alone, and we go without."""
        try:
            import sqlite3
        except ImportError:  # some builds of Python lack it
            return
        is_new = not self.path.exists()
        for _ in range(2):
            try:
                self._database = _connected(self.path)
                os.utime(self.path)
                if is_new:
                    _delete_unused(self.path.parent)
                return
            except (OSError, sqlite3.Error) as error:
                if not _is_broken(error) or not self._throw_away():
                    return

    def _guarded(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """What the work returns, None if it cannot be done."""
        if self._database is None:
            return None
        import sqlite3

        try:
            return work(self._database)
        except (sqlite3.Error, UnicodeError) as error:
            if _is_broken(error) and self._throw_away():
                self._open()
            return None

    def _throw_away(self) -> bool:
        """Delete the files of the database; False if it cannot be done."""
        self.close()
        return _deleted(self.path)


def _delete_unused(folder: Path) -> None:
    """Delete the databases of projects that nobody has worked on for long, and of other versions of ours."""
    with contextlib.suppress(OSError):
        for path in folder.glob("index-*.sqlite"):
            if path.stat().st_mtime < time.time() - _UNUSED_SECONDS:
                _deleted(path)


def _deleted(path: Path) -> bool:
    """Delete a database with what sqlite keeps beside it; False if it cannot be done."""
    try:
        for suffix in ("-wal", "-shm", ""):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _connected(path: Path) -> sqlite3.Connection:
    """A connection to the database, which is made if need be. Raises OSError and sqlite3.Error."""
    import sqlite3

    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        if _version(database) != _VERSION:
            with contextlib.suppress(sqlite3.OperationalError):  # not on every file system, and not while it is used
                database.execute("pragma journal_mode = wal")
            with database:
                database.execute("begin immediate")
                if _version(database) not in (0, _VERSION):
                    raise sqlite3.DatabaseError("written by something else")
                database.execute(_TABLE)
                database.execute(f"pragma user_version = {_VERSION}")
        database.execute("pragma synchronous = normal")
    except BaseException:
        database.close()
        raise
    return database


def _version(database: sqlite3.Connection) -> int:
    (version,) = database.execute("pragma user_version").fetchone()
    return int(version)


def _is_broken(error: Exception) -> bool:
    """Is this what sqlite says of a file that is no database, or no longer? Its subclasses are said of sound ones."""
    import sqlite3

    return type(error) is sqlite3.DatabaseError


def _is_text(path: str) -> bool:
    """Not so the name of a file in another encoding than that of the file system; it is scanned each time."""
    try:
        return bool(path.encode())
    except UnicodeEncodeError:
        return False


def _checksum(path: object, digest: object, payload: object) -> int | None:
    """Of what must be right; None if it is not even of its kind."""
    if isinstance(path, str) and isinstance(digest, bytes) and isinstance(payload, str):
        return crc32(payload.encode(), crc32(digest, crc32(path.encode())))
    return None
