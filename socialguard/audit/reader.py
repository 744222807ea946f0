"""Read the log: pages of entries, one entry, and an export that others can check. Writes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from socialguard import errors
from socialguard.audit import leaf as leaves
from socialguard.audit.interface import Actor
from socialguard.audit.proofs import Prover
from socialguard.audit.tree import LOG
from socialguard.canon import jcs, merkle
from socialguard.store.database import Database
from socialguard.store.tables import audit_entry, audit_reason, checkpoint

EXPORT_FORMAT: Final = "socialguard/audit-export/v1"
_BATCH: Final = 1000
_E = audit_entry.c


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries: of an account's id, an actor's id, an action (`delivery` also means `delivery.queue` and all
    others below it), not before `since`, before `until`."""

    account: str | None = None
    actor: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Logged:
    """One entry as it stands in the log. `reason` is None where none was given or it was erased: `has_reason`
    tells which."""

    incarnation: int
    seq: int
    ts: str
    actor: Actor
    action: str
    account: str | None
    outcome: str
    corr: str | None
    fingerprint: str | None
    obj: dict[str, object]
    src: dict[str, object]
    leaf_hash: bytes
    has_reason: bool
    reason: str | None

    @property
    def clock_back(self) -> str | None:
        """What the clock showed where it had been set back: `ts` is then the time of the entry before. None
        where it had not."""
        found = self.obj.get("clock_back")
        return found if isinstance(found, str) else None


