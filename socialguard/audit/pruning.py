"""Let go what old entries say and keep their hashes, a part of the log at a time.

What may go is named here, by action; everything else stays for ever, since rights, keys, stops and credentials
are decided by it. Of what may go, nothing younger than the caller's limit does: whoever would decide by an entry
without content refuses (`courses.Pruned`)."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, select, update

from socialguard.audit import pruned
from socialguard.audit.interface import Actor, Entry, Signer
from socialguard.audit.log import AuditLog, Since
from socialguard.canon import envelope, jcs
from socialguard.store import dialect
from socialguard.store.prepared import Prepared
from socialguard.store.tables import audit_entry, audit_reason

MOST: Final = 20_000
"""Entries of one act: it is one transaction, and a post waits for it."""

GOES: Final = frozenset(
    {
        "account.verify",
        "audit.access",
        "audit.list",
        "audit.person",
        "audit.show",
        "audit.stream",
        "backup.price",
        "backup.run",
        "context.confirm",
        "delivery.approve",
        "delivery.attest",
        "delivery.hold",
        "delivery.queue",
        "delivery.reject",
        "delivery.send",
        "handles.read",
        "watch.look",
    }
)
"""The actions of which an entry's content may go: what was done with accounts day by day, and who read the log."""

SEND: Final = "delivery.send"
LAST: Final = frozenset({"sent", "failed", "expired"})
"""Outcomes of `delivery.send` that stay: by the last word on a delivery the ledger is judged, and what is ours."""

_E = audit_entry.c
_TIME: Final = Prepared(select(_E.ts).where(_E.incarnation == bindparam("inc"), _E.seq == bindparam("seq")))
_WHICH: Final = Prepared(
    select(_E.seq, _E.action, _E.outcome)
    .where(_E.incarnation == bindparam("inc"), _E.seq >= bindparam("low"), _E.seq < bindparam("high"))
    .order_by(_E.seq)
)
_EMPTY: Final = Prepared(update(audit_entry).where(_E.incarnation == bindparam("inc"), _E.seq == bindparam("at")))
_NO_REASON: Final = Prepared(
    delete(audit_reason).where(
        audit_reason.c.incarnation == bindparam("inc"), audit_reason.c.seq == bindparam("at")
    )
)


@dataclass(frozen=True, slots=True)
class Range:
    """Entries `low` ≤ seq < `high` of an incarnation, and how many of them lose their content."""

    incarnation: int
    low: int
    high: int
    count: int


def ranges(
    connection: Connection, org: str, before: datetime, limits: Collection[Since], intact: Mapping[int, int]
) -> tuple[Range, ...]:
    """Return what can go of the entries before `before`, and before each of `limits` (an incarnation and a size);
    the log was verified, `intact` saying how many entries are whole of an incarnation with a declared gap. Entries
    that earlier acts were about are none of it."""
    begun = _begun(connection, org)
    found = []
    rows = select(_E.incarnation, func.max(_E.seq) + 1).group_by(_E.incarnation).order_by(_E.incarnation)
    for incarnation, size in connection.execute(rows).all():
        low, size = begun.get(incarnation, 0), min(size, intact.get(incarnation, size))
        high = _first_not_before(connection, incarnation, low, size, jcs.timestamp(before))
        reached = [at for number, at in limits if number == incarnation]
        if any(number < incarnation for number, _ in limits):
            high = low
        high = min([high, *reached])
        count = sum(1 for _ in _going(connection, incarnation, low, high))
        if count:
            found.append(Range(incarnation, low, high, count))
    return tuple(found)


def prune(connection: Connection, log: AuditLog, part: Range, owner: Signer, actor: Actor, reason: str) -> int:
    """Let the content of at most `MOST` entries of a range go, in the caller's transaction, signed by `owner`, and
    return where the rest of the range begins. The caller has made sure that the log extends what is pinned."""
    high = min(part.low + MOST, part.high)
    going = list(_going(connection, part.incarnation, part.low, high))
    act = pruned.Act(part.incarnation, part.low, high, len(going), pruned.digest(going))
    dialect.erase_for_good(connection)
    empty = {"leaf": b"", "ts": "", "actor": "", "action": "", "outcome": ""}
    nothing = {"account": None, "corr": None, "fingerprint": None}
    _EMPTY.many(connection, [{"inc": part.incarnation, "at": seq, **empty, **nothing} for seq in going])
    _NO_REASON.many(connection, [{"inc": part.incarnation, "at": seq} for seq in going])
    statement = act.statement(log.org)
    message = envelope.signed_bytes(pruned.STATEMENT_TYPE, log.org, statement)
    signed_by = Actor(actor.id, actor.kind, actor.via, proof=hashlib.sha256(message).hexdigest())
    obj = {"statement": statement.decode("utf-8"), "signature": jcs.b64(owner.sign(message))}
    log.append(connection, Entry(pruned.ACTION, "ok", signed_by, reason=reason, obj=obj))
    return high


def _going(connection: Connection, incarnation: int, low: int, high: int) -> Iterator[int]:
    for start in range(low, high, MOST):
        rows = _WHICH.tuples(connection, inc=incarnation, low=start, high=min(start + MOST, high))
        for seq, action, outcome in rows:
            if action in GOES and not (action == SEND and outcome in LAST):
                yield seq


def _begun(connection: Connection, org: str) -> dict[int, int]:
    """Return where the acts so far end, by incarnation."""
    query = select(_E.leaf).where(_E.action == pruned.ACTION).order_by(_E.incarnation, _E.seq)
    acts = [pruned.read(bytes(leaf), org, None) for leaf in connection.execute(query).scalars()]
    return {act.incarnation: act.high for act in acts}


def _first_not_before(connection: Connection, incarnation: int, low: int, high: int, ts: str) -> int:
    """Return the first index from `low` on whose entry is not older than `ts`: time never goes back in a log."""
    while low < high:
        middle = (low + high) // 2
        if str(_TIME.scalar(connection, inc=incarnation, seq=middle)) < ts:
            low = middle + 1
        else:
            high = middle
    return low
