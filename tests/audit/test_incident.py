"""A log that is begun again after an incident: what is declared, what stays provable, and who may do it."""

import json
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from socialguard import errors
from socialguard.audit import checkpoint, declaration, incident
from socialguard.audit.declaration import Declaration, Gap
from socialguard.audit.incident import Keys
from socialguard.audit.interface import Intent, LogKey, Tree
from socialguard.audit.verify import Report, verify
from tests.audit.conftest import ACTOR, ORG, Key
from tests.audit.test_log import FINGERPRINT, ON_SQLITE, append, damage, intent, outcome, queue, tamper
from tests.audit.world import World, restore, snapshot

REASON = "restored from the copy of Monday"


@dataclass
class Owner:
    """An owner, and the log that they look after."""

    world: World
    key: Key

    def accept(self) -> Declaration:
        return incident.accept(
            self.world.database,
            self.world.log,
            actor=ACTOR,
            reason=REASON,
            keys=Keys(self.key, self.world.key.here),
            log_keys=[LogKey(self.world.key.public)],
            pins=self.world.pins,
            anchors=[self.world.anchor],
        )

    def verify(self) -> Report:
        return self.world.verify(owners=[Key().public, self.key.public])


@pytest.fixture
def owner(world: World) -> Owner:
    return Owner(world, Key())


def roll_back(owner: Owner) -> None:
    """Put the database back to 9 entries where 11 were pinned and anchored."""
    older = snapshot(owner.world)
    pins = owner.world.pins
    owner.world.add(queue("ef" * 32), queue("ee" * 32))
    pins.tree = known = owner.world.checkpoint()
    restore(owner.world, older)
    pins.tree = known


def test_a_roll_back_is_declared_as_a_gap(owner: Owner) -> None:
    roll_back(owner)
    assert owner.verify().exit_code == 13
    declared = owner.accept()
    # 7 is the last checkpoint that the rows still make; what came after it is not proved by anything.
    assert declared.gaps == (Gap(0, 7, 10),)
    assert declared.anchored is not None
    assert declared.anchored.size == 11
    report = owner.verify()
    assert (report.status, report.exit_code, report.problems) == ("whole, gap 7–10 declared", 0, ())
    assert (report.entries, report.incarnation) == (1, 1)


def test_the_declaration_is_entry_0_signed_by_an_owner(owner: Owner) -> None:
    roll_back(owner)
    declared = owner.accept()
    with owner.world.database.read() as connection:
        row = connection.execute(text("select seq, leaf from audit_entry where incarnation = 1")).one()
        reason = connection.execute(text("select reason from audit_reason where incarnation = 1")).scalar()
    fields = json.loads(row.leaf)
    assert (row.seq, fields["action"], reason) == (0, "incident.accept", REASON)
    assert len(fields["actor"]["proof"]) == 64
    assert declaration.read(row.leaf, ORG, [owner.key.public]) == declared


def test_the_old_rows_stay_and_stay_as_they_were(owner: Owner) -> None:
    roll_back(owner)
    owner.accept()
    assert len([row for row in snapshot(owner.world)[0][1] if row["incarnation"] == 0]) == 9
    tamper(owner.world.database, "delete from audit_entry where incarnation = 0 and seq = 8")
    assert owner.verify().exit_code == 13


def test_the_log_goes_on_in_the_new_incarnation(owner: Owner) -> None:
    roll_back(owner)
    owner.accept()
    append(owner.world.database, owner.world.log, queue("01" * 32))
    tree = owner.world.checkpoint()
    assert (tree.incarnation, tree.size) == (1, 2)
    with owner.world.database.read() as connection:
        owner.world.log.require_extends(connection, owner.world.pins.tree)
    report = owner.verify()
    assert (report.status, report.anchored, report.unproven) == ("whole, gap 7–10 declared", "outside", 0)


def test_a_machine_that_was_not_told_refuses_the_new_incarnation(owner: Owner) -> None:
    known = owner.world.pins.tree
    owner.accept()
    with owner.world.database.read() as connection, pytest.raises(errors.Tampered):
        owner.world.log.require_extends(connection, known)


def test_nobody_but_an_owner_can_declare_a_gap(owner: Owner) -> None:
    roll_back(owner)
    owner.accept()
    report = owner.world.verify(owners=[Key().public])
    assert (report.status, report.exit_code) == ("tampered", 13)
    assert owner.world.verify().exit_code == 13


