"""Real worker processes: what they may not do, and what happens to those that are killed, stopped, hang or flood.

Every wait has a bound far above what it takes, and none is for a time to pass.
"""

from __future__ import annotations

import importlib.machinery
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from packages import LONG, ONE, Watched, environment, stub

from dryfit.engine.opinion.limits import Limits
from dryfit.engine.opinion.opinions import Opinions
from dryfit.engine.opinion.process import Worker
from dryfit.engine.opinion.usage import usage_of

NET = "one.nets.Net"
PATIENT = Limits(cpu_seconds=LONG, wall_seconds=LONG)
on_posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="memory and processor time of others are read on Linux")


def of_stub(code: str, workers: list[Watched]) -> Callable[[Sequence[str]], Worker]:
    def start(_: Sequence[str]) -> Worker:
        workers.append(Watched(stub(code)))
        return workers[-1]

    return start


def kept(workers: list[Watched]) -> Callable[[Sequence[str]], Worker]:
    def start(command: Sequence[str]) -> Worker:
        workers.append(Watched(command))
        return workers[-1]

    return start


def never(_: Sequence[str]) -> Worker:
    raise AssertionError("a worker is started")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all, so that jedi reads the standard library's stubs once; the environments are different ones."""
    return tmp_path_factory.mktemp("cache")


def pid_of(worker: Watched) -> int:
    assert worker.started.wait(LONG)
    assert worker.pid is not None
    return worker.pid


def test_it_answers(tmp_path: Path, cache: Path) -> None:
    opinions = Opinions(environment(tmp_path / "env", ONE), cache, limits=PATIENT)
    for path in ("one.build", "one.wrapped", "one.nothing"):
        assert opinions.result_class(path) is None
    assert opinions.wait(LONG) == {"one.build", "one.wrapped", "one.nothing"}
    assert [opinions.result_class(p) for p in ("one.build", "one.wrapped", "one.nothing")] == [NET, NET, None]
    opinions.close()


JEDI = """
import functools, missing

KIND = True

class Net:
    def twin(self): return self.__class__()

class Other: ...

def exchanged(function):
    def inner(*arguments):
        return Other()
    return inner

def faithful(function):
    def inner(*arguments):
        return function(*arguments)
    return functools.update_wrapper(inner, function)

def chosen(function):
    def inner(*arguments):
        if arguments:
            return Other()
        return function(*arguments)
    return inner

@exchanged
def one() -> Net: ...

@faithful
def two() -> Net: ...

@faithful
def three(): return Net()

@missing.decorator
def four() -> Net: ...

@chosen
def five() -> Net: ...

def six():
    make = Net if KIND else Other
    return make()

def seven():
    make = Net
    return make()

def eight(make=Net):
    return make()

@faithful
def nine() -> dict: ...
"""


def test_jedi_is_believed_where_it_understands(tmp_path: Path, cache: Path) -> None:
    wanted = {
        "p.one": "p.Other",
        "p.two": "p.Net",
        "p.three": "p.Net",
        "p.four": None,  # a decorator that is not there
        "p.five": None,  # one of two, whatever it is called with
        "p.six": None,  # one of two
        "p.seven": "p.Net",
        "p.eight": None,  # whatever it is given
        "p.nine": None,  # not of these packages
    }
    opinions = Opinions(environment(tmp_path / "env", {"p.py": JEDI}), cache, limits=PATIENT)
    for path in wanted:
        opinions.result_class(path)
    assert opinions.wait(LONG) == set(wanted)
    assert {path: opinions.result_class(path) for path in wanted} == wanted
    opinions.close()


def test_without_a_cache_folder_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    opinions = Opinions(environment(tmp_path / "env", ONE), None, limits=PATIENT)
    opinions.result_class("one.wrapped")
    assert opinions.wait(LONG) == {"one.wrapped"}
    assert opinions.result_class("one.wrapped") == NET
    opinions.close()
    assert list((tmp_path / "scratch").iterdir()) == []


