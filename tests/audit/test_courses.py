"""What the log says of a delivery: from memory the same as from reading it all, and no easier to forge."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socialguard import errors
from socialguard.audit import checkpoint, courses
from socialguard.audit import log as logs
from socialguard.audit.interface import Entry, Said
from socialguard.audit.log import BEGINNING, AuditLog
from socialguard.store.database import Database, create_database
from tests.audit.conftest import ACTOR, ORG, Key, Pins
from tests.audit.test_log import ON_SQLITE, append, tamper

FINGERPRINTS = ["aa" * 32, "bb" * 32, "cc" * 32]
WORDS = [
    ("delivery.queue", "queued"),
    ("delivery.send", "intent"),
    ("delivery.send", "limited"),
    ("delivery.send", "sent"),
    ("delivery.cancel", "ok"),
]


def word(action: str, outcome: str, fingerprint: str | None, corr: str | None = None) -> Entry:
    return Entry(action, outcome, ACTOR, account="a-1", corr=corr, fingerprint=fingerprint)


def course(database: Database, log: AuditLog, fingerprint: str) -> tuple[Said, ...]:
    with database.read() as connection:
        return log.course(connection, fingerprint)


def searched(database: Database, fingerprint: str) -> tuple[Said, ...]:
    """What a search of the leaves says, with nothing remembered."""
    with database.read() as connection:
        return AuditLog(ORG)._search(connection, fingerprint, BEGINNING).course()


def queue_in_vain(database: Database, log: AuditLog) -> None:
    """Queue and ask, in a transaction that ends in a roll-back."""
    with database.write() as connection:
        log.append(connection, word("delivery.queue", "queued", FINGERPRINTS[0]))
        log.course(connection, FINGERPRINTS[0])
        raise ZeroDivisionError


steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(WORDS), st.sampled_from(FINGERPRINTS)),
        st.just("other entry"),
        st.just("asked"),
        st.just("rolled back"),
    ),
    max_size=25,
)


@settings(max_examples=40)
@given(steps=steps)
def test_memory_says_what_a_search_says(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[tuple[str, str], str] | str]
) -> None:
    database = create_database(f"sqlite:///{tmp_path_factory.mktemp('log') / 'log.db'}")
    log = AuditLog(ORG)
    with database.write() as connection:
        log.start(connection, Entry("workspace.init", "done", ACTOR))
    for number, step in enumerate([*steps, "asked"]):
        if step == "asked":
            for fingerprint in FINGERPRINTS:
                assert course(database, log, fingerprint) == searched(database, fingerprint)
        elif step == "other entry":
            append(database, log, Entry("account.verify", "ok", ACTOR))
        elif step == "rolled back":
            with pytest.raises(ZeroDivisionError):
                queue_in_vain(database, log)
        elif isinstance(step, tuple):
            (action, outcome), fingerprint = step
            append(database, log, word(action, outcome, fingerprint, f"c-{number}"))
    database.close()


def test_each_leaf_is_read_once(database: Database, log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    append(database, log, *(word("delivery.queue", "queued", fingerprint) for fingerprint in FINGERPRINTS))
    read: list[bytes] = []
    look = courses.Courses._look

    def counted(self: courses.Courses, seq: int, leaf: bytes) -> None:
        read.append(leaf)
        look(self, seq, leaf)

    monkeypatch.setattr(courses.Courses, "_look", counted)
    for fingerprint in FINGERPRINTS:
        assert [said.outcome for said in course(database, log, fingerprint)] == ["queued"]
    once = len(read)
    append(database, log, word("delivery.send", "intent", FINGERPRINTS[0], "c-1"))
    assert [said.outcome for said in course(database, log, FINGERPRINTS[0])] == ["queued", "intent"]
    assert len(read) == once + 1


def test_what_was_logged_before_the_place_where_memory_begins_is_read_when_it_is_asked_for(
    database: Database, log: AuditLog
) -> None:
    old, new = FINGERPRINTS[:2]
    append(database, log, word("delivery.queue", "queued", old))
    key, pins = Key(), Pins()
    for number in range(6):  # checkpoints, so that memory can begin late
        append(database, log, Entry("account.verify", "ok", ACTOR, corr=f"c-{number}"))
        checkpoint.make(database, ORG, key.here, pins)
    with database.read() as connection:
        size = log.head(connection).size
    append(database, log, word("delivery.queue", "queued", new))
    with database.read() as connection:
        assert len(log.course(connection, new, (0, size))) == 1
        assert log._courses._start > 2
        assert len(log.course(connection, old, (0, 1))) == 1


def test_more_than_it_may_remember_begins_anew(
    database: Database, log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courses, "MOST", 2)
    append(database, log, *(word("delivery.queue", "queued", fingerprint) for fingerprint in FINGERPRINTS))
    for fingerprint in FINGERPRINTS * 2:
        assert [said.outcome for said in course(database, log, fingerprint)] == ["queued"]


@ON_SQLITE
@pytest.mark.parametrize(
    "statement",
    [
        "update audit_entry set fingerprint = null where seq = 2",
        "update audit_entry set outcome = 'limited' where seq = 2",
        f"update audit_entry set fingerprint = '{FINGERPRINTS[1]}' where seq = 1",
        "delete from audit_entry where seq = 2",
    ],
)
def test_what_was_changed_after_it_was_read_is_refused(database: Database, log: AuditLog, statement: str) -> None:
    append(
        database,
        log,
        word("delivery.queue", "queued", FINGERPRINTS[0]),
        word("delivery.send", "intent", FINGERPRINTS[0], "c-1"),
        Entry("account.verify", "ok", ACTOR),
    )
    assert len(course(database, log, FINGERPRINTS[0])) == 2
    tamper(database, statement)
    with pytest.raises(errors.Tampered):
        course(database, log, FINGERPRINTS[0])


@ON_SQLITE
def test_a_finished_delivery_cannot_be_begun_again_with_a_forged_word(database: Database, log: AuditLog) -> None:
    append(
        database,
        log,
        word("delivery.queue", "queued", FINGERPRINTS[0]),
        word("delivery.send", "intent", FINGERPRINTS[0], "c-1"),
    )
    assert len(course(database, log, FINGERPRINTS[0])) == 2
    append(database, log, word("delivery.send", "sent", FINGERPRINTS[0], "c-1"))
    assert [said.outcome for said in course(database, log, FINGERPRINTS[0])] == ["queued", "intent", "sent"]
    append(database, log, word("delivery.queue", "queued", FINGERPRINTS[0]))
    assert len(course(database, log, FINGERPRINTS[0])) == 4
    tamper(database, "update audit_entry set fingerprint = null where seq < 4")
    with pytest.raises(errors.Tampered):
        course(database, log, FINGERPRINTS[0])


@ON_SQLITE
def test_a_log_that_was_exchanged_for_another_is_read_anew_and_judged(database: Database, log: AuditLog) -> None:
    append(database, log, word("delivery.queue", "queued", FINGERPRINTS[0]))
    assert len(course(database, log, FINGERPRINTS[0])) == 1
    tamper(database, "update audit_entry set leaf = leaf || ' ' where seq = 1")
    append(database, log, Entry("account.verify", "ok", ACTOR))
    append(database, log, word("delivery.queue", "queued", FINGERPRINTS[1]))
    with pytest.raises(errors.Tampered):
        course(database, AuditLog(ORG), FINGERPRINTS[0])


@ON_SQLITE
def test_a_fingerprint_is_looked_up_and_not_looked_for(database: Database, log: AuditLog) -> None:
    append(database, log, word("delivery.queue", "queued", FINGERPRINTS[0]))
    assert len(course(database, log, FINGERPRINTS[0])) == 1
    compiled = logs._BY_FINGERPRINT._compiled["sqlite"]
    given = {**compiled._fixed, "inc": 0, "fp": FINGERPRINTS[0]}
    values = tuple(given[name] for name in compiled._names or ())
    with database.read() as connection:
        plan = connection.exec_driver_sql(f"explain query plan {compiled._sql}", values).all()
    assert ["ix_audit_entry_fingerprint" in row[3] for row in plan] == [True]
