"""The stored tree: right edges from checkpoints and the head, and the hashing of stored leaves upon them.

A stored right edge need not be trusted to be useful: folded with the leaves after it, it gives the trusted root
of a later tree only if it and those leaves are the ones of that tree (SHA-256 has no known collisions)."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from socialguard import errors
from socialguard.canon import merkle
from socialguard.store.tables import audit_entry, audit_head, checkpoint

LOG: Final = "The audit log"
"""How an error names it."""

_HEAD = select(audit_head).where(audit_head.c.id == 1)
_LEAVES = (
    select(audit_entry.c.seq, audit_entry.c.leaf)
    .where(
        audit_entry.c.incarnation == bindparam("inc"),
        audit_entry.c.seq >= bindparam("low"),
    )
    .order_by(audit_entry.c.seq)
    .limit(bindparam("many"))
)
_BELOW = (
    select(checkpoint.c.frontier)
    .where(checkpoint.c.incarnation == bindparam("inc"), checkpoint.c.size <= bindparam("most"))
    .order_by(checkpoint.c.size.desc())
    .limit(1)
)
_AT = select(checkpoint.c.frontier).where(
    checkpoint.c.incarnation == bindparam("inc"), checkpoint.c.size == bindparam("at")
)
_BEYOND = (
    select(audit_entry.c.seq)
    .where(audit_entry.c.incarnation == bindparam("inc"), audit_entry.c.seq >= bindparam("size"))
    .limit(1)
)
_BATCH: Final = 2000


def head_row(connection: Connection) -> Any:  # Any: a row of the driver
    """Return the head row, or None where no log was begun."""
    return connection.execute(_HEAD).one_or_none()


def frontier_of(data: bytes) -> merkle.Frontier:
    """Return a stored right edge; raises Tampered if it is malformed."""
    try:
        return merkle.Frontier.from_bytes(data)
    except merkle.BadTree as problem:
        raise errors.Tampered(what=LOG, detail=f"{problem}.") from None


def stored(connection: Connection, incarnation: int, size: int) -> merkle.Frontier | None:
    """Return the right edge that the checkpoint of `size` keeps, unproven; None where there is none."""
    if size == 0:
        return merkle.Frontier()
    data = connection.execute(_AT, {"inc": incarnation, "at": size}).scalar()
    return None if data is None else _sized(data, size)


def frontier_below(connection: Connection, incarnation: int, size: int) -> merkle.Frontier:
    """Return the newest stored right edge of at most `size` leaves, unproven; the empty one if there is none."""
    data = connection.execute(_BELOW, {"inc": incarnation, "most": size}).scalar()
    found = None if data is None else _sized(data, None)
    return found if found is not None and found.size <= size else merkle.Frontier()


def beyond(connection: Connection, incarnation: int, size: int) -> bool:
    """Return whether there is an entry past the first `size`."""
    return connection.execute(_BEYOND, {"inc": incarnation, "size": size}).first() is not None


def hashed(
    connection: Connection,
    incarnation: int,
    start: merkle.Frontier,
    size: int,
    look: Callable[[bytes], None] | None = None,
) -> merkle.Frontier:
    """Return `start` with the stored leaves from `start.size` up to `size` folded upon it.

    `look` sees each leaf in turn. Raises Tampered where an entry is missing; whether the leaves are the right
    ones is known when the caller compares the result with what it trusts."""
    frontier = start
    for low, batch in _batches(connection, incarnation, start.size):
        inside = batch[: size - low]
        if any(seq != low + at for at, (seq, _) in enumerate(inside)):
            raise errors.Tampered(what=LOG, detail=f"an entry near {low} is missing.")
        if look is not None:
            for _, leaf in inside:
                look(leaf)
        frontier = frontier.extend(merkle.leaf_hashes(leaf for _, leaf in inside))
        if frontier.size == size:
            break
    if frontier.size != size:
        raise errors.Tampered(what=LOG, detail=f"entry {frontier.size} is missing.")
    return frontier


def _batches(connection: Connection, incarnation: int, low: int) -> Iterator[tuple[int, list[tuple[int, bytes]]]]:
    while True:
        rows = connection.execute(_LEAVES, {"inc": incarnation, "low": low, "many": _BATCH}).all()
        if not rows:
            return
        yield low, [(row[0], bytes(row[1])) for row in rows]
        low += len(rows)


def _sized(data: bytes, size: int | None) -> merkle.Frontier | None:
    """Return the right edge in `data` if it is one, and of `size`: a damaged one is only of no use here."""
    try:
        found = merkle.Frontier.from_bytes(data)
    except merkle.BadTree:
        return None
    return found if size is None or found.size == size else None
