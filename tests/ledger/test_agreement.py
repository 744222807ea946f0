"""The rows of deliveries say what the log says, on each kind of database; what does not is named."""

import secrets
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from socialguard import clock
from socialguard.alerts import logged
from socialguard.alerts.board import Board
from socialguard.audit.interface import Actor, Entry
from socialguard.audit.log import QUEUED, AuditLog, begin
from socialguard.ledger import agreement, writer
from socialguard.model.delivery import Act, Content, Delivery, State
from socialguard.store.database import Database
from socialguard.store.tables import alert, audit_head, delivery
from tests.ledger.conftest import ACCOUNT

PERSON = Actor("m-0102030405a6", "person", "cli")


@pytest.fixture
def log(ledger: Database) -> AuditLog:
    """A log that was just begun."""
    made = AuditLog("ab" * 32)
    with ledger.write() as connection:
        made.start(connection, Entry("workspace.init", "ok", PERSON))
    return made


def say(ledger: Database, log: AuditLog, value: Delivery, action: str, outcome: str) -> None:
    """Append a word on a delivery."""
    obj = {"delivery": value.id}
    with ledger.write() as connection:
        log.append(connection, Entry(action, outcome, PERSON, ACCOUNT, fingerprint=value.fingerprint, obj=obj))


def queued(ledger: Database, log: AuditLog, state: State, *words: tuple[str, str]) -> Delivery:
    """Queue a delivery, log these words on it, and leave its row in a state."""
    now = clock.now()
    with ledger.write() as connection:
        value = Delivery(
            id=secrets.token_hex(4),
            draft_id=writer.keep_draft(connection, "Hello", {}, PERSON.id),
            account_id=ACCOUNT,
            act=Act.PUBLISH,
            content=Content("Hello"),
            nonce=f"0.1.{secrets.token_hex(16)}",
            fingerprint=secrets.token_hex(32),
            submitter=PERSON.id,
            signature=b"\0" * 64,
            state=state,
            due=now,
            created_at=now,
        )
        writer.queue(connection, value)
    for word in words:
        say(ledger, log, value, *word)
    return value


def told(ledger: Database, *, deep: bool = False) -> Sequence[str]:
    """What is found, each as its sentence."""
    return [one.detail for one in agreement.disagreements(ledger, deep=deep)]


WAITS = (QUEUED, "queued")
SENT = ("delivery.send", "sent")


def test_rows_that_the_log_left_so_are_no_problem(ledger: Database, log: AuditLog) -> None:
    queued(ledger, log, State.QUEUED, WAITS)
    queued(ledger, log, State.SENT, WAITS, ("delivery.send", "intent"), SENT)
    queued(ledger, log, State.AWAITING, (QUEUED, "awaiting"), ("delivery.attest", "attested"))
    queued(ledger, log, State.QUEUED, (QUEUED, "awaiting"), ("delivery.approve", "queued"))
    for state in (State.QUEUED, State.HELD):
        queued(ledger, log, state, WAITS, ("delivery.send", "intent"), ("delivery.send", "not_public"))
    assert told(ledger, deep=True) == []


def test_the_newest_word_counts(ledger: Database, log: AuditLog) -> None:
    value = queued(ledger, log, State.CANCELLED, WAITS)
    assert told(ledger) == [f"delivery {value.id} is cancelled; the log ends it with delivery.queue queued."]
    say(ledger, log, value, "delivery.cancel", "ok")
    assert told(ledger) == []


def test_what_is_marked_as_sent_is_looked_at_deeply_only(ledger: Database, log: AuditLog) -> None:
    value = queued(ledger, log, State.SENT, WAITS)
    assert told(ledger) == []
    assert value.id in told(ledger, deep=True)[0]


def test_rows_that_are_gone_and_rows_that_nobody_queued(ledger: Database, log: AuditLog) -> None:
    gone = [queued(ledger, log, State.QUEUED, WAITS) for _ in range(3)]
    with ledger.write() as connection:
        connection.execute(delete(delivery))
    wanted = {f"delivery {one.id} was queued, and the ledger holds it no more." for one in gone}
    assert set(told(ledger)) == wanted
    stray = queued(ledger, log, State.HELD)
    assert told(ledger)[-1] == f"delivery {stray.id} is held, and the log does not know it."


def test_pages_and_a_limit(ledger: Database, log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, the first hundred are named."""
    for _ in range(5):
        queued(ledger, log, State.FAILED, WAITS)
    monkeypatch.setattr(agreement, "MAX_PROBLEMS", 3)
    assert len(told(ledger)) == 3


def test_what_was_said_before_an_incident_is_held_against_no_row(ledger: Database, log: AuditLog) -> None:
    queued(ledger, log, State.CANCELLED, WAITS)
    lost = queued(ledger, log, State.QUEUED, WAITS)
    with ledger.write() as connection:
        connection.execute(delete(delivery).where(delivery.c.id == lost.id))
        begin(connection, incarnation=1, last_ts="")
        log.append(connection, Entry("incident.accept", "ok", PERSON))
    assert told(ledger, deep=True) == []


@pytest.mark.parametrize("harm", ["gone", "nonsense"])
def test_without_a_sound_head_nothing_is_said_here(ledger: Database, log: AuditLog, harm: str) -> None:
    """`audit verify` tells of the head itself."""
    queued(ledger, log, State.CANCELLED, WAITS)
    with ledger.write() as connection:
        connection.execute(delete(audit_head) if harm == "gone" else update(audit_head).values(frontier=b"words"))
    assert told(ledger) == []


def test_an_alert_that_the_log_holds_is_missed_when_it_is_gone(
    ledger: Database, log: AuditLog, tmp_path: Path
) -> None:
    board = Board(tmp_path / "workspace" / "alerts.json")
    with ledger.write() as connection:
        ids = [
            board.raise_(connection, f"watch.{number}", "{what}", {"what": number}, account_id=ACCOUNT)
            for number in range(3)
        ]
        for one in ids:
            log.append(connection, logged.entry(PERSON, ACCOUNT, one, "watch.foreign", 1, "ab" * 32))
    assert logged.disagreements(ledger) == []
    with ledger.write() as connection:
        connection.execute(delete(alert).where(alert.c.id == ids[1]))
    assert [one.detail for one in logged.disagreements(ledger)] == [f"alert {ids[1]} was raised, and is gone."]
