"""What a refresh reads, parses and tells: by size and time, by content, by what is gone."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from written_projects import LONG_AGO, find_in, index_of, write

from dryfit.engine.index import refresh as refreshing
from dryfit.engine.index.build import Changes, ProjectIndex
from dryfit.engine.index.row import FileRow, Import
from dryfit.engine.index.scan import scan
from dryfit.syntax.document import Document

A, B = Import(0, "a", (), "a"), Import(0, "b", (), "b")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    write(folder, {"a.py": "import b\n", "package/b.py": "x = 1\n"})
    return folder


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is read and parsed, in this order."""
    done: list[str] = []

    def counted_open(path: str, mode: str) -> object:
        done.append(f"read {os.path.basename(path)}")
        return open(path, mode)

    def counted_scan(text: str) -> FileRow:
        done.append("parse")
        return scan(text)

    monkeypatch.setattr(refreshing, "open", counted_open, raising=False)
    monkeypatch.setattr(refreshing, "scan", counted_scan)
    return done


def taken(done: list[str]) -> list[str]:
    now = [*done]
    done.clear()
    return now


def test_only_what_is_new_is_read_and_only_what_differs_is_parsed(root: Path, work: list[str]) -> None:
    index = index_of(root)
    assert index.refresh() == Changes(added=("a.py", "package/b.py"))
    assert taken(work) == ["read a.py", "parse", "read b.py", "parse"]

    assert index.refresh() == Changes()
    assert taken(work) == []

    os.utime(root / "a.py", (LONG_AGO + 1, LONG_AGO + 1))
    assert index.refresh() == Changes()
    assert taken(work) == ["read a.py"]
    assert index.refresh() == Changes()
    assert taken(work) == []

    write(root, {"a.py": "import c\n"}, LONG_AGO + 2)
    assert index.refresh() == Changes(changed=("a.py",))
    assert taken(work) == ["read a.py", "parse"]
    assert index.row("a.py") == FileRow((Import(0, "c", (), "c"),), ("c",))

    (root / "a.py").unlink()
    write(root, {"c.py": ""})
    assert index.refresh() == Changes(added=("c.py",), removed=("a.py",))
    assert taken(work) == ["read c.py", "parse"]
    assert index.paths() == ("c.py", "package/b.py")
    assert index.row("a.py") is None


def test_the_database_stands_in_for_what_was_read_before(root: Path, tmp_path: Path, work: list[str]) -> None:
    cache = tmp_path / "cache"
    first = index_of(root, cache)
    first.refresh()
    taken(work)
    write(root, {"c.py": "import a\n"})
    os.utime(root / "a.py", (LONG_AGO + 1, LONG_AGO + 1))
    (root / "package" / "b.py").unlink()

    second = index_of(root, cache)
    assert second.refresh() == Changes(added=("a.py", "c.py"))
    assert taken(work) == ["read a.py", "read c.py", "parse"]
    assert {path: second.row(path) for path in second.paths()} == {
        "a.py": FileRow((B,), ("b",)),
        "c.py": FileRow((A,), ("a",)),
    }

    # What another process has read need not be read again, whether the row was held before or not.
    assert first.refresh() == Changes(added=("c.py",), removed=("package/b.py",))
    assert taken(work) == []
    third = index_of(root, cache)
    assert third.refresh() == Changes(added=("a.py", "c.py"))
    assert taken(work) == []


def test_a_file_written_a_moment_ago_may_be_written_again_in_the_same_moment(root: Path, work: list[str]) -> None:
    now = time.time() + 60  # as if it had just been written, however slow this machine is
    write(root, {"a.py": "import b\n"}, now)
    index = index_of(root)
    index.refresh()
    write(root, {"a.py": "import c\n"}, now)
    assert index.refresh() == Changes(changed=("a.py",))


