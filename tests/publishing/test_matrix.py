"""Exactly once: a kill at every point of the send path, times everything that a network can do wrong.

Each case posts once, with a fault waiting at the network and a crash point armed, and then starts again as a
person or a daemon would, by `queue run`. The network must hold the post once or not at all, never twice; the
ledger must say which, or say that it does not know (exit 12); and nothing that was queued may be lost.
"""

import json
import signal
import time
from collections.abc import Mapping
from typing import Any, Final

import pytest

from socialguard.publishing import crash
from tests.fork_server import QUICK_SECONDS, Ended, ForkServer
from tests.office import Done, Office

TEXT: Final = "Exactly once, whatever happens"
LATE: Final = 3600

# What goes wrong with one request, and what the network says of it.
FAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "none": {},
    "refuse": {"kind": "refuse"},
    "drop_before": {"kind": "drop_before"},
    "accept_then_drop": {"kind": "accept_then_drop"},
    "429": {"kind": "status", "code": 429},
    "500": {"kind": "status", "code": 500, "body": "{}"},
    "502": {"kind": "status", "code": 502},
    "402": {"kind": "status", "code": 402},
    "slow": {"kind": "slow", "seconds": 1.5 * QUICK_SECONDS},
    "slow_before": {"kind": "slow", "seconds": 1.5 * QUICK_SECONDS, "when": "before"},
    "expired_token": {"kind": "expired_token"},
    "late_visible": {"kind": "late_visible", "seconds": LATE},
}
# X publishes in one request; Facebook makes the post unpublished and then publishes it.
STEPS: Final = (("x", "publish"), ("facebook", "publish"), ("facebook", "publish_step"))
CASES: Final = [
    pytest.param(network, operation, fault, point, id=f"{network}-{operation}-{fault}-{point}")
    for network, operation in STEPS
    for fault in FAULTS
    for point in ("nowhere", *crash.POINTS)
    if not (point == "after_step" and network == "x")  # X has one step
]


# How a post that is not killed ends, where the network is found out to hold it or not.
USUALLY: Final = {
    "none": "sent",
    "refuse": "failed",
    "accept_then_drop": "sent",
    "429": "queued",
    "slow": "sent",
    "expired_token": "failed",
    "late_visible": "sent",
}
ENDS: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    # Absence from a timeline proves nothing.
    ("x", "publish"): {
        "drop_before": "unknown",
        "500": "unknown",
        "502": "unknown",
        "402": "failed",
        "slow_before": "sent",
    },
    # What was not made public in the first step is nowhere, and is tried again.
    ("facebook", "publish"): {
        "drop_before": "sent",
        "500": "sent",
        "502": "sent",
        "402": "sent",
        "slow_before": "sent",
    },
    # The second step can be repeated.
    ("facebook", "publish_step"): {
        "drop_before": "sent",
        "500": "sent",
        "502": "sent",
        "402": "sent",
        "slow_before": "sent",
    },
}


@pytest.mark.parametrize(("network", "operation", "fault", "point"), CASES)
def test_each_delivery_is_public_once_or_not_at_all(
    office: Office, forks: ForkServer, network: str, operation: str, fault: str, point: str
) -> None:
    account = f"{network}:@acme"
    # The network must not do our work: X refuses a duplicate by itself.
    office.sandbox.settings(refuse_duplicates=False)
    office.sandbox.faults(_fault(network, operation, fault))
    words, slow = office.post_words(TEXT, account), fault.startswith("slow")
    first = forks.run(office, *words, environment=_armed(point), impatient=slow)
    if fault == "refuse":
        office.sandbox.faults([])
    start = forks.run(office, "queue", "run", "--json", impatient=slow)
    assert start.signal == 0, start
    if fault == "slow_before":
        _let_it_arrive(office)  # a quick machine looks again before the network has done what it was asked
    office.cli("queue", "run", "--json")  # where the start found that a second step is still to be done
    before = _sends(office)
    again = office.cli("queue", "run", "--json")

    copies = _copies(office)
    assert copies <= 1
    rows = office.queue()
    if point == "before_queue":
        assert (first.signal, rows, copies) == (signal.SIGKILL, [], 0)
        return
    assert len(rows) == 1, "a delivery was lost"
    assert _sends(office) == before, "a run sent something although nothing was to be done"
    _require_told(rows[0], again, copies)
    if first.signal == 0:
        _require_answered(rows[0], first)
    if point == "nowhere" and (before or not slow):  # a busy machine can be too slow for the request before
        assert rows[0]["state"] == {**USUALLY, **ENDS[network, operation]}[fault]


def _fault(network: str, operation: str, name: str) -> list[dict[str, Any]]:
    fault = dict(FAULTS[name])
    if not fault:
        return []
    if name == "refuse" and operation == "publish_step":
        fault["after"], operation = 1, "publish"  # the listener closes once the first step was answered
    return [{"network": network, "operation": operation, **fault}]


def _armed(point: str) -> dict[str, str]:
    return {} if point == "nowhere" else {crash.VARIABLE: point}


def _copies(office: Office) -> int:
    return office.published().count(TEXT)


def _let_it_arrive(office: Office) -> None:
    """Wait until a slow network has done what arrived there, as long as that can take."""
    end = time.monotonic() + 3 * QUICK_SECONDS
    while _sends(office) and not office.sandbox.posts() and time.monotonic() < end:
        time.sleep(0.02)


def _sends(office: Office) -> int:
    """How many requests that publish have arrived, answered or not."""
    counts = office.sandbox.requests()
    return sum(by.get(name, 0) for by in counts.values() for name in ("publish", "publish_step"))


def _require_told(row: Mapping[str, Any], last: Done, copies: int) -> None:
    """The state says what the network holds, or is `unknown` and reported."""
    state = row["state"]
    if state == "sent":
        assert copies == 1, row
        assert row["network_id"], row
    elif state == "unknown":
        assert last.code == 12, last
        assert [item["id"] for item in last.deliveries] == [row["id"]]
    else:
        assert copies == 0, row
        assert state in ("failed", "queued"), row
        if state == "queued":
            assert "allows no more calls" in row["reason"] or row["reason"] == "it is not public yet", row


def _require_answered(row: Mapping[str, Any], first: Ended) -> None:
    """Who posted was told by the exit code and by the document."""
    told = first.done.deliveries[0]
    expected = {"sent": (0,), "failed": (1, 4, 6), "queued": (7,), "unknown": (12,)}[told["state"]]
    assert first.done.code in expected, json.dumps(first.done.document)
    assert told["id"] == row["id"]
