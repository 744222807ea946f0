"""Which own posts have metrics to look at, and when they, and the profile, were looked at last.

A snapshot is kept only where something changed, so it does not tell when somebody looked. That stands beside it,
once for an account, in the index only: after a rebuild it is looked at once more, where that costs money only what
may still be due (`backup.metrics`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, and_, delete, insert, outerjoin, select

from socialguard.archive import instants
from socialguard.model.activity import Kind
from socialguard.store.archive_tables import VERSIONS, attachment, cursor, item, metric, version

METRICS: Final = "metrics"
PROFILE: Final = "profile"
"""What is looked at: all metrics of an account that are due, or its profile."""
_MEASURED: Final = (Kind.POST.value, Kind.REPLY.value)


@dataclass(frozen=True, slots=True)
class Looked:
    """An own post: when it was made, when it was kept first, and when its metrics changed last, None for never."""

    network_id: str
    created_at: datetime
    seen_at: datetime
    taken_at: datetime | None


def looked_at(connection: Connection, account_id: str, what: str) -> datetime | None:
    """Return when an account's metrics or profile were looked at last, None for never."""
    query = select(cursor.c.read_at).where(cursor.c.account_id == account_id, cursor.c.stream == what)
    found = connection.execute(query).scalar()
    return None if found is None else instants.moment(found)


def note(connection: Connection, account_id: str, what: str, at: datetime) -> None:
    """Keep that an account's metrics that were due at `at`, or its profile as of then, have been looked at."""
    connection.execute(delete(cursor).where(cursor.c.account_id == account_id, cursor.c.stream == what))
    row = {"account_id": account_id, "stream": what, "gap": 0, "open": False, "reached_limit": False}
    connection.execute(insert(cursor).values(**row, read_at=instants.micros(at)))


def posts(connection: Connection, account_id: str, *, since: datetime | None) -> Sequence[Looked]:
    """Return the own posts of an account, newest first; those that were made before `since` are left out."""
    first = version.c.id == item.c.id * VERSIONS + 1
    counts = and_(metric.c.item_id == item.c.id, metric.c.number == item.c.snapshots)
    query = (
        select(item.c.network_id, item.c.created_at, version.c.seen_at, metric.c.taken_at)
        .select_from(outerjoin(item.join(version, first), metric, counts))
        .where(item.c.account_id == account_id, item.c.own.is_(True), item.c.kind.in_(_MEASURED))
        .order_by(item.c.created_at.desc(), item.c.id.desc())
    )
    if since is not None:
        query = query.where(item.c.created_at >= instants.micros(since))
    return [
        Looked(
            row.network_id,
            instants.moment(row.created_at),
            instants.moment(row.seen_at),
            None if row.taken_at is None else instants.moment(row.taken_at),
        )
        for row in connection.execute(query)
    ]


def forget_address(connection: Connection, account_id: str, network_id: str, key: str) -> None:
    """An address of a file that leads nowhere is not asked again, until a page brings a new one."""
    whose = select(item.c.id).where(item.c.account_id == account_id, item.c.network_id == network_id)
    connection.execute(
        attachment.update()
        .where(attachment.c.item_id == whose.scalar_subquery(), attachment.c.key == key)
        .values(url=None)
    )
