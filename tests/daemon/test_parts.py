"""The parts of the daemon, each by itself: what it tells, when it runs, what it keeps."""

import io
import json
import logging
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import time_machine

from socialguard import clock, errors
from socialguard.daemon import disk, logs, notify, status
from socialguard.daemon.heartbeat import Heartbeat
from socialguard.daemon.interface import Duty, Problem
from socialguard.daemon.schedule import Schedule
from socialguard.model.credential import guard
from socialguard.settings import Settings
from socialguard.store import duties
from socialguard.store.database import Database
from socialguard.store.duties import DutyRun
from socialguard.store.lease import Lease, holder
from socialguard.workspace.layout import Layout

SECRET = "plain-secret-of-a-test-0815"


def ignored(problem: Exception) -> None:
    """Take what a duty raised."""


# ── the log ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the daemon's log is written to; the handlers of before are put back."""
    root = logging.root
    before, level, stream = root.handlers[:], root.level, io.StringIO()
    logs.configure(stream)
    yield stream
    root.handlers[:], root.level = before, level
    logging.captureWarnings(False)


def test_a_line_of_any_library_is_json_without_secrets(written: io.StringIO) -> None:
    guard([SECRET])
    logging.getLogger("somebody.else").error(
        "it said %s\n\x1b[2J", SECRET, extra=logs.about(url=f"?access_token={SECRET}")
    )
    (line,) = [json.loads(each) for each in written.getvalue().splitlines()]
    assert SECRET not in written.getvalue()
    assert written.getvalue().isascii()
    assert line["event"].startswith("it said [secret]")
    assert line["url"] == "?access_token=[secret]"
    assert line["level"] == "error"


def test_a_traceback_shows_neither_secrets_nor_variables(written: io.StringIO) -> None:
    guard([SECRET])
    hidden_in_a_variable = "another " + "value"
    try:
        raise RuntimeError(f"header: Bearer {SECRET}")
    except RuntimeError:
        logs.log.exception("duty failed")
    text = written.getvalue()
    assert SECRET not in text
    assert hidden_in_a_variable not in text
    assert "RuntimeError" in json.loads(text)["trace"]


# ── the service manager ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["abstract", "path"])
def test_the_service_manager_is_told_on_both_kinds_of_socket(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"@socialguard-{os.getpid()}-notify" if kind == "abstract" else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind("\0" + name[1:] if kind == "abstract" else name)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        assert notify.notify("READY=1", "STATUS=Ünïcode")
        channel.settimeout(10)
        assert channel.recv(100).decode() == "READY=1\nSTATUS=Ünïcode"


def test_nobody_who_listens_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify.notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    assert not notify.notify("READY=1")


@pytest.mark.parametrize(
    ("given", "pid", "seconds"),
    [
        ("60000000", "", 60.0),
        ("60000000", "here", 60.0),
        ("60000000", "1", None),
        ("0", "", None),
        ("x", "", None),
    ],
)
def test_a_watchdog_is_obeyed_where_it_is_for_this_process(
    given: str, pid: str, seconds: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", given)
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()) if pid == "here" else pid)
    assert notify.watchdog_seconds() == seconds


# ── duties ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_duty_that_fails_is_told_and_runs_again_while_the_others_go_on() -> None:
    ran, quick = threading.Semaphore(0), threading.Semaphore(0)
    failed: list[Exception] = []

    def fails() -> None:
        ran.release()
        raise errors.Tampered(what="It", detail="so.")

    schedule = Schedule([Duty("bad", 0.05, fails), Duty("good", 0.05, quick.release)], failed.append)
    schedule.start()
    for _ in range(3):
        assert ran.acquire(timeout=10)
        assert quick.acquire(timeout=10)
    schedule.stop()
    runs = {run.name: run for run in schedule.runs()}
    assert "was changed outside" in (runs["bad"].error or "")
    assert runs["bad"].last_ok is None
    assert runs["good"].error is None
    assert runs["good"].last_ok is not None
    assert {type(each) for each in failed} == {errors.Tampered}


def test_a_duty_that_hangs_never_runs_twice_at_once_and_shows_how_late_it_is() -> None:
    go, running, others = threading.Event(), [], threading.Semaphore(0)

    def hangs() -> None:
        running.append(1)
        go.wait(30)

    schedule = Schedule([Duty("hangs", 0.05, hangs), Duty("good", 0.05, others.release)], ignored)
    schedule.start()
    for _ in range(5):
        assert others.acquire(timeout=10)
    assert len(running) == 1
    assert not schedule.is_prompt("hangs", 0.1)
    assert {run.name: run.lag > timedelta(0) for run in schedule.runs()}["hangs"]
    go.set()
    schedule.stop()