def test_nothing_of_the_environment_is_run(tmp_path: Path, cache: Path) -> None:
    """Its interpreter is no program, and importing its package, or the compiled module in it, would leave a file."""
    trace = tmp_path / "imported"
    suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
    says = f"open({str(trace)!r}, 'a').write(__name__)\n"
    files = {
        "evil/__init__.py": says,
        "evil/api.py": says
        + "from evil import native\n\n\nclass Net: ...\n\n\n@native.traced\ndef build() -> Net: ...\n\n\n"
        "@native.maker()\ndef make():\n    return native.Net()\n",
        f"evil/native{suffix}": "no library",
        f"single{suffix}": "no library",
        "sitecustomize.py": says,
        "usercustomize.py": says,
        "evil.pth": f"import os; open({str(trace)!r}, 'a').write('pth')\n",
        "other.py": says + "import single\n\n\n@single.traced\ndef build(): return single.Net()\n",
    }
    opinions = Opinions(environment(tmp_path / "env", files), cache, limits=PATIENT)
    for path in ("evil.api.build", "evil.api.make", "other.build"):
        opinions.result_class(path)
    assert opinions.wait(LONG) == {"evil.api.build", "evil.api.make", "other.build"}
    assert [opinions.result_class(path) for path in ("evil.api.build", "evil.api.make", "other.build")] == [None] * 3
    assert not trace.exists()
    opinions.close()


@on_posix
def test_killed_from_outside(tmp_path: Path, cache: Path) -> None:
    workers: list[Watched] = []
    opinions = Opinions(environment(tmp_path / "env", ONE), cache, limits=PATIENT, start=kept(workers))
    opinions.result_class("one.wrapped")
    os.kill(pid_of(workers[0]), signal.SIGKILL)
    assert opinions.wait(LONG) == {"one.wrapped"}
    assert opinions.result_class("one.wrapped") == NET
    opinions.close()


@on_posix
def test_stopped(tmp_path: Path, cache: Path) -> None:
    """A worker that gets no time at all, and a clock that goes on."""
    workers: list[Watched] = []
    now = [0.0]
    opinions = Opinions(environment(tmp_path / "env", ONE), cache, start=kept(workers), clock=lambda: now[0])
    opinions.result_class("one.wrapped")
    os.kill(pid_of(workers[0]), signal.SIGSTOP)
    assert opinions.result_class("one.wrapped") is None
    opinions.result_class("one.build")
    now[0] = 1000.0
    assert "one.wrapped" in opinions.poll()
    # The next one is not made to pay for it.
    assert opinions.wait(LONG) == {"one.build"}
    assert opinions.result_class("one.build") == NET
    opinions.close()


@on_linux
def test_a_question_that_computes_for_ever(tmp_path: Path, cache: Path) -> None:
    workers: list[Watched] = []
    python = environment(tmp_path / "env", ONE)
    start = of_stub("while question == 'one.hang': pass", workers)
    opinions = Opinions(python, cache, limits=Limits(cpu_seconds=0.3, wall_seconds=LONG), start=start)
    opinions.result_class("one.hang")
    opinions.result_class("one.build")
    assert opinions.wait(LONG) == {"one.hang", "one.build"}
    assert [opinions.result_class(path) for path in ("one.hang", "one.build")] == [None, NET]
    assert len(workers) == 2
    opinions.close()
    # Not in another session either.
    again = Opinions(python, cache, start=never)
    assert [again.result_class(path) for path in ("one.hang", "one.build")] == [None, NET]
    again.close()


