"""The one thread that ends requests which are over time."""

import os
import threading
import time

from socialguard.networks.http_watch import Watch

PATIENCE = 20.0


def test_what_is_over_time_is_told_and_what_was_removed_is_not() -> None:
    watch, told = Watch(time.monotonic), threading.Event()
    early: list[str] = []
    watch.add("removed", time.monotonic() + 0.05, lambda: early.append("removed"))
    watch.remove("removed")
    watch.add("kept", time.monotonic() + 0.1, told.set)
    assert told.wait(PATIENCE)
    assert early == []


def test_an_earlier_deadline_does_not_wait_for_a_later_one() -> None:
    watch, told = Watch(time.monotonic), threading.Event()
    watch.add("late", time.monotonic() + 3600, lambda: None)
    watch.add("soon", time.monotonic() + 0.05, told.set)
    assert told.wait(PATIENCE)


def test_one_thread_serves_every_deadline() -> None:
    watch, told = Watch(time.monotonic), threading.Event()
    before = threading.active_count()
    for number in range(50):
        watch.add(number, time.monotonic() + 3600, lambda: None)
    watch.add("last", time.monotonic(), told.set)
    assert told.wait(PATIENCE)
    assert threading.active_count() == before + 1


def test_a_forked_child_has_deadlines_of_its_own() -> None:
    watch = Watch(time.monotonic)
    watch.add("parent's", time.monotonic() + 3600, lambda: None)
    pid = os.fork()
    if pid == 0:
        told = threading.Event()
        watch.add("child's", time.monotonic() + 0.05, told.set)
        os._exit(0 if told.wait(PATIENCE) else 1)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
