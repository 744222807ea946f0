"""Bring an older database to this program's schema: a copy first, then one transaction."""

from pathlib import Path

from socialguard import errors
from socialguard.store.database import Database
from socialguard.store.version import HEAD, KNOWN

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database: Database, found: str) -> None:
    """Migrate `database` from schema `found`. A file is copied beside itself first (`NAME.before-VERSION`).

    Raises SchemaTooNew for a schema that this program does not know."""
    if found not in KNOWN:
        raise errors.SchemaTooNew(path=database.where, found=found, known=HEAD)
    _copy(database, found)
    run_migrations(database)


def copy_of(database: Database, found: str) -> Path | None:
    """Return where the copy that was made before migrating from schema `found` lies; None without one."""
    if database.engine.dialect.name != "sqlite":
        return None
    copy = _copy_path(database, found)
    return copy if copy.exists() else None


def run_migrations(database: Database, to: str = "head") -> None:
    """Run every migration that is due, up to schema `to`, in one transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def _copy_path(database: Database, found: str) -> Path:
    path = Path(str(database.engine.url.database))
    return path.with_name(f"{path.name}.before-{found}")


def _copy(database: Database, found: str) -> None:
    if database.engine.dialect.name != "sqlite":
        return  # PostgreSQL's own backups hold it; its DDL is transactional
    copy = _copy_path(database, found)
    if copy.exists():
        return
    part = copy.with_name(f"{copy.name}.part")  # a copy that was cut short must not pass for one
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    connection = database.engine.raw_connection()
    try:
        # Not through the engine, which would begin a transaction: VACUUM refuses to run in one.
        connection.cursor().execute("vacuum into ?", (str(part),))
    finally:
        connection.close()
    part.rename(copy)
