"""Letting go what old entries say: the hashes stay and prove as much, and nobody passes a hole off as pruned."""

import json
from array import array
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from socialguard import clock, errors
from socialguard.audit import exported, exporting, pruned, pruning, reader, streaming
from socialguard.audit.courses import Pruned
from socialguard.audit.interface import Entry, LogKey
from socialguard.audit.log import AuditLog
from socialguard.audit.pages import Problems
from socialguard.audit.reader import Filter
from socialguard.audit.verify import Report, verify
from socialguard.canon import jcs
from socialguard.store.tables import audit_entry, audit_reason
from tests.audit.conftest import ACTOR, ORG, Key
from tests.audit.test_log import append, tamper
from tests.audit.world import World

OWNER = Key()
OLD = "12" * 32
YOUNG = "34" * 32
PUT_OFF = "56" * 32
# What does not depend on the database: a new PostgreSQL database costs half a second.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def word(action: str, outcome: str, fingerprint: str, corr: str | None = None) -> Entry:
    return Entry(action, outcome, ACTOR, account="a-1", corr=corr, fingerprint=fingerprint)


@pytest.fixture
def year(world: World) -> World:
    """A log with a delivery that was sent, one that was put off, a freeze, and a delivery queued a year later."""
    world.add(
        word("delivery.queue", "queued", OLD),
        Entry("delivery.send", "intent", ACTOR, account="a-1", corr="c-9", fingerprint=OLD, reason="a launch"),
        word("delivery.send", "sent", OLD, "c-9"),
        word("delivery.queue", "queued", PUT_OFF),
        word("delivery.send", "limited", PUT_OFF),
        Entry("member.add", "ok", ACTOR, reason="by telephone"),
    )
    clock.shift(timedelta(days=365))
    world.add(word("delivery.queue", "queued", YOUNG))
    world.checkpoint()
    return world


def prune(world: World, *limits: tuple[int, int]) -> int:
    """Prune what is older than 100 days; return how many entries lost their content."""
    with world.database.write() as connection:
        before = clock.now() - timedelta(days=100)
        parts = pruning.ranges(connection, ORG, before, limits, {})
        for part in parts:
            rest = part
            while rest.low < rest.high:
                rest = replace(rest, low=pruning.prune(connection, world.log, rest, OWNER, ACTOR, "too old"))
    world.checkpoint()
    return sum(part.count for part in parts)


def judged(world: World, *owners: Key) -> Report:
    keys = [key.public for key in owners or (OWNER,)]
    return verify(world.database, ORG, [LogKey(world.key.public)], world.pins, [world.anchor], owners=keys)


def contents(world: World) -> list[bytes]:
    with world.database.read() as connection:
        return list(connection.execute(select(audit_entry.c.leaf).order_by(audit_entry.c.seq)).scalars())


def bare(world: World) -> list[int]:
    return [seq for seq, leaf in enumerate(contents(world)) if not leaf]


def test_what_was_done_day_by_day_goes_and_what_rights_rest_on_stays(year: World) -> None:
    before = contents(year)
    went = prune(year)
    kept = [json.loads(leaf)["action"] for leaf in contents(year) if leaf]
    may = [one for one in map(json.loads, before) if one["action"] in pruning.GOES and one["outcome"] != "sent"]
    assert went == len(bare(year)) == len(may) - 1  # the young one
    assert {"workspace.init", "freeze", "member.add", pruned.ACTION} <= set(kept)
    assert kept.count("delivery.queue") == 1
    assert kept.count("delivery.send") == 1  # that it was sent, which is the last word on it
    with year.database.read() as connection:
        reasons = set(connection.execute(select(audit_reason.c.reason)).scalars())
    assert "a launch" not in reasons
    assert "by telephone" in reasons


def test_the_log_still_verifies_and_says_how_many_are_hashes(year: World) -> None:
    whole = judged(year)
    went = prune(year)
    after = judged(year)
    assert (after.status, after.exit_code, after.pruned, after.unproven) == ("whole", 0, went, 0)
    assert (whole.pruned, after.entries) == (0, whole.entries + 1)
    assert (
        verify(
            year.database, ORG, [LogKey(year.key.public)], year.pins, [], deep=True, owners=[OWNER.public]
        ).status
        == "whole"
    )


