"""All that SQLite and PostgreSQL do not do alike: pragmas, BEGIN, triggers, and what an error means."""

import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import ColumnElement, Connection, Engine, Executable, MetaData, Table, bindparam, event, text
from sqlalchemy.exc import DBAPIError

from socialguard import errors
from socialguard.model import bounded
from socialguard.model.text import marked

BUSY_MS: Final = 15_000
HURRY_MS: Final = 3_000
"""How long another's lock is waited for, and by what must not wait for long and can do without."""
_PAGE: Final = 4096
# Appendix A of PostgreSQL's manual: connection exceptions, an operator's intervention, too many connections.
_AWAY: Final = ("08", "57P", "53300")
PATIENCE: Final = {"connect_timeout": 5, "keepalives_idle": 20, "keepalives_interval": 10, "keepalives_count": 3}
"""Seconds, as libpq names them: a freeze must not wait for ever for a server that takes a connection and says
nothing, nor a daemon for one whose machine is gone."""
_CROSSED: Final = ("40001", "40P01")
"""Serialization failure and deadlock: another transaction came in between, and nothing was done."""
_STILL: Final = "reads the file as it lies there"
FULL: Final = marked("disk full")
READ_ONLY: Final = marked("{where} is read-only")

# sqlite.org/wal.html, "The WAL Reset Bug": fixed in these and later versions of their branches.
_WAL_FIXED: Final = ((3, 51, 3), (3, 50, 7), (3, 44, 6))

# All that may ever happen to an entry: its content goes, and what identifies and proves it stays. An owner signs
# that, and `audit verify` asks who did.
_PRUNES: Final = """new.incarnation = old.incarnation and new.seq = old.seq and new.leaf_hash = old.leaf_hash
         and length(new.leaf) = 0 and new.ts = '' and new.actor = '' and new.action = '' and new.outcome = ''
         and new.account is null and new.corr is null and new.fingerprint is null"""
SQLITE_TRIGGERS: Final = (
    f"""create trigger audit_entry_no_update before update on audit_entry
       when not ({_PRUNES})
       begin select raise(abort, 'audit_entry is append-only'); end""",
    """create trigger audit_entry_no_delete before delete on audit_entry
       begin select raise(abort, 'audit_entry is append-only'); end""",
    # INSERT OR REPLACE deletes without firing the delete trigger, so a taken seq must be refused here.
    """create trigger audit_entry_in_order before insert on audit_entry
       when new.seq is not (select coalesce(max(seq), -1) + 1 from audit_entry where incarnation = new.incarnation)
         or new.incarnation < (select coalesce(max(incarnation), 0) from audit_entry)
       begin select raise(abort, 'audit_entry is append-only'); end""",
)
POSTGRESQL_TRIGGERS: Final = (
    f"""create or replace function audit_entry_append_only() returns trigger language plpgsql as $$
       begin
         if tg_op = 'UPDATE' then
           if {_PRUNES} then
             return new;
           end if;
         end if;
         if tg_op = 'INSERT' then
           if new.seq = (select coalesce(max(seq), -1) + 1 from audit_entry where incarnation = new.incarnation)
             and new.incarnation >= (select coalesce(max(incarnation), 0) from audit_entry) then
             return new;
           end if;
         end if;
         raise exception 'audit_entry is append-only';
       end $$""",  # noqa: S608 - words of our own
    """create trigger audit_entry_append_only before insert or update or delete on audit_entry
       for each row execute function audit_entry_append_only()""",
    """create trigger audit_entry_no_truncate before truncate on audit_entry
       for each statement execute function audit_entry_append_only()""",
)


# What SQLite gives by itself. One writer at a time: whoever judges the log and then extends it must see no entry
# that comes in between. One moment for all statements of a read.
_POSTGRESQL_WRITES: Final = "set local lock_timeout = {patience}; select pg_advisory_xact_lock(5067263)"
_POSTGRESQL_READS: Final = "set transaction isolation level repeatable read"


def has_sound_wal(version: tuple[int, int, int]) -> bool:
    """Return whether the SQLite of that version has the fix without which a WAL can lose a commit."""
    if version >= _WAL_FIXED[0]:
        return True
    return any(version[:2] == fixed[:2] and version >= fixed for fixed in _WAL_FIXED)


