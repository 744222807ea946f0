"""What the daemon does from its start to its end, as an operator and a service manager see it."""

import json
import shutil
import signal
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psutil
import pytest

from socialguard.store.dialect import driver
from tests.attacker import sql
from tests.cli import shapes
from tests.cli.shapes import shown
from tests.daemon.running import Running, daemon, until
from tests.docs.pages import read
from tests.office import Office

DUE: Final = {"SOCIALGUARD_CLOCK": "+90s"}
"""The clock of a daemon for which what `schedule` scheduled is due."""


def schedule(office: Office, text: str, account: str = "x:@acme", seconds: float = 60.0) -> str:
    """Schedule a post and return the delivery's id."""
    at = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
    done = office.cli("post", text, "--to", account, "--confirm", account, "--at", at, "--json")
    assert done.code == 0, done
    return str(done.deliveries[0]["id"])


def duties(office: Office) -> dict[str, Any]:
    """Return how each duty stands, by name."""
    return {each["name"]: each for each in office.cli("daemon", "status", "--json").document["duties"]}


def test_a_scheduled_post_goes_out_within_two_seconds_of_its_time(office: Office) -> None:
    schedule(office, "On time.", seconds=8)
    due = datetime.fromisoformat(office.queue()[0]["due"])
    with daemon(office) as running:
        until(lambda: bool(office.queue("sent")), "it is sent")
        assert running.stop() == 0
    (post,) = office.sandbox.posts()
    late = (datetime.fromisoformat(post["created_at"]) - due).total_seconds()
    assert -0.001 <= late < 2.5, (late, running.lines())  # networks tell milliseconds


def test_a_second_daemon_refuses_and_names_the_first(office: Office) -> None:
    with daemon(office) as running:
        second = office.process("daemon", "run")
        assert second.code == 1
        assert f"process {running.process.pid} on this machine, since " in second.stderr
        assert running.process.poll() is None


def test_since_when_it_works_is_told_from_its_first_moment_on(office: Office) -> None:
    with daemon(office):
        found = office.cli("daemon", "status", "--json").document
    assert found["since"] is not None
    assert {"publish", "checkpoint"} <= {each["name"] for each in found["duties"]}


def test_a_killed_daemon_does_not_keep_the_next_one_out(office: Office) -> None:
    with daemon(office) as first:
        first.kill()
    with daemon(office) as second:
        assert second.stop() == 0


def test_it_ends_within_ten_seconds_and_marks_what_hangs(office: Office) -> None:
    office.sandbox.faults([{"network": "x", "operation": "publish", "kind": "slow", "seconds": 60}])
    schedule(office, "The answer never comes.")
    with daemon(office, **DUE) as running:
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
        until(lambda: {"publish", "backup"} <= duties(office).keys(), "runs are kept")
        until(lambda: any(name.startswith("backup ") for name in duties(office)), "turns are kept")
        page = read("docs/operations.md")
        assert [name for name in duties(office) if " " not in name and f"| {name} |" not in page] == []
        found = shown(office.cli("daemon", "status", "--json"), shapes.DaemonStatus)
        assert found.alive is True
        assert found.pid == running.process.pid
        publish = duties(office)["publish"]
        assert publish["last_ok"] == publish["last_run"]
        assert publish["error"] is None
        assert publish["lag_s"] < 2
        assert office.cli("daemon", "status", "--check").code == 0
        people = office.cli("daemon", "status").stdout.splitlines()
        assert max(map(len, people)) <= 80, "each duty is one line of a terminal"
        names = [line.split("  ")[0] for line in people if line.startswith("backup ")]
        assert names == sorted(names)
        assert len(names) == 1 + 4
    assert office.cli("daemon", "status", "--json").document["alive"] is False
    asked = office.cli("daemon", "status", "--check")
    assert asked.code == 2
    assert asked.stdout.startswith("CRITICAL - no daemon works | lag=")


@pytest.mark.parametrize("harm", ["gone", "garbage", "newer"])
def test_monitoring_is_told_in_its_own_way_that_a_workspace_cannot_be_read(office: Office, harm: str) -> None:
    """A code of this program's own would be taken for a warning, or for none that there is."""
    if harm == "gone":
        shutil.rmtree(office.home)
    elif harm == "garbage":
        office.database.write_bytes(b"no database")
    else:
        with closing(driver().connect(office.database)) as connection:
            connection.execute("update alembic_version set version_num = '9999'")
            connection.commit()
    asked = office.cli("daemon", "status", "--check")
    assert (asked.code, asked.stdout[:11], asked.stdout.count("\n")) == (2, "CRITICAL - ", 1)
    assert office.cli("daemon", "status", "--check", "--json").error["code"] in (1, 5, 15)


def test_what_a_frozen_account_has_waits_and_goes_out_after_the_thaw(office: Office) -> None:
    schedule(office, "Not yet.")
    assert office.cli("freeze", "x:@acme", "--reason", "a crisis").code == 0
    with daemon(office, **DUE) as running:
        until(lambda: any(line["event"] == "it stays queued" for line in running.lines()), "it is refused")
        assert office.published() == []
        assert office.cli("thaw", "x:@acme", "--confirm", "x:@acme", "--reason", "over").code == 0
        until(lambda: office.published() == ["Not yet."], "it is public")


def test_a_missed_window_catches_up_once_in_order_and_what_is_too_late_is_held(office: Office) -> None:
    for number, seconds in enumerate((60, 61, 62)):
        schedule(office, f"Missed {number}", seconds=seconds)
    with daemon(office, SOCIALGUARD_CLOCK="+10m") as running:
        until(lambda: len(office.queue("sent")) == 3, "all went out")
        assert running.stop() == 0
    assert office.published() == ["Missed 0", "Missed 1", "Missed 2"]
    schedule(office, "Much too late.")
    with daemon(office, SOCIALGUARD_CLOCK="+20m") as running:
        until(lambda: bool(office.queue("held")), "it is held")
    assert len(office.published()) == 3


