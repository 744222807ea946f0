"""The log as writers meet it: entries, time, reasons, pins and intents."""

import contextlib
import json
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from socialguard import clock, errors
from socialguard.audit import checkpoint, leaf
from socialguard.audit.interface import Actor, Entry, Intent, Tree
from socialguard.audit.log import AuditLog
from socialguard.canon import jcs, merkle
from socialguard.model.credential import redact
from socialguard.store.database import Database
from socialguard.store.tables import audit_entry, audit_reason
from tests.audit.conftest import ACTOR, ORG, Key, Pins

FINGERPRINT = "ab" * 32
# What does not depend on the database: a new PostgreSQL database costs half a second.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def append(database: Database, log: AuditLog, *entries: Entry) -> list[int]:
    with database.write() as connection:
        return [log.append(connection, entry) for entry in entries]


def queue(fingerprint: str = FINGERPRINT) -> Entry:
    return Entry("delivery.queue", "done", ACTOR, account="a-1", fingerprint=fingerprint)


def intent(corr: str, fingerprint: str = FINGERPRINT) -> Entry:
    return Entry("delivery.publish", "intent", ACTOR, account="a-1", corr=corr, fingerprint=fingerprint)


def outcome(corr: str, what: str) -> Entry:
    return Entry("delivery.publish", what, ACTOR, account="a-1", corr=corr)


def tamper(database: Database, statement: str, **values: object) -> None:
    """Write past the triggers, as whoever owns the database can."""
    with database.write() as connection:
        if database.engine.dialect.name == "sqlite":
            for name in ("no_update", "no_delete", "in_order"):
                connection.execute(text(f"drop trigger if exists audit_entry_{name}"))
        else:
            connection.execute(text("alter table audit_entry disable trigger all"))
        connection.execute(text(statement), values)


def test_an_entry_is_the_leaf_that_the_format_fixes(database: Database, log: AuditLog) -> None:
    entry = Entry(
        "account.add", "done", ACTOR, account="a-1", corr="c-1", fingerprint=FINGERPRINT, obj={"handle": "acmé"}
    )
    assert append(database, log, entry) == [1]
    with database.read() as connection:
        row = connection.execute(select(audit_entry).where(audit_entry.c.seq == 1)).one()
    leaf = json.loads(row.leaf)
    assert row.leaf == jcs.encode(leaf)
    assert row.leaf_hash == merkle.leaf_hash(row.leaf)
    names = "v seq ts org nonce actor action account outcome corr reason_sha256 obj src"
    assert set(leaf) == set(names.split())
    assert leaf["actor"] == {"id": "m-1", "kind": "person", "via": "cli", "proof": "claimed"}
    assert leaf["obj"] == {"handle": "acmé", "fingerprint": FINGERPRINT}
    assert set(leaf["src"]) == {"uid", "pid", "host"}
    assert (leaf["v"], leaf["seq"], leaf["org"], leaf["reason_sha256"]) == (1, 1, ORG, None)
    assert len(jcs.unb64(leaf["nonce"])) == 16


def test_the_head_is_the_tree_of_all_leaves(database: Database, log: AuditLog) -> None:
    append(database, log, *[Entry("account.verify", "done", ACTOR) for _ in range(10)])
    with database.read() as connection:
        leaves = connection.execute(select(audit_entry.c.leaf).order_by(audit_entry.c.seq)).scalars().all()
        assert log.head(connection) == Tree(0, 11, merkle.root(merkle.leaf_hashes(leaves)))


def test_an_entry_goes_with_the_transaction_that_it_records(database: Database, log: AuditLog) -> None:
    with contextlib.suppress(RuntimeError), database.write() as connection:
        log.append(connection, queue())
        raise RuntimeError
    with database.read() as connection:
        assert log.head(connection).size == 1


def test_time_never_goes_back_and_a_clock_set_back_is_flagged(database: Database, log: AuditLog) -> None:
    clock.shift(timedelta(hours=1))
    append(database, log, queue())
    clock.shift(timedelta(0))
    append(database, log, queue("cd" * 32))
    with database.read() as connection:
        rows = connection.execute(select(audit_entry).order_by(audit_entry.c.seq)).all()
    assert rows[2].ts == rows[1].ts
    assert json.loads(rows[2].leaf)["obj"]["clock_back"] < rows[2].ts
    assert "clock_back" not in json.loads(rows[1].leaf)["obj"]