@cache
def driver() -> ModuleType:
    """Return the SQLite driver: Python's own, or one of the same interface that brings a newer SQLite, where
    Python's lacks the WAL fix and the other is installed. With a WAL a reader never blocks the sender, and a
    commit waits for the disk once instead of five times."""
    if not has_sound_wal(sqlite3.sqlite_version_info):
        try:
            from pysqlite3 import dbapi2
        except ImportError:
            return sqlite3  # no wheel for this machine: the TRUNCATE journal is as safe, and slower
        assert isinstance(dbapi2, ModuleType)
        return dbapi2
    return sqlite3


def prepare(engine: Engine) -> None:
    """Make connections of `engine` keep our promises: durable commits, and a BEGIN that is ours to say."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: object, record: Any, arguments: Any, options: Any) -> Any:
        _refuse_pipes(Path(arguments[0]))
        connection = driver().connect(*arguments, **options)
        try:
            _set_up(connection)
        except driver().OperationalError as problem:
            connection.close()
            if "locked" in str(problem) or not _is_at_rest(Path(arguments[0])):
                raise
            # A WAL wants a byte of disk even to read: with none left, or on a read-only disk, the file is read as
            # it lies there, and every write is refused.
            still = f"file:{quote(str(arguments[0]))}?immutable=1"
            connection = driver().connect(still, uri=True, **options)
            _set_up(connection)
            record.info[_STILL] = True
        return connection

    @event.listens_for(engine, "checkin")
    def forget(_connection: object, record: Any) -> None:
        # What lies still for this one may move before the next: it is opened anew.
        if record.info.pop(_STILL, None):
            record.invalidate()


def _refuse_pipes(path: Path) -> None:
    """Raise what SQLite would raise, where it would wait for a pipe in the place of one of its files for ever."""
    for ending in ("", "-journal", "-wal", "-shm"):
        try:
            found = path.with_name(path.name + ending).stat()
        except OSError:
            continue
        if not bounded.is_regular(found):
            raise driver().OperationalError(f"{path.name}{ending} is not a regular file")


def _set_up(connection: Any) -> None:  # Any: the driver's own type
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    cursor.execute(f"pragma busy_timeout = {BUSY_MS}")
    has_wal = cursor.execute("pragma journal_mode").fetchone()[0] == "wal"
    if not (has_wal and has_sound_wal(driver().sqlite_version_info)):
        cursor.execute("pragma journal_mode = truncate")
    cursor.execute("pragma synchronous = full")
    cursor.execute("pragma foreign_keys = on")
    cursor.execute("pragma trusted_schema = off")
    cursor.close()


def _is_at_rest(path: Path) -> bool:
    """Return whether a database file is whole without the files beside it, which an open WAL or a crash leaves."""
    return path.exists() and not any(
        beside.exists() and beside.stat().st_size
        for beside in (path.with_name(path.name + ending) for ending in ("-wal", "-journal"))
    )


def use_wal(engine: Engine) -> None:
    """Let a database that is known to be ours keep its journal as a WAL from now on, where SQLite's is sound;
    where it cannot be changed now it stays as it is."""
    if engine.dialect.name != "sqlite" or not has_sound_wal(driver().sqlite_version_info):
        return
    with suppress(DBAPIError), engine.connect() as connection:
        cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr] # it is open
        with suppress(driver().OperationalError):
            if cursor.execute("pragma journal_mode").fetchone()[0] != "wal":
                cursor.execute("pragma journal_mode = wal")
        cursor.close()


def overwrite_deleted(connection: Connection) -> None:
    """Let what this connection deletes from now on be overwritten in the file. PostgreSQL keeps it until its next
    vacuum."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("pragma secure_delete = on")


def forget_journal(engine: Engine) -> None:
    """Bring a WAL into its database and empty it: it may hold what was deleted. Raises Busy where a reader holds
    it."""
    if engine.dialect.name == "sqlite":
        _alone(engine, "pragma wal_checkpoint(truncate)")


def compact(engine: Engine) -> None:
    """Write a database anew without what was deleted, and empty its WAL; raises as `forget_journal`."""
    if engine.dialect.name == "sqlite":
        _alone(engine, "vacuum")
        _alone(engine, "pragma wal_checkpoint(truncate)")


