"""Whether the ledger says what the log says: every delivery that was queued is there, in the state in which the
log's newest word left it.

The sender believes the log alone, so that no row makes anything public. But a row that is gone, or that says
`cancelled` where nobody cancelled, keeps a post from going out, and is silent: here it shows. The log's columns
are read, which `audit.verify` holds against its leaves. Words from before an incident are not held against any
row: what followed them may be in the gap that an owner declared."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Final

from sqlalchemy import Connection, String, bindparam, cast, func, literal, select

from socialguard import errors
from socialguard.audit import leaf as leaves
from socialguard.audit.log import QUEUED
from socialguard.audit.pages import MAX_PROBLEMS, Problem
from socialguard.audit.tree import read_head
from socialguard.model.delivery import State
from socialguard.model.text import marked
from socialguard.store.database import Database
from socialguard.store.prepared import Prepared
from socialguard.store.tables import audit_entry, delivery

KIND: Final = "ledger"
GONE: Final = marked("delivery {delivery} was queued, and the ledger holds it no more.")
UNKNOWN: Final = marked("delivery {delivery} is {state}, and the log does not know it.")
OTHERWISE: Final = marked("delivery {delivery} is {state}; the log ends it with {action} {outcome}.")
ELSEWHERE: Final = marked("delivery {delivery} is of the account {account}; the log names {logged}.")
_PAGE: Final = 1_000
_LEFT: Final[Mapping[tuple[str, str], frozenset[State]]] = {
    (action, outcome): frozenset(states)
    for action, outcome, *states in (
        (QUEUED, "queued", State.QUEUED),
        (QUEUED, "awaiting", State.AWAITING),
        ("delivery.approve", "approved", State.AWAITING),
        ("delivery.approve", "queued", State.QUEUED),
        ("delivery.attest", "attested", State.AWAITING),
        ("delivery.reject", "held", State.HELD),
        ("delivery.expire", "expired", State.EXPIRED),
        ("delivery.cancel", "ok", State.CANCELLED),
        ("delivery.hold", "ok", State.HELD),
        ("delivery.send", "intent", State.SENDING),
        ("delivery.send", "sent", State.SENT),
        ("delivery.send", "failed", State.FAILED),
        ("delivery.send", "unknown", State.UNKNOWN),
        ("delivery.send", "limited", State.QUEUED),
        ("delivery.send", "unreached", State.QUEUED),
        ("delivery.send", "not_public", State.QUEUED, State.HELD),
        ("delivery.send", "held", State.HELD),
        ("delivery.send", "expired", State.EXPIRED),
    )
}
"""In which states each word of the log leaves a delivery."""

_NAMED: Final = Prepared(
    select(audit_entry.c.fingerprint)
    .where(audit_entry.c.fingerprint > bindparam("after"))
    .distinct()
    .order_by(audit_entry.c.fingerprint)
    .limit(_PAGE)
)
_THERE: Final = Prepared(
    select(delivery.c.fingerprint).where(
        delivery.c.fingerprint > bindparam("after"), delivery.c.fingerprint <= bindparam("last")
    )
)
_NEWEST: Final = (
    select(
        cast(audit_entry.c.incarnation, String)
        + " "
        + audit_entry.c.action
        + " "
        + audit_entry.c.outcome
        + " "
        + func.coalesce(audit_entry.c.account, "")
    )
    .where(
        audit_entry.c.fingerprint == delivery.c.fingerprint,
        audit_entry.c.action.in_([literal(action) for action in sorted({action for action, _ in _LEFT})]),
    )
    # `+ 0`: SQLite would else go through the whole log by its key, and not up the fingerprint.
    .order_by((audit_entry.c.incarnation + 0).desc(), (audit_entry.c.seq + 0).desc())
    .limit(1)
    .scalar_subquery()
)
_ROWS: Final = Prepared(
    select(delivery.c.id, delivery.c.state, delivery.c.nonce, delivery.c.account_id, _NEWEST.label("word"))
    .where(delivery.c.id > bindparam("after"), delivery.c.state != bindparam("but"))
    .order_by(delivery.c.id)
    .limit(_PAGE)
)


def disagreements(database: Database, *, deep: bool = False) -> list[Problem]:
    """Return what the rows of deliveries say otherwise than the log, the first hundred; nothing where the log has
    no sound head. `deep` also looks at those that are marked as sent, mostly by far the most. Reads in short
    transactions."""
    with database.read() as connection:
        try:
            head = read_head(connection)
        except errors.Tampered:
            head = None
    if head is None:
        return []
    but = "" if deep else State.SENT.value
    found = chain(_gone(database, head.incarnation), _otherwise(database, head.incarnation, but))
    return list(islice(found, MAX_PROBLEMS))


def _gone(database: Database, incarnation: int) -> Iterator[Problem]:
    """Yield what was queued since the log began and has no row."""
    after = ""
    while True:
        with database.read() as connection:
            named = [row[0] for row in _NAMED.tuples(connection, after=after)]
            if not named:
                return
            there = {row[0] for row in _THERE.tuples(connection, after=after, last=named[-1])}
            missing = [fingerprint for fingerprint in named if fingerprint not in there]
            queued = _queued(connection, incarnation, missing)
        for seq, name in queued:
            yield Problem(KIND, GONE.format(delivery=name), errors.Tampered.exit_code, seq)
        after = named[-1]


def _queued(connection: Connection, incarnation: int, fingerprints: Sequence[str]) -> list[tuple[int, str]]:
    """Return the entries by which these were queued: their index and the delivery's id."""
    if not fingerprints:
        return []
    entry = audit_entry.c
    query = select(entry.seq, entry.leaf).where(
        entry.fingerprint.in_(fingerprints), entry.incarnation + 0 == incarnation, entry.action == QUEUED
    )
    told = []
    for row in connection.execute(query.order_by(entry.seq)):
        try:
            obj = leaves.decode(bytes(row.leaf)).get("obj")
        except leaves.BadLeaf:
            continue  # told by the check of the log itself
        told.append((row.seq, str(obj.get("delivery")) if isinstance(obj, dict) else ""))
    return told


def _otherwise(database: Database, incarnation: int, but: str) -> Iterator[Problem]:
    """Yield the rows whose state is not the one in which the log left them, those in the state `but` left out."""
    after = ""
    while True:
        with database.read() as connection:
            rows = _ROWS.tuples(connection, after=after, but=but)
        if not rows:
            return
        for name, state, nonce, account, word in rows:
            wrong = _wrong(incarnation, name, state, nonce, account, word)
            if wrong is not None:
                yield Problem(KIND, wrong, errors.Tampered.exit_code)
        after = rows[-1][0]


def _wrong(incarnation: int, name: str, state: str, nonce: str, account: str, word: str | None) -> str | None:
    """Return what is wrong with a row; None for one that the log left so, or said nothing of since it began."""
    if word is None:
        return UNKNOWN.format(delivery=name, state=state) if str(nonce).startswith(f"{incarnation}.") else None
    began, action, outcome, of = word.split(" ")
    if began == str(incarnation) and of not in ("", account):
        return ELSEWHERE.format(delivery=name, account=account, logged=of)
    if began != str(incarnation) or (action, outcome) not in _LEFT or state in _LEFT[action, outcome]:
        return None
    return OTHERWISE.format(delivery=name, state=state, action=action, outcome=outcome)
