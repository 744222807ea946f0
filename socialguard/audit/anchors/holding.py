"""What each anchor took last, as a table says it: since when the log is not held outside this machine.

Whoever writes the database can change what stands here; what an anchor really holds, only `audit verify` asks."""

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, bindparam, or_, select

from socialguard import clock
from socialguard.canon import jcs
from socialguard.store import dialect
from socialguard.store.prepared import Prepared
from socialguard.store.tables import anchor_held, checkpoint

if TYPE_CHECKING:
    from socialguard.audit.anchors.interface import Statement

_NEWEST: Final = Prepared(
    select(anchor_held.c.incarnation, anchor_held.c.size)
    .where(anchor_held.c.outside.is_(True))
    .order_by(anchor_held.c.incarnation.desc(), anchor_held.c.size.desc())
    .limit(1)
)
_NEXT: Final = Prepared(
    select(checkpoint.c.made_at)
    .where(
        or_(
            checkpoint.c.incarnation > bindparam("inc"),
            (checkpoint.c.incarnation == bindparam("inc")) & (checkpoint.c.size > bindparam("size")),
        )
    )
    .order_by(checkpoint.c.incarnation, checkpoint.c.size)
    .limit(1)
)


def note(connection: Connection, anchor: str, newest: "Statement", *, outside: bool) -> None:
    """Keep that an anchor took everything up to a checkpoint now, in the caller's transaction; `outside` tells
    whether it lay outside this machine when it did."""
    row = {
        "anchor": anchor,
        "incarnation": newest.incarnation,
        "size": newest.size,
        "outside": outside,
        "at": jcs.timestamp(clock.now()),
    }
    dialect.upsert(connection, anchor_held, [row])


def unheld_since(connection: Connection) -> str | None:
    """Return when the oldest checkpoint was made that no anchor outside this machine took; None where each was
    taken by some. An idle log makes none, and is not older for it."""
    newest = _NEWEST.first(connection)
    incarnation, size = (0, 0) if newest is None else (newest.incarnation, newest.size)
    found = _NEXT.scalar(connection, inc=incarnation, size=size)
    return None if found is None else str(found)