def test_a_reason_stands_beside_the_log_under_a_salted_hash(database: Database, log: AuditLog) -> None:
    append(database, log, Entry("freeze", "done", ACTOR, reason="a rumour"))
    with database.read() as connection:
        leaf = connection.execute(select(audit_entry.c.leaf).where(audit_entry.c.seq == 1)).scalar_one()
        kept = connection.execute(select(audit_reason).where(audit_reason.c.seq == 1)).one()
    assert b"rumour" not in leaf
    assert kept.reason == "a rumour"
    assert json.loads(leaf)["reason_sha256"] is not None
    assert len(kept.salt) == 16


@pytest.mark.parametrize(
    "secret",
    [
        "ghp_" + "a1B2" * 9,
        "AKIA" + "ABCDEFGHIJKLMNOP",
        "postgresql://me:hunter22@db.example/x",
        "access_token=EAAB0123456789abcdef0123456789abcdef",
    ],
)
def test_what_a_program_says_is_recorded_without_the_secret_in_it(secret: str) -> None:
    for before in (0, *range(430, 500)):
        said = redact(redact(f"{'x ' * (before // 2)}{secret} and more")[:480])
        leaf.refuse_reason(said)
        assert secret not in said
    with pytest.raises(errors.UsageError, match="looks like a secret"):
        leaf.refuse_reason(f"it is {secret}")


@ON_SQLITE
@pytest.mark.parametrize(
    "reason",
    ["x" * 501, "access_token=EAAB0123456789abcdef", "Bearer abcdefghijk", "a\0b", "token ghp_" + "a1B2" * 9],
)
def test_a_reason_that_is_too_long_or_holds_a_secret_is_refused(
    database: Database, log: AuditLog, reason: str
) -> None:
    with pytest.raises(errors.UsageError) as caught:
        append(database, log, Entry("freeze", "done", ACTOR, reason=reason))
    assert reason not in str(caught.value)
    with database.read() as connection:
        assert log.head(connection).size == 1


@ON_SQLITE
@pytest.mark.parametrize(
    "entry",
    [
        Entry("two words", "done", ACTOR),
        Entry("a", "Done", ACTOR),
        Entry("a", "done", Actor('m"1', "person", "cli")),
        Entry("a", "done", ACTOR, corr="x" * 65),
        Entry("a", "done", ACTOR, fingerprint="AB" * 32),
        Entry("a", "done", ACTOR, obj={"fingerprint": FINGERPRINT}),
        Entry("a", "done", ACTOR, obj={"share": 0.5}),
    ],
)
def test_an_entry_that_no_honest_caller_makes_is_refused(database: Database, log: AuditLog, entry: Entry) -> None:
    with pytest.raises(ValueError, match=r"."):
        append(database, log, entry)


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_entry set ts = 'x'",
        "delete from audit_entry",
        "insert into audit_entry (seq, leaf, leaf_hash, ts, actor, action, outcome)"
        " select 5, leaf, leaf_hash, ts, actor, action, outcome from audit_entry where seq = 0",
        "insert into audit_entry (seq, leaf, leaf_hash, ts, actor, action, outcome, incarnation)"
        " select seq, leaf, leaf_hash, ts, actor, action, outcome, -1 from audit_entry where seq = 0",
    ],
)
def test_the_triggers_refuse_every_change(database: Database, log: AuditLog, statement: str) -> None:
    with pytest.raises(errors.Tampered), database.write() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # INSERT OR REPLACE is SQLite's
def test_insert_or_replace_is_refused_by_the_triggers(database: Database, log: AuditLog) -> None:
    with pytest.raises(errors.Tampered), database.write() as connection:
        connection.execute(text("insert or replace into audit_entry select * from audit_entry"))


def test_a_log_without_a_head_takes_no_entry(database: Database) -> None:
    with pytest.raises(errors.Tampered):
        append(database, AuditLog(ORG), queue())


def test_a_log_is_begun_once(database: Database, log: AuditLog) -> None:
    with pytest.raises(errors.Tampered), database.write() as connection:
        log.start(connection, queue())


@pytest.fixture
def pinned(database: Database, log: AuditLog, key: Key, pins: Pins) -> Tree:
    """A log of eight entries, pinned at five."""
    append(database, log, queue(), intent("c-1"), outcome("c-1", "failed"), intent("c-2"))
    tree = checkpoint.make(database, ORG, key.here, pins)
    append(database, log, outcome("c-2", "sent"), queue("cd" * 32), intent("c-3", "cd" * 32))
    return tree


def require(database: Database, log: AuditLog, tree: Tree | None) -> None:
    with database.read() as connection:
        log.require_extends(connection, tree)


def test_a_log_that_grew_extends_its_pin(database: Database, log: AuditLog, pinned: Tree) -> None:
    assert pinned.size == 5
    require(database, log, pinned)
    require(database, log, None)


