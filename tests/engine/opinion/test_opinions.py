"""The bookkeeping, with a worker and a clock that do what the test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from packages import ONE, FakeWorker, environment

from dryfit.engine.opinion.limits import Limits
from dryfit.engine.opinion.opinions import Opinions
from dryfit.engine.opinion.process import Ended, Ready
from dryfit.engine.opinion.usage import Usage

LIMITS = Limits(cpu_seconds=5, wall_seconds=60, memory_bytes=300, deaths=3, idle_seconds=120, waiting=4)
NET = "one.nets.Net"


class Stage:
    """Opinions about a small environment, with everything that they depend on at hand."""

    def __init__(self, folder: Path, is_trusted: bool = True) -> None:
        self.folder = folder
        self.now = 0.0
        self.usage: Usage | None = Usage(0.0, 0)
        self.workers: list[FakeWorker] = []
        self.later: list[Stage] = []
        python = folder / "env" / "bin" / "python"
        self.python = python if python.exists() else environment(folder / "env", ONE)
        self.opinions = Opinions(
            self.python,
            folder / "cache",
            is_trusted,
            LIMITS,
            start=self._start,
            clock=lambda: self.now,
            usage=lambda _: self.usage,
        )

    def again(self, is_trusted: bool = True) -> Stage:
        """Another session about the same environment, with the same cache."""
        self.later.append(Stage(self.folder, is_trusted))
        return self.later[-1]

    @property
    def worker(self) -> FakeWorker:
        return self.workers[-1]

    def _start(self, command: Sequence[str]) -> FakeWorker:
        self.workers.append(FakeWorker())
        self.worker.messages.append(Ready())
        return self.worker


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    for one in (stage, *stage.later):
        one.opinions.close()


def test_an_answer_comes_later_and_stays(stage: Stage) -> None:
    assert not stage.opinions.is_busy
    assert stage.opinions.result_class("one.build") is None
    assert stage.opinions.is_busy
    assert stage.opinions.poll() == frozenset()
    stage.worker.answers(NET)
    assert stage.opinions.poll() == {"one.build"}
    assert not stage.opinions.is_busy
    assert stage.opinions.poll() == frozenset()
    assert stage.opinions.result_class("one.build") == NET
    assert stage.worker.asked == ["one.build"]


def test_nobody_waits(stage: Stage) -> None:
    for path in ("one.build", "one.other", "one.build"):
        assert stage.opinions.result_class(path) is None
    for _ in range(3):
        stage.opinions.poll()
    stage.opinions.close()
    assert set(stage.worker.waits) == {0}


def test_one_question_at_a_time_in_their_order(stage: Stage) -> None:
    for path in ("one.build", "one.other", "one.build"):
        stage.opinions.result_class(path)
    assert stage.worker.asked == ["one.build"]
    stage.worker.answers(None)
    assert stage.opinions.poll() == {"one.build"}
    assert stage.worker.asked == ["one.build", "one.other"]


def test_wait_returns_when_all_is_answered(stage: Stage) -> None:
    stage.opinions.result_class("one.build")
    stage.worker.answers(NET)
    assert stage.opinions.wait(10) == {"one.build"}
    assert stage.opinions.wait(10) == frozenset()


def test_wait_returns_when_the_time_is_over(stage: Stage) -> None:
    stage.opinions.result_class("one.build")
    receive = stage.worker.receive

    def later(seconds: float) -> object:
        stage.now += seconds
        return receive(seconds)

    stage.worker.receive = later  # type: ignore[method-assign, assignment]
    assert stage.opinions.wait(10) == frozenset()
    assert 10 <= stage.now < 11


def test_answers_outlive_the_session(stage: Stage) -> None:
    for path, result in (("one.build", NET), ("one.other", None)):
        stage.opinions.result_class(path)
        stage.opinions.poll()
        stage.worker.answers(result)
        stage.opinions.poll()
    stage.opinions.close()
    again = stage.again()
    assert [again.opinions.result_class(path) for path in ("one.build", "one.other")] == [NET, None]
    assert again.workers == []


def test_another_set_of_distributions_is_another_environment(stage: Stage) -> None:
    stage.opinions.result_class("one.build")
    stage.worker.answers(NET)
    stage.opinions.poll()
    stage.opinions.close()
    (stage.folder / "env/lib/python3.11/site-packages/two-2.0.dist-info").mkdir()
    again = stage.again()
    assert again.opinions.result_class("one.build") is None
    assert again.worker.asked == ["one.build"]


def test_nothing_is_asked_where_the_workspace_is_not_trusted(stage: Stage) -> None:
    stage.opinions.result_class("one.build")
    stage.worker.answers(NET)
    stage.opinions.poll()
    stage.opinions.close()
    untrusted = stage.again(is_trusted=False)
    assert untrusted.opinions.result_class("one.build") is None
    assert untrusted.opinions.wait(10) == frozenset()
    assert untrusted.workers == []


@pytest.mark.parametrize(
    "path",
    [
        "one",  # a package
        "two.build",  # not installed
        "os.path.join",  # the standard library
        "one._C.build",  # compiled
        "one..build",
        "one.build()",
        "one.build\nimport os",
        "one." + "x" * 300,
    ],
)
def test_what_is_no_question(stage: Stage, path: str) -> None:
    assert stage.opinions.result_class(path) is None
    assert stage.opinions.poll() == frozenset()
    assert stage.workers == []


def test_only_so_many_questions_wait(stage: Stage) -> None:
    for number in range(10):
        stage.opinions.result_class(f"one.build{number}")
    for _ in range(10):
        stage.worker.answers(None)
        stage.opinions.poll()
        if len(stage.worker.asked) == LIMITS.waiting:
            break
    assert stage.worker.asked == [f"one.build{number}" for number in range(4)]


def over_cpu(stage: Stage) -> None:
    stage.usage = Usage(5.1, 0)


def over_memory(stage: Stage) -> None:
    stage.usage = Usage(0.0, 301)


def over_wall(stage: Stage) -> None:
    stage.now += 60.1


def over_wall_where_nothing_is_told(stage: Stage) -> None:
    stage.usage = None
    stage.now += 60.1


@pytest.mark.parametrize("passes", [over_cpu, over_memory, over_wall, over_wall_where_nothing_is_told])
def test_past_a_limit_the_worker_is_killed_and_the_question_settled(
    stage: Stage, passes: Callable[[Stage], None]
) -> None:
    stage.opinions.result_class("one.build")
    stage.opinions.result_class("one.other")
    assert stage.opinions.poll() == frozenset()
    passes(stage)
    first = stage.worker
    assert stage.opinions.poll() == {"one.build"}
    assert first.is_killed
    stage.usage = Usage(0.0, 0)
    # The next question has a worker of its own, and the one that failed is not asked again, in no session.
    assert [worker.asked for worker in stage.workers] == [["one.build"], ["one.other"]]
    assert stage.opinions.result_class("one.build") is None
    stage.opinions.close()
    again = stage.again()
    assert again.opinions.result_class("one.build") is None
    assert again.workers == []


def test_a_busy_machine_costs_no_answer(stage: Stage) -> None:
    stage.opinions.result_class("one.build")
    stage.now, stage.usage = 55.0, Usage(4.9, 299)
    assert stage.opinions.poll() == frozenset()
    stage.worker.answers(NET)
    assert stage.opinions.poll() == {"one.build"}


def test_preparations_are_not_the_questions_cost(stage: Stage) -> None:
    stage.opinions.result_class("one.build")
    stage.now, stage.usage = 50.0, Usage(4.0, 0)
    stage.worker.messages.append(Ready())
    assert stage.opinions.poll() == frozenset()
    stage.now, stage.usage = 100.0, Usage(8.0, 0)
    assert stage.opinions.poll() == frozenset()
    assert not stage.worker.is_killed


def test_a_question_pays_for_itself_alone(stage: Stage) -> None:
    stage.opinions.result_class("one.build")
    stage.usage = Usage(4.0, 0)
    stage.worker.answers(NET)
    stage.opinions.result_class("one.other")
    stage.opinions.poll()
    stage.usage = Usage(8.0, 0)
    stage.opinions.poll()
    assert not stage.worker.is_killed


def test_a_worker_that_somebody_killed_is_replaced_and_asked_again(stage: Stage) -> None:
    stage.opinions.result_class("one.build")
    stage.opinions.poll()
    stage.worker.messages.append(Ended(-9))
    assert stage.opinions.poll() == frozenset()
    assert [worker.asked for worker in stage.workers] == [["one.build"], ["one.build"]]
    stage.worker.answers(NET)
    assert stage.opinions.poll() == {"one.build"}


def test_a_question_that_two_workers_died_over_is_settled(stage: Stage) -> None:
    stage.opinions.result_class("one.build")
    stage.opinions.poll()
    for _ in range(2):
        stage.worker.messages.append(Ended(-11))
        found = stage.opinions.poll()
    assert found == {"one.build"}
    assert len(stage.workers) == 2


def test_after_three_deaths_in_a_row_none_is_started(stage: Stage) -> None:
    for path in ("one.build", "one.other"):
        stage.opinions.result_class(path)
    for _ in range(3):
        # Before it was ready: no question is to blame.
        stage.worker.messages[:] = [Ended(1)]
        assert stage.opinions.poll() == frozenset()
    assert len(stage.workers) == 3
    assert stage.opinions.wait(10) == frozenset()
    assert stage.opinions.result_class("one.wrapped") is None
    assert len(stage.workers) == 3
    stage.opinions.close()
    again = stage.again()
    assert again.opinions.result_class("one.build") is None
    assert again.worker.asked == ["one.build"]


def test_an_answer_in_between_makes_good(stage: Stage) -> None:
    for number in range(4):
        stage.opinions.result_class(f"one.bad{number}")
        stage.opinions.poll()
        stage.usage = Usage(9.0, 0)
        stage.opinions.poll()
        stage.usage = Usage(0.0, 0)
        stage.opinions.result_class(f"one.good{number}")
        stage.worker.answers(None)
        assert stage.opinions.poll() == {f"one.good{number}"}


def test_a_worker_with_nothing_to_do_is_let_go(stage: Stage) -> None:
    stage.opinions.result_class("one.build")
    stage.worker.answers(NET)
    stage.opinions.poll()
    stage.now = 119.0
    stage.opinions.poll()
    assert not stage.worker.is_killed
    stage.now = 121.0
    stage.opinions.poll()
    assert stage.worker.is_killed
    stage.opinions.result_class("one.other")
    assert [worker.asked for worker in stage.workers] == [["one.build"], ["one.other"]]


def test_a_worker_that_has_grown_is_replaced(stage: Stage) -> None:
    stage.opinions.result_class("one.build")
    stage.worker.answers(NET)
    stage.usage = Usage(1.0, 301)
    assert stage.opinions.poll() == {"one.build"}
    assert stage.worker.is_killed


def test_closed_is_closed(stage: Stage) -> None:
    stage.opinions.result_class("one.build")
    stage.opinions.close()
    assert stage.worker.is_killed
    assert stage.opinions.result_class("one.other") is None
    assert stage.opinions.poll() == frozenset()
    stage.opinions.close()
    assert len(stage.workers) == 1


def test_without_an_environment(tmp_path: Path) -> None:
    opinions = Opinions(tmp_path / "nowhere" / "python", None)
    assert opinions.result_class("one.build") is None
    assert opinions.poll() == frozenset()
    opinions.close()
