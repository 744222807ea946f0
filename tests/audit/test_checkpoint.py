"""Checkpoints: what is signed, when it is refused, and the change of the key."""

import pytest
from sqlalchemy import select, text

from socialguard import errors
from socialguard.audit import checkpoint
from socialguard.audit.interface import Entry, LogKey, Tree
from socialguard.audit.log import AuditLog
from socialguard.canon import note
from socialguard.store.database import Database
from socialguard.store.tables import anchor_queue
from socialguard.store.tables import checkpoint as checkpoint_table
from tests.audit.conftest import ACTOR, ORG, Key, Pins
from tests.audit.test_log import append, queue, tamper


def test_a_checkpoint_is_a_signed_note_of_the_head_and_is_pinned(
    database: Database, log: AuditLog, key: Key, pins: Pins
) -> None:
    append(database, log, queue())
    tree = checkpoint.make(database, ORG, key.here, pins, anchors=["local", "git"])
    assert pins.tree == tree
    with database.read() as connection:
        assert log.head(connection) == tree
        data = connection.execute(select(checkpoint_table.c.note)).scalar_one()
        assert connection.execute(select(anchor_queue.c.anchor)).scalars().all() == ["local", "git"]
    stated = note.verify_checkpoint(data, f"socialguard/{ORG}/0", [key.public])
    assert (stated.size, stated.root) == (2, tree.root)
    assert checkpoint.opened(data, ORG, [LogKey(key.public)]) == tree


def test_nothing_new_is_signed_for_a_log_that_did_not_grow(
    database: Database, log: AuditLog, key: Key, pins: Pins
) -> None:
    first = checkpoint.make(database, ORG, key.here, pins)
    assert checkpoint.make(database, ORG, key.here, pins) == first
    pins.tree = None  # a crash between the commit and the pin
    assert checkpoint.make(database, ORG, key.here, pins) == first
    assert pins.tree == first
    with database.read() as connection:
        assert connection.execute(text("select count(*) from checkpoint")).scalar() == 1


def test_a_log_that_was_rolled_back_is_not_signed(database: Database, log: AuditLog, key: Key, pins: Pins) -> None:
    checkpoint.make(database, ORG, key.here, pins)
    with database.read() as connection:
        frontier = connection.execute(text("select frontier from audit_head")).scalar_one()
    append(database, log, queue())
    known = checkpoint.make(database, ORG, key.here, pins)
    tamper(database, "delete from audit_entry where seq = 1")
    tamper(database, "update audit_head set size = 1, frontier = :frontier", frontier=frontier)
    append(database, log, queue("cd" * 32), queue("ef" * 32))
    with pytest.raises(errors.Tampered):
        checkpoint.make(database, ORG, key.here, pins)
    assert pins.tree == known


def test_a_pin_never_goes_back(pins: Pins) -> None:
    pins.tree = Tree(1, 5, b"r" * 32)
    checkpoint.pin(pins, Tree(1, 4, b"r" * 32))
    checkpoint.pin(pins, Tree(0, 9, b"r" * 32))
    assert pins.tree.size == 5
    checkpoint.pin(pins, Tree(2, 1, b"r" * 32))
    assert pins.tree.incarnation == 2


def test_a_key_signs_only_within_its_range(database: Database, log: AuditLog, key: Key, pins: Pins) -> None:
    new = Key()
    append(database, log, queue())
    with database.write() as connection:
        second = checkpoint.rotate_key(connection, log, key, new, ACTOR)
    assert second == LogKey(new.public, 3, 0)
    keys = [LogKey(key.public), second]
    tree = checkpoint.make(database, ORG, new.here, pins)
    assert checkpoint.opened(checkpoint.signed(ORG, tree, new), ORG, keys) == tree
    with pytest.raises(note.BadNote):
        checkpoint.opened(checkpoint.signed(ORG, tree, key), ORG, keys)
    with pytest.raises(note.BadNote):
        checkpoint.opened(checkpoint.signed(ORG, Tree(0, 2, tree.root), new), ORG, keys)
    begun_again = Tree(1, 1, tree.root)
    assert checkpoint.opened(checkpoint.signed(ORG, begun_again, new), ORG, keys) == begun_again


def test_a_checkpoint_of_another_log_is_refused(key: Key) -> None:
    data = checkpoint.signed("another", Tree(0, 1, b"r" * 32), key)
    with pytest.raises(note.BadNote):
        checkpoint.opened(data, ORG, [LogKey(key.public)])


def test_the_reason_of_a_rotation_is_kept(database: Database, log: AuditLog, key: Key) -> None:
    with database.write() as connection:
        checkpoint.rotate_key(connection, log, key, Key(), ACTOR, reason="yearly")
    with database.read() as connection:
        assert connection.execute(text("select reason from audit_reason where seq = 1")).scalar() == "yearly"


def test_entries_are_appended_after_a_checkpoint_as_before(
    database: Database, log: AuditLog, key: Key, pins: Pins
) -> None:
    for _ in range(3):
        append(database, log, Entry("account.verify", "done", ACTOR))
        checkpoint.make(database, ORG, key.here, pins)
    assert pins.tree is not None
    assert pins.tree.size == 4
