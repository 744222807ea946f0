"""What the daemon does from its start to its end, as an operator and a service manager see it."""

import time
from datetime import UTC, datetime, timedelta

from tests.daemon.running import daemon, until
from tests.office import Office


def schedule(office: Office, text: str, account: str = "x:@acme", seconds: float = 2.0) -> str:
    """Schedule a post and return the delivery's id."""
    at = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
    done = office.cli("post", text, "--to", account, "--confirm", account, "--at", at, "--json")
    assert done.code == 0, done
    return str(done.deliveries[0]["id"])


def test_a_scheduled_post_goes_out_within_two_seconds_of_its_time(office: Office) -> None:
    due = datetime.now(UTC) + timedelta(seconds=4)
    schedule(office, "On time.", seconds=4)
    with daemon(office) as running:
        until(lambda: bool(office.published()), "the post is public")
        late = (datetime.now(UTC) - due).total_seconds()
        assert 0 <= late < 2.5, (late, running.lines())
        assert running.stop() == 0
    assert [row["state"] for row in office.queue()] == ["sent"]


def test_a_second_daemon_refuses_and_names_the_first(office: Office) -> None:
    with daemon(office) as running:
        second = office.process("daemon", "run")
        assert second.code == 1
        assert f"process {running.process.pid} on this machine, since " in second.stderr
        assert running.process.poll() is None


def test_a_killed_daemon_does_not_keep_the_next_one_out(office: Office) -> None:
    with daemon(office) as first:
        first.kill()
    with daemon(office) as second:
        assert second.stop() == 0


def test_it_ends_within_ten_seconds_and_marks_what_hangs(office: Office) -> None:
    office.sandbox.faults([{"network": "x", "operation": "publish", "kind": "slow", "seconds": 60}])
    schedule(office, "The answer never comes.", seconds=1)
    with daemon(office) as running:
        until(lambda: bool(office.queue("sending")), "it is being sent")
        began = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - began < 10
        assert "STOPPING=1" in running.wait_for("STOPPING=1")
    (row,) = office.queue()
    assert row["state"] == "unknown"
    entries = office.cli("audit", "list", "--action", "delivery.send", "--json").document["entries"]
    assert entries[0]["outcome"] == "unknown"
    assert "was stopped" in entries[0]["reason"]


def test_the_status_tells_each_duty_and_that_a_daemon_works(office: Office) -> None:
    with daemon(office) as running:
        until(lambda: office.cli("daemon", "status", "--json").document["duties"] != [], "runs are kept")
        found = office.cli("daemon", "status", "--json").document
        assert found["alive"] is True
        assert found["pid"] == running.process.pid
        publish = next(each for each in found["duties"] if each["name"] == "publish")
        assert publish["last_ok"] == publish["last_run"]
        assert publish["error"] is None
        assert publish["lag_s"] < 2
        assert office.cli("daemon", "status", "--check").code == 0
    assert office.cli("daemon", "status", "--json").document["alive"] is False
    asked = office.cli("daemon", "status", "--check")
    assert asked.code == 2
    assert asked.stdout.startswith("CRITICAL - no daemon works | lag=")
