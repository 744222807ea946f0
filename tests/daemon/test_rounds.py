"""Turns that each account has in its own time: backups by their cron, credentials before they end."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from socialguard import clock, errors
from socialguard.daemon.backups import Backups
from socialguard.daemon.interface import Problem
from socialguard.daemon.lanes import Lanes
from socialguard.daemon.tokens import Tokens
from socialguard.model.account import Account
from socialguard.store import duties
from socialguard.store.duties import DutyRun
from socialguard.workspace.opened import Workspace
from tests.office import Office

MORNING = datetime(2026, 11, 29, 8, tzinfo=UTC)


class Fake:
    """A backup that notes for whom it was run."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.fails: Exception | None = None

    def run(self, account: Account, stop: threading.Event) -> None:
        self.ran.append(str(account))
        if self.fails is not None:
            raise self.fails


class Morning:
    """Backups whose clock a test moves."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.fake = Fake()
        self.failed: list[Exception] = []
        self.lanes = Lanes(self.failed.append, 4)
        self.backups = Backups(workspace, self.fake, self.lanes, threading.Event(), self.failed.append)

    def at(self, moment: datetime) -> list[str]:
        """Look at this moment, and return for whom a backup was run."""
        clock.shift(moment - datetime.now(UTC))
        self.fake.ran.clear()
        self.backups.look()
        while self.lanes.busy:
            pass
        return sorted(self.fake.ran)

    def runs(self) -> dict[str, DutyRun]:
        """Return the kept runs by the accounts' names."""
        with self.workspace.database.read() as connection:
            names = self.workspace.names(connection)
            found = duties.runs(connection)
        return {names[run.name.partition(" ")[2]]: run for run in found if run.name.startswith("backup ")}


@pytest.fixture
def morning(office: Office) -> Iterator[Morning]:
    """Backups every day at 9, of one account at 10."""
    settings = '[backup]\ncron = "0 9 * * *"\n[backup.crons]\n"x:@acme" = "0 10 * * *"\n'
    (office.home / "socialguard.toml").write_text(settings)
    with office.entered() as workspace:
        yield Morning(workspace)
    clock.shift(timedelta(0))


ALL = ["facebook:@acme", "facebook:@globex", "x:@acme", "x:@globex"]


def test_each_account_is_backed_up_at_its_cron_and_once(morning: Morning) -> None:
    assert morning.at(MORNING) == []
    assert morning.at(MORNING + timedelta(minutes=59)) == []
    assert morning.at(MORNING + timedelta(minutes=61)) == ["facebook:@acme", "facebook:@globex", "x:@globex"]
    assert morning.at(MORNING + timedelta(minutes=62)) == []
    assert morning.at(MORNING + timedelta(minutes=121)) == ["x:@acme"]
    assert morning.at(MORNING + timedelta(minutes=122)) == []


def test_windows_that_were_missed_are_made_up_for_once(morning: Morning) -> None:
    morning.at(MORNING)
    assert morning.at(MORNING + timedelta(days=3)) == ALL
    assert morning.at(MORNING + timedelta(days=3, minutes=1)) == []
    run = morning.runs()["x:@globex"]
    assert run.next_run == MORNING + timedelta(days=3, hours=1)
    assert timedelta(days=2, hours=22) < run.lag < timedelta(days=3)


def test_a_turn_in_the_future_is_of_a_clock_that_was_wrong(morning: Morning) -> None:
    morning.at(MORNING)
    assert morning.at(MORNING + timedelta(days=365)) == ALL
    assert morning.at(MORNING + timedelta(hours=2, minutes=1)) == []
    assert morning.runs()["x:@globex"].next_run == MORNING + timedelta(days=1, hours=1)
    assert morning.at(MORNING + timedelta(days=1, hours=2, minutes=1)) == ALL


def test_another_cron_holds_from_the_next_start_on(office: Office, morning: Morning) -> None:
    morning.at(MORNING)
    (office.home / "socialguard.toml").write_text('[backup]\ncron = "0 3 1 1 *"\n')
    with office.entered() as workspace:
        later = Morning(workspace)
        assert later.at(MORNING + timedelta(minutes=30)) == []
        assert {run.next_run for run in later.runs().values()} == {datetime(2027, 1, 1, 3, tzinfo=UTC)}
        assert later.at(MORNING + timedelta(hours=2, minutes=1)) == []


