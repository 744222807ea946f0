"""A large log is read by several processes, and what they find is what one would."""

import os
import signal
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress

import pytest

from socialguard.audit import readers, scan
from socialguard.audit.verify import verify
from tests.audit.conftest import ORG
from tests.audit.test_log import damage, queue
from tests.audit.test_verify import CHANGES
from tests.audit.world import World


@pytest.fixture
def beside(world: World, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Make the log of the world one of many parts, read by another process; lists the processes that began."""
    world.add(*(queue(f"{number:064x}") for number in range(40)))
    world.checkpoint()
    begun: list[int] = []

    hand_out = readers._hand_out

    def counted(pool: ProcessPoolExecutor, count: int, waiting: Iterable[readers._Part]) -> None:
        hand_out(pool, count, waiting)
        begun[:] = list(pool._processes or ())

    monkeypatch.setattr(scan, "BATCH", 4)
    monkeypatch.setattr(readers, "BATCH", 4)
    monkeypatch.setattr(readers, "MANY", 8)
    monkeypatch.setattr(readers, "_processors", lambda: 2)
    monkeypatch.setattr(readers, "_hand_out", counted)
    return begun


def test_other_processes_find_what_one_finds(
    world: World, beside: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole log is whole, and every kind of damage is told in the same words."""
    assert world.verify().problems == ()
    assert beside
    damage(
        world.database,
        *(CHANGES[name] for name in ("time edited", "actor edited", "hash edited", "reason edited")),
        "update audit_entry set action = 'x' where seq = 41",
        "delete from audit_entry where seq in (20, 21)",
        "update audit_entry set seq = -5 where seq = 30",
    )
    together = world.verify()
    monkeypatch.setattr(readers, "_processors", lambda: 1)
    alone = world.verify()
    assert len(alone.problems) >= 8
    assert together == alone


def test_a_reader_that_was_killed_is_done_without(
    world: World, beside: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where another process is killed the log is read here, every entry once."""
    whole = world.verify()
    hand_out = readers._hand_out

    def killing(pool: ProcessPoolExecutor, count: int, waiting: Iterable[readers._Part]) -> None:
        hand_out(pool, count, waiting)
        for process in list(pool._processes or ()):
            with suppress(ProcessLookupError):  # killed before
                os.kill(process, signal.SIGKILL)

    monkeypatch.setattr(readers, "_hand_out", killing)
    assert world.verify() == whole


def test_what_one_page_needs_of_the_one_before_is_judged_between_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time that goes back, and an entry that is missing, exactly where one page ends."""
    monkeypatch.setattr(scan, "BATCH", 4)
    damage(world.database, "update audit_entry set ts = '2020-01-01T00:00:00.000000Z' where seq = 4")
    found = {(problem.kind, problem.entry) for problem in world.verify().problems}
    assert ("time", 4) in found
    damage(world.database, "delete from audit_entry where seq = 4")
    report = verify(world.database, ORG, [], None, [])
    assert ("missing", 4) in {(problem.kind, problem.entry) for problem in report.problems}