def test_a_daemon_that_was_stopped_for_long_goes_on_and_tells_nothing_twice(office: Office) -> None:
    with daemon(office) as running:
        stop_between_transactions(office, running)
        schedule(office, "While it slept.", seconds=5)
        time.sleep(6)  # it must be due while the daemon is stopped
        running.process.send_signal(signal.SIGCONT)
        until(lambda: office.published() == ["While it slept."], "it is public")
        assert running.stop() == 0


def stop_between_transactions(office: Office, running: Running) -> None:
    """Let a daemon sleep, but not while it keeps all others from writing: whoever reads does that, too."""
    connect = driver().connect
    for _ in range(50):
        running.process.send_signal(signal.SIGSTOP)
        until(lambda: psutil.Process(running.process.pid).status() == psutil.STATUS_STOPPED, "it is stopped")
        with closing(connect(office.database, timeout=0.1)) as connection:
            try:
                connection.execute("begin exclusive")
            except driver().OperationalError:
                running.process.send_signal(signal.SIGCONT)
            else:
                connection.rollback()
                return
    raise AssertionError("it writes all the time")


def test_a_daemon_whose_lease_was_taken_over_ends(office: Office) -> None:
    with daemon(office) as first:
        stop_between_transactions(office, first)
        with daemon(office, SOCIALGUARD_CLOCK="+40s") as second:
            first.process.send_signal(signal.SIGCONT)
            assert first.process.wait(60) == 1
            assert any("taken over" in line["event"] for line in first.lines())
            assert second.stop() == 0


def test_a_workspace_that_was_tampered_with_ends_it_with_13(office: Office) -> None:
    """What is wrong with more than one delivery, here the freezes, ends it."""
    schedule(office, "Frozen.")
    assert office.cli("freeze", "--all", "--reason", "leak", "--json").code == 0
    with daemon(office, **DUE) as running:
        sql(office, "delete from stop")
        assert running.process.wait(60) == 13
        assert running.lines()[-1]["code"] == 13
    assert office.published() == []


def test_a_trigger_that_comes_while_it_runs_ends_it_with_13(office: Office) -> None:
    """Nothing goes out any more once the database acts by itself."""
    with daemon(office, **DUE) as running:
        schedule(office, "Before.")
        until(lambda: office.published() == ["Before."], "what is due goes out")
        sql(office, "create trigger eve after insert on stop begin delete from stop; end")
        # Whoever writes the database can still queue: by a row of before, as no command does it now.
        sql(office, "update delivery set state = 'queued', attempt_id = null")
        assert running.process.wait(60) == 13
        assert "eve" in str(running.lines()[-1])
    assert office.published() == ["Before."]


def test_one_changed_delivery_is_held_and_the_daemon_goes_on(office: Office) -> None:
    changed = schedule(office, "As confirmed.")
    schedule(office, "Untouched.")
    with office.entered() as workspace, workspace.database.write() as connection:
        connection.exec_driver_sql("update delivery set content = replace(content, 'As', 'Not as')")
    with daemon(office, **DUE) as running:
        until(lambda: office.published() == ["Untouched."], "the one that nobody changed goes out")
        until(lambda: [one["id"] for one in office.queue("held")] == [changed], "the changed one is held")
        assert running.stop() == 0
    assert office.published() == ["Untouched."]
    assert [one["kind"] for one in office.cli("alerts", "list", "--json").document["alerts"]] == ["tampered"]


def test_no_secret_comes_to_the_log_and_every_line_is_one_document(office: Office) -> None:
    office.sandbox.faults([{"network": "x", "operation": "any", "kind": "expired_token", "times": None}])
    schedule(office, "Refused.")
    with daemon(office, **DUE) as running:
        until(lambda: bool(office.queue("failed")), "it failed")
        assert running.stop() == 0
    (alert,) = office.cli("alerts", "list", "--json").document["alerts"]
    assert (alert["account"], alert["kind"]) == ("x:@acme", "authentication_needed")
    text = running.log.read_text()
    assert not [secret for secret in office.secrets if secret in text]
    for line in text.splitlines():
        assert {"ts", "level", "logger", "event"} <= json.loads(line).keys()
    assert any(line["event"] == "failed" and line["account"] == "x:@acme" for line in running.lines())


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_each_polite_signal_ends_it_well(office: Office, name: str) -> None:
    with daemon(office) as running:
        running.process.send_signal(getattr(signal, name))
        assert running.process.wait(10) == 0
    assert office.cli("daemon", "status", "--json").document["alive"] is False


def test_a_daemon_that_is_stopped_in_its_tracks_is_told_as_one_that_runs(office: Office) -> None:
    with daemon(office) as running:
        running.process.send_signal(signal.SIGSTOP)
        told = office.cli("daemon", "status", "--check", SOCIALGUARD_CLOCK="+40s")
        assert f"the daemon, process {running.process.pid}, can keep nothing" in told.stdout
        assert f"process {running.process.pid}" in office.cli("daemon", "status", SOCIALGUARD_CLOCK="+40s").stdout


def test_a_duty_that_the_settings_no_longer_ask_for_is_told_no_more(office: Office) -> None:
    settings = office.home / "socialguard.toml"
    settings.write_text('[audit]\nsinks = ["file:/nowhere/audit.jsonl"]\n')
    with daemon(office):
        until(lambda: "took nothing" in office.cli("daemon", "status", "--check").stdout, "it is told")
    settings.unlink()
    with daemon(office):
        assert "sinks" not in duties(office)
