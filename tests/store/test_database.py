"""What a database promises: durable writes one at a time, and errors that a person can read."""

import sqlite3
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from socialguard import clock, errors
from socialguard.store import dialect
from socialguard.store.database import Database, create_database, open_database
from socialguard.store.lease import hold

HOUR = timedelta(hours=1)


@pytest.fixture
def sqlite(tmp_path: Path) -> Database:
    return create_database(f"sqlite:///{tmp_path / 'socialguard.db'}")


@pytest.mark.parametrize(
    ("version", "sound"),
    [
        ((3, 51, 3), True),
        ((3, 52, 0), True),
        ((4, 0, 0), True),
        ((3, 51, 2), False),
        ((3, 51, 0), False),
        ((3, 50, 7), True),
        ((3, 50, 6), False),
        ((3, 49, 9), False),
        ((3, 44, 6), True),
        ((3, 44, 5), False),
        ((3, 45, 9), False),
        ((3, 40, 1), False),
    ],
)
def test_a_wal_is_used_only_where_sqlite_has_the_fix(version: tuple[int, int, int], sound: bool) -> None:
    assert dialect.has_sound_wal(version) is sound


@pytest.mark.parametrize(("sound", "journal"), [(True, "wal"), (False, "truncate")])
def test_the_journal_follows_that_rule_and_commits_are_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sound: bool, journal: str
) -> None:
    monkeypatch.setattr(dialect, "has_sound_wal", lambda version: sound)
    database = create_database(f"sqlite:///{tmp_path / 'socialguard.db'}")
    with database.read() as connection:
        assert connection.execute(text("pragma journal_mode")).scalar() == journal
        assert connection.execute(text("pragma synchronous")).scalar() == 2
        assert connection.execute(text("pragma foreign_keys")).scalar() == 1
    database.close()


def test_python_s_own_sqlite_is_used_where_it_has_the_fix_or_no_other_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:

    monkeypatch.setattr(dialect, "has_sound_wal", lambda version: True)
    assert dialect.driver.__wrapped__() is sqlite3
    monkeypatch.setattr(dialect, "has_sound_wal", lambda version: False)
    monkeypatch.setitem(sys.modules, "pysqlite3", None)
    assert dialect.driver.__wrapped__() is sqlite3


def test_a_locked_database_is_waited_for_and_never_read_past_its_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialect, "has_sound_wal", lambda version: False)
    monkeypatch.setattr(dialect, "BUSY_MS", 50)
    path = tmp_path / "socialguard.db"
    create_database(f"sqlite:///{path}").close()
    # By the same library: two of them in one process do not know of each other's locks (POSIX drops both).
    other = dialect.driver().connect(path, isolation_level=None)
    other.execute("begin exclusive")
    with pytest.raises(errors.Busy):
        open_database(f"sqlite:///{path}")
    other.close()
    open_database(f"sqlite:///{path}").close()


def test_a_file_that_was_read_as_it_lay_is_opened_anew_when_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'socialguard.db'}"
    create_database(url).close()
    set_up, fail = dialect._set_up, [True]

    def full(connection: Any) -> None:
        if fail:
            fail.clear()
            raise dialect.driver().OperationalError("disk I/O error")
        set_up(connection)

    monkeypatch.setattr(dialect, "_set_up", full)
    database = open_database(url)
    with database.write() as connection:  # by another connection than the one that could only read
        connection.execute(text("insert into client (name, created_at) values ('Acme', '')"))
    with database.read() as connection:
        assert connection.execute(text("select name from client")).scalar() == "Acme"
    database.close()


def test_a_file_with_a_journal_beside_it_is_not_read_as_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "socialguard.db"
    path.write_bytes(b"x")
    assert dialect._is_at_rest(path)
    for ending in ("-wal", "-journal"):
        beside = tmp_path / f"socialguard.db{ending}"
        beside.write_bytes(b"x")
        assert not dialect._is_at_rest(path)
        beside.write_bytes(b"")
        assert dialect._is_at_rest(path)
    assert not dialect._is_at_rest(tmp_path / "other.db")


def test_a_write_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        connection.execute(text("insert into client values ('acme', 'x')")).rowcount / 0
    with database.read() as connection:
        assert connection.execute(text("select count(*) from client")).scalar() == 0


