"""Whatever is done to the rows of a pinned log, `verify` finds it, and finds nothing where nothing was done."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from socialguard.audit import checkpoint
from socialguard.audit.interface import Entry, LogKey, Tree
from socialguard.audit.log import AuditLog
from socialguard.audit.verify import verify
from socialguard.store.database import create_database, open_database
from tests.audit.conftest import ACTOR, ORG, Key, Pins
from tests.audit.test_log import FINGERPRINT


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes, Tree]:
    """A SQLite file with a log of 40 entries, its key and its pin."""
    path = tmp_path_factory.mktemp("template") / "log.db"
    database = create_database(f"sqlite:///{path}")
    log, key, pins = AuditLog(ORG), Key(), Pins()
    with database.write() as connection:
        log.start(connection, Entry("workspace.init", "done", ACTOR))
        for number in range(39):
            reason = "because" if number % 7 == 0 else None
            mark = FINGERPRINT if number % 3 == 0 else None
            entry = Entry("delivery.publish", "sent", ACTOR, corr=f"c-{number}", fingerprint=mark, reason=reason)
            log.append(connection, entry)
    checkpoint.make(database, ORG, key.here, pins)
    for name in ("no_update", "no_delete", "in_order"):
        with database.write() as connection:
            connection.execute(text(f"drop trigger audit_entry_{name}"))
    database.close()
    assert pins.tree is not None
    return path, key.public, pins.tree


COLUMNS = ["leaf", "leaf_hash", "ts", "actor", "action", "account", "outcome", "corr", "fingerprint", "seq"]
ANY_CHANGE = st.one_of(
    st.tuples(st.just("flip"), st.integers(0, 39), st.sampled_from(["leaf", "leaf_hash"]), st.integers(0, 2000)),
    st.tuples(st.just("set"), st.integers(0, 39), st.sampled_from(COLUMNS), st.text(max_size=8) | st.none()),
    st.tuples(st.just("delete"), st.integers(0, 39), st.just(""), st.integers(1, 40)),
    st.tuples(st.just("swap"), st.integers(0, 39), st.just(""), st.integers(0, 39)),
    st.tuples(st.just("replace"), st.integers(0, 39), st.just(""), st.integers(0, 39)),
    st.tuples(st.just("insert"), st.integers(0, 39), st.just(""), st.integers(-3, 99)),
)


def change(connection: Connection, kind: str, seq: int, column: str, value: object) -> None:
    run = connection.exec_driver_sql
    if kind == "flip":
        assert isinstance(value, int)
        found = run(f"select {column} from audit_entry where seq = ?", (seq,)).scalar()
        if not isinstance(found, bytes):
            return  # an earlier change took it
        data = bytearray(found)
        data[value // 8 % len(data)] ^= 1 << (value % 8)
        run(f"update audit_entry set {column} = ? where seq = ?", (bytes(data), seq))
    elif kind == "set":
        run(f"update audit_entry set {column} = ? where seq = ?", (value, seq))
    elif kind == "delete":
        run("delete from audit_entry where seq between ? and ?", (seq, seq + int(str(value)) - 1))
    elif kind == "swap":
        for before, after in ((seq, -9), (value, seq), (-9, value)):
            run("update audit_entry set seq = ? where seq = ?", (after, before))
    else:
        verb = "insert or replace" if kind == "replace" else "insert or ignore"
        run(f"{verb} into audit_entry select ?, leaf, leaf_hash, ts, actor, action, account, outcome, corr,"
            " fingerprint, incarnation from audit_entry where seq = ?", (value, seq))  # fmt: skip


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(ANY_CHANGE, min_size=1, max_size=3))
def test_any_change_of_rows_is_found(
    template: tuple[Path, bytes, Tree], tmp_path: Path, changes: list[tuple[str, int, str, object]]
) -> None:
    path, public, pinned = template
    copy = tmp_path / "copy.db"
    copy.write_bytes(path.read_bytes())
    database = open_database(f"sqlite:///{copy}")
    try:

        def rows(connection: Connection) -> object:
            return connection.exec_driver_sql("select * from audit_entry order by incarnation, seq").all()

        with database.write() as connection:
            before = rows(connection)
            for each in changes:
                try:
                    change(connection, *each)
                except IntegrityError:
                    continue  # the table itself refused it
            changed = rows(connection) != before
        report = verify(database, ORG, [LogKey(public)], Pins(pinned), [])
        assert (report.exit_code == 13) == changed, report
    finally:
        database.close()
