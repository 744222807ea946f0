"""Threads that the daemon sends: in order, each part once, also beside a command that wants to send them, too."""

from typing import Any

import pytest

from tests.daemon.running import daemon, until
from tests.office import Office

PARTS = ("First part", "Second part", "Third part")
DUE = {"SOCIALGUARD_CLOCK": "+3610s"}


def schedule(office: Office, *more: str) -> list[str]:
    """Schedule a thread for in an hour and return the ids of its parts."""
    then = [word for part in PARTS[1:] for word in ("--then", part)]
    words = ("post", PARTS[0], *then, "--to", "x:@acme", "--confirm", "x:@acme", "--json")
    done = office.cli(*words, *(more or ("--at", "in 1 hour")))
    assert done.code == 0, done
    return [one["id"] for one in done.deliveries]


def states(office: Office) -> list[str]:
    """The states of the parts, in order."""
    rows = sorted(office.queue(), key=lambda row: row["thread"]["part"])
    return [row["state"] for row in rows]


def fault(office: Office, kind: str, **more: Any) -> None:
    """Let the second part go wrong."""
    office.sandbox.faults([{"network": "x", "operation": "publish", "kind": kind, "after": 1, **more}])


def test_a_thread_goes_out_in_order_although_the_network_drops_an_answer(office: Office) -> None:
    schedule(office)
    fault(office, "accept_then_drop")
    with daemon(office, **DUE) as running:
        until(lambda: states(office) == ["sent"] * 3, "all is sent")
        assert running.stop() == 0
    posts = office.sandbox.posts("x")
    assert [post["text"] for post in posts] == list(PARTS)
    assert [post["reply_to"] for post in posts] == ["", posts[0]["id"], posts[1]["id"]]


def test_a_part_that_fails_stops_the_thread_with_one_alert(office: Office) -> None:
    failed = schedule(office)[1]
    fault(office, "status", code=402)
    with daemon(office, **DUE) as running:
        until(lambda: states(office) == ["sent", "failed", "held"], "it has stopped")
        assert running.stop() == 0
    alerts = office.cli("alerts", "list", "--json").document["alerts"]
    assert [one["delivery"] for one in alerts] == [failed]
    assert office.published("x") == ["First part"]


@pytest.mark.parametrize("kind", [None, "status"])
def test_a_post_beside_a_daemon_tells_what_became_of_every_part(office: Office, kind: str | None) -> None:
    if kind is not None:
        fault(office, kind, code=402)
    then = [word for part in PARTS[1:] for word in ("--then", part)]
    with daemon(office):
        done = office.process(
            "post", PARTS[0], *then, "--to", "x:@acme", "--confirm", "x:@acme", "--grace", "1", "--json"
        )
    told = [one["state"] for one in done.deliveries]
    assert told == (["sent"] * 3 if kind is None else ["sent", "failed", "held"]), done
    assert done.code == (0 if kind is None else 11)
    assert office.published("x") == list(PARTS if kind is None else PARTS[:1])
