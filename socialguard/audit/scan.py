"""One pass over the stored rows of one incarnation: its pages in their order, and the roots on the way."""

import struct
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import bindparam, func, select

from socialguard.audit.pages import BATCH, Asked, Problem, Problems, order, rising
from socialguard.audit.readers import Reader
from socialguard.audit.tree import as_stored
from socialguard.canon import merkle
from socialguard.store.database import Database
from socialguard.store.prepared import Prepared
from socialguard.store.tables import audit_entry, checkpoint

_LOWEST: Final = -(2**62)  # a row whose seq was changed to a negative one is a row, too

_CHECKPOINTS = Prepared(
    select(checkpoint.c.size, as_stored(checkpoint.c.note), as_stored(checkpoint.c.frontier))
    .where(
        checkpoint.c.incarnation == bindparam("inc"),
        checkpoint.c.size > bindparam("low"),
        checkpoint.c.size <= bindparam("high"),
    )
    .order_by(checkpoint.c.size)
)
_COUNT = Prepared(
    select(func.count(audit_entry.c.seq).label("rows")).where(audit_entry.c.incarnation == bindparam("inc"))
)


@dataclass(slots=True)
class Scanned:
    """What a pass found: the tree over the rows in their order, its root at the sizes asked for, the leaves of
    entries with the actions asked for, the indexes of those that are hashes only, and the first row's and the
    newest times."""

    incarnation: int
    frontier: merkle.Frontier = field(default_factory=merkle.Frontier)
    roots: dict[int, bytes] = field(default_factory=dict)
    kept: list[tuple[int, bytes]] = field(default_factory=list)
    bare: "array[int]" = field(default_factory=lambda: array("Q"))
    first: bytes | None = None
    last: int = -1
    last_ts: str = ""
    noted: Problems = field(default_factory=Problems)

    @property
    def problems(self) -> list[Problem]:
        """What is wrong."""
        return self.noted.found

    def tampered(self, kind: str, detail: str, entry: int | None = None) -> None:
        """Note a sign of tampering."""
        self.noted.tampered(kind, detail, entry)


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
    database: Database,
    incarnation: int,
    below: int,
    wanted: Wanted,
    reader: Reader,
    progress: Callable[[int], None] = lambda _: None,
) -> Scanned:
    """Return what the stored rows of `incarnation` with `seq` < `below` hold; `progress` gets counts of them."""
    result = Scanned(incarnation)
    with database.read() as connection:
        rows = int(_COUNT.scalar(connection, inc=incarnation) or 0)
    for page in reader(_parts(incarnation, rows, below, wanted)):
        order(result.noted, [page.first], result.last + 1)
        if page.first_ts:
            rising(result.noted, [page.first], [page.first_ts], result.last_ts)
        for problem in page.problems:
            result.tampered(problem.kind, problem.detail, problem.entry)
        result.first = page.leaf if result.first is None else result.first
        result.last, result.last_ts = page.last, page.last_ts or result.last_ts
        result.kept.extend(page.kept)
        result.bare.extend(page.bare)
        hashes = _cut(page.hashes)
        start = result.frontier.size
        with database.read() as connection:
            points = _CHECKPOINTS.tuples(connection, inc=incarnation, low=start, high=start + len(hashes))
        _fold(result, hashes, points, wanted)
        progress(len(hashes))
    return result


def _parts(incarnation: int, rows: int, below: int, wanted: Wanted) -> Iterator[Asked]:
    """Yield ranges that hold every row: a page each where so many rows follow one another from 0."""
    bounds = [_LOWEST, *range(BATCH, min(rows, below), BATCH), below]
    for low, high in pairwise(bounds):
        yield Asked(incarnation, low, high, wanted.org, wanted.actions, wanted.deep)


def _cut(hashes: bytes) -> tuple[bytes, ...]:
    """Return hashes that stand one after the other, each by itself."""
    return struct.unpack(f"{merkle.HASH_BYTES}s" * (len(hashes) // merkle.HASH_BYTES), hashes)


def _fold(result: Scanned, hashes: tuple[bytes, ...], points: Any, wanted: Wanted) -> None:
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
