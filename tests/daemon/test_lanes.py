"""Lanes: one piece of work at a time in each, and lanes that hang leave threads for the others."""

import threading

from socialguard.daemon.lanes import Lanes


def unexpected(problem: Exception) -> None:
    raise AssertionError(problem)


def test_a_lane_does_one_thing_at_a_time_and_keeps_nothing_for_later() -> None:
    lanes, go, ran = Lanes(unexpected, 4), threading.Event(), []
    started = threading.Event()

    def work() -> None:
        started.set()
        go.wait(10)
        ran.append(1)

    assert lanes.offer("a", work)
    assert started.wait(10)
    assert not lanes.offer("a", work)
    assert lanes.busy == 1
    go.set()
    assert lanes.close(10)
    assert ran == [1]
    assert not lanes.offer("a", work)


def test_accounts_that_hang_again_and_again_leave_half_of_the_threads_to_others() -> None:
    lanes = Lanes(unexpected, 4, slow_seconds=0.0)
    for number in range(10):  # each was slow once
        done = threading.Event()
        assert lanes.offer(f"slow {number}", done.set)
        assert done.wait(10)
    hang, begun, other = threading.Event(), threading.Semaphore(0), threading.Event()

    def hangs() -> None:
        begun.release()
        hang.wait(30)

    while lanes.busy:
        pass  # the last one leaves its lane after it was seen
    assert all(lanes.offer(f"slow {number}", hangs) for number in range(10))
    assert begun.acquire(timeout=10)
    assert begun.acquire(timeout=10)
    assert lanes.offer("quick", other.set)
    assert other.wait(10)
    assert not begun.acquire(blocking=False)  # two of four hang, the rest wait
    hang.set()
    assert lanes.close(10)


def test_what_work_raises_is_handed_over_and_the_lane_goes_on() -> None:
    seen: list[Exception] = []
    told = threading.Event()

    def failed(problem: Exception) -> None:
        seen.append(problem)
        told.set()

    def fails() -> None:
        raise ValueError("a secret of nobody")

    lanes, ran = Lanes(failed, 1), threading.Event()
    assert lanes.offer("a", fails)
    assert told.wait(10)
    while not lanes.offer("a", ran.set):
        pass
    assert ran.wait(10)
    assert [type(each) for each in seen] == [ValueError]


def test_closing_waits_no_longer_than_it_was_told() -> None:
    lanes, hang, begun = Lanes(unexpected, 1), threading.Event(), threading.Event()

    def hangs() -> None:
        begun.set()
        hang.wait(30)

    assert lanes.offer("a", hangs)
    assert begun.wait(10)
    assert lanes.close(0.05) is False
    hang.set()