def test_a_backup_that_fails_is_told_for_its_account_and_tried_at_its_next_time(morning: Morning) -> None:
    morning.at(MORNING)
    morning.fake.fails = errors.NetworkRefused(network="X", account="x:@acme", detail="no more credits.")
    assert len(morning.at(MORNING + timedelta(hours=1, minutes=1))) == 3
    run = morning.runs()["x:@globex"]
    assert "no more credits" in (run.error or "")
    assert run.last_ok is None
    morning.fake.fails = ValueError("unexpected")
    assert len(morning.at(MORNING + timedelta(days=1, hours=1, minutes=1))) >= 3
    assert "ValueError" in (morning.runs()["x:@globex"].error or "")
    morning.fake.fails = None
    assert len(morning.at(MORNING + timedelta(days=2, hours=1, minutes=1))) >= 3
    assert morning.runs()["x:@globex"].error is None


@pytest.mark.parametrize(
    "problem",
    [errors.Unreadable(path="archive.db", detail="malformed."), errors.ArchiveDamaged(detail="a line is gone.")],
)
def test_what_is_wrong_with_an_archive_or_its_index_ends_no_daemon(morning: Morning, problem: Exception) -> None:
    """It would end with 13 or 15, no service manager would start it again, and no post would go out."""
    morning.at(MORNING)
    morning.fake.fails = problem
    assert morning.at(MORNING + timedelta(hours=1, minutes=1))
    assert morning.failed == []
    assert morning.runs()["x:@globex"].error


def test_an_account_that_is_gone_has_no_turn_and_no_row(office: Office, morning: Morning) -> None:
    morning.at(MORNING)
    assert len(morning.runs()) == 4
    morning.workspace.close()
    clock.shift(timedelta(0))
    removed = office.cli("account", "remove", "x:@globex", "--reason", "left", "--json")
    assert removed.code == 0, removed
    with office.entered() as workspace:
        later = Morning(workspace)
        assert later.at(MORNING + timedelta(days=1)) == ["facebook:@acme", "facebook:@globex", "x:@acme"]
        assert sorted(later.runs()) == ["facebook:@acme", "facebook:@globex", "x:@acme"]


def test_a_full_disk_stops_backups(morning: Morning, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socialguard.daemon.disk.SCARCE", 1.1)
    with pytest.raises(Problem, match="nearly full"):
        morning.at(MORNING + timedelta(days=1))


def test_a_cron_that_is_none_is_refused_at_the_start(office: Office) -> None:
    (office.home / "socialguard.toml").write_text('[backup.crons]\n"x:@acme" = "at nine"\n')
    with office.entered() as workspace, pytest.raises(errors.SettingsInvalid, match=r"\[backup.crons\] x:@acme"):
        Morning(workspace)


# ── tokens ───────────────────────────────────────────────────────────────────────────────────────────────


def kept(workspace: Workspace) -> dict[str, DutyRun]:
    """Return the rows of the tokens' turns by account."""
    with workspace.database.read() as connection:
        names = workspace.names(connection)
        found = duties.runs(connection)
    return {names[run.name.partition(" ")[2]]: run for run in found if run.name.startswith("tokens ")}


def unexpected(problem: Exception) -> None:
    """Refuse what work in a lane raised."""
    raise AssertionError(problem)


def look(tokens: Tokens, lanes: Lanes) -> None:
    """Look once and wait until the lanes are still."""
    tokens.look()
    while lanes.busy:
        pass


def test_every_credential_is_looked_at_once_a_day_a_few_at_a_time(office: Office) -> None:
    with office.entered() as workspace:
        lanes = Lanes(unexpected)
        tokens = Tokens(workspace, lanes, lambda problem: None)
        look(tokens, lanes)
        assert {run.last_run for run in kept(workspace).values()} == {None}
        clock.shift(timedelta(hours=25))
        look(tokens, lanes)
        look(tokens, lanes)
        rows = kept(workspace)
        assert sorted(rows) == ALL
        assert all(run.last_ok is not None for run in rows.values()), rows
        before = office.sandbox.requests()
        look(tokens, lanes)
        assert office.sandbox.requests() == before


def test_a_credential_that_the_network_rejects_is_told_for_its_account(office: Office) -> None:
    fault = {"network": "x", "account": "acme", "operation": "any", "kind": "expired_token", "times": None}
    office.sandbox.faults([fault])
    with office.entered() as workspace:
        lanes = Lanes(unexpected)
        tokens = Tokens(workspace, lanes, lambda problem: None)
        look(tokens, lanes)
        clock.shift(timedelta(hours=25))
        look(tokens, lanes)
        rows = kept(workspace)
    assert "no longer accepts" in (rows["x:@acme"].error or "")
    assert rows["x:@globex"].error is None
