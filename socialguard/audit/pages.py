"""The stored rows of one incarnation, a page at a time: each judged by itself, and boiled down to what the
judgement of the whole log needs.

Reads by keyset, each page in a short transaction of its own, so that a long verification never blocks a sender. A
page needs nothing of the page before it, so that several processes can read (`audit.readers`)."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import bindparam, select

from socialguard.audit import leaf as leaves
from socialguard.audit.rows import COLUMNS, disagreements
from socialguard.audit.tree import as_stored
from socialguard.canon import merkle
from socialguard.store.database import Database
from socialguard.store.prepared import Prepared
from socialguard.store.tables import audit_entry, audit_reason

BATCH: Final = 4096  # a power of two folds fastest
MAX_PROBLEMS: Final = 100
BARE: Final = ("", "", "", None, "", None, None)
"""The columns beside the hash of an entry whose content went (`audit.pruned`); its leaf is empty."""

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


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and the exit code that it means. `entry` is the index of the entry it is about."""

    kind: str
    detail: str
    exit_code: int
    entry: int | None = None


@dataclass(slots=True)
class Problems:
    """The signs of tampering that were found, the first hundred of them."""

    found: list[Problem] = field(default_factory=list)

    def tampered(self, kind: str, detail: str, entry: int | None = None) -> None:
        """Note a sign of tampering."""
        if len(self.found) < MAX_PROBLEMS:
            self.found.append(Problem(kind, detail, 13, entry))


@dataclass(frozen=True, slots=True)
class Asked:
    """What to read: the rows of `incarnation` with `low` ≤ `seq` < `high`; how to judge them; and the `actions` of
    which the leaves are wanted."""

    incarnation: int
    low: int
    high: int
    org: str
    actions: frozenset[str]
    deep: bool


@dataclass(frozen=True, slots=True)
class Page:
    """What some rows in their order hold: the indexes and times of the first and the last, the first leaf, all
    leaf hashes, one after the other, the leaves that were wanted, the indexes of entries that are hashes only, and
    what is wrong among them. Times are empty where no entry has content."""

    first: int
    last: int
    first_ts: str
    last_ts: str
    leaf: bytes
    hashes: bytes
    kept: tuple[tuple[int, bytes], ...]
    bare: "array[int]"
    problems: tuple[Problem, ...]


def read(database: Database, asked: Asked) -> Iterator[Page]:
    """Yield the pages of the rows that are asked for."""
    low = asked.low
    while True:
        with database.read() as connection:
            rows = _ROWS.tuples(connection, inc=asked.incarnation, low=low, high=asked.high)
            if not rows:
                return
            reasons = _REASONS.all(connection, inc=asked.incarnation, low=rows[0][0], high=rows[-1][0])
        yield _page(rows, reasons, asked)
        low = rows[-1][0] + 1
        if low >= asked.high:
            return


def order(noted: Problems, sequence: Sequence[int], expected: int) -> None:
    """Note where indexes do not follow one another from `expected` on."""
    if tuple(sequence) != tuple(range(expected, expected + len(sequence))):
        for seq in sequence:
            if seq != expected:
                missing = f"entry {expected}" if seq == expected + 1 else f"entries {expected}–{seq - 1}"
                detail = f"{missing} missing." if seq > expected else f"entry {seq} is out of order."
                noted.tampered("missing", detail, expected)
            expected = seq + 1


def rising(noted: Problems, sequence: Sequence[int], times: Sequence[str], last_ts: str) -> None:
    """Note where the time of an entry goes back, from `last_ts` on."""
    if list(times) != sorted(times) or (times and times[0] < last_ts):
        for seq, before, after in zip(sequence, [last_ts, *times], times, strict=False):
            if after < before:
                noted.tampered("time", f"entry {seq} is older than the one before it.", seq)


def _page(found: Sequence[Any], reasons: Sequence[Any], asked: Asked) -> Page:
    noted = Problems()
    rows, (sequence, contents, stored, times, _, actions, *_) = _typed(noted, found)
    full = rows
    if b"" in contents:
        full = [row for row in rows if row[1]]
        times = tuple(row[3] for row in full)
    order(noted, sequence, sequence[0])
    rising(noted, [row[0] for row in full], times, "")
    for seq, wrong in disagreements(full, asked.org, deep=asked.deep):
        noted.tampered("entry", f"entry {seq}: {wrong}.", seq)
    _reasons(noted, rows, reasons)
    hashes = merkle.leaf_hashes(contents)
    bare = _bare(noted, rows, hashes) if len(full) < len(rows) else array("Q")
    if hashes != list(stored):
        for row, computed in zip(rows, hashes, strict=True):
            if row[2] != computed:
                noted.tampered("hash", f"entry {row[0]} does not have the hash that was stored.", row[0])
    kept: tuple[tuple[int, bytes], ...] = ()
    if not asked.actions.isdisjoint(actions):
        kept = tuple((row[0], row[1]) for row in rows if row[5] in asked.actions)
    return Page(
        first=sequence[0],
        last=sequence[-1],
        first_ts=times[0] if times else "",
        last_ts=times[-1] if times else "",
        leaf=contents[0],
        hashes=b"".join(hashes),
        kept=kept,
        bare=bare,
        problems=tuple(noted.found),
    )


def _bare(noted: Problems, rows: Sequence[Any], hashes: list[bytes]) -> "array[int]":
    """Return the indexes of the rows without content, and put the hashes that were kept of them into `hashes`."""
    found = array("Q")
    for at, row in enumerate(rows):
        if row[1]:
            continue
        unharmed = type(row[2]) is bytes and len(row[2]) == merkle.HASH_BYTES and row[0] >= 0
        if not unharmed or tuple(row[3:]) != BARE:
            noted.tampered("entry", f"entry {row[0]} lacks its content, and not as pruning leaves it.", row[0])
        if unharmed:
            hashes[at] = row[2]
            found.append(row[0])
    return found


def _typed(noted: Problems, rows: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    """Return the rows and their columns, values of another type than ours ever are made harmless: SQLite stores
    whatever it is given."""
    columns = list(zip(*rows, strict=True))
    if [set(map(type, columns[at])) for at in (0, 1, 3)] == [{int}, {bytes}, {str}]:
        return rows, columns
    made = []
    for row in rows:
        seq, leaf, leaf_hash, ts, *rest = row
        if type(leaf) is not bytes or type(ts) is not str or type(seq) is not int:
            noted.tampered("entry", f"entry {seq} holds values that no entry has.")
        leaf, ts = leaf if type(leaf) is bytes else b"", ts if type(ts) is str else ""
        made.append((seq if type(seq) is int else -1, leaf, leaf_hash, ts, *rest))
    return made, list(zip(*made, strict=True))


def _reasons(noted: Problems, rows: Sequence[Any], reasons: Sequence[Any]) -> None:
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
            noted.tampered("reason", f"the reason of entry {reason.seq} was changed.", reason.seq)
