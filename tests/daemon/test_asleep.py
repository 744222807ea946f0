"""A machine that sleeps for 20 minutes with a daemon on it, and what the daemon makes of it when it wakes."""

import signal
from datetime import UTC, datetime, timedelta

from socialguard.store import duties
from tests.daemon import sleeper
from tests.daemon.running import daemon, until
from tests.daemon.test_daemon import schedule
from tests.office import Office

AFTER = {"SOCIALGUARD_CLOCK": f"+{sleeper.NAP.seconds}s"}


def test_a_sleep_of_twenty_minutes_is_caught_up_once_in_order_and_what_is_too_late_is_held(office: Office) -> None:
    missed = [(datetime.now(UTC) + timedelta(minutes=minutes)).minute for minutes in (5, 10)]
    cron = f"{','.join(map(str, missed))} * * * *"
    settings = f'[backup]\ncron = "0 0 1 1 *"\n[backup.crons]\n"x:@globex" = "{cron}"\n'
    (office.home / "socialguard.toml").write_text(settings)
    for text, minutes in (("Third", 12), ("Second", 11), ("Too late", 2), ("First", 10)):
        schedule(office, text, seconds=60 * minutes)
    schedule(office, "Elsewhere", "facebook:@acme", seconds=600)
    with daemon(office, "tests.daemon.sleeper") as running:
        until(lambda: _is_promised(office), "the turns of backups are kept")
        running.process.send_signal(signal.SIGSTOP)
        office.sandbox.clock(sleeper.NAP.total_seconds())
        running.process.send_signal(signal.SIGUSR1)
        running.process.send_signal(signal.SIGCONT)
        until(lambda: len(office.queue("sent")) == 4, "what was missed went out")
        until(lambda: _backups(office) >= 2, "the missed backup was made", 90)
        until(lambda: bool(office.queue("held")), "what is too late is held")
        assert running.stop() == 0
    assert office.published("x") == ["First", "Second", "Third"]
    assert office.published("facebook") == ["Elsewhere"]
    (held,) = office.queue("held")
    (alert,) = office.cli("alerts", "list", "--json", **AFTER).document["alerts"]
    assert (alert["kind"], alert["account"], alert["delivery"]) == ("late", "x:@acme", held["id"])
    assert _backups(office) == 2, "two windows were missed: they are made up for once (an intent and its outcome)"


def _is_promised(office: Office) -> bool:
    """Whether the daemon has told when each account's backup is to be made."""
    with office.entered() as workspace, workspace.database.read() as connection:
        return any(run.name.startswith("backup ") for run in duties.runs(connection))


def _backups(office: Office) -> int:
    """Return how many entries the log has of backups."""
    listed = office.cli("audit", "list", "--action", "backup.run", "--json", **AFTER)
    return len(listed.document["entries"])
