"""The order in a lane while an outcome is unknown: what may go out again keeps its place, the rest holds up
nothing."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

from socialguard.daemon import publisher
from socialguard.daemon.lanes import Lanes
from socialguard.daemon.publisher import Publisher
from socialguard.daemon.run import warm
from socialguard.publishing import resolve, send
from tests.daemon.running import until
from tests.office import Office

READS: Final = ("timeline", "read", "identity")


def plan(office: Office, account: str, *texts: str) -> None:
    """Plan these posts, all for the same minute."""
    for text in texts:
        words = ("post", text, "--to", account, "--confirm", account, "--at", "in 1 minute", "--json")
        assert office.cli(*words).code == 0


def blind(network: str) -> list[dict[str, Any]]:
    """Return the faults of a network that tells of no post."""
    fault = {"network": network, "kind": "status", "code": 500, "times": None}
    return [{**fault, "operation": one} for one in READS]


def dropped(network: str, operation: str) -> dict[str, Any]:
    """Return the fault of a network that does not answer, and did nothing."""
    return {"network": network, "operation": operation, "kind": "drop_before", "times": 1}


@contextmanager
def working(office: Office, clock: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Give what lets a publisher do a part of its work, which looks at once for what is unknown, and wait."""
    monkeypatch.setattr(publisher, "LOOKS", (0.0,) * 8)
    with office.entered(SOCIALGUARD_CLOCK=clock) as workspace:
        warm(workspace)
        lanes = Lanes(_unexpected)
        made = Publisher(workspace.desk, lanes, threading.Event())

        def work(part: str) -> None:
            getattr(made, part)()
            until(lambda: not lanes.busy, "the lane has ended")

        yield work


def test_what_is_never_sent_again_is_looked_for_after_what_is_due(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No timeline of X proves that a post is not public: what is found of it changes no order."""
    done: list[str] = []

    def noted(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            done.append(name)
            return original(*arguments)

        return call

    plan(office, "x:@acme", "Next")
    office.sandbox.faults([dropped("x", "publish"), *blind("x")])
    assert office.post("Lost", "x:@acme").code == 12
    office.sandbox.faults([])
    monkeypatch.setattr(send, "send_one", noted("send", send.send_one))
    monkeypatch.setattr(resolve, "reconcile", noted("look", resolve.reconcile))
    with working(office, "+65s", monkeypatch) as work:
        work("reconcile")
    assert done == ["send", "look"]
    assert office.published() == ["Next"]


def test_nothing_overtakes_what_may_go_out_again_until_it_is_found_out(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network takes posts again before it tells of the one that is unknown."""
    plan(office, "facebook:@acme", "Next")
    office.sandbox.faults([dropped("facebook", "publish_step"), *blind("facebook")])
    assert office.post("Lost", "facebook:@acme").code == 12
    with working(office, "+65s", monkeypatch) as work:
        work("reconcile")
        assert office.published() == []
        office.sandbox.faults([])
        work("reconcile")
    assert office.published() == ["Lost", "Next"]


@pytest.mark.parametrize("is_blind", [False, True])
def test_what_becomes_unknown_in_a_lane_keeps_its_place_there(
    office: Office, monkeypatch: pytest.MonkeyPatch, *, is_blind: bool
) -> None:
    """Whether it is found out at once, or only later."""
    plan(office, "facebook:@acme", "First", "Second")
    office.sandbox.faults([dropped("facebook", "publish_step"), *(blind("facebook") if is_blind else ())])
    with working(office, "+200s", monkeypatch) as work:
        work("publish")
        assert office.published() == ([] if is_blind else ["First", "Second"])
        office.sandbox.faults([])
        work("reconcile")
    assert office.published() == ["First", "Second"]


def _unexpected(problem: Exception) -> None:
    raise AssertionError(problem)