def test_a_clock_that_is_set_back_does_not_put_a_duty_off() -> None:
    ran = threading.Semaphore(0)
    schedule = Schedule([Duty("publish", 3600.0, ran.release)], ignored)
    schedule.start()
    assert ran.acquire(timeout=10)
    schedule.look()
    assert not ran.acquire(blocking=False)
    with time_machine.travel(datetime.now(UTC) - timedelta(hours=5)):
        schedule.look()
        assert ran.acquire(timeout=10)
    schedule.stop()


# ── lease and runs ───────────────────────────────────────────────────────────────────────────────────────


def test_a_lease_is_kept_by_renewing_and_lost_to_who_took_it(database: Database) -> None:
    first = Lease(database, "daemon", timedelta(seconds=30))
    first.take()
    clock.shift(timedelta(seconds=20))
    with database.write() as connection:
        first.renew(connection)
    clock.shift(timedelta(seconds=45))
    second = Lease(database, "daemon", timedelta(seconds=30))
    with pytest.raises(errors.Busy):
        second.take()
    clock.shift(timedelta(seconds=90))
    second.take()
    with pytest.raises(errors.Busy), database.write() as connection:
        first.renew(connection)
    first.release()
    with database.read() as connection:
        found = holder(connection, "daemon")
    assert found is not None
    assert found.is_alive
    second.release()


def test_the_runs_of_duties_are_kept_and_replaced(database: Database) -> None:
    at = datetime(2026, 11, 29, 9, tzinfo=UTC)
    first = DutyRun("publish", at, None, at + timedelta(seconds=1), timedelta(milliseconds=1500), "no")
    second = DutyRun("publish", at, at, None, timedelta(0), None)
    with database.write() as connection:
        duties.record(connection, [first, DutyRun("disk")])
    with database.read() as connection:
        assert duties.runs(connection) == (DutyRun("disk"), first)
    with database.write() as connection:
        duties.record(connection, [second])
        duties.forget(connection, ["disk"])
    with database.read() as connection:
        assert duties.runs(connection) == (second,)


ROOMY = disk.Forecast(100, 50, None)


def as_told(*runs: DutyRun, alive: bool = True) -> tuple[int, str]:
    """Return what monitoring is told of these runs."""
    return status.check(status.Status(alive, None, 1, runs), {}, ROOMY)


def test_monitoring_is_told_that_the_disk_fills() -> None:
    well = status.Status(True, None, 1, (DutyRun("publish"), DutyRun("disk", error="as it was an hour ago")))
    for days, code in ((20, 0), (10, 1), (2, 2)):
        filling = disk.Forecast(100, 50, clock.now() + timedelta(days=days))
        assert status.check(well, {}, filling)[0] == code
    assert status.check(well, {}, disk.Forecast(100, 4, None))[0] == 2


def test_monitoring_is_told_why_a_daemon_that_runs_gives_no_sign_of_life() -> None:
    mute = status.Status(False, None, None, (), mute=7)
    assert status.check(mute, {}, ROOMY)[1].startswith("CRITICAL - the daemon, process 7, can keep nothing | ")
    code, line = status.check(mute, {}, disk.Forecast(10**9, 0, None))
    assert (code, line.partition(" | ")[0].partition("; ")[2]) == (2, "the disk is nearly full: 0.0 GB free")


def test_monitoring_is_told_of_many_accounts_in_a_line_that_it_can_take() -> None:
    failing = [DutyRun(f"backup a-{number}", error="the network refused") for number in range(200)]
    code, line = as_told(*failing, DutyRun("publish", error="the disk is full"))
    assert code == 2
    assert line.startswith("CRITICAL - publish: the disk is full; backup ")
    assert "; and 196 more: socialguard daemon status | lag=" in line
    assert len(line) < 500


def test_monitoring_is_told_what_is_gravest_in_one_line() -> None:
    now = clock.now()
    good = DutyRun("publish", now, now, now, timedelta(seconds=0.25))
    assert as_told(good) == (0, "OK - 1 duties | lag=0.250s;30;120;0")
    assert as_told(good, alive=False)[0] == 2
    tokens = DutyRun("tokens a-1", now, None, now, timedelta(0), "not | renewed")
    code, line = as_told(good, tokens)
    assert (code, line.split(" | ")[0]) == (1, "WARNING - tokens a-1: not / renewed")
    assert as_told(tokens, DutyRun("publish", error="disk full"))[0] == 2
    assert as_told(DutyRun("publish", lag=timedelta(minutes=3)))[0] == 2
    assert as_told(DutyRun("backup a-1", lag=timedelta(minutes=3)))[0] == 0
    assert as_told(DutyRun("backup a-1", lag=timedelta(minutes=16)))[0] == 1
    assert as_told(DutyRun("backup a-1", next_run=now - timedelta(minutes=16)))[0] == 1


