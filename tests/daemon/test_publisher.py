"""What a lane does first: it looks for what may go out again, and sends before it looks for what does not."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from socialguard.daemon import publisher
from socialguard.daemon.lanes import Lanes
from socialguard.daemon.publisher import Publisher
from socialguard.daemon.run import warm
from socialguard.publishing import resolve, send
from tests.daemon.running import until
from tests.office import Office

LATER = {"SOCIALGUARD_CLOCK": "+65s"}


@pytest.mark.parametrize(
    ("network", "operation", "order"),
    [("x", "publish", ["send", "look"]), ("facebook", "publish_step", ["look", "send"])],
)
def test_a_lane_looks_first_only_for_what_may_go_out_again(
    office: Office, monkeypatch: pytest.MonkeyPatch, network: str, operation: str, order: list[str]
) -> None:
    account, done = f"{network}:@acme", []

    def noted(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            done.append(name)
            return original(*arguments)

        return call

    words = ("post", "Next", "--to", account, "--confirm", account, "--at", "in 1 minute", "--json")
    assert office.cli(*words).code == 0
    lost = {"network": network, "operation": operation, "kind": "drop_before", "times": None}
    unseen = [
        {"network": network, "operation": one, "kind": "status", "code": 500, "times": None} for one in READS
    ]
    office.sandbox.faults([lost, *unseen])
    assert office.post("Lost", account).code == 12
    office.sandbox.faults([])
    monkeypatch.setattr(send, "send_one", noted("send", send.send_one))
    monkeypatch.setattr(resolve, "reconcile", noted("look", resolve.reconcile))
    with office.entered(**LATER) as workspace:
        warm(workspace)
        lanes = Lanes(_unexpected)
        Publisher(workspace.desk, lanes, threading.Event()).reconcile()
        until(lambda: not lanes.busy, "the lane has ended")
    assert done[:2] == order


def test_nothing_overtakes_what_may_go_out_again_until_it_is_found_out(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network takes posts again before it tells of the one that is unknown."""
    monkeypatch.setattr(publisher, "LOOKS", (0.0,) * 8)
    account = "facebook:@acme"
    words = ("post", "Next", "--to", account, "--confirm", account, "--at", "in 1 minute", "--json")
    assert office.cli(*words).code == 0
    fault = {"network": "facebook", "times": None}
    unseen = [{**fault, "operation": one, "kind": "status", "code": 500} for one in READS]
    office.sandbox.faults([{**fault, "operation": "publish_step", "kind": "drop_before"}, *unseen])
    assert office.post("Lost", account).code == 12
    office.sandbox.faults(unseen)
    with office.entered(**LATER) as workspace:
        warm(workspace)
        lanes = Lanes(_unexpected)
        working = Publisher(workspace.desk, lanes, threading.Event())
        for faults, public in ((unseen, []), ([], ["Lost", "Next"])):
            office.sandbox.faults(faults)
            working.reconcile()
            until(lambda: not lanes.busy, "the lane has ended")
            assert office.published() == public


READS = ("timeline", "read", "identity")


def _unexpected(problem: Exception) -> None:
    raise AssertionError(problem)
