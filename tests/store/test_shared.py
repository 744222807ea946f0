"""Writes of many threads: each is committed when it returns, one that fails takes back only its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from socialguard import errors
from socialguard.store import duties, shared
from socialguard.store.database import Database
from socialguard.store.duties import DutyRun

THREADS = 16


def names(database: Database) -> set[str]:
    """Return the duties that are committed, as another connection sees them."""
    with database.read() as connection:
        return {run.name for run in duties.runs(connection)}


def in_threads(work: Callable[[int], None], count: int) -> list[BaseException | None]:
    """Do work in many threads that begin together, and return what each raised."""
    together = threading.Barrier(THREADS)

    def done(number: int) -> BaseException | None:
        if number < THREADS:
            together.wait(30)
        try:
            work(number)
        except Exception as problem:
            return problem
        return None

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(done, range(count)))


class Commits:
    """Counts the commits of a database."""

    def __init__(self, database: Database) -> None:
        self.count = 0
        event.listen(database.engine, "commit", self._counted)

    def _counted(self, connection: object) -> None:
        self.count += 1


def test_what_a_write_did_is_committed_when_it_returns(database: Database) -> None:
    seen: dict[int, bool] = {}

    def work(number: int) -> None:
        with database.write() as connection:
            duties.record(connection, [DutyRun(f"duty {number}")])
        seen[number] = f"duty {number}" in names(database)

    assert in_threads(work, 200) == [None] * 200
    assert all(seen.values())
    assert len(names(database)) == 200


def test_threads_that_wait_share_a_commit_and_one_alone_commits_at_once(database: Database) -> None:
    commits = Commits(database)
    with database.write() as connection:
        duties.record(connection, [DutyRun("alone")])
    assert commits.count == 1
    held, ready = threading.Event(), threading.Event()

    def holds() -> None:
        with database.write() as connection:
            duties.record(connection, [DutyRun("first")])
            ready.set()
            assert held.wait(30)

    def joins(number: int) -> None:
        with database.write() as connection:
            duties.record(connection, [DutyRun(f"joined {number}")])

    threads = [threading.Thread(target=holds)]
    threads[0].start()
    assert ready.wait(30)
    threads += [threading.Thread(target=joins, args=[number]) for number in range(8)]
    for each in threads[1:]:
        each.start()
    while database._shared._waiting < 8:
        pass
    shared_longest, shared.LONGEST = shared.LONGEST, 60.0  # type: ignore[misc] # the machine may be slow
    held.set()
    for each in threads:
        each.join(30)
    shared.LONGEST = shared_longest  # type: ignore[misc]
    assert commits.count == 2
    assert len(names(database)) == 10


def test_a_write_that_fails_takes_back_its_own_and_nothing_of_the_others(database: Database) -> None:
    def work(number: int) -> None:
        with database.write() as connection:
            duties.record(connection, [DutyRun(f"duty {number}")])
            if number % 3 == 0:
                raise errors.Busy(what=f"duty {number}")
            if number % 3 == 1:
                connection.execute(text("insert into duty_run (name) values (:name)"), {"name": f"duty {number}"})

    raised = in_threads(work, 150)
    kinds = [type(each) for each in raised]
    assert kinds == [errors.Busy, IntegrityError, type(None)] * 50
    assert names(database) == {f"duty {number}" for number in range(150) if number % 3 == 2}


def test_a_commit_that_fails_fails_for_all_who_were_part_of_it(database: Database) -> None:
    def refuse(connection: object) -> None:
        raise database._driver.OperationalError("database or disk is full")

    event.listen(database.engine, "commit", refuse)

    def work(number: int) -> None:
        with database.write() as connection:
            duties.record(connection, [DutyRun(f"duty {number}", lag=timedelta(seconds=number))])

    raised = in_threads(work, 60)
    assert {type(each) for each in raised} == {errors.AuditUnwritable}
    event.remove(database.engine, "commit", refuse)
    assert names(database) == set()
    work(7)
    assert names(database) == {"duty 7"}


def test_who_waits_too_long_for_its_turn_is_told_and_the_others_go_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socialguard.store.dialect.BUSY_MS", 50)
    with database.write() as connection:
        duties.record(connection, [DutyRun("first")])
        with pytest.raises(errors.Busy), database.write():
            raise AssertionError("it cannot have its turn")
    assert names(database) == {"first"}
