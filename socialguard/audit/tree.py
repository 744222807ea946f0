"""The stored tree: right edges from checkpoints and the head, and the hashing of stored leaves upon them.

A stored right edge need not be trusted to be useful: folded with the leaves after it, it gives the trusted root
of a later tree only if it and those leaves are the ones of that tree (SHA-256 has no known collisions)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Column, Connection, bindparam, select, type_coerce
from sqlalchemy.types import NullType

from socialguard import errors
from socialguard.audit.interface import Tree
from socialguard.canon import merkle
from socialguard.store.prepared import Prepared
from socialguard.store.tables import audit_entry, audit_head, checkpoint

LOG: Final = "The audit log"
"""How an error names it."""


def as_stored(column: Column[Any]) -> Any:
    """Return the column to select, its values as the driver gives them: what was tampered with may be of any
    type, and must be judged, not converted."""
    return type_coerce(column, NullType()).label(column.name)


HEAD = select(*(as_stored(column) for column in audit_head.c)).where(audit_head.c.id == 1)
_HEAD = Prepared(HEAD)
_LOCKED_HEAD = Prepared(HEAD.with_for_update())
_LEAVES = Prepared(
    select(as_stored(audit_entry.c.seq), as_stored(audit_entry.c.leaf), as_stored(audit_entry.c.leaf_hash))
    .where(
        audit_entry.c.incarnation == bindparam("inc"),
        audit_entry.c.seq >= bindparam("low"),
    )
    .order_by(audit_entry.c.seq)
    .limit(bindparam("many"))
)
_BELOW = Prepared(
    select(as_stored(checkpoint.c.frontier))
    .where(checkpoint.c.incarnation == bindparam("inc"), checkpoint.c.size <= bindparam("most"))
    .order_by(checkpoint.c.size.desc())
    .limit(1)
)
_AT = Prepared(
    select(as_stored(checkpoint.c.frontier)).where(
        checkpoint.c.incarnation == bindparam("inc"), checkpoint.c.size == bindparam("at")
    )
)
_BEYOND = Prepared(
    select(audit_entry.c.seq)
    .where(audit_entry.c.incarnation == bindparam("inc"), audit_entry.c.seq >= bindparam("size"))
    .limit(1)
)
_BATCH: Final = 2000

Look = Callable[[int, bytes], None]
"""Sees the index and the leaf of an entry; the leaf is empty where only its hash was kept (`audit.pruned`)."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head row: which incarnation, the right edge of its tree, and the time of the newest entry."""

    incarnation: int
    frontier: merkle.Frontier
    last_ts: str

    @property
    def tree(self) -> Tree:
        """The tree that the head claims."""
        return Tree(self.incarnation, self.frontier.size, self.frontier.root())


def read_head(connection: Connection, *, lock: bool = False) -> Head | None:
    """Return the head, locked for the transaction where it is going to be moved; None where no log was begun.

    Raises Tampered for a head that contradicts itself."""
    row = (_LOCKED_HEAD if lock else _HEAD).first(connection)
    if row is None:
        return None
    frontier = frontier_of(row.frontier)
    if frontier.size != row.size or type(row.incarnation) is not int or type(row.last_ts) is not str:
        raise errors.Tampered(what=LOG, detail="its head contradicts itself.")
    return Head(row.incarnation, frontier, row.last_ts)


def require_head(connection: Connection, *, lock: bool = False) -> Head:
    """Return the head as `read_head`; raises Tampered also where there is none."""
    head = read_head(connection, lock=lock)
    if head is None:
        raise errors.Tampered(what=LOG, detail="its head is missing.")
    return head


def frontier_of(data: object) -> merkle.Frontier:
    """Return a stored right edge; raises Tampered if it is malformed."""
    if not isinstance(data, bytes):
        raise errors.Tampered(what=LOG, detail="its head is not one.")
    try:
        return _frontier(data)
    except merkle.BadTree as problem:
        raise errors.Tampered(what=LOG, detail=f"{problem}.") from None


