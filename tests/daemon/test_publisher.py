"""What a lane does first: it looks for what may go out again, and sends before it looks for what does not."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from socialguard.daemon.lanes import Lanes
from socialguard.daemon.publisher import Publisher
from socialguard.daemon.run import warm
from socialguard.publishing import resolve, send
from tests.daemon.running import until
from tests.office import Office

LATER = {"SOCIALGUARD_CLOCK": "+3605s"}


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

    words = ("post", "Next", "--to", account, "--confirm", account, "--at", "in 1 hour", "--json")
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


READS = ("timeline", "read", "identity")


def _unexpected(problem: Exception) -> None:
    raise AssertionError(problem)
