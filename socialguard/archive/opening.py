"""The index is opened, or made from the segments where there is none that can be used. What is set aside is
kept."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, make_url, select

from socialguard import clock, errors
from socialguard.archive import closing, rebuilding, resealing, root
from socialguard.archive.closing import Files
from socialguard.archive.interface import Progress, Rebuilt
from socialguard.model.text import marked
from socialguard.store import dialect
from socialguard.store.archive_tables import SCHEMA_VERSION, archive_meta
from socialguard.store.database import Database, connect

_REBUILD: Final = marked("Run: socialguard backup rebuild")
_ANOTHERS: Final = marked("Run it as the user whose daemon fills it: nobody else may read what others wrote.")
_SIDES: Final = ("", "-wal", "-shm", "-journal")


class Index(Database):
    """An index. Where it cannot be read, or holds what this program did not write, Unreadable says how it is made
    anew."""

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            with super()._explained():
                yield
        except json.JSONDecodeError:
            raise errors.Unreadable(
                remedy=_REBUILD, path=self.where, detail="it holds what this program did not write."
            ) from None
        except errors.Unreadable as problem:
            if problem.fields.get("path") != self.where:
                raise
            raise errors.Unreadable(remedy=_REBUILD, **problem.fields) from None


def open_index(files: Files, url: str, progress: Progress) -> tuple[Database, Rebuilt | None]:
    """Return the index at `url`, and how it was made anew where it had to be.

    Raises Unreadable where it is another user's, SchemaTooNew, PagesOpen, ArchiveDamaged."""
    if files.place.exists() and not os.access(files.place, os.R_OK | os.X_OK):
        detail = "it belongs to another user of this machine."
        raise errors.Unreadable(path="The archive", detail=detail, remedy=_ANOTHERS)
    files.prepare()
    database = _connect(url)
    try:
        found = _schema(database)
    except errors.Unreadable:
        database.close()
        return replace_index(files, url, progress)
    if found == SCHEMA_VERSION:
        if resealing.is_begun(files):
            with database.write() as connection:
                resealing.finish(connection, files, progress)
            resealing.clean(files)
        return database, None
    if found is None:
        rebuilt = _fill(database, files, progress, "missing")
        return database, rebuilt if rebuilt.lines else None
    if found > SCHEMA_VERSION:
        database.close()
        raise errors.SchemaTooNew(path=database.where, found=found, known=SCHEMA_VERSION)
    with database.write() as connection:
        closing.close(connection, files)
    return database, _fill(database, files, progress, "schema")


def replace_index(files: Files, url: str, progress: Progress) -> tuple[Database, Rebuilt]:
    """Set an index aside that cannot be read, and make another from the segments; pages that were in none are then
    fetched again. Raises Unreadable where it is no file of ours to rename, ArchiveDamaged."""
    name = make_url(url).database
    if make_url(url).get_backend_name() != "sqlite" or name is None:
        raise errors.Unreadable(path="The index of the archive", detail="it is not a database of socialguard.")
    stamp = clock.now().strftime("%Y%m%dT%H%M%S")
    for side in _SIDES:
        path = Path(name + side)
        if path.exists():
            path.rename(f"{name}.damaged-{stamp}{side}")
    database = _connect(url)
    return database, _fill(database, files, progress, "damaged")


def file_of(url: str) -> tuple[int, int] | None:
    """Return which file lies at the place of an index, None where there is none, or where it is no file."""
    name = make_url(url).database
    if make_url(url).get_backend_name() != "sqlite" or name is None:
        return None
    try:
        found = Path(name).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def forget_set_aside(url: str) -> None:
    """Delete indexes that were set aside: they hold texts, too."""
    name = make_url(url).database
    if make_url(url).get_backend_name() == "sqlite" and name is not None:
        for path in Path(name).parent.glob(f"{Path(name).name}.damaged-*"):
            path.unlink()


def _connect(url: str) -> Index:
    found = connect(url, errors.ArchiveUnwritable)
    return Index(found.engine, found.where, found.unwritable)


def _schema(database: Database) -> int | None:
    with database.read() as connection:
        return _schema_in(connection)


def _schema_in(connection: Connection) -> int | None:
    if not inspect(connection).has_table(archive_meta.name):
        return None
    found = connection.execute(select(archive_meta.c.schema_version)).scalar()
    if found is None:
        raise errors.Unreadable(path="The index of the archive", detail="it is not a database of socialguard.")
    return int(found)


def _fill(database: Database, files: Files, progress: Progress, reason: str) -> Rebuilt:
    with database.write() as connection:
        if _schema_in(connection) == SCHEMA_VERSION:
            return Rebuilt(None, "", 0, reason)  # another process was first, and may have kept pages already
        resealing.put_in_place(files)
        lines = rebuilding.fill(connection, files, progress)
        after = root.canonical_root(connection) if lines else ""
    dialect.use_wal(database.engine)  # whoever reads keeps nobody from writing
    if database.engine.dialect.name == "sqlite" and database.engine.url.database:
        Path(database.engine.url.database).chmod(0o600)
    return Rebuilt(None, after, lines, reason)
