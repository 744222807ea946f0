"""A glance at an account for whoever is about to post on it: cheap, and never in the way.

Nothing is made, rebuilt or repaired for it: where there is no index, or none that can be read as it is, there is
nothing to see."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from socialguard import errors
from socialguard.archive import instants, reader
from socialguard.model.activity import Kind
from socialguard.store.archive_tables import SCHEMA_VERSION, archive_meta, cursor
from socialguard.store.database import connect


@dataclass(frozen=True, slots=True)
class Glance:
    """When an account was last read, and its newest own posts, newest first: id at the network, text, time."""

    read_at: datetime
    posts: tuple[tuple[str, str, datetime], ...]


def read_times(index: Path) -> dict[str, datetime]:
    """Return when each account was last read, as the index in that file tells; nothing where it tells nothing."""
    database = connect(f"sqlite:///{index}")
    try:
        with database.read() as connection:
            if connection.execute(select(archive_meta.c.schema_version)).scalar() != SCHEMA_VERSION:
                return {}
            query = select(cursor.c.account_id, func.max(cursor.c.read_at)).where(reader.IS_STREAM)
            found = connection.execute(query.group_by(cursor.c.account_id))
            return {account_id: instants.moment(at) for account_id, at in found}
    except errors.SocialGuardError:
        return {}
    finally:
        database.close()


def glance(index: Path, account_id: str, limit: int = 2) -> Glance | None:
    """Return what the index in that file tells of an account, None where it tells nothing."""
    if not index.exists():
        return None
    database = connect(f"sqlite:///{index}")
    try:
        with database.read() as connection:
            if connection.execute(select(archive_meta.c.schema_version)).scalar() != SCHEMA_VERSION:
                return None
            read_at = reader.read_at(connection, account_id)
            if read_at is None:
                return None
            kinds = (Kind.POST, Kind.REPLY)
            found = reader.items(connection, account_ids=[account_id], own=True, kinds=kinds, limit=limit)
    except errors.SocialGuardError:
        return None
    finally:
        database.close()
    return Glance(
        read_at, tuple((one.network_id, one.text, one.created_at) for one in found if not one.is_deleted)
    )
