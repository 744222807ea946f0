"""The emergency file: it takes a record when nothing else does, and the log gets each once."""

import json
import os
from pathlib import Path

import pytest
from sqlalchemy import text

from socialguard.audit.emergency import ALLOCATED, Damaged, EmergencyFile, Record
from socialguard.audit.log import AuditLog
from socialguard.store.database import Database
from tests.audit.conftest import ACTOR
from tests.audit.test_log import ON_SQLITE


@pytest.fixture
def emergency(tmp_path: Path) -> EmergencyFile:
    made = EmergencyFile(tmp_path / "emergency.jsonl")
    made.prepare()
    return made


def absorb(database: Database, log: AuditLog, emergency: EmergencyFile) -> int:
    with database.write() as connection:
        return emergency.absorb(connection, log)


def test_a_record_replaces_allocated_space(emergency: EmergencyFile) -> None:
    assert emergency.path.stat().st_size == ALLOCATED
    assert emergency.note("freeze", ACTOR, account="a-1", reason="a rumour", obj={"scope": "a-1"}).file
    assert emergency.note("queue.cancel", ACTOR).file
    assert emergency.path.stat().st_size == ALLOCATED
    first, second = emergency.records()
    assert isinstance(first, Record)
    assert (first.action, first.account, first.reason, first.obj) == (
        "freeze",
        "a-1",
        "a rumour",
        {"scope": "a-1"},
    )
    assert isinstance(second, Record)
    assert second.action == "queue.cancel"


def test_a_record_is_synced_before_note_returns(emergency: EmergencyFile, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    write, sync = os.pwrite, os.fsync

    def pwrite(file: int, data: bytes, at: int) -> int:
        order.append("write")
        return write(file, data, at)

    def fsync(file: int) -> None:
        order.append("sync")
        sync(file)

    monkeypatch.setattr(os, "pwrite", pwrite)
    monkeypatch.setattr(os, "fsync", fsync)
    emergency.note("freeze", ACTOR)
    assert order == ["write", "sync"]


def test_a_disk_that_refuses_is_told_and_not_raised(
    emergency: EmergencyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    assert not emergency.note("freeze", ACTOR).file


def test_stopping_is_never_refused_for_its_reason_but_no_secret_is_kept(emergency: EmergencyFile) -> None:
    emergency.note("freeze", ACTOR, reason="leaked access_token=EAAB0123456789abc " + "x" * 900)
    assert b"EAAB0123" not in emergency.path.read_bytes()
    (record,) = emergency.records()
    assert isinstance(record, Record)
    assert len(record.reason) <= 500
    emergency.note("freeze", ACTOR, reason="access_token=EAAB0123456789abc is out")
    emergency.note("freeze", ACTOR, reason="x" * 495 + " access_token=EAAB0123456789abc")
    assert all(isinstance(each, Record) for each in emergency.records())


def test_the_log_gets_each_record_once(database: Database, log: AuditLog, emergency: EmergencyFile) -> None:
    emergency.note("freeze", ACTOR, account="a-1", reason="a rumour")
    emergency.note("account.revoke", ACTOR, account="a-2")
    assert absorb(database, log, emergency) == 2
    assert len(emergency.records()) == 2  # not emptied before the commit is seen
    assert absorb(database, log, emergency) == 0
    assert emergency.records() == ()
    assert emergency.path.stat().st_size == ALLOCATED
    with database.read() as connection:
        rows = connection.execute(text("select action, account, leaf from audit_entry order by seq")).all()
        reason = connection.execute(text("select reason from audit_reason where seq = 1")).scalar()
    assert [(row.action, row.account) for row in rows[1:]] == [("freeze", "a-1"), ("account.revoke", "a-2")]
    assert "noted_at" in json.loads(rows[1].leaf)["obj"]
    assert reason == "a rumour"


def test_a_record_survives_a_roll_back_of_its_absorption(
    database: Database, log: AuditLog, emergency: EmergencyFile
) -> None:
    emergency.note("freeze", ACTOR)
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        assert emergency.absorb(connection, log) / 0
    assert absorb(database, log, emergency) == 1


@ON_SQLITE
def test_a_record_that_comes_while_the_file_is_emptied_stays(
    database: Database, log: AuditLog, emergency: EmergencyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    emergency.note("freeze", ACTOR)
    absorb(database, log, emergency)
    clear = emergency._clear

    def late(records: tuple[Record | Damaged, ...]) -> None:
        emergency.note("queue.cancel", ACTOR)
        clear(records)

    monkeypatch.setattr(emergency, "_clear", late)
    absorb(database, log, emergency)
    assert len(emergency.records()) == 2
    assert absorb(database, log, emergency) == 1


@ON_SQLITE
def test_a_line_that_a_crash_cut_short_is_logged_as_such(
    database: Database, log: AuditLog, emergency: EmergencyFile
) -> None:
    with emergency.path.open("r+b") as file:
        file.write(b'{"v":1,"id":"em-')
    emergency.note("freeze", ACTOR)
    assert [type(each) for each in emergency.records()] == [Damaged, Record]
    assert absorb(database, log, emergency) == 2
    assert absorb(database, log, emergency) == 0


@ON_SQLITE
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("action", "two words"),
        ("noted_at", "soon"),
        ("obj", {"share": 0.5}),
        ("actor", {}),
        ("account", "a b"),
        ("v", 2),
    ],
)
def test_a_record_that_nobody_noted_does_not_stop_the_log(
    database: Database, log: AuditLog, emergency: EmergencyFile, key: str, value: object
) -> None:
    emergency.note("freeze", ACTOR)
    record = json.loads(emergency.path.read_bytes().split(b"\n")[0])
    emergency.path.write_text(json.dumps({**record, key: value}) + "\n")
    assert [type(each) for each in emergency.records()] == [Damaged]
    assert absorb(database, log, emergency) == 1
    assert absorb(database, log, emergency) == 0


def test_a_full_file_grows(emergency: EmergencyFile) -> None:
    for _ in range(3):
        emergency.note("freeze", ACTOR, obj={"text": "x" * (ALLOCATED // 2)})
    assert len(emergency.records()) == 3
    assert emergency.path.stat().st_size > ALLOCATED


def test_without_a_file_there_is_nothing_to_absorb(database: Database, log: AuditLog, tmp_path: Path) -> None:
    assert absorb(database, log, EmergencyFile(tmp_path / "missing")) == 0
