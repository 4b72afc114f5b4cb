"""Questions that remember their answers.

An answer is kept with the questions it asked and the answers they gave. An edit marks the users of what changed as
stale, transitively, and nothing else is looked at. A stale answer is kept if everything it asked for comes out equal,
so work stops at the first layer where nothing changed. Dependencies are as narrow as what was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Key = tuple[Any, ...]


@dataclass(slots=True)
class Answer:
    value: Any
    asked: dict[Key, Any]
    is_stale: bool = False


class Memory:
    """One table of answers. `questions` maps the first element of a key to the function that answers it."""

    def __init__(self, questions: Mapping[str, Callable[..., Any]], cycles: Mapping[str, Any]) -> None:
        self._questions = questions
        self._cycles = cycles
        self._answers: dict[Key, Answer] = {}
        self._users: dict[Key, set[Key]] = {}
        self._running: list[Key] = []
        self._asked: list[dict[Key, Any]] = []
        self._unfinished: set[Key] = set()
        self._compared: set[Key] = set()
        self.computed = 0  # answers worked out so far: an exact measure of work for tests

    def ask(self, *key: Any) -> Any:
        answer = self._answers.get(key)
        value = self._answer(key) if answer is None or answer.is_stale else answer.value
        if self._asked:
            asked = self._asked[-1]
            if key not in asked:
                users = self._users.get(key)
                if users is None:
                    users = self._users[key] = set()
                users.add(self._running[-1])
            asked[key] = value
        return value

    def is_fresh(self, *key: Any) -> bool:
        answer = self._answers.get(key)
        return answer is not None and not answer.is_stale

    def peek(self, *key: Any) -> Any:
        """The last answer, stale or not; None if there is none."""
        answer = self._answers.get(key)
        return None if answer is None else answer.value

    def invalidate(self, keys: Iterable[Key]) -> None:
        """Mark these answers and all that rest on them as stale."""
        todo, seen = list(keys), set[Key]()
        while todo:
            key = todo.pop()
            answer = self._answers.get(key)
            if answer is None:
                # Not remembered, because it was asked inside a question about itself; its users are.
                if key not in seen:
                    seen.add(key)
                    todo.extend(self._users.get(key, ()))
            elif not answer.is_stale:
                answer.is_stale = True
                todo.extend(self._users.get(key, ()))

    def forget(self, keys: Iterable[Key]) -> None:
        """Drop these answers: what they are about is gone."""
        for key in keys:
            self._answers.pop(key, None)
            self._users.pop(key, None)

    def known(self) -> list[Key]:
        return list(self._answers)

    def prune(self, limit: int) -> None:
        """Forget what nobody asks for when more than `limit` answers are held: half-typed names leave such."""
        if len(self._answers) > limit and not self._running:
            live: set[Key] = set()
            for key, answer in self._answers.items():
                live.update(answer.asked)
                if key[0] == "judgement":
                    live.add(key)
            self.forget([key for key in self._answers if key not in live])
            for users in self._users.values():
                users.intersection_update(self._answers)

    def _answer(self, key: Key) -> Any:
        answer = self._answers.get(key)
        if answer is not None:
            if not answer.is_stale:
                return answer.value
            if key not in self._running and key not in self._compared and self._is_unchanged(key, answer):
                now = self._answers.get(key, answer)
                now.is_stale = False
                return now.value
        if key in self._running:
            # A question that leads back to itself gets a fixed answer, never one that is half worked out; what lies
            # between is not remembered, so that the order of asking does not matter.
            self._unfinished.update(self._running[self._running.index(key) + 1 :])
            return self._cycles[key[0]]
        return self._work_out(key, answer)

    def _work_out(self, key: Key, previous: Answer | None) -> Any:
        self._running.append(key)
        self._asked.append({})
        try:
            value = self._questions[key[0]](*key[1:])
        except BaseException:
            self._unfinished.discard(key)
            raise
        finally:
            asked = self._asked.pop()
            self._running.pop()
        self.computed += 1
        if key in self._unfinished:
            self._unfinished.discard(key)
            self._answers.pop(key, None)
            return value
        if previous is not None and previous.value == value:
            value = previous.value
        self._answers[key] = Answer(value, asked)
        return value

    def _is_unchanged(self, key: Key, answer: Answer) -> bool:
        """Does everything it asked for come out equal? One that leads back to itself is worked out anew."""
        self._compared.add(key)
        try:
            for asked, value in list(answer.asked.items()):
                now = self._answer(asked)
                if now is not value and now != value:
                    return False
            return bool(answer.asked)
        finally:
            self._compared.discard(key)