def test_what_no_gap_excuses_is_still_a_fork(owner: Owner) -> None:
    roll_back(owner)
    owner.accept()
    other = Tree(0, 5, b"r" * 32)
    owner.world.anchor.held.append(checkpoint.signed(ORG, other, owner.world.key))
    assert [problem.kind for problem in owner.verify().problems] == ["fork"]
    owner.world.anchor.held[-1] = checkpoint.signed(ORG, Tree(0, 12, b"r" * 32), owner.world.key)
    assert [problem.kind for problem in owner.verify().problems] == ["shorter"]


def test_a_hole_in_the_middle_is_declared_from_the_last_sound_checkpoint(owner: Owner) -> None:
    tamper(owner.world.database, "delete from audit_entry where seq = 4")
    declared = owner.accept()
    assert (declared.intact, declared.gaps, declared.old.size) == (3, (Gap(0, 3, 8),), 8)
    assert owner.verify().status == "whole, gap 3–8 declared"


def test_a_log_without_damage_is_begun_again_without_a_gap(owner: Owner) -> None:
    declared = owner.accept()
    assert (declared.intact, declared.gaps) == (9, ())
    assert owner.verify().status == "whole"


@pytest.mark.parametrize("change", ["delete from audit_head", "update audit_head set frontier = :bad"])
def test_a_damaged_head_can_be_accepted(owner: Owner, change: str) -> None:
    tamper(owner.world.database, change, **({"bad": b"x"} if ":bad" in change else {}))
    assert owner.accept().gaps == (Gap(0, 7, 8),)
    assert owner.verify().exit_code == 0


def test_a_second_incident_declares_a_lost_incarnation(owner: Owner) -> None:
    before = snapshot(owner.world)
    owner.accept()
    append(owner.world.database, owner.world.log, queue("01" * 32))
    owner.world.checkpoint()
    pinned = owner.world.pins.tree
    restore(owner.world, before)
    owner.world.pins.tree = pinned
    assert owner.verify().exit_code == 13
    declared = owner.accept()
    assert (declared.incarnation, declared.old.incarnation) == (2, 0)
    assert Gap(1, 0, 1) in declared.gaps
    assert owner.verify().exit_code == 0


@ON_SQLITE
def test_an_anchor_that_cannot_be_asked_stops_the_acceptance(owner: Owner) -> None:
    owner.world.anchor.reachable = False
    with pytest.raises(errors.Unreadable):
        owner.accept()
    owner.world.anchor.reachable = True
    assert owner.verify().incarnation == 0


@ON_SQLITE
def test_the_log_key_may_change_after_an_incident(owner: Owner) -> None:
    owner.accept()
    new = Key()
    with owner.world.database.write() as connection:
        second = checkpoint.rotate_key(connection, owner.world.log, owner.world.key, new, ACTOR)
    assert (second.incarnation, second.from_size) == (1, 2)
    checkpoint.make(owner.world.database, ORG, new.here, owner.world.pins)
    keys = [LogKey(owner.world.key.public), second]
    report = verify(
        owner.world.database, ORG, keys, owner.world.pins, [owner.world.anchor], True, owners=[owner.key.public]
    )
    assert report.problems == ()


def test_intents_of_an_older_incarnation_are_still_found(owner: Owner) -> None:
    owner.accept()
    append(owner.world.database, owner.world.log, outcome("c-1", "failed"))
    with owner.world.database.read() as connection:
        found = owner.world.log.intents(connection, FINGERPRINT)
    assert found == (Intent(2, "c-1", "delivery.publish", "failed", 0),)
    append(owner.world.database, owner.world.log, queue("77" * 32), intent("c-7", "77" * 32))
    with owner.world.database.read() as connection:
        assert owner.world.log.intents(connection, "77" * 32)[0].incarnation == 1


@ON_SQLITE
@pytest.mark.parametrize(
    "change",
    [
        "delete from audit_entry where incarnation = 0 and seq = 2",
        "update audit_entry set leaf = 'x' where incarnation = 0 and seq = 2",
        "delete from audit_entry where incarnation = 0",
        "update audit_entry set leaf = (select leaf from audit_entry e where e.seq = 3) where incarnation = 1",
    ],
)
def test_nor_can_they_be_hidden_there(owner: Owner, change: str) -> None:
    owner.accept()
    damage(owner.world.database, change)
    with owner.world.database.read() as connection, pytest.raises(errors.Tampered):
        owner.world.log.intents(connection, FINGERPRINT)