def page(
    database: Database, wanted: Filter | None = None, *, limit: int = 50, before: tuple[int, int] | None = None
) -> list[Logged]:
    """Return the newest entries that match, newest first, at most `limit`; `before` is the (incarnation, seq) of
    the last one of the page above."""
    query = _selected(wanted or Filter()).order_by(_E.incarnation.desc(), _E.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(_past(_E.incarnation < before[0], _E.seq < before[1], before[0]))
    with database.read() as connection:
        return [_logged(row) for row in connection.execute(query)]


def show(database: Database, seq: int, incarnation: int | None = None) -> Logged:
    """Return one entry, of the newest incarnation if none is given; raises NotFound."""
    query = _selected(Filter()).where(_E.seq == seq).order_by(_E.incarnation.desc()).limit(1)
    if incarnation is None:
        query = query.where(_E.incarnation == select(func.max(_E.incarnation)).scalar_subquery())
    else:
        query = query.where(_E.incarnation == incarnation)
    with database.read() as connection:
        row = connection.execute(query).first()
    if row is None:
        raise errors.NotFound(kind="entry", name=str(seq), hint="Run: socialguard audit list")
    return _logged(row)


def export(database: Database, org: str, wanted: Filter | None = None, *, proofs: bool = False) -> Iterator[bytes]:
    """Give the lines of an export, without line breaks: a header, then one line for each entry, oldest first.

    The header names the newest checkpoint of the present incarnation (null without one). A line holds the leaf as
    text, byte for byte, the reason if it is still there, and with `proofs` the path by which whoever has the
    checkpoint can check the entry without the rest of the log (null past the checkpoint and in an older
    incarnation). Raises Tampered where the stored hashes do not make the tree of the checkpoint."""
    with database.read() as connection:
        newest = select(func.max(_E.incarnation)).scalar_subquery()
        query = (
            select(checkpoint.c.incarnation, checkpoint.c.size, checkpoint.c.note, checkpoint.c.frontier)
            .where(checkpoint.c.incarnation == newest)
            .order_by(checkpoint.c.size.desc())
            .limit(1)
        )
        point: Any = connection.execute(query).first()
    yield jcs.encode(
        {
            "format": EXPORT_FORMAT,
            "org": org,
            "incarnation": None if point is None else point.incarnation,
            "size": None if point is None else point.size,
            "checkpoint": None if point is None else point.note.decode("utf-8"),
        }
    )
    prover = _prover(database, point) if proofs and point is not None else None
    for row in _rows(database, wanted or Filter()):
        path = None
        if prover is not None and row.incarnation == point.incarnation and row.seq < prover.size:
            path = [jcs.b64(each) for each in prover.proof(row.seq)]
        yield jcs.encode(
            {
                "incarnation": row.incarnation,
                "seq": row.seq,
                "leaf": bytes(row.leaf).decode("utf-8"),
                "reason": row.reason,
                "salt": None if row.salt is None else jcs.b64(row.salt),
                "proof": path,
            }
        )


def _selected(wanted: Filter) -> Select[Any]:
    same = and_(audit_reason.c.incarnation == _E.incarnation, audit_reason.c.seq == _E.seq)
    columns = (_E.incarnation, _E.seq, _E.leaf, _E.leaf_hash, audit_reason.c.reason, audit_reason.c.salt)
    query = select(*columns).select_from(audit_entry.outerjoin(audit_reason, same))
    for column, value in ((_E.account, wanted.account), (_E.actor, wanted.actor)):
        if value is not None:
            query = query.where(column == value)
    if wanted.action is not None:
        below = f"{wanted.action.rstrip('.')}."
        starts = func.substr(_E.action, 1, len(below)) == below
        query = query.where(or_(_E.action == wanted.action, starts))
    if wanted.since is not None:
        query = query.where(_E.ts >= jcs.timestamp(wanted.since))
    if wanted.until is not None:
        query = query.where(_E.ts < jcs.timestamp(wanted.until))
    return query


def _past(other: ColumnElement[bool], same: ColumnElement[bool], incarnation: int) -> ColumnElement[bool]:
    return or_(other, and_(_E.incarnation == incarnation, same))


def _rows(database: Database, wanted: Filter) -> Iterator[Any]:
    """Give the matching rows, oldest first, in short transactions."""
    query = _selected(wanted).order_by(_E.incarnation, _E.seq).limit(_BATCH)
    last: tuple[int, int] | None = None
    while True:
        after = query if last is None else query.where(_past(_E.incarnation > last[0], _E.seq > last[1], last[0]))
        with database.read() as connection:
            rows = connection.execute(after).all()
        yield from rows
        if len(rows) < _BATCH:
            return
        last = (rows[-1].incarnation, rows[-1].seq)


def _prover(database: Database, point: Any) -> Prover:
    hashes: list[bytes] = []
    while len(hashes) < point.size:
        high = min(point.size, len(hashes) + 20 * _BATCH)
        span = (_E.incarnation == point.incarnation, _E.seq >= len(hashes), _E.seq < high)
        with database.read() as connection:
            found = connection.execute(select(_E.leaf_hash).where(*span).order_by(_E.seq)).scalars().all()
        if not found:
            break
        hashes += [bytes(each) for each in found]
    prover = Prover(hashes)
    if prover.root() != merkle.Frontier.from_bytes(point.frontier).root():
        raise errors.Tampered(what=LOG, detail="its entries are not those of its checkpoint.")
    return prover


def _logged(row: Any) -> Logged:
    """Return the entry of a row, read off its leaf: the columns beside it are only for finding it."""
    try:
        fields = leaves.decode(bytes(row.leaf))
        said = leaves.columns(fields)
        actor = leaves.actor_of(fields)
    except leaves.BadLeaf as problem:
        raise errors.Tampered(what=LOG, detail=f"entry {row.seq} is {problem}.") from None
    obj, src = fields.get("obj"), fields.get("src")
    return Logged(
        incarnation=row.incarnation,
        seq=row.seq,
        ts=said.ts,
        actor=actor,
        action=said.action,
        account=said.account,
        outcome=said.outcome,
        corr=said.corr,
        fingerprint=said.fingerprint,
        obj=dict(obj) if isinstance(obj, dict) else {},
        src=dict(src) if isinstance(src, dict) else {},
        leaf_hash=bytes(row.leaf_hash),
        has_reason=fields.get("reason_sha256") is not None,
        reason=row.reason,
    )
