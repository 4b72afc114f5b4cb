"""Which files are not as they were: a look at size and time, then at the content, and only then a parser."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import repeat
from pathlib import Path
from typing import TypeAlias

from dryfit.engine.cores import usable_cores
from dryfit.engine.index.row import FileRow, to_payload
from dryfit.engine.index.scan import scan
from dryfit.engine.index.store import Scanned, Stamp, Store
from dryfit.text.source import SourceProblem, decode

FILES_WORTH_A_POOL = 64
CHUNK = 32  # files between two transactions
# A file may be written twice within what its file system takes for one moment: such a time proves nothing.
_RECENT_NS = 2_000_000_000
_NO_TIME = -1
_NOTHING = b""  # the digest of what cannot be read

Gone: TypeAlias = str
_Task: TypeAlias = "tuple[str, bytes | None]"  # a file to look at, and the digest that is known of it


def refresh(
    root: Path, files: Sequence[str], held: Mapping[str, Stamp], store: Store | None, processes: int | None = 1
) -> Iterator[Scanned | Gone]:
    """What somebody who holds rows with these stamps has to learn; the store learns it on the way.

    `files` are relative to the root. `processes`: None for as many as it is worth. A row comes without its payload
    if it is held and only the file's time is another.
    """
    stored = {} if store is None else store.load()
    known = {**held, **{path: scanned.stamp for path, scanned in stored.items()}}
    tasks: list[_Task] = []
    there: set[str] = set()
    for path in files:
        looked = _looked(root, path)
        if looked is None:
            continue
        there.add(path)
        stamp = known.get(path)
        if stamp is None or (stamp.size, stamp.mtime_ns) != looked:
            tasks.append((path, None if stamp is None else stamp.digest))
        elif path in stored and (path not in held or held[path].digest != stamp.digest):
            yield stored[path]
    for chunk in _scanned(root, tasks, processes):
        if store is not None:
            store.write(chunk)
        for scanned in chunk:
            if scanned.payload is None and scanned.path in stored:
                is_held = scanned.path in held and held[scanned.path].digest == scanned.stamp.digest
                yield scanned if is_held else scanned._replace(payload=stored[scanned.path].payload)
            else:
                yield scanned
    if store is not None:
        store.write((), [path for path in stored if path not in there])
    yield from [path for path in held if path not in there]


def _looked(root: Path, path: str) -> tuple[int, int] | None:
    """Size and time of a file; None if it is not there."""
    try:
        found = os.stat(os.path.join(root, path))
    except (OSError, ValueError):
        return None
    return found.st_size, found.st_mtime_ns


def _scanned(root: Path, tasks: Sequence[_Task], processes: int | None) -> Iterator[list[Scanned]]:
    """The files that are to be looked at, in chunks, in one process or several."""
    if processes is None:
        processes = usable_cores() if len(tasks) >= FILES_WORTH_A_POOL else 1
    chunks = [tasks[start : start + CHUNK] for start in range(0, len(tasks), CHUNK)]
    done = 0
    if processes > 1 and len(chunks) > 1:
        # Both cost more to import than a few files cost to scan.
        import multiprocessing
        from concurrent.futures import BrokenExecutor, ProcessPoolExecutor

        context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        try:
            with ProcessPoolExecutor(processes, mp_context=context) as pool:
                for chunk in pool.map(scan_files, repeat(root), chunks):
                    done += 1
                    yield chunk
        except (BrokenExecutor, OSError):  # somebody ended a process, or there may not be more of them
            pass
    yield from (scan_files(root, chunk) for chunk in chunks[done:])


def scan_files(root: Path, tasks: Sequence[_Task]) -> list[Scanned]:
    """What these files are now; nothing of those that are gone."""
    was_collecting = gc.isenabled()
    gc.disable()  # There are many nodes, no cycles, and it would look for some again and again.
    try:
        found = [_scanned_file(root, path, digest) for path, digest in tasks]
    finally:
        if was_collecting:
            gc.enable()
    return [scanned for scanned in found if scanned is not None]


def _scanned_file(root: Path, path: str, known: bytes | None) -> Scanned | None:
    looked = _looked(root, path)
    if looked is None:
        return None
    size, mtime_ns = looked
    try:
        with open(os.path.join(root, path), "rb") as file:
            data = file.read()
    except OSError:
        # It may be readable the next time.
        unreadable = None if known == _NOTHING else to_payload(FileRow(is_whole=False))
        return Scanned(path, Stamp(size, _NO_TIME, _NOTHING), unreadable)
    if mtime_ns > time.time_ns() - _RECENT_NS:
        mtime_ns = _NO_TIME
    stamp = Stamp(size, mtime_ns, blake2b(data, digest_size=16).digest())
    return Scanned(path, stamp, None if stamp.digest == known else to_payload(_row(data)))


def _row(data: bytes) -> FileRow:
    source = decode(data)
    return FileRow(is_whole=False) if isinstance(source, SourceProblem) else scan(source.text)