def test_writers_wait_for_one_another(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("insert into policy values ('x', '0', 'x')"))

    def count() -> None:
        for _ in range(10):
            with database.write() as connection:
                query = "select source from policy where sha256 = 'x'"
                if database.engine.dialect.name != "sqlite":
                    query += " for update"
                seen = int(connection.execute(text(query)).scalar_one())
                connection.execute(text("update policy set source = :next"), {"next": str(seen + 1)})

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert connection.execute(text("select source from policy")).scalar() == "40"


def test_a_database_that_stays_in_use_is_told_as_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialect, "BUSY_MS", 20)
    url = f"sqlite:///{tmp_path / 'socialguard.db'}"
    one, two = create_database(url), open_database(url)
    with one.write(), pytest.raises(errors.Busy), two.write():
        pytest.fail("two writers at once")


def test_who_is_in_a_hurry_waits_less_and_afterwards_as_before_unless_it_lasts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Patience is told by what the database is asked to wait."""
    monkeypatch.setattr(dialect, "BUSY_MS", 40)
    monkeypatch.setattr(dialect, "HURRY_MS", 20)
    url = f"sqlite:///{tmp_path / 'socialguard.db'}"
    one, two = create_database(url), open_database(url)

    def patience() -> int:
        with two.read() as connection:
            return int(connection.execute(text("pragma busy_timeout")).scalar_one())

    with two.hurried():
        assert patience() == 20
    assert patience() == 40
    with one.write():
        with pytest.raises(errors.Busy), two.hurried(), two.write():
            pytest.fail("two writers at once")
        assert patience() == 40
        with pytest.raises(errors.Busy), two.hurried(lasting=True), two.write():
            pytest.fail("two writers at once")
        assert patience() == 20


def test_a_file_that_is_no_database_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "socialguard.db"
    path.write_bytes(b"this is not a database" * 200)
    with pytest.raises(errors.Unreadable) as caught:
        open_database(f"sqlite:///{path}")
    assert caught.value.exit_code == 15
    assert "socialguard.db" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_damaged_file_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "socialguard.db"
    create_database(f"sqlite:///{path}").close()
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    with pytest.raises(errors.Unreadable):
        open_database(f"sqlite:///{path}")


def fill(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("insert into client values (:name, 'x')"), {"name": "s3cret" * 99999})


def test_a_full_disk_is_told_and_loses_nothing(sqlite: Database) -> None:
    with sqlite.write() as connection:
        connection.execute(text("insert into client values ('acme', 'x')"))
    with sqlite.read() as connection:
        pages = connection.execute(text("pragma page_count")).scalar()
        connection.execute(text(f"pragma max_page_count = {pages}"))
    with pytest.raises(errors.AuditUnwritable) as caught:
        fill(sqlite)
    assert caught.value.exit_code == 74
    with sqlite.read() as connection:
        assert connection.execute(text("select name from client")).scalars().all() == ["acme"]


def test_a_database_that_may_not_be_written_is_told(sqlite: Database) -> None:
    with sqlite.read() as connection:
        connection.execute(text("pragma query_only = on"))
    with pytest.raises(errors.AuditUnwritable):
        fill(sqlite)


def test_no_value_travels_in_an_error(sqlite: Database) -> None:
    with sqlite.read() as connection:
        connection.execute(text("pragma query_only = on"))
    with pytest.raises(errors.SocialGuardError) as caught:
        fill(sqlite)
    seen: BaseException | None = caught.value
    assert caught.value.__suppress_context__
    assert "s3cret" not in repr(seen)


HOLDER = """
import sys, time
from datetime import timedelta
from socialguard.store.database import open_database
from socialguard.store.lease import hold
with hold(open_database(sys.argv[1]), "sender", timedelta(hours=1)):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lease_outlives_no_killed_process(database: Database, database_url: str) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, database_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    with holder.stdout, holder.stdin:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(errors.Busy), hold(database, "sender", HOUR):
            pytest.fail("two holders at once")
        with hold(database, "another", HOUR):
            holder.kill()
            holder.wait()
    with hold(database, "sender", HOUR), pytest.raises(errors.Busy), hold(database, "sender", HOUR):
        pytest.fail("two holders at once")
    with hold(database, "sender", HOUR):
        pass


def test_a_lease_ends_with_its_time_and_its_late_holder_takes_no_other_s(database: Database) -> None:
    first = hold(database, "sender", HOUR)
    first.__enter__()
    clock.shift(2 * HOUR)
    with hold(database, "sender", HOUR):
        first.__exit__(None, None, None)
        with pytest.raises(errors.Busy), hold(database, "sender", HOUR):
            pytest.fail("two holders at once")