@lru_cache(maxsize=8)
def _frontier(data: bytes) -> merkle.Frontier:
    # The same head is read several times on the way of a post.
    return merkle.Frontier.from_bytes(data)


def stored(connection: Connection, incarnation: int, size: int) -> merkle.Frontier | None:
    """Return the right edge that the checkpoint of `size` keeps, unproven; None where there is none."""
    if size == 0:
        return merkle.Frontier()
    data = _AT.scalar(connection, inc=incarnation, at=size)
    return None if data is None else _sized(data, size)


def frontier_below(connection: Connection, incarnation: int, size: int) -> merkle.Frontier:
    """Return the newest stored right edge of at most `size` leaves, unproven; the empty one if there is none."""
    data = _BELOW.scalar(connection, inc=incarnation, most=size)
    found = None if data is None else _sized(data, None)
    return found if found is not None and found.size <= size else merkle.Frontier()


def beyond(connection: Connection, incarnation: int, size: int) -> bool:
    """Return whether there is an entry past the first `size`."""
    return _BEYOND.first(connection, inc=incarnation, size=size) is not None


def hashed(
    connection: Connection,
    incarnation: int,
    start: merkle.Frontier,
    size: int,
    look: Look | None = None,
) -> merkle.Frontier:
    """Return `start` with the stored leaves from `start.size` up to `size` folded upon it.

    `look` sees each entry in turn. Raises Tampered where an entry is missing; whether the leaves are the right
    ones is known when the caller compares the result with what it trusts."""
    frontier = start
    for low, batch in _batches(connection, incarnation, start.size):
        inside = batch[: size - low]
        if any(row[0] != low + at for at, row in enumerate(inside)):
            raise errors.Tampered(what=LOG, detail=f"an entry near {low} is missing.")
        if look is not None:
            for row in inside:
                look(row[0], row[1])
        frontier = frontier.extend(_hashes(inside))
        if frontier.size == size:
            break
    if frontier.size != size:
        raise errors.Tampered(what=LOG, detail=f"entry {frontier.size} is missing.")
    return frontier


def all_hashed(connection: Connection, incarnation: int, look: Look) -> merkle.Frontier:
    """Return the right edge over every stored leaf of an incarnation in its order, with whatever holes it has.

    `look` sees each entry in turn. Raises Tampered for values that no entry has."""
    frontier, low = merkle.Frontier(), -(2**62)
    while rows := _LEAVES.all(connection, inc=incarnation, low=low, many=_BATCH):
        if not all(map(_is_entry, rows)):
            raise errors.Tampered(what=LOG, detail="an entry holds values that no entry has.")
        for row in rows:
            look(row[0], row[1])
        frontier = frontier.extend(_hashes(rows))
        low = rows[-1][0] + 1
    return frontier


def _is_entry(row: Any) -> bool:
    seq, leaf, leaf_hash = row
    return type(seq) is int and type(leaf) is bytes and (leaf != b"" or type(leaf_hash) is bytes)


def _hashes(rows: Sequence[Any]) -> list[bytes]:
    """Return the leaf hash of each row: of its bytes, or the one that was kept of them."""
    hashes = merkle.leaf_hashes(row[1] for row in rows)
    for at, row in enumerate(rows):
        if not row[1]:
            hashes[at] = row[2]
    return hashes


def _batches(connection: Connection, incarnation: int, low: int) -> Iterator[tuple[int, list[Any]]]:
    while True:
        rows = _LEAVES.all(connection, inc=incarnation, low=low, many=_BATCH)
        if not rows:
            return
        if not all(map(_is_entry, rows)):
            raise errors.Tampered(what=LOG, detail=f"an entry near {low} holds values that no entry has.")
        yield low, rows
        low += len(rows)


def _sized(data: object, size: int | None) -> merkle.Frontier | None:
    """Return the right edge in `data` if it is one, and of `size`: a damaged one is only of no use here."""
    if not isinstance(data, bytes):
        return None
    try:
        found = merkle.Frontier.from_bytes(data)
    except merkle.BadTree:
        return None
    return found if size is None or found.size == size else None
