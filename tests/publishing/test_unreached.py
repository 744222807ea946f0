"""A network that is down when a scheduled post is due: it goes out when that is back, or is held when late."""

import json

import pytest

from tests.networks.x_world import png
from tests.office import Office
from tests.wrong_account.firm import apply_policy

CONFIRMED = ("--confirm", "x:@acme", "--json")


def schedule(office: Office) -> str:
    """Schedule a post in an hour, and take the network away."""
    done = office.cli("post", "Scheduled", "--to", "x:@acme", *CONFIRMED, "--at", "in 1 hour")
    assert done.code == 0, done
    office.sandbox.faults([{"network": "x", "operation": "publish", "kind": "refuse", "times": 100}])
    return str(done.deliveries[0]["id"])


def run_at(office: Office, seconds: int) -> list[str]:
    """Send what is due so many seconds from now, and return the states of what was tried."""
    done = office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK=f"+{seconds}s")
    return [row["state"] for row in done.deliveries]


def test_a_post_that_could_not_be_sent_in_time_goes_out_when_the_network_is_back(office: Office) -> None:
    schedule(office)
    done = office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+3610s")
    assert (done.code, done.deliveries[0]["state"]) == (6, "queued")
    assert "stays queued" in done.error["remedy"]
    assert office.published() == []
    assert run_at(office, 3615) == [], "not at once"
    assert run_at(office, 3700) == ["queued"]
    office.sandbox.faults([])
    assert run_at(office, 3900) == ["sent"]
    assert office.published() == ["Scheduled"]
    assert office.cli("audit", "verify", "--deep", "--json").code == 0
    outcomes = [
        one["outcome"]
        for one in office.cli("audit", "list", "--action", "delivery.send", "--json").document["entries"]
    ]
    assert outcomes == ["sent", "intent", "unreached", "intent", "unreached", "intent"]


def test_a_post_whose_network_stays_down_is_held_with_an_alert_when_it_is_late(office: Office) -> None:
    apply_policy(office, "[defaults]\ngrace = 0\n")  # nobody waits here to take it back
    delivery = schedule(office)
    assert run_at(office, 3610) == ["queued"]
    assert run_at(office, 4000) == ["queued"]
    assert run_at(office, 4495) == ["held"]
    alert = office.cli("alerts", "list", "--json").document["alerts"][0]
    assert (alert["kind"], alert["delivery"]) == ("never_reached", delivery)
    office.sandbox.faults([])
    assert run_at(office, 4600) == []
    assert office.published() == []
    released = office.cli("queue", "release", delivery, "--now", *CONFIRMED)
    assert released.deliveries[0]["state"] == "sent", json.dumps(released.document)


def test_a_network_that_was_down_earns_a_post_no_more_time_than_was_confirmed(office: Office) -> None:
    """The attempt moved when it is tried again; late is counted from when it was to go out, all the same."""
    schedule(office)
    assert run_at(office, 4400) == ["queued"]
    office.sandbox.faults([])
    done = office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+4600s")
    assert [row["state"] for row in done.deliveries] == ["held"]
    assert office.published() == []


def test_a_post_that_a_person_sends_now_fails_at_once(office: Office) -> None:
    office.sandbox.faults([{"network": "x", "operation": "publish", "kind": "refuse", "times": 100}])
    done = office.post("Now")
    assert (done.code, done.deliveries[0]["state"]) == (6, "failed")


@pytest.mark.parametrize("account", ["x:@acme", "facebook:@acme"])
def test_a_network_that_cannot_say_whose_the_credential_is_is_asked_again(office: Office, account: str) -> None:
    """The question before the first post is no post: what has only that to wait for is not given up."""
    words = ("post", "Scheduled", "--to", account, "--confirm", account, "--at", "in 1 hour", "--json")
    assert office.cli(*words).code == 0
    network = account.partition(":")[0]
    fault = {"network": network, "operation": "identity", "kind": "status", "code": 503, "body": "<html>"}
    office.sandbox.faults([{**fault, "times": None}])
    assert run_at(office, 5000) == ["held"], "too late for another attempt"
    assert office.cli(*words[:1], "Another", *words[2:]).code == 0
    assert run_at(office, 3610) == ["queued"]
    office.sandbox.faults([])
    assert run_at(office, 3700) == ["sent"]
    assert office.published() == ["Another"]


def test_a_network_that_takes_no_image_now_is_asked_again(office: Office) -> None:
    """The image goes before the post: nothing can be public yet."""
    (office.base / "plan.png").write_bytes(png(200))
    image = ("--media", str(office.base / "plan.png"), "--alt", "The plan")
    assert office.cli("post", "Seen", "--to", "x:@acme", *image, *CONFIRMED, "--at", "in 1 hour").code == 0
    office.sandbox.faults([{"network": "x", "operation": "upload", "kind": "status", "code": 503, "body": "{}"}])
    assert run_at(office, 3610) == ["queued"]
    assert run_at(office, 3700) == ["sent"]
    assert office.published() == ["Seen"]
