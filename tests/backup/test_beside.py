"""A backup is in nobody's way, and nobody in its: posts go out beside it, and it ends when it is told to."""

import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from socialguard.store import lease
from tests.backup.world import back_up, item_ids, seeded
from tests.office import Office


def until(holds: Callable[[], bool]) -> None:
    """Wait until it is so, for 30 seconds at the most."""
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        threading.Event().wait(0.01)


def timelines(office: Office) -> int:
    """How many pages X was asked for."""
    return office.sandbox.requests().get("x", {}).get("timeline", 0)


def test_a_post_goes_out_while_a_backup_waits_for_its_network(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=5))
    office.sandbox.faults([{"network": "x", "operation": "timeline", "kind": "slow", "seconds": 15}])
    running = office.start("backup", "run", "x:@acme", "--json", "--max-cost", "9")
    until(lambda: timelines(office) > 0)
    began = time.monotonic()
    assert office.post("Meanwhile", "x:@acme").code == 0
    assert time.monotonic() - began < 10
    assert running.poll() is None
    running.kill()
    running.communicate()


@pytest.mark.parametrize("what", ["search", "verify", "audit"])
def test_a_post_goes_out_while_somebody_reads_slowly(office: Office, what: str) -> None:
    """Whoever reads holds no transaction that a sender, or a backup, would have to wait for."""
    office.sandbox.reset(seeded(office, posts=120, media=3))
    back_up(office)
    sent: list[int] = []

    def post(*_: object) -> None:
        if not sent:
            # Unlike all that the account wrote: the detector may hold it, as it should.
            passed = ("--override", "affinity", "--reason", "on purpose")
            done = office.process(*office.post_words("In between", "x:@acme"), *passed)
            again = office.process("backup", "run", "facebook:@acme", "--json")
            sent.extend((done.code, again.code))

    with office.entered() as workspace:
        if what == "verify":
            assert workspace.archive.verify(post).problems == ()
        elif what == "search":
            from socialguard.archive import reader

            with workspace.archive.database.read() as connection:
                first = reader.search(connection, "post", limit=5)
                post()
                assert len(reader.search(connection, "post", before=first[-1], limit=500)) == 115
        else:
            from socialguard.workspace.verifying import verify

            report = verify(workspace, deep=True, told=post)
            post()
            assert report.status == "whole"
    assert sent == [0, 0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_told_to_end_ends_at_its_page_and_the_next_goes_on(office: Office, number: int) -> None:
    office.sandbox.reset(seeded(office, posts=450))
    office.sandbox.faults(
        [{"network": "x", "operation": "timeline", "kind": "slow", "seconds": 0.5, "times": None}]
    )
    running = office.start("backup", "run", "x:@acme", "--json", "--max-cost", "9")
    until(lambda: timelines(office) >= 2)
    running.send_signal(number)
    out, _ = running.communicate(timeout=20)
    assert running.returncode == 130, out
    assert '"stopped": true' in out
    office.sandbox.faults([])
    kept = len(item_ids(office))
    assert 100 <= kept < 450
    row = back_up(office)
    assert (row["items_new"], row["items_total"], row["gaps_open"]) == (450 - kept, 450, 0)


def test_a_backup_that_stopped_goes_on_a_week_later_below_what_was_posted_since(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=250))
    office.sandbox.faults(
        [{"network": "x", "operation": "timeline", "kind": "drop_before", "after": 1, "times": 9}]
    )
    assert back_up(office, code=6)["gaps_open"] == 1
    office.sandbox.faults([])
    week = timedelta(days=7)
    office.sandbox.clock(week.total_seconds())
    for number in range(130):
        office.sandbox.foreign({"network": "x", "account": "acme", "text": f"A week later {number}"})
    row = back_up(office, SOCIALGUARD_CLOCK="+7d")
    assert (row["items_new"], row["items_total"], row["gaps_open"]) == (280, 380, 0)
    rebuilt = office.cli("backup", "rebuild", "--json").document
    assert rebuilt["before"] == rebuilt["after"]


def test_a_backup_beside_another_says_of_which_account(office: Office) -> None:
    with office.entered() as workspace:
        (account,) = [one for one in workspace.accounts() if str(one) == "facebook:@acme"]
        with lease.hold(workspace.database, f"backup:{account.id}", timedelta(hours=1)):
            row = back_up(office, "facebook:@acme", code=1)
    assert row["error"]["message"] == "The backup of facebook:@acme is in use by another process."
