"""How much is kept: of one account, and in bytes."""

import contextlib
import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, func, select

from socialguard.archive import instants
from socialguard.archive.reader import IS_STREAM
from socialguard.model.activity import Stream
from socialguard.store.archive_tables import attachment, blob, cursor, item


@dataclass(frozen=True, slots=True)
class Overview:
    """What is kept of one account: items, how many of them its own, the newest, when it was last read (None for
    never), how many of its gaps are open, the streams of which the network shows no more, its files and their
    bytes, and how many files are not here yet."""

    items: int
    own: int
    newest_at: datetime | None
    read_at: datetime | None
    gaps: int
    limited: tuple[str, ...]
    files: int
    file_bytes: int
    files_wanted: int


def of_account(connection: Connection, account_id: str) -> Overview:
    """Return what is kept of an account."""
    mine = item.c.account_id == account_id
    items, newest = connection.execute(select(func.count(), func.max(item.c.created_at)).where(mine)).one()
    own = connection.execute(select(func.count()).where(mine, item.c.own.is_(True))).scalar_one()
    rows = connection.execute(
        select(cursor.c.stream, cursor.c.open, cursor.c.reached_limit, cursor.c.read_at).where(
            cursor.c.account_id == account_id, IS_STREAM
        )
    ).all()
    limits = {(row.stream, bool(row.reached_limit)) for row in rows}
    held = select(attachment.c.sha256).join(item, item.c.id == attachment.c.item_id).where(mine).distinct()
    files, size = connection.execute(
        select(func.count(), func.sum(blob.c.size)).where(blob.c.sha256.in_(held))
    ).one()
    wanted = connection.execute(
        select(func.count())
        .select_from(attachment.join(item, item.c.id == attachment.c.item_id))
        .where(mine, item.c.own.is_(True), attachment.c.sha256.is_(None), attachment.c.url.is_not(None))
    ).scalar_one()
    read = max((row.read_at for row in rows), default=None)
    return Overview(
        items,
        own,
        None if newest is None else instants.moment(newest),
        None if read is None else instants.moment(read),
        sum(bool(row.open) for row in rows),
        tuple(stream.value for stream in Stream if (stream.value, True) in limits),
        files,
        int(size or 0),
        wanted,
    )


def bytes_of(place: Path, index: Path) -> int:
    """Return how many bytes an archive takes: its directory, and its index with copies that were set aside."""
    total = 0
    for path in (*place.rglob("*"), *index.parent.glob(f"{index.name}*")):
        with contextlib.suppress(FileNotFoundError):  # a run that goes on beside puts files in their place
            found = path.stat()
            total += found.st_size if stat.S_ISREG(found.st_mode) else 0
    return total


def holders(connection: Connection, network_id: str) -> tuple[str, ...]:
    """Return the ids of the accounts of which an item with this id of its network is kept."""
    query = select(item.c.account_id).where(item.c.network_id == network_id).order_by(item.c.account_id)
    return tuple(connection.execute(query).scalars())
