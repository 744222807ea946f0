"""Every time that a person reads says which clock it is by."""

import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from socialguard.cli.times_told import brief, minute
from tests.backup.world import seeded
from tests.office import Office, office

__all__ = ["office"]

CONFIRMED = ("--confirm", "x:@acme")


@pytest.fixture
def paris(office: Office) -> Office:
    """An office whose workspace and x:@acme keep the time of Paris."""
    (office.home / "socialguard.toml").write_text('zone = "Europe/Paris"\n', encoding="utf-8")
    assert office.cli("account", "zone", "x:@acme", "Europe/Paris").code == 0
    return office


def test_a_minute_names_its_zone() -> None:
    at = datetime(2026, 7, 1, 8, 30, tzinfo=UTC)
    assert minute(at, "Europe/Paris") == "2026-07-01 10:30 CEST"
    assert minute("2026-11-27T08:00:00.000000Z", "Europe/Paris") == "2026-11-27 09:00 CET"
    assert minute(at, "UTC") == "2026-07-01 08:30 UTC"
    assert minute(None, "UTC") == "–"


def test_a_brief_time_is_a_clock_s_only_on_its_day() -> None:
    now = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)  # in Paris the next day has begun
    told = [brief(at, now, "Europe/Paris") for at in ("2026-11-27T23:10:00Z", "2026-11-27T22:10:00Z", None)]
    assert told == ["00:10 CET", "yesterday", "–"]
    assert brief("2026-11-20T12:00:00Z", now, "UTC") == "2026-11-20"


def test_what_is_queued_is_shown_by_the_clock_of_its_account(paris: Office) -> None:
    day = datetime.now(UTC).date() + timedelta(days=40)
    wall = datetime(day.year, day.month, day.day, 9, tzinfo=ZoneInfo("Europe/Paris"))
    utc = f"{wall.astimezone(UTC):%H:%M} UTC"
    at = ("--at", f"{day}T09:00")
    words = ("post", "Hello", "--to", "x:@acme", *CONFIRMED, *at, "--json")
    delivery = paris.cli(*words).deliveries[0]["id"]
    assert f"{day} 09:00 {wall:%Z}" in paris.cli("queue", "list").stdout
    assert f"{wall:%A} {day} 09:00 Europe/Paris ({utc})" in paris.cli("queue", "show", delivery).stdout
    assert re.search(r"\d\d:\d\d CES?T", paris.cli("draft", "list").stdout)


def test_what_is_kept_is_shown_by_the_clock_of_its_account(paris: Office) -> None:
    paris.sandbox.reset(seeded(paris, posts=2))
    assert paris.cli("backup", "run", "x:@acme").code == 0
    assert re.search(r"\d\d:\d\d CES?T", paris.cli("backup", "list", "x:@acme").stdout)
    assert re.search(r"\d\d:\d\d CES?T|yesterday", paris.cli("backup", "status").stdout)


def test_where_nothing_is_found_that_is_said(paris: Office) -> None:
    assert paris.cli("backup", "search", "unicorn").stdout == "Nothing is found.\n"
    assert paris.cli("backup", "list", "x:@acme").stdout == "Nothing is found.\n"


def test_the_daemon_tells_its_last_success_and_how_the_disk_stands(paris: Office) -> None:
    told = paris.cli("daemon", "status").stdout
    assert "last success" in told
    assert re.search(r"Disk: [0-9.]+ GB free", told)


def test_an_alert_says_what_to_do(paris: Office) -> None:
    """A post that is held tells the commands that release or cancel it, also in the list of alerts."""
    at = ("--at", "in 1 hour")
    delivery = paris.cli("post", "Late", "--to", "x:@acme", *CONFIRMED, *at, "--json").deliveries[0]["id"]
    assert paris.cli("queue", "run", SOCIALGUARD_CLOCK="+9000s").code == 11
    (alert,) = paris.cli("alerts", "list", "--json").document["alerts"]
    assert f"socialguard queue release {delivery} --now" in alert["remedy"]
    told = paris.cli("alerts", "list").stdout
    assert f"1: Still right? socialguard queue release {delivery} --now" in told
    assert re.search(r"\d\d:\d\d CES?T", told)


def test_what_lies_in_the_workspace_is_for_its_owner_alone(paris: Office, tmp_path: Path) -> None:
    from socialguard.daemon.disk import Disk
    from socialguard.workspace.layout import Layout

    home = tmp_path / "own"
    key = ("--key-file", str(tmp_path / "kek"))
    identity = str(tmp_path / "identity")
    done = paris.cli("--home", str(home), "init", "--org=A", "--owner=B", *key, SOCIALGUARD_IDENTITY=identity)
    assert done.code == 0, done
    Disk(Layout(home)).look()
    open_to_others = [
        str(path)
        for path in home.rglob("*")
        if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077 and path.suffix != ".jsonl.zst"
    ]
    assert open_to_others == []