def test_monitoring_is_not_told_of_a_backup_that_was_made_up_for() -> None:
    now = clock.now()
    made_up = DutyRun("backup a-1", now, now, now + timedelta(hours=23), timedelta(hours=5))
    assert as_told(DutyRun("publish"), made_up) == (0, "OK - 2 duties | lag=0.000s;30;120;0")


# ── disk ─────────────────────────────────────────────────────────────────────────────────────────────────


class Usage:
    """A disk of a test: bytes in all, used and free."""

    def __init__(self, total: int, used: int) -> None:
        self.total, self.used, self.free = total, used, total - used


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """The places of a workspace that is only a directory."""
    return Layout(tmp_path)


def test_growth_tells_the_day_on_which_the_disk_is_full(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    total, used = 100 * 10**9, 50 * 10**9
    for day in range(8):
        clock.shift(timedelta(days=day))
        monkeypatch.setattr(shutil, "disk_usage", lambda _, used=used + day * 10**9: Usage(total, used))
        disk.Disk(layout).look()
    found = disk.forecast(layout)
    assert found.full_on is not None
    assert abs(found.full_on - clock.now() - timedelta(days=43)) < timedelta(minutes=5)
    assert found.problem() is None
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(total, 94 * 10**9))
    with pytest.raises(Problem, match="will be full on"):
        disk.Disk(layout).look()
    assert disk.forecast(layout).is_urgent is False
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(total, 96 * 10**9))
    assert disk.forecast(layout).is_scarce
    assert disk.forecast(layout).is_urgent


def test_the_reserve_is_kept_while_there_is_room_and_given_up_when_there_is_none(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "RESERVE", 4096)
    monkeypatch.setattr(disk, "_PLENTY", 8192)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**6, 10**6 - 10**5))
    disk.Disk(layout).look()
    assert layout.reserve.stat().st_size == 4096
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**6, 10**6 - 100))
    with pytest.raises(Problem, match="nearly full"):
        disk.Disk(layout).look()
    assert not layout.reserve.exists()


def test_what_says_nothing_of_the_disk_is_begun_anew(layout: Layout) -> None:
    place = layout.home / "cache" / "disk.json"
    place.parent.mkdir()
    place.write_text('{"used": [["yesterday", "much"]]}')
    disk.Disk(layout).look()
    assert len(json.loads(place.read_text())["used"]) == 1


# ── heartbeat ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def watchman() -> Iterator[Any]:
    """A server that counts calls and answers with `status`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server: Any = self.server
            server.calls.append((self.path, dict(self.headers)))
            self.send_response(server.status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server: Any = HTTPServer(("127.0.0.1", 0), Handler)
    server.calls, server.status = [], 200
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def beat(server: Any, *, well: bool = True) -> None:
    """Beat once for a daemon that is well, or not."""
    url = f"http://127.0.0.1:{server.server_port}/ping/secret-part"
    Heartbeat(Settings(heartbeat_url=url), lambda: well).beat()


def test_the_watchman_hears_of_a_daemon_that_is_well_and_of_no_other(watchman: Any) -> None:
    beat(watchman)
    beat(watchman, well=False)
    Heartbeat(Settings(), lambda: True).beat()
    ((path, headers),) = watchman.calls
    assert path == "/ping/secret-part"
    assert not {"Authorization", "Cookie"} & headers.keys()


@pytest.mark.parametrize("code", [302, 404, 500])
def test_a_watchman_who_does_not_take_it_is_told_without_the_url(watchman: Any, code: int) -> None:
    watchman.status = code
    with pytest.raises(Problem) as caught:
        beat(watchman)
    assert str(code) in str(caught.value)
    assert "secret-part" not in str(caught.value)
    assert len(watchman.calls) == 1  # a redirect is not followed


def test_a_watchman_who_is_gone_is_told_without_the_url() -> None:
    with pytest.raises(Problem) as caught:
        Heartbeat(Settings(heartbeat_url="http://127.0.0.1:9/ping/secret-part"), lambda: True).beat()
    assert "secret-part" not in str(caught.value)
