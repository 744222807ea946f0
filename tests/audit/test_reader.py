"""Reading the log: pages, filters, one entry, and proofs."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialguard import clock, errors
from socialguard.audit.interface import Actor, Entry
from socialguard.audit.log import AuditLog
from socialguard.audit.proofs import Prover
from socialguard.audit.reader import Filter, page, show
from socialguard.canon import merkle
from socialguard.store.database import Database
from tests.audit.conftest import ACTOR
from tests.audit.test_log import FINGERPRINT, append, intent, queue, tamper


@pytest.fixture
def filled(database: Database, log: AuditLog) -> Database:
    append(database, log, queue(), intent("c-1"))
    append(database, log, Entry("freeze", "done", Actor("m-2", "person", "cli"), account="a-2", reason="a rumour"))
    append(database, log, Entry("deliveryman.rename", "done", ACTOR))
    return database


def seqs(database: Database, **wanted: object) -> list[int]:
    return [each.seq for each in page(database, Filter(**wanted))]  # type: ignore[arg-type]


def test_pages_go_from_the_newest_to_the_oldest(filled: Database) -> None:
    first = page(filled, limit=2)
    assert [each.seq for each in first] == [4, 3]
    assert [each.seq for each in page(filled, limit=9, before=(0, 3))] == [2, 1, 0]


def test_filters_narrow_by_account_actor_action_and_time(filled: Database) -> None:
    assert seqs(filled, account="a-1") == [2, 1]
    assert seqs(filled, actor="m-2") == [3]
    assert seqs(filled, action="delivery") == [2, 1]
    assert seqs(filled, action="delivery.publish") == [2]
    now = clock.now()
    assert seqs(filled, since=now + timedelta(hours=1)) == []
    assert len(seqs(filled, until=now + timedelta(hours=1), since=now - timedelta(hours=1))) == 5


def test_an_entry_shows_all_that_its_leaf_says_and_its_reason(filled: Database) -> None:
    shown = show(filled, 3)
    assert (shown.action, shown.actor.id, shown.account, shown.reason) == ("freeze", "m-2", "a-2", "a rumour")
    assert show(filled, 2).fingerprint == FINGERPRINT
    tamper(filled, "delete from audit_reason where seq = 3")
    erased = show(filled, 3)
    assert (erased.has_reason, erased.reason) == (True, None)
    assert not show(filled, 1).has_reason


def test_an_entry_that_is_not_there_is_not_found(filled: Database) -> None:
    with pytest.raises(errors.NotFound):
        show(filled, 5)
    with pytest.raises(errors.NotFound):
        show(filled, 1, incarnation=1)


@given(st.integers(1, 200))
def test_proofs_are_those_of_the_format(size: int) -> None:
    hashes = [merkle.leaf_hash(str(number).encode()) for number in range(size)]
    prover = Prover(hashes)
    assert prover.root() == merkle.root(hashes)
    for index in {0, size // 3, size // 2, size - 1}:
        assert prover.proof(index) == merkle.inclusion_proof(hashes, index)
    with pytest.raises(merkle.BadTree):
        prover.proof(size)