def _alone(engine: Engine, statement: str) -> None:
    """Execute what SQLite refuses within a transaction."""
    with engine.connect() as connection:
        cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr] # it is open
        try:
            found = cursor.execute(statement).fetchone()
        except driver().OperationalError:
            found = (1,)
        finally:
            cursor.close()
    if found is not None and found[0]:
        raise errors.Busy(what=Path(engine.url.database or "").name)


def begin(connection: Connection, *, writes: bool, patience: int) -> None:
    """Begin the transaction of `connection` at the database, for SQLite's driver does not; a write waits
    `patience` ms for another's lock.

    Not in a listener for the event "begin": with one, SQLAlchemy asks for listeners around every statement, which
    costs a fifth of each."""
    if connection.dialect.name == "sqlite":
        # A plain BEGIN with read-then-update fails with a lock error that no time-out can wait out.
        driver: Any = connection.connection.driver_connection  # SQLAlchemy's own way costs five times as much
        if patience != BUSY_MS:
            driver.execute(f"pragma busy_timeout = {patience}")
        driver.execute("begin immediate" if writes else "begin")
    else:
        connection.exec_driver_sql(_POSTGRESQL_WRITES.format(patience=patience) if writes else _POSTGRESQL_READS)


def create_triggers(connection: Connection) -> None:
    """Create the triggers that keep `audit_entry` append-only for honest programs."""
    sqlite = connection.dialect.name == "sqlite"
    for statement in SQLITE_TRIGGERS if sqlite else POSTGRESQL_TRIGGERS:
        connection.execute(text(statement))


def erase_for_good(connection: Connection) -> None:
    """Let what is deleted or replaced from now on be overwritten in the file, too; PostgreSQL's vacuum does it."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("pragma secure_delete = on")


def replace_triggers(connection: Connection) -> None:
    """Create the triggers in place of those that an older schema has."""
    sqlite = connection.dialect.name == "sqlite"
    names = ("no_update", "no_delete", "in_order") if sqlite else ("append_only", "no_truncate")
    table = "" if sqlite else " on audit_entry"
    for name in names:
        connection.execute(text(f"drop trigger if exists audit_entry_{name}{table}"))
    create_triggers(connection)


def narrow_indexes(connection: Connection, metadata: MetaData) -> None:
    """Let PostgreSQL leave out of an index what SQLite leaves out; to be called before tables are created."""
    if connection.dialect.name != "postgresql":
        return
    for index in (one for table in metadata.tables.values() for one in table.indexes):
        where = index.dialect_options["sqlite"]["where"]
        if where is not None:
            index.dialect_options["postgresql"]["where"] = where


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]], *columns: str) -> None:
    """Insert rows; where one of a primary key stands already, replace its `columns` (all but the key where none is
    named)."""
    if rows:
        connection.execute(_upserting(connection.dialect.name, table, columns), list(rows))


@cache
def _upserting(dialect: str, table: Table, columns: tuple[str, ...]) -> Executable:
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
    statement = insert(table)
    key = [column.name for column in table.primary_key]
    replaced = columns or tuple(column.name for column in table.columns if column.name not in key)
    values = {name: statement.excluded[name] for name in replaced}
    return statement.on_conflict_do_update(index_elements=key, set_=values)


# ── full text of items in the archive ────────────────────────────────────────────────────────────────────

# Cut into words as SQLite's tokenizer does: PostgreSQL's own takes `example.com` or `well-known` for one.
_POSTGRESQL_INDEX: Final = """create index ix_version_text on version
    using gin (to_tsvector('simple', regexp_replace(text, '[^[:alnum:]]+', ' ', 'g')))"""
_POSTGRESQL_HOLDS: Final = """item.id in (select version.id / VERSIONS from version
    where to_tsvector('simple', regexp_replace(version.text, '[^[:alnum:]]+', ' ', 'g'))
        @@ websearch_to_tsquery('simple', :phrases))"""
_SQLITE_HOLDS: Final = "item.id in (select rowid from item_text where item_text match :phrases)"


def create_search(connection: Connection) -> None:
    """Create the full text index over what items say, in any of their versions. SQLite's has no copy of the texts,
    is filled with `index_texts`, and its rows are items."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            "create virtual table item_text using fts5("
            "text, content='', columnsize=0, tokenize='unicode61 remove_diacritics 2')"
        )
    else:
        connection.exec_driver_sql(_POSTGRESQL_INDEX)