@ON_SQLITE
def test_nothing_of_it_is_left_in_the_file(year: World, tmp_path: Path) -> None:
    """SQLite keeps what is replaced until it needs the room: it is overwritten. PostgreSQL's vacuum does that."""
    url = year.database.engine.url.database
    assert url is not None
    queued = next(leaf for leaf in contents(year) if OLD.encode() in leaf)
    gone = (json.loads(queued)["nonce"].encode(), b"a launch")
    assert all(one in Path(url).read_bytes() + _wal(url) for one in gone)
    prune(year)
    with year.database.engine.connect() as connection:
        connection.exec_driver_sql("pragma wal_checkpoint(truncate)")
    year.database.close()
    assert not any(one in Path(url).read_bytes() + _wal(url) for one in gone)


def _wal(url: str) -> bytes:
    path = Path(f"{url}-wal")
    return path.read_bytes() if path.exists() else b""


def test_a_second_pruning_begins_where_the_first_ended(year: World) -> None:
    first = prune(year)
    assert prune(year) == 0
    clock.shift(timedelta(days=800))
    year.add(word("delivery.queue", "queued", "ef" * 32))
    second = prune(year)
    assert second >= 1
    assert judged(year).pruned == first + second
    assert judged(year).status == "whole"


def test_nothing_goes_from_a_limit_on(year: World) -> None:
    everything = len(contents(year))
    assert prune(year, (0, 3)) == len(bare(year))
    assert max(bare(year)) < 3
    assert prune(year, (0, everything), (0, 0)) == 0


EMPTY = (
    "update audit_entry set leaf = x'', ts = '', actor = '', action = '', outcome = '', account = null, "
    "corr = null, fingerprint = null where "
)
FIRST = "seq = (select min(seq) from audit_entry where leaf = x'')"


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        (f"update audit_entry set leaf_hash = zeroblob(32) where {FIRST}", "checkpoint"),
        (f"update audit_entry set leaf_hash = zeroblob(31) where {FIRST}", "entry"),
        (f"update audit_entry set actor = 'm-2' where {FIRST}", "entry"),
        ("update audit_entry set ts = '2020-01-01T00:00:00.000000Z' where leaf = x''", "entry"),
        (f"{EMPTY} action = 'freeze'", "pruned"),
        (f"{EMPTY} action = '{pruned.ACTION}'", "pruned"),
        (f"{EMPTY} seq = (select max(seq) - 1 from audit_entry)", "pruned"),
    ],
)
@ON_SQLITE
def test_whoever_owns_the_database_is_found_out(year: World, statement: str, kind: str) -> None:
    """A kept hash changed, words put beside it, an entry emptied that stays, the owner's word taken out."""
    prune(year)
    tamper(year.database, statement)
    report = judged(year)
    assert report.exit_code == 13
    assert kind in {problem.kind for problem in report.problems}


@ON_SQLITE
def test_only_an_owner_lets_entries_go(year: World) -> None:
    prune(year)
    report = judged(year, Key())
    assert report.exit_code == 13
    assert any("no owner signed" in problem.detail for problem in report.problems)


@ON_SQLITE
def test_honest_programs_change_nothing_else(year: World) -> None:
    """The trigger lets content go, and neither come back nor change."""
    for change in ("action = 'x'", "leaf = x''", "leaf = x'', leaf_hash = x''"):
        with pytest.raises(errors.Tampered), year.database.write() as connection:
            connection.execute(text(f"update audit_entry set {change} where seq = 1"))
    prune(year)
    with pytest.raises(errors.Tampered), year.database.write() as connection:
        connection.execute(text("update audit_entry set leaf = x'7b7d' where leaf = x''"))


