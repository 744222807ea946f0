"""The daemon backs up accounts by their cron; what is wrong with the archive stops no post."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from socialguard import clock, errors
from tests.backup.world import back_up, item_ids, seeded
from tests.daemon.running import daemon, until
from tests.office import Office


def nearly_a_minute() -> str:
    """A shift of the clock after which a minute begins in a few seconds, so that nobody waits for a whole one."""
    now = datetime.now(UTC)
    return f"+{(55 - now.second) % 60}s"


def every_minute(office: Office) -> None:
    """Let every account be backed up every minute."""
    (office.home / "socialguard.toml").write_text('[backup]\ncron = "* * * * *"\n', encoding="utf-8")


def test_the_daemon_backs_up_accounts_by_their_cron(office: Office) -> None:
    office.sandbox.reset(seeded(office, "facebook:@acme", posts=30))
    every_minute(office)
    with daemon(office, SOCIALGUARD_CLOCK=nearly_a_minute()) as running:
        until(lambda: len(item_ids(office)) == 30, "all is kept")
        assert running.stop() == 0
    entries = office.cli("audit", "list", "--action", "backup.run", "--json").document["entries"]
    assert {entry["actor"]["kind"] for entry in entries} == {"worker"}
    rows = {row["account"]: row for row in office.cli("backup", "status", "--json").document["accounts"]}
    assert rows["facebook:@acme"]["next_run"] is not None
    assert office.cli("backup", "verify", "--json").code == 0


@pytest.mark.parametrize(("few", "minutes"), [(1, (0, 55, 65)), (0, (0, 23 * 60, 25 * 60))])
def test_what_the_daemon_keeps_becomes_segments_each_hour_or_each_day_where_these_are_many(
    office: Office, monkeypatch: pytest.MonkeyPatch, few: int, minutes: tuple[int, ...]
) -> None:
    """A segment is a file: one an hour for each of 200 accounts would be too many."""
    monkeypatch.setattr("socialguard.archive.archive.FEW", few)
    office.sandbox.reset(seeded(office, "facebook:@acme", posts=3))
    with office.entered() as workspace:
        (account,) = [one for one in workspace.accounts() if str(one) == "facebook:@acme"]
        closed = []
        for later in minutes:
            clock.shift(timedelta(minutes=later))
            workspace.backup.run(account, threading.Event())
            closed.append(workspace.archive.verify().segments)
    assert closed == [0, 0, 1]


def test_an_index_that_is_damaged_while_it_is_open_is_told_with_what_to_do_and_made_anew(office: Office) -> None:
    office.sandbox.reset(seeded(office, "facebook:@acme", posts=3))
    back_up(office, "facebook:@acme")
    index = office.home / "archive.db"
    with office.entered() as workspace:
        (account,) = [one for one in workspace.accounts() if str(one) == "facebook:@acme"]
        assert workspace.archive.root()
        with index.open("r+b") as file:
            file.write(bytes(index.stat().st_size))
        with pytest.raises(errors.Unreadable) as caught:
            workspace.backup.run(account, threading.Event())
        assert caught.value.what_to_do() == "Run: socialguard backup rebuild"
        assert office.process("backup", "rebuild").code == 0
        workspace.backup.run(account, threading.Event())
    assert back_up(office, "facebook:@acme")["items_total"] == 3


def test_a_damaged_archive_stops_no_post(office: Office) -> None:
    office.sandbox.reset(seeded(office, "facebook:@acme", posts=3))
    back_up(office, "facebook:@acme")
    manifest = Path(office.home / "archive" / "MANIFEST.jsonl")
    manifest.write_bytes(manifest.read_bytes()[:-20] + b"x" * 20)
    (office.home / "archive.db").unlink()
    every_minute(office)
    with daemon(office, SOCIALGUARD_CLOCK=nearly_a_minute()) as running:

        def alerted() -> bool:
            found = office.cli("alerts", "list", "--json").document["alerts"]
            return any("archive was changed" in one["message"] for one in found if one["kind"] == "backup")

        until(alerted, "somebody is told")
        assert running.process.poll() is None
        assert running.stop() == 0


@pytest.mark.parametrize("name", ["facebook:@acme", "x:@acme"])
def test_a_network_that_is_not_available_for_a_moment_is_no_alert(office: Office, name: str) -> None:
    office.sandbox.reset(seeded(office, name, posts=3))
    back_up(office, name)
    network = name.partition(":")[0]
    office.sandbox.faults(
        [{"network": network, "operation": "any", "kind": "status", "code": 503, "body": "<html>", "times": None}]
    )
    with office.entered() as workspace:
        (account,) = [one for one in workspace.accounts() if str(one) == name]
        with pytest.raises(errors.NetworkRefused):
            workspace.backup.run(account, threading.Event())
    assert office.cli("alerts", "list", "--json").document["alerts"] == []
