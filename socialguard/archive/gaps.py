"""Which parts of a stream are still to be read: open intervals, so that a kill at any point loses nothing.

A new gap reaches from the newest item of the network down to the newest one that any earlier gap has seen; what
lies below that is the earlier gap's own. A gap that was interrupted stays open and is gone on with where it
stopped."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, or_, select, update

from socialguard import errors
from socialguard.archive import instants
from socialguard.archive.interface import Gap
from socialguard.archive.lines import mark_of
from socialguard.canon import jcs
from socialguard.model.activity import ActivityPage, Mark, Stream
from socialguard.store.archive_tables import cursor
from socialguard.store.prepared import Prepared

_OTHER: Final = cursor.alias()
_LAST: Final = (
    select(func.max(_OTHER.c.gap))
    .where(_OTHER.c.account_id == bindparam("account"), _OTHER.c.stream == bindparam("named"))
    .scalar_subquery()
)
_OF_STREAM: Final = cursor.c.account_id == bindparam("account"), cursor.c.stream == bindparam("named")
_OPEN_AND_LAST: Final = Prepared(
    select(cursor).where(*_OF_STREAM, or_(cursor.c.open, cursor.c.gap == _LAST)).order_by(cursor.c.gap)
)
_TOUCH: Final = Prepared(
    update(cursor).where(*_OF_STREAM, cursor.c.gap == _LAST).values(read_at=bindparam("read_at"))
)


def begin(connection: Connection, account_id: str, stream: Stream) -> Gap:
    """Return the gap above all that was seen of a stream. Nothing is written: its first page records it."""
    rows = _rows(connection, account_id, stream)
    if not rows:
        return Gap(account_id, stream, 1, None, None)
    last = _gap(rows[-1])
    # A gap that saw nothing is simply read again.
    if last.newest is None:
        return Gap(account_id, stream, last.number, last.since, None)
    return Gap(account_id, stream, last.number + 1, last.newest, None)


def open_gaps(connection: Connection, account_id: str, stream: Stream) -> tuple[Gap, ...]:
    """Return the gaps that were begun and not read to their end, oldest first."""
    return tuple(_gap(row) for row in _rows(connection, account_id, stream) if row.open)


def read_before(connection: Connection, gap: Gap) -> datetime | None:
    """Return when the newest of a stream was looked at last, before a gap was begun; None for never."""
    earlier = or_(cursor.c.gap < gap.number, cursor.c.newest.is_(None))
    whose = cursor.c.account_id == gap.account_id, cursor.c.stream == gap.stream.value
    found = connection.execute(select(func.max(cursor.c.read_at)).where(*whose, earlier)).scalar()
    return None if found is None else instants.moment(found)


def after(gap: Gap, page: ActivityPage) -> Gap:
    """Return a gap as it stands after its next page."""
    newest = gap.newest
    if newest is None and page.items:
        first = max(page.items, key=lambda one: one.created_at)
        newest = Mark(first.network_id, first.created_at)
    return Gap(
        gap.account_id,
        gap.stream,
        gap.number,
        gap.since,
        page.next,
        newest,
        page.next is not None,
        gap.reached_limit or page.reached_limit,
    )


def require_unmoved(connection: Connection, gap: Gap) -> None:
    """Refuse a page of a gap that another process has moved meanwhile; raises Busy."""
    rows = {row.gap: row for row in _rows(connection, gap.account_id, gap.stream)}
    stored = rows.get(gap.number)
    if gap.newest is None and gap.at is None:
        unmoved = gap == begin(connection, gap.account_id, gap.stream)
    else:
        unmoved = stored is not None and bool(stored.open) and _gap(stored) == gap
    if not unmoved:
        raise errors.Busy(what=f"The backup of {gap.account_id}")


def touch(connection: Connection, gap: Gap, at: int) -> bool:
    """Note when a stream was read and held nothing new; False where no gap of it is kept yet."""
    return bool(_TOUCH.run(connection, account=gap.account_id, named=gap.stream.value, read_at=at))


def _rows(connection: Connection, account_id: str, stream: Stream) -> list[Any]:
    """The open gaps of a stream and its last one, in their order."""
    return _OPEN_AND_LAST.all(connection, account=account_id, named=stream.value)


def _gap(row: Any) -> Gap:
    return Gap(
        row.account_id,
        Stream(row.stream),
        row.gap,
        _mark(row.since),
        row.next,
        _mark(row.newest),
        bool(row.open),
        bool(row.reached_limit),
    )


def _mark(stored: str | None) -> Mark | None:
    return None if stored is None else mark_of(jcs.decode(stored.encode()))
