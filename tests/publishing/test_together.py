"""Threads that come while a transaction is on its way share the next one, and each gets its own outcome."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from socialguard.publishing import together
from socialguard.publishing.together import Together


class Place:
    """A place whose first transaction waits until it is let go."""

    def __init__(self) -> None:
        self.place: Together[int, int] = Together()
        self.batches: list[list[int]] = []
        self.begun = threading.Event()
        self.go = threading.Event()

    def act(self, items: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(items))
        self.begun.set()
        assert self.go.wait(10)
        if 13 in items:
            raise RuntimeError("the disk is full")
        return [ValueError(item) if item < 0 else item * 2 for item in items]

    def run(self, *items: int) -> list[Future[int]]:
        """Bring the first item, and the others while its transaction is on its way."""
        with ThreadPoolExecutor(len(items)) as threads:
            first = threads.submit(self.place.do, items[0], self.act)
            assert self.begun.wait(10)
            others = [threads.submit(self.place.do, item, self.act) for item in items[1:]]
            while len(self.place._waiting) < len(others):
                assert threading.active_count()  # they are about to come: nothing else can happen meanwhile
            self.go.set()
            return [first, *others]


def test_a_thread_alone_does_its_work_at_once() -> None:
    made = Place()
    made.go.set()
    assert made.place.do(4, made.act) == 8
    assert made.batches == [[4]]


def test_those_who_come_meanwhile_share_the_next_transaction_and_get_their_own_outcome() -> None:
    made = Place()
    outcomes = made.run(1, 2, 3, 4)
    assert [one.result() for one in outcomes] == [2, 4, 6, 8]
    assert made.batches[0] == [1]
    assert [sorted(batch) for batch in made.batches[1:]] == [[2, 3, 4]]


def test_an_error_that_is_an_outcome_is_raised_to_its_own_thread_only() -> None:
    made = Place()
    first, second, third = made.run(1, -2, 3)
    assert (first.result(), third.result()) == (2, 6)
    with pytest.raises(ValueError, match="-2"):
        second.result()


def test_a_transaction_that_fails_is_told_to_everybody_in_it_and_to_nobody_else() -> None:
    made = Place()
    first, *others = made.run(1, 13, 3)
    assert first.result() == 2
    for one in others:
        with pytest.raises(RuntimeError, match="full"):
            one.result()
    assert made.place.do(5, made.act) == 10


def test_nobody_waits_for_ever_where_a_transaction_was_left(monkeypatch: pytest.MonkeyPatch) -> None:
    place: Together[int, int] = Together()

    def leave(_items: Sequence[int]) -> list[int | Exception]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        place.do(1, leave)
    assert place.do(2, lambda items: [item * 2 for item in items]) == 4
    with pytest.raises(RuntimeError, match="left"):
        place.do(3, lambda _items: [])


def test_a_transaction_stays_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "MOST", 2)
    made = Place()
    outcomes = made.run(1, 2, 3, 4, 5, 6)
    assert [one.result() for one in outcomes] == [2, 4, 6, 8, 10, 12]
    assert max(len(batch) for batch in made.batches) == 2
    assert sorted(item for batch in made.batches for item in batch) == [1, 2, 3, 4, 5, 6]