def drop_search(connection: Connection) -> None:
    """Drop the full text index where there is one."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("drop table if exists item_text")
    else:
        connection.exec_driver_sql("drop index if exists ix_version_text")


def index_texts(connection: Connection, texts: Sequence[tuple[int, str]]) -> None:
    """Add the texts of new items, by id, to the full text index."""
    if connection.dialect.name == "sqlite" and texts:
        driver: Any = connection.connection.driver_connection
        driver.executemany("insert into item_text (rowid, text) values (?, ?)", texts)


def reindex_texts(connection: Connection, item_id: int, before: Sequence[str], after: Sequence[str]) -> None:
    """Replace the texts by which an item is found."""
    if connection.dialect.name == "sqlite":
        forget = "insert into item_text (item_text, rowid, text) values ('delete', ?, ?)"
        connection.exec_driver_sql(forget, (item_id, "\n".join(before)))
        index_texts(connection, [(item_id, "\n".join(after))])


def forget_texts(connection: Connection, texts: Sequence[tuple[int, str]]) -> None:
    """Take deleted items, by id with all that they are found by, out of the full text index."""
    if connection.dialect.name == "sqlite" and texts:
        driver: Any = connection.connection.driver_connection
        driver.executemany("insert into item_text (item_text, rowid, text) values ('delete', ?, ?)", texts)


def merge_texts(connection: Connection) -> None:
    """Write the full text index anew: words of deleted items leave it only then."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("insert into item_text (item_text) values ('optimize')")


def holds_phrases(connection: Connection, phrases: Sequence[str], versions: int) -> ColumnElement[bool]:
    """Return the condition that the texts of a row of `item` hold all these phrases, each of words in their order.
    No character of a phrase has a meaning of its own. `versions` is how many version ids an item has."""
    query = " ".join(f'"{phrase.replace(chr(34), " ")}"' for phrase in phrases)
    condition = _SQLITE_HOLDS
    if connection.dialect.name != "sqlite":
        condition = _POSTGRESQL_HOLDS.replace("VERSIONS", str(versions))
    return text(condition).bindparams(bindparam("phrases", query, unique=True))  # type: ignore[return-value]


def explain(
    problem: BaseException,
    where: str,
    path: Path | None = None,
    unwritable: type[errors.SocialGuardError] = errors.AuditUnwritable,
) -> errors.SocialGuardError:
    """Return the error of ours that a driver's error means; `where` names the database for a person, `path` is its
    file where it has one, `unwritable` is what a full or read-only disk means for it."""
    words, state = str(problem).lower(), getattr(problem, "sqlstate", None)  # PostgreSQL's code
    unopened = any(part in words for part in ("readonly", "disk i/o error", "unable to open"))
    if "full" in words or "no space" in words or (unopened and _is_full(path)):
        return unwritable(detail=FULL)
    if "readonly" in words or "read-only" in words:
        return unwritable(detail=READ_ONLY.format(where=where))
    if "locked" in words or "lock timeout" in words or state in _CROSSED:
        return errors.Busy(what=where)
    if "append-only" in words:
        return errors.Tampered(what="The audit log", detail="an entry was to be changed or inserted out of order.")
    if isinstance(problem, driver().DatabaseError):
        return errors.Unreadable(path=where, detail=_first_line(problem))
    if _is_away(problem, state):
        return errors.DatabaseAway(path=where, detail=_first_line(problem))
    return errors.SocialGuardError(detail=f"{where}: {type(problem).__name__}.")


def _is_away(problem: BaseException, state: str | None) -> bool:
    """Return whether a server cannot be reached, or ended the connection: without a code its client says so."""
    if state is None:
        return any(one.__name__ in ("OperationalError", "InterfaceError") for one in type(problem).__mro__)
    return state.startswith(_AWAY)


def _first_line(problem: BaseException) -> str:
    return next(iter(str(problem).splitlines()), type(problem).__name__).rstrip(".") + "."


def _is_full(path: Path | None) -> bool:
    """Return whether nothing can be written where the file lies for want of space."""
    if path is None or not path.parent.exists():
        return False
    return shutil.disk_usage(path.parent).free < _PAGE
