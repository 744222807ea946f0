"""Every change of the log is found by `audit verify`, as long as someone remembers: the checkpoints in the
database, the pins and the local anchor of this machine, or an anchor outside where all those were put back."""

import re
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from tests.attacker import Attack, Copy, append_entry, outside, require_refused, sql, truncate_after
from tests.office import Done, Office, office

__all__ = ["office", "outside"]


def verify(office: Office, *words: str, **environment: str) -> Done:
    return office.cli("audit", "verify", "--json", *words, **environment)


def kinds(done: Done) -> set[str]:
    return {problem["kind"] for problem in done.document["problems"]}


@pytest.fixture
def kept(office: Office) -> Office:
    """An office with a log of some length, verified whole."""
    office.post("One")
    office.cli("freeze", "x:@globex", "--reason", "leak", "--json")
    office.post("Two", "facebook:@acme")
    done = verify(office)
    assert (done.code, done.document["status"], done.document["anchored"]) == (0, "whole", "local"), done
    return office


MIDDLE: Final = "(select max(seq) / 2 from audit_entry)"
LAST: Final = "(select max(seq) from audit_entry)"
LOOK_ALIKE: Final = """select seq, cast(replace(cast(leaf as text), 'a-', 'b-') as blob), leaf_hash, ts, actor,
    action, account, outcome, corr, fingerprint, incarnation from audit_entry where seq = """
CHANGES: Final[dict[str, str | tuple[str, ...]]] = {
    **{
        f"edited_{column}": f"update audit_entry set {column} = 'x' where seq = {MIDDLE}"
        for column in ("ts", "actor", "action", "account", "outcome", "corr", "fingerprint")
    },
    "edited_leaf": "update audit_entry set leaf = cast(replace(cast(leaf as text), 'ok', 'ko') as blob)"
    " where seq = (select min(seq) from audit_entry where outcome = 'ok')",
    "edited_leaf_hash": f"update audit_entry set leaf_hash = zeroblob(32) where seq = {MIDDLE}",
    "edited_incarnation": f"update audit_entry set incarnation = 1 where seq = {LAST}",
    "edited_reason": "update audit_reason set reason = 'a better reason'",
    "edited_salt": "update audit_reason set salt = zeroblob(16)",
    "deleted_first": "delete from audit_entry where seq = 0",
    "deleted_middle": f"delete from audit_entry where seq = {MIDDLE}",
    "deleted_last": f"delete from audit_entry where seq = {LAST}",
    "deleted_all": "delete from audit_entry",
    "reordered": (
        "update audit_entry set seq = -1 where seq = 2",
        "update audit_entry set seq = 2 where seq = 3",
        "update audit_entry set seq = 3 where seq = -1",
    ),
    "moved_away": f"update audit_entry set seq = seq + 1000 where seq = {LAST}",
    "inserted_before": f"insert into audit_entry {LOOK_ALIKE.replace('seq,', '-1,', 1)} 2",
    "inserted_after": f"insert into audit_entry {LOOK_ALIKE.replace('seq,', f'{LAST} + 1,', 1)} 2",
    "replaced": f"insert or replace into audit_entry {LOOK_ALIKE} 2",
    "replaced_last": f"insert or replace into audit_entry {LOOK_ALIKE} {LAST}",
    "head_gone": "delete from audit_head",
    "head_shorter": "update audit_head set size = size - 1",
    "head_of_words": "update audit_head set frontier = 'words'",
    "checkpoint_changed": "update checkpoint set note = cast(replace(cast(note as text), 'A', 'B') as blob)",
    "checkpoint_edge": "update checkpoint set frontier = (select frontier from checkpoint order by size limit 1)",
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_the_log_is_found(kept: Office, change: str) -> None:
    given = CHANGES[change]
    for statement in (given,) if isinstance(given, str) else given:
        sql(kept, statement)
    done = verify(kept)
    assert done.code == 13, done
    assert done.document.get("status") == "tampered" or "changed outside" in done.error["message"], done
    assert all(problem["detail"] for problem in done.document.get("problems", []))


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_entry set outcome = 'ok'",
        "delete from audit_entry where seq = 1",
        f"insert or replace into audit_entry {LOOK_ALIKE} 2",
        f"insert into audit_entry {LOOK_ALIKE.replace('seq,', '1000,', 1)} 2",
    ],
)
def test_the_triggers_refuse_an_honest_slip(kept: Office, statement: str) -> None:
    with (
        pytest.raises(sqlite3.DatabaseError, match="append-only"),
        closing(sqlite3.connect(kept.database)) as slip,
    ):
        slip.execute(statement)
    assert verify(kept).code == 0


def test_a_log_cut_short_with_its_head_is_found_by_the_pins(kept: Office) -> None:
    truncate_after("freeze")(kept)
    done = verify(kept)
    assert (done.code, done.document["status"]) == (13, "tampered")
    assert "shorter" in kinds(done)
    require_refused(kept, kept.post("Three"), public=2)