def test_a_package_that_takes_too_long_to_read(tmp_path: Path, cache: Path) -> None:
    huge = "table = [\n" + "    (1, 2, 3, 4, 5, 6, 7, 8),\n" * 100_000 + "]\n\n\ndef build(): return table[0]\n"
    python = environment(tmp_path / "env", {**ONE, "huge.py": huge})
    workers: list[Watched] = []
    opinions = Opinions(python, cache, limits=Limits(cpu_seconds=1, wall_seconds=LONG), start=kept(workers))
    opinions.result_class("huge.build")
    assert opinions.wait(LONG) == {"huge.build"}
    assert opinions.result_class("huge.build") is None
    opinions.close()


@on_linux
def test_a_question_that_takes_all_memory(tmp_path: Path, cache: Path) -> None:
    workers: list[Watched] = []
    code = """
    held = []
    while question == 'one.flood' and len(held) < 25:
        held.append(bytearray(b'x' * (8 << 20)))
    while held: sys.stdin.readline()
    """
    limits = Limits(cpu_seconds=LONG, wall_seconds=LONG, memory_bytes=100 << 20)
    python = environment(tmp_path / "env", ONE)
    opinions = Opinions(python, cache, limits=limits, start=of_stub(code, workers))
    opinions.result_class("one.flood")
    opinions.result_class("one.build")
    assert opinions.wait(LONG) == {"one.flood", "one.build"}
    assert [opinions.result_class(path) for path in ("one.flood", "one.build")] == [None, NET]
    assert len(workers) == 2
    opinions.close()


def test_a_worker_that_breaks_off(tmp_path: Path) -> None:
    workers: list[Watched] = []
    start = of_stub("if question == 'one.crash': sys.exit(3)", workers)
    opinions = Opinions(environment(tmp_path / "env", ONE), None, limits=PATIENT, start=start)
    opinions.result_class("one.crash")
    opinions.result_class("one.build")
    assert opinions.wait(LONG) == {"one.crash", "one.build"}
    assert [opinions.result_class(path) for path in ("one.crash", "one.build")] == [None, NET]
    assert len(workers) == 3
    opinions.close()


@pytest.mark.parametrize("said", ["print('5')", "print('[1, 2]')", "print('{')", "print('')", "print(chr(0xe9))"])
def test_a_worker_that_talks_nonsense(tmp_path: Path, said: str) -> None:
    workers: list[Watched] = []
    opinions = Opinions(environment(tmp_path / "env", ONE), None, limits=PATIENT, start=of_stub(said, workers))
    opinions.result_class("one.build")
    assert opinions.wait(LONG) == {"one.build"}
    assert opinions.result_class("one.build") is None
    opinions.close()


@pytest.mark.parametrize("command", [["no-such-program"], [sys.executable, "-c", "raise SystemExit(1)"], [""]])
def test_a_worker_that_cannot_start(tmp_path: Path, command: list[str]) -> None:
    workers: list[Watched] = []

    def start(_: Sequence[str]) -> Worker:
        workers.append(Watched(command))
        return workers[-1]

    opinions = Opinions(environment(tmp_path / "env", ONE), None, limits=PATIENT, start=start)
    opinions.result_class("one.build")
    assert opinions.wait(LONG) == frozenset()
    assert len(workers) == 3
    opinions.close()


def test_it_ends_when_its_parent_is_gone(tmp_path: Path, cache: Path) -> None:
    """In the middle of a question, and though nobody kills it."""
    workers: list[Watched] = []
    opinions = Opinions(environment(tmp_path / "env", ONE), cache, limits=PATIENT, start=kept(workers))
    opinions.result_class("one.wrapped")
    assert workers[0].started.wait(LONG)
    process = workers[0]._process
    assert process is not None
    assert process.stdin is not None
    while workers[0].receive(LONG) is None:
        pass
    process.stdin.close()
    assert process.wait(LONG) in (0, -9)
    opinions.close()


@on_linux
def test_what_a_process_has_used_is_read() -> None:
    used = usage_of(os.getpid())
    assert used is not None
    assert used.cpu_seconds > 0
    assert used.memory_bytes > 1 << 20
    assert usage_of(2**30) is None
