"""The database: whatever is wrong with it, nobody hears of it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from written_projects import LONG_AGO, index_of, write

from dryfit.engine.index.build import Changes
from dryfit.engine.index.row import FileRow, to_payload
from dryfit.engine.index.scan import scan
from dryfit.engine.index.store import Scanned, Stamp, Store

ROW = Scanned("a.py", Stamp(3, 5, b"digest"), to_payload(scan("import b\n")))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "cache", tmp_path)
    store.write([ROW])
    yield store
    store.close()


def rows_of(store: Store, root: Path) -> dict[str, Scanned]:
    """What another process reads."""
    other = Store(store.path.parent, root)
    try:
        return other.load()
    finally:
        other.close()


def test_rows_come_back(store: Store, tmp_path: Path) -> None:
    assert rows_of(store, tmp_path) == {"a.py": ROW}
    store.write([Scanned("a.py", Stamp(3, 7, b"digest"), None)])
    later = ROW._replace(stamp=Stamp(3, 7, b"digest"))
    assert rows_of(store, tmp_path) == {"a.py": later}
    store.write([Scanned("a.py", Stamp(3, 9, b"another"), None)])  # somebody has written another row since
    assert rows_of(store, tmp_path) == {"a.py": later}
    store.write([ROW._replace(path="b.py")], ["a.py", "never there"])
    assert rows_of(store, tmp_path) == {"b.py": ROW._replace(path="b.py")}
    assert rows_of(store, tmp_path / "another project") == {}


def overwritten(path: Path) -> None:
    path.write_bytes(b"no database\n" * 1_000)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def of_another_version(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("pragma user_version = 7")
    database.close()


@pytest.mark.parametrize("damage", [overwritten, emptied, cut_in_half, of_another_version])
def test_a_database_that_is_none_is_thrown_away(store: Store, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    store.close()
    damage(store.path)
    other = Store(store.path.parent, tmp_path)
    assert other.load() == {}
    other.write([ROW])
    other.close()
    assert rows_of(store, tmp_path) == {"a.py": ROW}


def test_a_database_that_breaks_while_it_is_used(tmp_path: Path) -> None:
    root = tmp_path / "project"
    texts = {f"m{number}.py": f"import m{number + 1}\n" for number in range(200)}
    write(root, texts)
    everything = Changes(added=tuple(sorted(texts)))
    assert index_of(root, tmp_path / "cache").refresh() == everything
    (path,) = (tmp_path / "cache").glob("*.sqlite")
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)  # its first page is sound
    path.write_bytes(data)
    for _ in range(2):
        index = index_of(root, tmp_path / "cache")
        assert index.refresh() == everything
        assert [index.row(path) for path in texts] == [scan(text) for text in texts.values()]


@pytest.mark.parametrize(
    "statement",
    [
        "update files set payload = replace(payload, 'b', 'c')",
        "update files set digest = 'text'",
        "update files set checksum = null, payload = null",
        "update files set path = 'c.py'",
    ],
)
def test_a_row_that_was_damaged_is_not_read(store: Store, tmp_path: Path, statement: str) -> None:
    with sqlite3.connect(store.path) as database:
        database.execute(statement)
    database.close()
    assert store.load() == {}


def test_a_database_that_is_locked_is_left_alone(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dryfit.engine.index.store._BUSY_SECONDS", 0.0)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("begin immediate")
    waiting = Store(store.path.parent, tmp_path)
    waiting.write([ROW._replace(path="b.py")])
    assert waiting.load() == {"a.py": ROW}  # reading does not wait for who writes
    other.execute("commit")
    other.close()
    waiting.close()
    assert rows_of(store, tmp_path) == {"a.py": ROW}


@pytest.mark.parametrize("obstacle", ["file", "folder"])
def test_a_folder_that_cannot_be_used(tmp_path: Path, obstacle: str) -> None:
    write(tmp_path / "project", {"a.py": "x = 1\n"})
    cache = tmp_path / "cache"
    if obstacle == "file":
        cache.write_text("")
    else:
        blocked = Store(cache, tmp_path / "project")
        blocked.close()
        blocked.path.unlink()
        blocked.path.mkdir()
    index = index_of(tmp_path / "project", cache)
    assert index.refresh() == Changes(added=("a.py",))
    assert index.row("a.py") == FileRow(names=("x",))


def test_without_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    write(tmp_path / "project", {"a.py": "x = 1\n"})
    assert index_of(tmp_path / "project", tmp_path / "cache").refresh() == Changes(added=("a.py",))


def test_databases_that_nobody_uses_go_away(store: Store, tmp_path: Path) -> None:
    store.close()
    old = Store(store.path.parent, tmp_path / "old")
    old.close()
    for path in (store.path, old.path):
        os.utime(path, (LONG_AGO, LONG_AGO))
    used = Store(store.path.parent, tmp_path)
    assert used.load() == {"a.py": ROW}
    new = Store(store.path.parent, tmp_path / "new")
    assert sorted(store.path.parent.glob("*.sqlite")) == sorted((used.path, new.path))
    used.close()
    new.close()


WRITER = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from written_projects import index_of
index = index_of(Path(sys.argv[1]), Path(sys.argv[2]))
print(len(index.refresh().added))
"""


def test_two_processes_at_once(tmp_path: Path) -> None:
    root, cache = tmp_path / "project", tmp_path / "cache"
    texts = {f"m{number}.py": f"import m{number + 1}\n" for number in range(200)}
    write(root, texts)
    command = [sys.executable, "-c", WRITER, str(root), str(cache), os.path.dirname(__file__)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    assert [process.communicate() for process in started] == [(b"200\n", b"")] * 2
    (path,) = cache.glob("*.sqlite")
    with sqlite3.connect(path) as database:
        assert database.execute("select count(*) from files").fetchone() == (200,)
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
    database.close()
