"""Bring an older database to this program's schema: a copy first, then one transaction."""

import os
from collections.abc import Iterator
from itertools import count, takewhile
from pathlib import Path

from socialguard import errors
from socialguard.store.database import Database, connect, schema_version
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
    """Return where the copy that was made last before migrating from schema `found` lies; None without one."""
    if database.engine.dialect.name != "sqlite":
        return None
    return max(
        takewhile(Path.exists, _copy_paths(database, found)), key=lambda one: one.stat().st_mtime, default=None
    )


def run_migrations(database: Database, to: str = "head") -> None:
    """Run every migration that is due, up to schema `to`, in one transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def _copy_paths(database: Database, found: str) -> Iterator[Path]:
    """Where copies lie: whoever went back to an older program and comes again has one more to go back to."""
    path = Path(str(database.engine.url.database))
    for number in count(1):
        yield path.with_name(f"{path.name}.before-{found}{'' if number == 1 else f'.{number}'}")


def _copy(database: Database, found: str) -> None:
    if database.engine.dialect.name != "sqlite":
        return  # PostgreSQL's own backups hold it; its DDL is transactional
    copy = next(one for one in _copy_paths(database, found) if not one.exists())
    part = copy.with_name(f"{copy.name}.{os.getpid()}.part")  # a copy that was cut short must not pass for one
    try:
        database.copy_to(part)
        if _is_at(part, found):  # else another process has migrated it meanwhile, and made the copy
            part.rename(copy)
    finally:
        part.unlink(missing_ok=True)


def _is_at(path: Path, found: str) -> bool:
    copied = connect(f"sqlite:///{path}")
    try:
        return schema_version(copied) == found
    finally:
        copied.close()
