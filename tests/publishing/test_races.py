"""Several processes on one queue, and a sender that was stopped in the middle: one copy, whoever is first."""

import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

import pytest

from socialguard import errors
from socialguard.audit import checkpoint
from socialguard.audit.interface import Tree
from tests.office import Done, Office, finish

NOW: Final = {"SOCIALGUARD_CLOCK": "+3610s"}
PAST_THE_DEADLINE: Final = {"SOCIALGUARD_CLOCK": "+4300s"}
PATIENCE: Final = 30.0


def _schedule(office: Office, text: str, account: str) -> str:
    done = office.cli("post", text, "--to", account, "--confirm", account, "--at", "in 1 hour", "--json")
    assert done.code == 0, done
    return str(done.deliveries[0]["id"])


def _wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def _state(office: Office) -> str:
    return str(office.queue()[0]["state"])


@pytest.mark.parametrize("network", ["x", "facebook"])
def test_processes_that_race_for_one_delivery_send_it_once(office: Office, network: str) -> None:
    office.sandbox.settings(refuse_duplicates=False)
    _schedule(office, "Raced for", f"{network}:@acme")
    office.sandbox.faults([{"network": network, "operation": "publish", "kind": "slow", "seconds": 0.5}])

    runs = [finish(each) for each in [office.start("queue", "run", "--json", **NOW) for _ in range(3)]]

    assert office.published() == ["Raced for"]
    assert _state(office) == "sent"
    assert [run.code for run in runs] == [0, 0, 0], runs
    assert sum(len(run.deliveries) for run in runs) == 1


def test_two_runs_at_once_share_the_queue(office: Office) -> None:
    office.sandbox.settings(refuse_duplicates=False)
    texts = [f"Number {number}" for number in range(12)]
    for number, text in enumerate(texts):
        _schedule(office, text, ("x:@acme", "x:@globex", "facebook:@acme")[number % 3])
    runs = [finish(each) for each in [office.start("queue", "run", "--json", **NOW) for _ in range(2)]]
    assert [run.code for run in runs] == [0, 0], runs
    last = office.cli("queue", "run", "--json", **NOW)
    told = Counter(item["id"] for run in (*runs, last) for item in run.deliveries)
    assert sorted(office.published()) == sorted(texts)
    assert set(told.values()) == {1}
    assert len(told) == len(texts)


def test_posts_at_once_to_one_account_wait_for_each_other(office: Office) -> None:
    posting = [office.start(*office.post_words(f"At once {number}", "x:@acme")) for number in range(4)]
    done = [finish(each) for each in posting]
    assert [each.code for each in done] == [0] * 4, done
    assert sorted(office.published()) == [f"At once {number}" for number in range(4)]


class Paused:
    """A sender that was stopped when its first request of `operation` arrived at the network."""

    def __init__(self, office: Office, network: str, operation: str) -> None:
        self.office = office
        fault = {"network": network, "operation": operation, "kind": "slow", "seconds": 1.0, "when": "before"}
        office.sandbox.faults([fault])
        self.process: subprocess.Popen[str] = office.start("queue", "run", "--json", **NOW)
        _wait_for(lambda: office.sandbox.requests().get(network, {}).get(operation, 0) > 0)
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> Done:
        """Let it continue to its end."""
        self.process.send_signal(signal.SIGCONT)
        return finish(self.process)


@pytest.mark.parametrize("network", ["x", "facebook"])
@pytest.mark.parametrize("operation", ["identity", "publish"])
def test_a_paused_sender_is_left_alone_before_its_deadline(office: Office, network: str, operation: str) -> None:
    _schedule(office, "Paused", f"{network}:@acme")
    sender = Paused(office, network, operation)
    try:
        assert office.cli("queue", "reconcile", "--json", **NOW).deliveries == []
        assert office.cli("queue", "run", "--json", **NOW).deliveries == []
        assert _state(office) == "sending"
    finally:
        done = sender.go_on()
    assert (done.code, _state(office), office.published()) == (0, "sent", ["Paused"]), done


@pytest.mark.parametrize("network", ["x", "facebook"])
def test_a_sender_paused_before_it_sent_sends_nothing_once_it_was_taken_for_dead(
    office: Office, network: str
) -> None:
    office.sandbox.settings(refuse_duplicates=False)
    _schedule(office, "Paused", f"{network}:@acme")
    sender = Paused(office, network, "identity")
    try:
        found = office.cli("queue", "run", "--json", **PAST_THE_DEADLINE)
        # On Facebook it is proved that nothing is public: the delivery goes out by another attempt.
        assert found.code == (12 if network == "x" else 0), found
    finally:
        done = sender.go_on()
    public = [] if network == "x" else ["Paused"]
    assert office.published() == public
    assert _state(office) == ("failed" if network == "x" else "sent"), done
    assert office.cli("queue", "run", "--json", **PAST_THE_DEADLINE).deliveries == []
    assert office.published() == public


@pytest.mark.parametrize(("network", "operation"), [("x", "publish"), ("facebook", "publish_step")])
def test_a_sender_paused_while_it_publishes_is_found_out_and_agrees(
    office: Office, network: str, operation: str
) -> None:
    office.sandbox.settings(refuse_duplicates=False)
    _schedule(office, "Paused", f"{network}:@acme")
    sender = Paused(office, network, operation)
    try:
        _wait_for(lambda: office.published() == ["Paused"])
        found = office.cli("queue", "run", "--json", **PAST_THE_DEADLINE)
        assert (found.code, _state(office)) == (0, "sent"), found
    finally:
        done = sender.go_on()
    assert done.code == 0, done
    assert (office.published(), _state(office)) == (["Paused"], "sent")


def test_a_paused_first_step_is_finished_by_whoever_found_it(office: Office) -> None:
    _schedule(office, "Paused", "facebook:@acme")
    sender = Paused(office, "facebook", "publish")
    try:
        _wait_for(lambda: bool(office.sandbox.posts("facebook")))
        office.cli("queue", "reconcile", "--json", **PAST_THE_DEADLINE)
        assert _state(office) == "queued"
    finally:
        done = sender.go_on()
    assert done.code != 0, "its attempt was taken over before anything was public"
    assert (_state(office), office.published()) == ("queued", [])
    assert office.cli("queue", "run", "--json", **PAST_THE_DEADLINE).code == 0
    assert (_state(office), office.published()) == ("sent", ["Paused"])
    assert len(office.sandbox.posts("facebook")) == 1


class OvertakenPins:
    """Pins that another process raised between our look and our pin."""

    def __init__(self, before: Tree, after: Tree) -> None:
        self._seen = [before, after]

    def pinned_tree(self) -> Tree:
        return self._seen.pop(0) if len(self._seen) > 1 else self._seen[0]

    def pin_tree(self, tree: Tree) -> None:
        raise errors.Tampered(what="The audit log", detail="it went back.")


def test_a_pin_that_another_process_overtook_is_no_alarm() -> None:
    pins = OvertakenPins(Tree(0, 9, b"9" * 32), Tree(0, 12, b"c" * 32))
    checkpoint.pin(pins, Tree(0, 10, b"a" * 32))


def test_a_pin_that_goes_back_is_an_alarm() -> None:
    pins = OvertakenPins(Tree(0, 9, b"9" * 32), Tree(0, 9, b"9" * 32))
    with pytest.raises(errors.Tampered):
        checkpoint.pin(pins, Tree(0, 10, b"a" * 32))
