"""One pass over the stored rows of one incarnation: hashes, order, columns, reasons, and the roots on the way.

Reads by keyset, each batch in a short transaction of its own, so that a long verification never blocks a
sender."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import bindparam, select

from socialguard.audit import leaf as leaves
from socialguard.audit.rows import COLUMNS, disagreements
from socialguard.audit.tree import as_stored
from socialguard.canon import merkle
from socialguard.store.database import Database
from socialguard.store.prepared import Prepared
from socialguard.store.tables import audit_entry, audit_reason, checkpoint

BATCH: Final = 4096  # a power of two folds fastest
MAX_PROBLEMS: Final = 100

_ROWS = Prepared(
    select(*(as_stored(audit_entry.c[name]) for name in COLUMNS))
    .where(
        audit_entry.c.incarnation == bindparam("inc"),
        audit_entry.c.seq >= bindparam("low"),
        audit_entry.c.seq < bindparam("high"),
    )
    .order_by(audit_entry.c.seq)
    .limit(BATCH)
)
_REASONS = Prepared(
    select(audit_reason.c.seq, as_stored(audit_reason.c.salt), as_stored(audit_reason.c.reason)).where(
        audit_reason.c.incarnation == bindparam("inc"),
        audit_reason.c.seq >= bindparam("low"),
        audit_reason.c.seq <= bindparam("high"),
    )
)
_CHECKPOINTS = Prepared(
    select(checkpoint.c.size, as_stored(checkpoint.c.note), as_stored(checkpoint.c.frontier))
    .where(
        checkpoint.c.incarnation == bindparam("inc"),
        checkpoint.c.size > bindparam("low"),
        checkpoint.c.size <= bindparam("high"),
    )
    .order_by(checkpoint.c.size)
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and the exit code that it means. `entry` is the index of the entry it is about."""

    kind: str
    detail: str
    exit_code: int
    entry: int | None = None


@dataclass(slots=True)
class Scanned:
    """What a pass found: the tree over the rows in their order, its root at the sizes asked for, the leaves of
    entries with the actions asked for, and the first row's and the newest times."""

    incarnation: int
    frontier: merkle.Frontier = field(default_factory=merkle.Frontier)
    roots: dict[int, bytes] = field(default_factory=dict)
    kept: list[tuple[int, bytes]] = field(default_factory=list)
    first: bytes | None = None
    last_ts: str = ""
    problems: list[Problem] = field(default_factory=list)

    def tampered(self, kind: str, detail: str, entry: int | None = None) -> None:
        """Note a sign of tampering."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(kind, detail, 13, entry))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a pass is to look for beside the entries themselves: `sizes` at which the root is needed, `actions`
    whose leaves are kept, and `check` for each stored checkpoint (note, right edge, edge on the way)."""

    org: str
    sizes: frozenset[int]
    actions: frozenset[str]
    check: Callable[[Scanned, object, object, merkle.Edge], None]
    deep: bool = False


def scan(
    database: Database, incarnation: int, below: int, wanted: Wanted, progress: Callable[[int], None]
) -> Scanned:
    """Return what the stored rows of `incarnation` with `seq` < `below` hold; `progress` gets counts of them."""
    result = Scanned(incarnation)
    expected = 0
    for found, reasons, points in _batches(database, incarnation, below):
        rows = _typed(result, found)
        expected = _order(result, rows, expected)
        _content(result, rows, wanted)
        _reasons(result, rows, reasons)
        hashes = merkle.leaf_hashes(row[1] for row in rows)
        if hashes != [row[2] for row in rows]:
            for row, computed in zip(rows, hashes, strict=True):
                if row[2] != computed:
                    result.tampered("hash", f"entry {row[0]} does not have the hash that was stored.", row[0])
        _fold(result, hashes, points, wanted)
        progress(len(rows))
    return result