def test_a_log_that_was_begun_anew_is_found(kept: Office, tmp_path: Path) -> None:
    """The tail is cut off and other entries are appended in its place, as many as there were."""
    size = sql(kept, "select size from audit_head")[0][0]
    truncate_after("freeze")(kept)
    while sql(kept, "select size from audit_head")[0][0] < size:
        append_entry(kept, {}, like="freeze")
    done = verify(kept)
    assert done.code == 13
    assert "fork" in kinds(done), done


# ── what only an anchor outside remembers ────────────────────────────────────────────────────────────────


def _directory(place: Path) -> str:
    return f"dir:{place}"


def _git(place: Path) -> str:
    subprocess.run(["git", "init", "--quiet", "--bare", str(place / "log.git")], check=True)
    return f"git:{place / 'log.git'}"


def anchored(office: Office, anchor: str) -> None:
    text = f'[audit]\nanchors = ["{anchor}"]\nstale_after_hours = 1\n'
    (office.home / "socialguard.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("kind", [_directory, _git])
def test_a_roll_back_of_everything_here_is_found_outside(
    office: Office, outside: Path, tmp_path: Path, kind: Callable[[Path], str]
) -> None:
    anchored(office, kind(outside))
    office.post("Before")
    assert office.cli("audit", "checkpoint", "--json").code == 0
    old = [Copy.of(office.home, tmp_path / "home"), Copy.of(office.identity, tmp_path / "identity")]
    office.post("After")
    assert office.cli("audit", "checkpoint", "--json").code == 0
    done = verify(office, "--require-anchor")
    assert (done.code, done.document["anchored"]) == (0, "outside"), done
    size = done.document["entries"]

    for copy in old:
        copy.put_back()
    done = verify(office)
    assert (done.code, kinds(done)) == (13, {"shorter"}), done

    # The same number of entries as before, of another course: the root tells.
    while sql(office, "select size from audit_head")[0][0] < size:
        append_entry(office, {}, like="delivery.send")
    assert "fork" in kinds(verify(office))


@pytest.mark.parametrize("kind", [_directory, _git])
def test_an_anchor_that_is_gone_is_told_and_proves_nothing(
    office: Office, outside: Path, kind: Callable[[Path], str]
) -> None:
    anchored(office, kind(outside))
    office.post("Before")
    for path in list(outside.iterdir()):
        path.rename(path.with_name("elsewhere"))
    outside.rename(outside.with_name(outside.name + "-moved"))
    try:
        done = verify(office)
        assert (done.code, kinds(done)) == (15, {"unreachable"}), done
        assert office.post("Still goes out").code == 0
    finally:
        outside.with_name(outside.name + "-moved").rename(outside)


def test_without_an_anchor_outside_the_required_one_is_missing(kept: Office) -> None:
    done = verify(kept, "--require-anchor")
    assert (done.code, done.document["status"], kinds(done)) == (17, "whole", {"unanchored"})


def test_an_anchor_that_has_received_nothing_for_long_is_stale(office: Office, outside: Path) -> None:
    anchored(office, _git(outside))
    office.post("Never brought to the anchor")
    assert verify(office).code == 0
    done = verify(office, SOCIALGUARD_CLOCK="+2h")
    assert (done.code, kinds(done)) == (16, {"stale"}), done
    assert office.cli("audit", "checkpoint", "--json").code == 0
    assert verify(office, SOCIALGUARD_CLOCK="+2h").code == 0, "an idle log is not stale"


# ── going on after it ────────────────────────────────────────────────────────────────────────────────────


DAMAGES: Final[dict[str, Attack]] = {
    "cut_off": truncate_after("freeze"),
    "row_gone": lambda office: sql(office, "delete from audit_entry where seq = 7"),
    "row_edited": lambda office: sql(office, "update audit_entry set leaf = zeroblob(9) where seq = 7"),
    "head_gone": lambda office: sql(office, "delete from audit_head"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_an_accepted_incident_is_declared_and_the_work_goes_on(kept: Office, damage: str) -> None:
    DAMAGES[damage](kept)
    assert verify(kept).code == 13
    accepted = kept.cli("audit", "incident", "accept", "--reason", "restored the disk", "--json")
    assert accepted.code == 0, accepted
    status = r"whole, gap \d+–\d+ declared" if accepted.document["gaps"] else "whole"
    assert accepted.document["gaps"] or damage == "head_gone", "only the head can be made again from the rows"
    for words in ([], ["--deep"]):
        done = verify(kept, *words)
        assert done.code == 0, done
        assert re.fullmatch(status, done.document["status"]), done
    # What went out before is still known: it is not sent again.
    sql(kept, "update delivery set state = 'queued', attempt_id = null")
    require_refused(kept, kept.cli("queue", "run", "--json"), public=2)
    sql(kept, "update delivery set state = 'sent'")
    assert kept.post("Three").code == 0, "nothing keeps the work from going on"
    assert len(kept.published()) == 3


def test_the_rows_of_the_old_log_stay_as_they_were_declared(kept: Office) -> None:
    sql(kept, "delete from audit_entry where seq = 7")
    assert kept.cli("audit", "incident", "accept", "--reason", "restored", "--json").code == 0
    sql(kept, "delete from audit_entry where incarnation = 0 and seq = 3")
    assert verify(kept).code == 13