def test_files_in_odd_states(root: Path) -> None:
    write(root, {"broken.py": "def f(:\n    pass\nimport a\n"})
    (root / "latin.py").write_bytes(b"x = '\xe9'\n")
    (root / "declared.py").write_bytes(b"# coding: latin-1\nimport a # \xe9\n")
    (root / "gone.py").symlink_to(root / "nowhere")
    (root / "loop.py").symlink_to(root / "loop.py")
    index = index_of(root)
    assert index.refresh() == Changes(added=("a.py", "broken.py", "declared.py", "latin.py", "package/b.py"))
    assert [index.row(path) for path in ("broken.py", "latin.py", "declared.py")] == [
        FileRow((A,), ("a",), is_whole=False),
        FileRow(is_whole=False),
        FileRow((A,), ("a",)),
    ]


def test_a_file_that_cannot_be_read_is_tried_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: str, mode: str) -> object:
        raise PermissionError(path)

    index = index_of(root)
    with monkeypatch.context() as context:
        context.setattr(refreshing, "open", refused, raising=False)
        assert index.refresh() == Changes(added=("a.py", "package/b.py"))
        assert index.row("a.py") == FileRow(is_whole=False)
        assert index.refresh() == Changes()
    assert index.refresh() == Changes(changed=("a.py", "package/b.py"))
    assert index.row("a.py") == FileRow((B,), ("b",))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are text")
def test_a_name_that_is_no_text(root: Path, tmp_path: Path) -> None:
    name = os.fsdecode(b"odd\xff.py")
    write(root, {name: "import a\n"})
    for _ in range(2):
        index = index_of(root, tmp_path / "cache")
        assert index.refresh() == Changes(added=tuple(sorted(("a.py", "package/b.py", name))))
        assert index.row(name) == FileRow((A,), ("a",))


def test_several_processes_say_the_same(tmp_path: Path) -> None:
    texts = {f"m{number}.py": f"import m{number + 1}\nclass C{number}: pass\n" for number in range(100)}
    write(tmp_path / "project", texts)
    alone, together = index_of(tmp_path / "project"), index_of(tmp_path / "project", tmp_path / "cache")
    assert alone.refresh() == together.refresh(processes=2) == Changes(added=tuple(sorted(texts)))
    assert [alone.row(path) for path in texts] == [together.row(path) for path in texts]


def test_files_named_in_any_way(root: Path) -> None:
    names = [str(root / "a.py"), "./a.py", "package/b.py", "a.py"]
    index = ProjectIndex(root, lambda: names, None, find_in(root))
    assert index.refresh() == Changes(added=("a.py", "package/b.py"))
    assert index.row(str(root / "a.py")) == index.row("./a.py") == index.row("a.py") == FileRow((B,), ("b",))


def test_unsaved_texts(root: Path) -> None:
    index = index_of(root)
    index.refresh()
    saved = index.row("a.py")
    assert index.update("a.py", "import a\n") is True
    assert index.row("a.py") == FileRow((A,), ("a",))
    assert index.update(str(root / "a.py"), Document("import a  # the same\n")) is False

    # What happens on the disk meanwhile is nobody's business.
    write(root, {"a.py": "import c\n"}, LONG_AGO + 1)
    assert index.refresh() == Changes()
    assert index.row("a.py") == FileRow((A,), ("a",))
    (root / "a.py").unlink()
    assert index.refresh() == Changes()
    write(root, {"a.py": "import b\n"})
    assert index.refresh() == Changes()
    assert index.forget_update("a.py") is True
    assert index.row("a.py") == saved
    assert index.forget_update("a.py") is False


def test_a_text_that_was_never_saved(root: Path) -> None:
    index = index_of(root)
    index.refresh()
    assert index.update("new.py", "import a\n") is True
    assert index.paths() == ("a.py", "new.py", "package/b.py")
    assert index.importers("a.py") == {"new.py"}
    write(root, {"new.py": "import a\n"})
    assert index.refresh() == Changes()
    assert index.forget_update("new.py") is False
    assert index.importers("a.py") == {"new.py"}
