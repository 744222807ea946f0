"""What `audit verify` finds: every edit, deletion, reorder, insert and truncation, and what it cannot find."""

import subprocess
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from socialguard import clock
from socialguard.audit import checkpoint
from socialguard.audit.anchors.directory import DirectoryAnchor
from socialguard.audit.anchors.git import GitAnchor
from socialguard.audit.anchors.interface import Anchor
from socialguard.audit.anchors.local import LocalAnchor
from socialguard.audit.anchors.publishing import publish_pending
from socialguard.audit.interface import Entry, LogKey
from socialguard.audit.log import begin
from socialguard.audit.verify import verify
from socialguard.canon import merkle
from tests.audit.conftest import ACTOR, ORG, Key
from tests.audit.test_log import ON_SQLITE, damage, queue, tamper
from tests.audit.world import World, restore, snapshot


@pytest.mark.parametrize("deep", [False, True])
def test_an_untouched_log_is_whole(world: World, deep: bool) -> None:
    report = world.verify(deep=deep)
    assert (report.status, report.entries, report.anchored) == ("whole", 9, "outside")
    assert (report.problems, report.exit_code, report.unproven) == ((), 0, 2)


def test_progress_counts_every_entry(world: World) -> None:
    seen: list[tuple[int, int]] = []
    world.verify(progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (9, 9)


CHANGES = {
    "time edited": "update audit_entry set ts = '2020-01-01T00:00:00.000000Z' where seq = 4",
    "actor edited": "update audit_entry set actor = 'm-2' where seq = 8",
    "action edited": "update audit_entry set action = 'x' where seq = 8",
    "account edited": "update audit_entry set account = 'a-2' where seq = 8",
    "outcome edited": "update audit_entry set outcome = 'failed' where seq = 3",
    "corr edited": "update audit_entry set corr = 'c-9' where seq = 3",
    "fingerprint removed": "update audit_entry set fingerprint = null where seq = 2",
    "fingerprint edited": f"update audit_entry set fingerprint = '{'ef' * 32}' where seq = 2",
    "fingerprint added": "update audit_entry set fingerprint = 'x' where seq = 8",
    "hash edited": "update audit_entry set leaf_hash = (select leaf_hash from audit_entry e where e.seq = 1)"
    " where seq = 5",
    "leaf exchanged": "update audit_entry set leaf = (select leaf from audit_entry e where e.seq = 1)"
    " where seq = 5",
    "first deleted": "delete from audit_entry where seq = 0",
    "middle deleted": "delete from audit_entry where seq = 4",
    "last deleted": "delete from audit_entry where seq = 8",
    "all deleted": "delete from audit_entry",
    "cut off": "delete from audit_entry where seq > 2",
    "inserted at the end": "insert into audit_entry (seq, leaf, leaf_hash, ts, actor, action, outcome)"
    " select 9, leaf, leaf_hash, ts, actor, action, outcome from audit_entry where seq = 8",
    "inserted before": "insert into audit_entry (seq, leaf, leaf_hash, ts, actor, action, outcome)"
    " select -1, leaf, leaf_hash, ts, actor, action, outcome from audit_entry where seq = 8",
    "put aside": "update audit_entry set incarnation = 7 where seq = 4",
    "reason edited": "update audit_reason set reason = 'a storm' where seq = 6",
    "reason moved": "update audit_reason set seq = 5 where seq = 6",
    "head deleted": "delete from audit_head",
    "head moved back": "update audit_head set size = 8",
    "head of another incarnation": "update audit_head set incarnation = 1",
    "checkpoint moved": "update checkpoint set size = 4 where size = 3",
    "checkpoint exchanged": "update checkpoint set note = (select note from checkpoint c where c.size = 7)"
    " where size = 3",
}


def test_every_change_is_found(world: World) -> None:
    whole, pinned = snapshot(world), world.pins.tree
    for name, change in CHANGES.items():
        tamper(world.database, change)
        report = world.verify()
        assert (name, report.status, report.exit_code) == (name, "tampered", 13)
        restore(world, whole)
        world.pins.tree = pinned
    assert world.verify().exit_code == 0


@ON_SQLITE
@pytest.mark.parametrize(
    "change",
    [
        "update audit_entry set leaf = 'text' where seq = 4",
        "update audit_entry set leaf = 5, ts = 5 where seq = 4",
        "update audit_entry set seq = 'x' where seq = 8",
        "update audit_entry set seq = x'00' where seq = 4",
        "update audit_entry set seq = 4.5 where seq = 4",
        "update audit_entry set incarnation = 'x' where seq = 4",
        "update audit_entry set leaf = x'ff' where seq = 4",
        "update audit_entry set leaf_hash = 'x' where seq = 4",
        "update audit_head set frontier = 'x'",
        "update audit_head set size = 'x'",
        "update checkpoint set note = 'x', frontier = 7",
        "update audit_reason set salt = 'x', reason = 5",
        "insert or replace into audit_entry select seq, leaf, leaf_hash, ts, 'm-2', action, account, outcome,"
        " corr, fingerprint, incarnation from audit_entry where seq = 4",
        "insert or replace into audit_entry select 4, leaf, leaf_hash, ts, actor, action, account, outcome, corr,"
        " fingerprint, incarnation from audit_entry where seq = 5",
    ],
)
def test_values_of_any_type_are_judged_not_tripped_over(world: World, change: str) -> None:
    tamper(world.database, change)
    assert world.verify().exit_code == 13


def test_two_entries_that_changed_places_are_found(world: World) -> None:
    damage(
        world.database,
        "update audit_entry set seq = 99 where seq = 4",
        "update audit_entry set seq = 4 where seq = 5",
        "update audit_entry set seq = 5 where seq = 99",
    )
    assert world.verify().exit_code == 13


def rewrite(world: World, entries: Sequence[Entry], *, sign: Key | None = None) -> None:
    """Replace the whole log by another that is whole in itself, with checkpoints by `sign`."""
    damage(world.database, "delete from audit_entry", "delete from audit_reason", "delete from checkpoint")
    with world.database.write() as connection:
        begin(connection, incarnation=0, last_ts="")
        for each in entries:
            world.log.append(connection, each)
        if sign is not None:
            checkpoint.store(connection, ORG, sign)


OTHER = [Entry("account.verify", "done", ACTOR) for _ in range(9)]


def test_a_log_that_was_written_anew_is_found_by_its_pin(world: World) -> None:
    rewrite(world, OTHER, sign=world.key)
    world.anchor.held.clear()
    report = world.verify()
    assert report.exit_code == 13
    assert [problem.kind for problem in report.problems] == ["fork"]


def test_with_pins_and_checkpoints_rolled_back_too_the_outside_anchor_tells(world: World) -> None:
    rewrite(world, OTHER, sign=world.key)
    world.pins.tree = None
    report = world.verify()
    assert report.exit_code == 13
    assert {problem.kind for problem in report.problems} == {"fork"}


def test_a_roll_back_of_everything_local_is_found_against_the_outside_anchor(world: World) -> None:
    older = snapshot(world)
    world.add(queue("ef" * 32))
    world.checkpoint()
    restore(world, older)
    report = world.verify()
    assert report.exit_code == 13
    assert [problem.kind for problem in report.problems] == ["shorter"]
    world.anchor.held = world.anchor.held[:2]
    assert world.verify().exit_code == 0  # what no anchor received is not known to anyone


def test_a_checkpoint_by_another_key_is_found(world: World) -> None:
    rewrite(world, OTHER, sign=Key())
    world.pins.tree = None
    world.anchor.held.clear()
    assert [problem.kind for problem in world.verify().problems] == ["checkpoint"]


def test_an_older_checkpoint_by_another_key_is_found_by_a_deep_look(world: World) -> None:
    with world.database.read() as connection:
        root = world.log.head(connection)
        data = connection.execute(text("select note from checkpoint where size = 3")).scalar_one()
    assert root.size == 9
    forged = data.rpartition(b" ")[0] + b" " + b"A" * 88 + b"AAA=\n"
    tamper(world.database, "update checkpoint set note = :note where size = 3", note=forged)
    assert world.verify().exit_code == 0
    assert world.verify(deep=True).exit_code == 13


def test_a_leaf_that_is_not_canonical_is_found_by_a_deep_look(world: World) -> None:
    damage(world.database, "delete from checkpoint")
    with world.database.write() as connection:
        leaf = connection.execute(text("select leaf from audit_entry where seq = 8")).scalar_one()
        loose = leaf.replace(b'"nested":{', b'"nested": {')
        assert loose != leaf
        hashes = connection.execute(text("select leaf_hash from audit_entry order by seq")).scalars().all()
        frontier = merkle.Frontier().extend([*hashes[:8], merkle.leaf_hash(loose)])
        new = {"leaf": loose, "hash": merkle.leaf_hash(loose), "frontier": frontier.to_bytes()}
        connection.execute(text("update audit_entry set leaf = :leaf, leaf_hash = :hash where seq = 8"), new)
        connection.execute(text("update audit_head set frontier = :frontier"), new)
    assert world.verify().exit_code == 0
    assert world.verify(deep=True).exit_code == 13


def test_erased_reasons_leave_the_log_whole(world: World) -> None:
    tamper(world.database, "delete from audit_reason")
    assert world.verify(deep=True).exit_code == 0


def test_without_an_outside_anchor_it_says_so(world: World) -> None:
    world.anchor.outside = False
    assert world.verify().anchored == "local"
    report = world.verify(require_anchor=True)
    assert (report.status, report.exit_code) == ("whole", 17)
    world.anchor.held.clear()
    assert world.verify().anchored == "none"


def test_an_anchor_that_cannot_be_asked_is_no_clean_result(world: World) -> None:
    world.anchor.reachable = False
    report = world.verify()
    assert (report.status, report.exit_code, report.anchored) == ("whole", 15, "none")


def test_the_oldest_unanchored_entry_may_get_too_old_and_an_idle_log_not(world: World) -> None:
    clock.shift(timedelta(hours=25))
    report = world.verify(stale_after=timedelta(hours=24))
    assert (report.exit_code, report.problems[0].entry) == (16, 7)
    world.checkpoint()
    clock.shift(timedelta(hours=99))
    assert world.verify(stale_after=timedelta(hours=24)).exit_code == 0


def test_a_change_of_key_is_held_to_both_signatures(world: World) -> None:
    new = Key()
    with world.database.write() as connection:
        second = checkpoint.rotate_key(connection, world.log, world.key, new, ACTOR)
    checkpoint.make(world.database, ORG, new.here, world.pins)
    keys = [LogKey(world.key.public), second]
    assert verify(world.database, ORG, keys, world.pins, [], True).exit_code == 0
    statement = '{"from_size":12,"incarnation":0,"new":"AA==","old":"AA==","org":"x","v":1}'
    obj = {"statement": statement, "old_signature": "AA==", "new_signature": "AA=="}
    world.add(Entry(checkpoint.ROTATE, "done", ACTOR, obj=obj))
    assert [p.kind for p in verify(world.database, ORG, keys, world.pins, []).problems] == ["log_key"]


def test_entries_that_are_appended_meanwhile_do_not_disturb(world: World) -> None:
    def progress(done: int, total: int) -> None:
        world.add(queue(f"{done:064x}"))

    assert world.verify(progress=progress).exit_code == 0


def test_anchors_of_every_kind_hold_the_log(
    world: World, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bare = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(bare)], check=True)
    share = tmp_path / "share"
    share.mkdir()
    anchors: list[Anchor] = [
        LocalAnchor(tmp_path / "anchors" / "local.jsonl"),
        DirectoryAnchor(share, tmp_path),
        GitAnchor(str(bare), tmp_path / "cache"),
    ]
    checkpoint.make(world.database, ORG, world.key.here, world.pins, anchors=[anchor.name for anchor in anchors])
    done = publish_pending(world.database, ORG, anchors)
    assert [(each.count, each.error) for each in done] == [(1, None)] * 3
    older = snapshot(world)
    world.add(queue("ef" * 32))
    checkpoint.make(world.database, ORG, world.key.here, world.pins, anchors=[anchor.name for anchor in anchors])
    publish_pending(world.database, ORG, anchors)
    keys = [LogKey(world.key.public)]
    assert verify(world.database, ORG, keys, world.pins, anchors).exit_code == 0
    restore(world, older)
    for anchor in anchors:
        report = verify(world.database, ORG, keys, None, [anchor])
        assert [problem.kind for problem in report.problems] == ["shorter"]
