"""Answers on disk: shared, and never in the way."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from dryfit.engine.opinion.memo import Memo


def file_in(cache: Path) -> Path:
    return cache / "opinions-1.sqlite"


def test_what_is_put_is_got(tmp_path: Path) -> None:
    memo = Memo(tmp_path / "new" / "cache", "env")
    memo.put("a.b", "c.D")
    memo.put("a.e", None)
    assert [memo.get(q) for q in ("a.b", "a.e", "a.f")] == [("c.D",), (None,), None]
    memo.close()
    again, other = Memo(tmp_path / "new" / "cache", "env"), Memo(tmp_path / "new" / "cache", "other")
    assert [again.get(q) for q in ("a.b", "a.e", "a.f")] == [("c.D",), (None,), None]
    assert other.get("a.b") is None
    again.close()
    other.close()


def test_without_a_folder_it_lasts_as_long_as_nothing_is_written(tmp_path: Path) -> None:
    memo = Memo(None, "env")
    memo.put("a.b", "c.D")
    memo.flush()
    assert memo.get("a.b") == ("c.D",)
    memo.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"no database" * 1000, b"", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_broken_file_is_thrown_away(tmp_path: Path, content: bytes) -> None:
    file_in(tmp_path).write_bytes(content)
    memo = Memo(tmp_path, "env")
    assert memo.get("a.b") is None
    memo.put("a.b", "c.D")
    memo.close()
    again = Memo(tmp_path, "env")
    assert again.get("a.b") == ("c.D",)
    again.close()


def test_a_file_that_breaks_while_it_is_open(tmp_path: Path) -> None:
    memo = Memo(tmp_path, "env")
    memo.put("a.b", "c.D")
    memo.flush()
    file_in(tmp_path).write_bytes(b"x" * file_in(tmp_path).stat().st_size)
    assert memo.get("a.c") is None
    memo.put("a.c", None)
    memo.close()
    again = Memo(tmp_path, "env")
    assert [again.get("a.b"), again.get("a.c")] == [None, (None,)]
    again.close()


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    memo = Memo(tmp_path / "file" / "cache", "env")
    assert memo.get("a.b") is None
    memo.put("a.b", "c.D")
    memo.flush()
    assert memo.get("a.b") == ("c.D",)
    memo.close()


def test_a_folder_where_the_file_should_be(tmp_path: Path) -> None:
    file_in(tmp_path).mkdir()
    memo = Memo(tmp_path, "env")
    memo.put("a.b", "c.D")
    memo.flush()
    assert memo.get("a.b") == ("c.D",)
    memo.close()


def test_while_another_writes_nothing_waits_and_nothing_is_lost(tmp_path: Path) -> None:
    memo = Memo(tmp_path, "env")
    memo.put("a.b", "c.D")
    memo.flush()
    other = sqlite3.connect(file_in(tmp_path), isolation_level=None)
    other.execute("begin exclusive")
    assert memo.get("a.b") is None
    memo.put("a.c", "c.E")
    memo.flush()
    assert memo.get("a.c") == ("c.E",)
    other.execute("rollback")
    other.close()
    memo.flush()
    memo.close()
    again = Memo(tmp_path, "env")
    assert [again.get("a.b"), again.get("a.c")] == [("c.D",), ("c.E",)]
    again.close()


def test_several_processes_at_once(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from dryfit.engine.opinion.memo import Memo
memo = Memo(Path(sys.argv[1]), "env")
for number in range(50):
    memo.put(f"a.{sys.argv[2]}.x{number}", "c.D")
    memo.flush()
while memo._unwritten:
    memo.flush()
memo.close()
"""
    writers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(n)]) for n in range(3)]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    memo = Memo(tmp_path, "env")
    assert [memo.get(f"a.{n}.x{number}") for n in range(3) for number in range(50)] == [("c.D",)] * 150
    memo.close()


def test_a_file_that_has_grown_too_large_begins_afresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memo = Memo(tmp_path, "env")
    memo.put("a.b", "c.D")
    memo.close()
    monkeypatch.setattr("dryfit.engine.opinion.memo._MAX_BYTES", 10)
    again = Memo(tmp_path, "env")
    assert again.get("a.b") is None
    again.close()