def test_what_would_be_judged_by_an_entry_without_content_is_refused(year: World) -> None:
    """A delivery that was sent cannot be opened again behind a pruning: nobody can say that it was not."""
    with year.database.read() as connection:
        assert [said.outcome for said in year.log.course(connection, OLD)] == ["queued", "intent", "sent"]
    prune(year)
    for log in (year.log, AuditLog(ORG)):
        with year.database.read() as connection:
            for question in (log.course, log.intents):
                with pytest.raises(Pruned):
                    question(connection, OLD, (0, 2))


def test_what_is_younger_is_judged_as_before(year: World) -> None:
    size = len(contents(year)) - 1
    prune(year)
    for log in (year.log, AuditLog(ORG)):
        with year.database.read() as connection:
            log.require_extends(connection, year.pins.tree)
            assert [said.outcome for said in log.course(connection, YOUNG, (0, size))] == ["queued"]
            assert log.intents(connection, YOUNG, (0, size)) == ()


def test_a_pin_from_before_the_pruning_is_still_extended(year: World) -> None:
    """A machine that was off for months knows an older tree."""
    pinned = year.pins.tree
    prune(year)
    append(year.database, year.log, word("delivery.queue", "queued", "ef" * 32))
    with year.database.read() as connection:
        year.log.require_extends(connection, pinned)
        year.log.require_extends(connection, None)


@ON_SQLITE
def test_lists_and_streams_say_which_are_hashes(year: World) -> None:
    prune(year)
    wanted = bare(year)
    found = reader.page(year.database, limit=1000)
    assert sorted(one.seq for one in found if one.is_pruned) == wanted
    assert not any(one.is_pruned for one in reader.page(year.database, Filter(until=clock.now()), limit=1000))
    shown = reader.show(year.database, wanted[0])
    assert (shown.is_pruned, shown.action, len(shown.leaf_hash)) == (True, "", 32)
    lines = [json.loads(line) for _, line in streaming.lines(year.database, ORG, "jsonl", {})]
    assert [line["seq"] for line in lines if line["leaf"] is None] == wanted
    events = list(streaming.lines(year.database, ORG, "ocsf", {}))
    assert len(events) == len(lines) - len(wanted)


@ON_SQLITE
def test_an_export_is_checked_without_us_and_a_hole_in_it_is_found(year: World, tmp_path: Path) -> None:
    went = prune(year)
    keys = [LogKey(year.key.public)]
    exporting.export(year.database, ORG, keys, tmp_path / "out")
    report = exported.verify(tmp_path / "out", [year.key.public])
    assert (report.status, report.pruned) == ("whole", went)
    path = tmp_path / "out" / exporting.LOG_FILE
    lines = path.read_bytes().splitlines()
    freeze = next(at for at, line in enumerate(lines) if b'"action":"freeze"' in line)
    with year.database.read() as connection:
        query = select(audit_entry.c.leaf_hash).where(audit_entry.c.seq == freeze)
        lines[freeze] = jcs.encode({"pruned": connection.execute(query).scalar_one().hex()})
    path.write_bytes(b"\n".join(lines) + b"\n")
    found = exported.verify(tmp_path / "out", [year.key.public])
    assert {problem.kind for problem in found.problems} >= {"pruned"}


def test_a_course_of_which_the_beginning_is_gone_is_refused(year: World) -> None:
    """The last word is still there, what was queued before it is not: half a course decides nothing."""
    last = next(at for at, leaf in enumerate(contents(year)) if b'"outcome":"limited"' in leaf)
    prune(year, (0, last))
    assert bare(year)[-1] == last - 1
    for log in (year.log, AuditLog(ORG)):
        with year.database.read() as connection, pytest.raises(Pruned):
            log.course(connection, PUT_OFF, (0, 2))


def test_acts_that_leave_a_gap_between_them_cover_nothing(log: AuditLog) -> None:
    """An entry in the gap would be nobody's."""
    noted = Problems()
    acts = [pruned.Act(0, 0, 10, 1, pruned.digest([3])), pruned.Act(0, 20, 30, 1, pruned.digest([25]))]
    assert pruned.judge(acts, {0: array("Q", [3, 15, 25])}, {}, noted) == 3
    assert [one.kind for one in noted.found] == ["pruned"]