def _batches(database: Database, incarnation: int, below: int) -> Iterator[tuple[Any, Any, Any]]:
    low = -(2**62)  # a row whose seq was changed to a negative one is a row, too
    size = 0
    while True:
        with database.read() as connection:
            rows = _ROWS.tuples(connection, inc=incarnation, low=low, high=below)
            if not rows:
                return
            reasons = _REASONS.all(connection, inc=incarnation, low=rows[0][0], high=rows[-1][0])
            points = _CHECKPOINTS.tuples(connection, inc=incarnation, low=size, high=size + len(rows))
        yield rows, reasons, points
        low = rows[-1][0] + 1
        size += len(rows)


def _typed(result: Scanned, rows: Any) -> Any:
    """Return the rows, those whose values are of another type than ours ever are made harmless: SQLite stores
    whatever it is given."""
    if all(type(row[0]) is int and type(row[1]) is bytes and type(row[3]) is str for row in rows):
        return rows
    made = []
    for row in rows:
        seq, leaf, leaf_hash, ts, *rest = row
        if type(leaf) is not bytes or type(ts) is not str or type(seq) is not int:
            result.tampered("entry", f"entry {seq} holds values that no entry has.")
        leaf, ts = leaf if type(leaf) is bytes else b"", ts if type(ts) is str else result.last_ts
        made.append((seq if type(seq) is int else -1, leaf, leaf_hash, ts, *rest))
    return made


def _order(result: Scanned, rows: Any, expected: int) -> int:
    """Check that indexes follow one another and that time does not go back; return the next index."""
    sequence = [row[0] for row in rows]
    if sequence != list(range(expected, expected + len(rows))):
        for seq in sequence:
            if seq != expected:
                missing = f"entry {expected}" if seq == expected + 1 else f"entries {expected}–{seq - 1}"
                detail = f"{missing} missing." if seq > expected else f"entry {seq} is out of order."
                result.tampered("missing", detail, expected)
            expected = seq + 1
    times = [row[3] for row in rows]
    if times != sorted(times) or times[0] < result.last_ts:
        for seq, before, after in zip(sequence, [result.last_ts, *times], times, strict=False):
            if after < before:
                result.tampered("time", f"entry {seq} is older than the one before it.", seq)
    result.last_ts = times[-1]
    return int(sequence[-1]) + 1


def _content(result: Scanned, rows: Any, wanted: Wanted) -> None:
    for seq, wrong in disagreements(rows, wanted.org, deep=wanted.deep):
        result.tampered("entry", f"entry {seq}: {wrong}.", seq)
    if result.first is None:
        result.first = rows[0][1]
    if not wanted.actions.isdisjoint({row[5] for row in rows}):
        result.kept.extend((row[0], row[1]) for row in rows if row[5] in wanted.actions)


def _reasons(result: Scanned, rows: Any, reasons: Any) -> None:
    """Check that each reason that is still there is the one that its entry names."""
    if not reasons:
        return
    by_seq = {row[0]: row[1] for row in rows}
    for reason in reasons:
        try:
            named = leaves.decode(by_seq[reason.seq]).get("reason_sha256") if reason.seq in by_seq else None
        except leaves.BadLeaf:
            continue  # told by the check of the content
        unharmed = type(reason.salt) is bytes and type(reason.reason) is str
        if not unharmed or named != leaves.reason_hash(reason.salt, reason.reason):
            result.tampered("reason", f"the reason of entry {reason.seq} was changed.", reason.seq)


def _fold(result: Scanned, hashes: list[bytes], points: Any, wanted: Wanted) -> None:
    start = result.frontier.size
    stored = {size: (note, frontier) for size, note, frontier in points}
    sizes = {size for size in wanted.sizes if start < size <= start + len(hashes)}
    last = start + len(hashes)
    for edge in merkle.edges(result.frontier, hashes, sorted(sizes | stored.keys() | {last})):
        if edge.size in sizes:
            result.roots[edge.size] = edge.root
        if edge.size in stored:
            wanted.check(result, *stored[edge.size], edge)
        if edge.size == last:
            result.frontier = merkle.Frontier.from_bytes(edge.stored)
