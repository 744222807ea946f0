"""Read the log: pages of entries, one entry, or all that match. Writes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from socialguard import errors
from socialguard.audit import leaf as leaves
from socialguard.audit.interface import Actor
from socialguard.audit.tree import LOG
from socialguard.canon import jcs
from socialguard.store.database import Database
from socialguard.store.tables import audit_entry, audit_reason

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
    tells which. Of one that `is_pruned` nothing but its place and its hash is kept; all else is empty."""

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
    is_pruned: bool = False

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
        return [logged(row) for row in connection.execute(query)]


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
    return logged(row)


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
        query = query.where(_E.ts < jcs.timestamp(wanted.until), _E.ts > "")  # one without content has no time
    return query


def _past(other: ColumnElement[bool], same: ColumnElement[bool], incarnation: int) -> ColumnElement[bool]:
    return or_(other, and_(_E.incarnation == incarnation, same))


def rows(database: Database, wanted: Filter, after: tuple[int, int] | None = None) -> Iterator[Any]:
    """Give the matching rows, oldest first, in short transactions: those after the (incarnation, seq) `after`."""
    query = _selected(wanted).order_by(_E.incarnation, _E.seq).limit(_BATCH)
    while True:
        more = (
            query if after is None else query.where(_past(_E.incarnation > after[0], _E.seq > after[1], after[0]))
        )
        with database.read() as connection:
            found = connection.execute(more).all()
        yield from found
        if len(found) < _BATCH:
            return
        after = (found[-1].incarnation, found[-1].seq)


def logged(row: Any) -> Logged:
    """Return the entry of a row, read off its leaf: the columns beside it are only for finding it."""
    if not row.leaf:
        return _bare(row)
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


def _bare(row: Any) -> Logged:
    return Logged(
        incarnation=row.incarnation,
        seq=row.seq,
        ts="",
        actor=Actor("", "", "", ""),
        action="",
        account=None,
        outcome="",
        corr=None,
        fingerprint=None,
        obj={},
        src={},
        leaf_hash=bytes(row.leaf_hash),
        has_reason=False,
        reason=None,
        is_pruned=True,
    )
