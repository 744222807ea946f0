"""A database as every room meets it: `write` and `read` transactions, opened at the schema this program knows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, inspect, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from socialguard import errors
from socialguard.canon import jcs
from socialguard.store import dialect
from socialguard.store.turns import Turns
from socialguard.store.version import HEAD

T = TypeVar("T")


class Database:
    """One database. `where` is how a person knows it: a path, or a URL without its password; `has_written` tells
    whether a write transaction was begun here. `unwritable` is what a full or read-only disk means for it. Safe to
    share between threads, whose writes take turns."""

    def __init__(
        self, engine: Engine, where: str, unwritable: type[errors.SocialGuardError] = errors.AuditUnwritable
    ) -> None:
        self.engine = engine
        self.where = where
        self.unwritable = unwritable
        self.has_written = False
        self._is_hurried = False
        self._turns = Turns()
        self._driver: Any = engine.dialect.loaded_dbapi
        name = engine.url.database
        self._path = Path(name) if engine.dialect.name == "sqlite" and name else None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection in a write transaction: committed durably at the end, rolled back on an error.

        Raises AuditUnwritable on a full or read-only disk, Busy after 15 s of waiting, Unreadable for a
        damaged file; an integrity error stays what it is, since its meaning is the caller's."""
        self.has_written = True
        with self._explained(), self._alone(), self.engine.begin() as connection:
            dialect.begin(connection, writes=True, patience=self._patience)
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection in a read transaction; keep it under 100 ms, it can block the writer."""
        with self._explained(), self.engine.begin() as connection:
            dialect.begin(connection, writes=False, patience=self._patience)
            yield connection

    @contextmanager
    def hurried(self, *, lasting: bool = False) -> Iterator[None]:
        """Wait for another's lock 3 s at the most within the block: for what must not wait and can do without.
        `lasting`: where that was in vain this database goes on so."""
        was, self._is_hurried = self._is_hurried, True
        try:
            yield
        except errors.Busy:
            was = was or lasting
            raise
        finally:
            self._is_hurried = was
            if not was:
                self.engine.dispose()  # what is connected now would go on so

    @property
    def _patience(self) -> int:
        return dialect.HURRY_MS if self._is_hurried else dialect.BUSY_MS

    def apart(self, connection: Connection, work: Callable[[], T]) -> T | Exception:
        """Return what `work` returns, or the error that it raises, with all that it wrote in this transaction
        taken back. What the disk or a lock refuses is raised: then nothing of the transaction can stand."""
        driver: Any = connection.connection.dbapi_connection
        driver.execute("savepoint apart")
        outcome: T | Exception
        try:
            outcome = work()
        except (OperationalError, self._driver.OperationalError):
            raise
        except Exception as problem:  # noqa: BLE001 - handed to whoever's work it was
            driver.execute("rollback to savepoint apart")
            outcome = self._no_time() if isinstance(problem, jcs.BadTimestamp) else problem
        driver.execute("release savepoint apart")
        return outcome

    def copy_to(self, path: Path) -> None:
        """Copy a file's database, whole as at one moment, to a new file of mode 0600; raises as `write`."""
        with self._explained():
            try:
                path.touch(mode=0o600, exist_ok=False)
            except OSError as problem:
                raise dialect.explain(problem, self.where, self._path, self.unwritable) from None
            connection = self.engine.raw_connection()
            try:
                # Not through the engine, which would begin a transaction: VACUUM refuses to run in one.
                connection.cursor().execute("vacuum into ?", (str(path),))
            finally:
                connection.close()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait for the other threads of this process here, in turn: SQLite would make each sleep and look again,
        and give the lock to whoever happens to look first."""
        if not self._turns.take(self._patience / 1000):
            raise errors.Busy(what=self.where)
        try:
            yield
        finally:
            self._turns.give()

    def _no_time(self) -> errors.Tampered:
        # Every instant in a database was written by `jcs.timestamp`, and read inside a transaction.
        return errors.Tampered(what=self.where, detail="it holds a time that is none.")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (IntegrityError, self._driver.IntegrityError) as problem:
            if "append-only" not in str(problem):
                raise
            raise dialect.explain(problem, self.where, self._path, self.unwritable) from None
        except jcs.BadTimestamp:
            raise self._no_time() from None
        except DBAPIError as problem:
            # The statement's parameters must not travel in an exception's chain.
            raise dialect.explain(problem.orig or problem, self.where, self._path, self.unwritable) from None
        except self._driver.Error as problem:  # of a prepared statement
            raise dialect.explain(problem, self.where, self._path, self.unwritable) from None


def open_database(url: str) -> Database:
    """Open a database that exists, at this program's schema, migrating it after a copy where it is older.

    `url` is `sqlite:///PATH` or `postgresql+psycopg://…`. Raises Unreadable, SchemaTooNew."""
    require_file(url)
    database = connect(url)
    try:
        found = schema_version(database)
        if found == HEAD:
            dialect.use_wal(database.engine)
            return database
        if found is None:
            raise errors.Unreadable(path=database.where, detail="it is not a database of socialguard.")
        from socialguard.store.migrate import upgrade

        upgrade(database, found)
        dialect.use_wal(database.engine)
    except errors.SocialGuardError:
        database.close()
        raise
    return database


def create_database(url: str) -> Database:
    """Create all tables in an empty database, at this program's schema, and return it opened."""
    from socialguard.store.tables import metadata

    database = connect(url)
    with database.write() as connection:
        dialect.narrow_indexes(connection, metadata)
        metadata.create_all(connection)
        dialect.create_triggers(connection)
        connection.execute(text("create table alembic_version (version_num varchar(32) primary key)"))
        connection.execute(text("insert into alembic_version values (:head)"), {"head": HEAD})
    dialect.use_wal(database.engine)
    return database


def schema_version(database: Database) -> str | None:
    """Return the schema's version, or None where the database has none of our tables."""
    with database.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        version = connection.execute(text("select version_num from alembic_version")).scalar()
        return None if version is None else str(version)


def require_file(url: str) -> None:
    """Refuse a file that is not there: SQLite would make an empty one in its place."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database and not Path(parsed.database).exists():
        raise errors.Unreadable(path=Path(parsed.database).name, detail="it is not there.")


def connect(url: str, unwritable: type[errors.SocialGuardError] = errors.AuditUnwritable) -> Database:
    """Return the database at `url`, whatever is in it."""
    parsed = make_url(url)
    sqlite = parsed.get_backend_name() == "sqlite"
    options: dict[str, Any] = {"module": dialect.driver()}
    if not sqlite:
        patience = {name: value for name, value in dialect.PATIENCE.items() if name not in parsed.query}
        # A server may have ended a connection that waited in the pool.
        options = {"pool_pre_ping": True, "connect_args": patience}
    # Whichever was used last: what others have written meanwhile makes SQLite forget every page that it had read.
    options["pool_use_lifo"] = True
    engine = create_engine(url, hide_parameters=True, **options)
    dialect.prepare(engine)
    where = engine.url.database or "" if engine.dialect.name == "sqlite" else engine.url.render_as_string()
    if engine.dialect.name == "sqlite" and where:
        where = Path(where).name
    return Database(engine, where, unwritable)
