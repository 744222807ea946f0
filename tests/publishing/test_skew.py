"""A delivery is held while our clock and the network's are too far apart, and goes out once the clock is right."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from socialguard import clock
from socialguard.publishing import skew
from socialguard.publishing.skew import Clocks
from tests.office import Office
from tests.shapes import Alerts, Deliveries, OneDelivery, shown
from tests.wrong_account.firm import apply_policy

MINUTE = 60


def answered(behind: float) -> Any:
    """Return a session whose newest answer is from `behind` seconds before our clock."""
    return SimpleNamespace(server_time=datetime.now(UTC) - timedelta(seconds=behind))


def requests_for_identity(office: Office) -> int:
    """Return how often X was asked who a credential belongs to."""
    return sum(row["calls"] for row in office.sandbox.costs() if row["operation"] == "user.read")


def make_due(office: Office) -> None:
    """Let the identity of every account be asked for again before the next send."""
    with office.entered() as workspace, workspace.database.write() as connection:
        connection.exec_driver_sql("update account set identity_checked_at = null")


@pytest.mark.parametrize("minutes", [-6, 6, 60 * 24])
@pytest.mark.parametrize("account", ["x:@acme", "facebook:@acme"])
def test_a_clock_that_is_wrong_holds_the_delivery_before_anything_is_sent(
    office: Office, minutes: int, account: str
) -> None:
    office.sandbox.clock(minutes * MINUTE)
    make_due(office)
    done = office.post("At nine", account)
    assert done.code == 11, done
    (held,) = shown_held(done)
    assert held["state"] == "held"
    assert done.error["name"] == "clock_wrong"
    assert f"by {abs(minutes)} min." in done.error["message"]
    assert office.published() == []
    (alert,) = shown(office.cli("alerts", "list", "--json"), Alerts).alerts
    assert (alert.kind, alert.account, alert.delivery) == ("clock_wrong", account, held["id"])


OUT_OF_BOUNDS = {
    "network": "x",
    "kind": "status",
    "code": 401,
    "body": json.dumps({"errors": [{"code": 135, "message": "Timestamp out of bounds."}]}),
    "times": None,
}


@pytest.mark.parametrize("operation", ["identity", "publish"])
def test_a_signature_that_x_refuses_for_its_time_holds_the_delivery(office: Office, operation: str) -> None:
    office.sandbox.clock(66 * MINUTE)
    if operation == "identity":
        make_due(office)
    office.sandbox.faults([{**OUT_OF_BOUNDS, "operation": operation}])
    done = office.post("At nine", "x:@acme")
    assert done.code == 11, done
    assert [one["state"] for one in shown_held(done)] == ["held"]
    assert done.error["name"] == "clock_wrong"
    assert "by 66 min." in done.error["message"]


def test_a_wrong_clock_makes_no_revoked_credential(office: Office) -> None:
    office.sandbox.clock(66 * MINUTE)
    office.sandbox.faults([{**OUT_OF_BOUNDS, "operation": "any"}])
    done = office.cli("account", "revoke", "x:@acme", "--reason", "left", "--json")
    assert done.code != 0, done
    assert "clock" in done.error["message"]
    with office.entered() as workspace, workspace.database.read() as connection:
        (state,) = connection.exec_driver_sql(
            "select state from account where handle = 'acme' and network = 'x'"
        ).one()
    assert state == "revocation_pending"


def shown_held(done: Any) -> list[dict[str, Any]]:
    """Return the deliveries of a run that ended with 11."""
    return [one.model_dump() for one in shown(done, Deliveries, 11).deliveries]


@pytest.mark.parametrize("minutes", [-4, 0, 4])
def test_a_clock_that_is_nearly_right_holds_nothing(office: Office, minutes: int) -> None:
    office.sandbox.clock(minutes * MINUTE)
    make_due(office)
    assert office.post("At nine").code == 0
    assert office.published() == ["At nine"]


def test_each_next_delivery_asks_again_until_the_clock_is_right(office: Office) -> None:
    apply_policy(office, "[defaults]\ngrace = 0\n")  # nobody waits here to take it back
    office.sandbox.clock(10 * MINUTE)
    make_due(office)
    before = requests_for_identity(office)
    for text in ("At nine", "At ten"):
        assert office.post(text, "x:@acme").error["name"] == "clock_wrong"
    assert requests_for_identity(office) == before + 2
    office.sandbox.clock(-10 * MINUTE)
    held, _at_ten = (one["id"] for one in office.queue("held"))
    released = office.cli("queue", "release", held, "--now", "--confirm", "x:@acme", "--json")
    assert released.code == 0, released
    assert office.published() == ["At nine"]
    assert shown(office.cli("queue", "show", held, "--json"), OneDelivery).delivery.state == "cancelled"


def test_a_held_delivery_cannot_be_sent_again_by_a_row_that_says_queued(office: Office) -> None:
    office.sandbox.clock(10 * MINUTE)
    make_due(office)
    assert office.post("At nine").code == 11
    office.sandbox.clock(-10 * MINUTE)
    with office.entered() as workspace, workspace.database.write() as connection:
        connection.exec_driver_sql("update delivery set state = 'queued'")
    assert office.cli("queue", "run", "--json").code == 13
    assert office.published() == []


def test_what_the_last_answer_showed_makes_the_next_send_ask_although_it_is_not_due(office: Office) -> None:
    assert office.post("One").code == 0  # asked a moment ago
    office.sandbox.clock(10 * MINUTE)
    assert office.post("Two").code == 0  # nothing said so before this answer
    before = requests_for_identity(office)
    assert office.post("Three").code == 11
    assert requests_for_identity(office) == before + 1
    assert office.published() == ["One", "Two"]


def test_a_day_that_a_test_moved_to_holds_nothing_where_the_machine_is_right(office: Office) -> None:
    office.cli("post", "Later", "--to", "x:@acme", "--confirm", "x:@acme", "--at", "in 2 hours", "--json")
    assert office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+2h").code == 0
    assert office.published() == ["Later"]


# ── what is remembered ───────────────────────────────────────────────────────────────────────────────────


def test_nothing_known_is_no_doubt_and_a_right_answer_takes_doubt_away(tmp_path: Path) -> None:
    clocks = Clocks(tmp_path / "clocks.json")
    assert not clocks.is_doubtful("x")
    clocks.note("x", answered(6 * MINUTE))
    assert clocks.is_doubtful("x")
    assert Clocks(tmp_path / "clocks.json").is_doubtful("x")
    assert not clocks.is_doubtful("facebook")
    clocks.note("x", answered(0))
    assert not Clocks(tmp_path / "clocks.json").is_doubtful("x")


def test_a_clock_that_was_set_since_the_last_answer_is_in_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = Clocks(tmp_path / "clocks.json")
    clocks.note("x", answered(0))
    real = clock.machine
    monkeypatch.setattr(clock, "machine", lambda: real() + timedelta(minutes=10))
    assert clocks.is_doubtful("x")
    monkeypatch.setattr(skew, "boot_id", lambda: "another start of the machine")
    assert not clocks.is_doubtful("x")


def test_a_clock_that_was_set_right_again_is_in_no_doubt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = Clocks(tmp_path / "clocks.json")
    real = clock.machine
    monkeypatch.setattr(clock, "machine", lambda: real() + timedelta(minutes=10))
    clocks.note("x", answered(0))
    monkeypatch.setattr(clock, "machine", real)
    assert not clocks.is_doubtful("x")


def test_answers_that_say_the_same_write_no_file(tmp_path: Path) -> None:
    place = tmp_path / "clocks.json"
    clocks = Clocks(place)
    clocks.note("x", answered(1))
    place.unlink()
    clocks.note("x", answered(2))
    clocks.note("x", SimpleNamespace(server_time=None))
    assert not place.exists()


@pytest.mark.parametrize("text", ["", "[]", '{"x": 5}', '{"x": [1]}', '{"x": ["a", "b", "c"]}', '{"x": null}'])
def test_a_file_that_is_none_of_ours_raises_no_doubt(tmp_path: Path, text: str) -> None:
    place = tmp_path / "clocks.json"
    place.write_text(text)
    clocks = Clocks(place)
    assert not clocks.is_doubtful("x")
    clocks.note("x", answered(0))
    assert set(json.loads(place.read_text())) == {"x"}