def test_without_the_checkpoint_row_the_pin_is_still_proved(
    database: Database, log: AuditLog, pinned: Tree
) -> None:
    tamper(database, "delete from checkpoint")
    require(database, log, pinned)


def damage(database: Database, *statements: str) -> None:
    for statement in statements:
        tamper(database, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "delete from audit_entry where seq = 6",
        "delete from audit_entry where seq = 7",
        "update audit_entry set leaf = (select leaf from audit_entry e where e.seq = 5) where seq = 6",
        "insert into audit_entry (seq, leaf, leaf_hash, ts, actor, action, outcome)"
        " select 8, leaf, leaf_hash, ts, actor, action, outcome from audit_entry where seq = 7",
        "delete from audit_head",
        "update audit_head set size = 4",
        "update audit_head set incarnation = 1",
    ],
)
def test_a_change_after_the_pin_stops_everything(
    database: Database, log: AuditLog, pinned: Tree, statement: str
) -> None:
    tamper(database, statement)
    with pytest.raises(errors.Tampered):
        require(database, log, pinned)


@ON_SQLITE
@pytest.mark.parametrize(
    "other",
    [
        Tree(0, 9, merkle.EMPTY_ROOT),
        Tree(0, 5, merkle.EMPTY_ROOT),
        Tree(0, 4, merkle.EMPTY_ROOT),
        Tree(1, 1, merkle.EMPTY_ROOT),
        Tree(-1, 5, merkle.EMPTY_ROOT),
    ],
)
def test_a_log_that_is_shorter_or_another_is_refused(
    database: Database, log: AuditLog, pinned: Tree, other: Tree
) -> None:
    with pytest.raises(errors.Tampered):
        require(database, log, other)


def found(database: Database, log: AuditLog, fingerprint: str = FINGERPRINT) -> tuple[Intent, ...]:
    with database.read() as connection:
        return log.intents(connection, fingerprint)


def test_intents_carry_the_newest_outcome_of_their_corr(database: Database, log: AuditLog, pinned: Tree) -> None:
    assert found(database, log) == (
        Intent(2, "c-1", "delivery.publish", "failed"),
        Intent(4, "c-2", "delivery.publish", "sent"),
    )
    assert found(database, log, "cd" * 32) == (Intent(7, "c-3", "delivery.publish", None),)
    assert found(database, log, "ef" * 32) == ()


HIDINGS: dict[str, Callable[[Database], None]] = {
    "column emptied": lambda db: tamper(db, "update audit_entry set fingerprint = null where seq = 2"),
    "every column emptied": lambda db: tamper(db, "update audit_entry set fingerprint = null"),
    "outcome column changed": lambda db: tamper(db, "update audit_entry set outcome = 'failed' where seq = 2"),
    "row deleted": lambda db: tamper(db, "delete from audit_entry where seq = 2"),
    "leaf exchanged": lambda db: tamper(
        db, "update audit_entry set leaf = (select leaf from audit_entry e where e.seq = 3) where seq = 2"
    ),
    "leaf and column exchanged": lambda db: damage(
        db,
        "update audit_entry set fingerprint = null where seq = 2",
        "update audit_entry set leaf = (select leaf from audit_entry e where e.seq = 3) where seq = 2",
        "update audit_entry set leaf_hash = (select leaf_hash from audit_entry e where e.seq = 3) where seq = 2",
    ),
    "a later beginning claimed": lambda db: damage(
        db,
        f"update audit_entry set fingerprint = '{FINGERPRINT}', action = 'delivery.queue' where seq = 6",
        "update audit_entry set fingerprint = null where seq < 6",
    ),
}


@pytest.mark.parametrize("hiding", HIDINGS)
def test_an_intent_cannot_be_hidden_from_the_sender(
    database: Database, log: AuditLog, pinned: Tree, hiding: str
) -> None:
    HIDINGS[hiding](database)
    with pytest.raises(errors.Tampered):
        found(database, log)


def test_entries_of_another_process_are_no_tampering(database: Database, log: AuditLog) -> None:
    with database.read() as connection:
        pin = log.head(connection)
    refused: list[errors.Tampered] = []

    def write() -> None:
        for _ in range(20):
            append(database, log, Entry("account.verify", "ok", ACTOR))

    def judge() -> None:
        for number in range(40):
            try:
                with database.write() if number % 2 else database.read() as connection:
                    log.require_extends(connection, pin)
            except errors.Tampered as problem:
                refused.append(problem)

    threads = [threading.Thread(target=act) for act in (write, write, judge, judge)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == []
