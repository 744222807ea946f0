"""The audit log: entries appended inside the caller's write transaction, and the questions asked of it there.

Promises: an entry and what it records are one transaction; entries are numbered from 0 without a gap; `ts` never
decreases; a log that does not extend the pinned tree is refused before anything is sent. What it cannot see is in
the docstring of `intents`, and is left to `audit.verify` and to anchors outside.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update

from socialguard import clock, errors
from socialguard.audit import leaf as leaves
from socialguard.audit.courses import Courses
from socialguard.audit.interface import Entry, Intent, Said, Tree
from socialguard.audit.search import Search, look_through_older
from socialguard.audit.tree import LOG, as_stored, beyond, frontier_below, hashed, read_head, require_head, stored
from socialguard.canon import jcs, merkle
from socialguard.store.prepared import Prepared
from socialguard.store.tables import audit_entry, audit_head, audit_reason

_DERIVED = ("seq", "ts", "actor", "action", "account", "outcome", "corr", "fingerprint")
_MOVE_HEAD = Prepared(update(audit_head).where(audit_head.c.id == 1))
_INSERT = Prepared(insert(audit_entry))
_INSERT_REASON = Prepared(insert(audit_reason))
_BY_FINGERPRINT = Prepared(
    select(*(as_stored(audit_entry.c[each]) for each in _DERIVED)).where(
        # `+ 0`: SQLite would else look through the whole incarnation by its key, and not up the fingerprint.
        audit_entry.c.incarnation + 0 == bindparam("inc"),
        audit_entry.c.fingerprint == bindparam("fp"),
    )
)

QUEUED = "delivery.queue"
"""The action of the entry that is appended once for each fingerprint, when its delivery is queued: no intent for
the fingerprint is older."""


Since = tuple[int, int]
"""An incarnation of the log and its size at an instant."""
BEGINNING: Since = (0, 0)


SLACK: Final = timedelta(seconds=5)
"""How far the clock may be behind the newest entry before a person is told: clocks are often set back a little."""


class AuditLog:
    """The log of one organisation. `wrote_behind` is whether an entry was written through this object while the
    clock was behind the newest one."""

    def __init__(self, org: str) -> None:
        self.org = org
        self.wrote_behind = False
        self._courses = Courses()

    def append(self, connection: Connection, entry: Entry) -> int:
        """Append `entry` in the write transaction of `connection` and return its index.

        Raises UsageError for a reason over 500 characters or with a secret in it, ValueError for an entry with
        ids that are not plain, Tampered where the log has no head. The caller's transaction must end in a
        roll-back if this raises."""
        head = require_head(connection, lock=True)
        ts, clock_back = _stamp(clock.now(), head.last_ts)
        self.wrote_behind |= clock_back is not None and head.last_ts > jcs.timestamp(clock.now() + SLACK)
        salt = secrets.token_bytes(leaves.SALT_BYTES) if entry.reason else None
        seq = head.frontier.size
        leaf = leaves.encode(entry, org=self.org, seq=seq, ts=ts, salt=salt, clock_back=clock_back)
        leaf_hash = merkle.leaf_hash(leaf)
        _INSERT.run(
            connection,
            incarnation=head.incarnation,
            seq=seq,
            leaf=leaf,
            leaf_hash=leaf_hash,
            ts=ts,
            actor=entry.actor.id,
            action=entry.action,
            account=entry.account,
            outcome=entry.outcome,
            corr=entry.corr,
            fingerprint=entry.fingerprint,
        )
        if salt is not None:
            _INSERT_REASON.run(connection, incarnation=head.incarnation, seq=seq, salt=salt, reason=entry.reason)
        after = head.frontier.append(leaf_hash)
        _MOVE_HEAD.run(connection, size=after.size, frontier=after.to_bytes(), last_ts=ts)
        return seq

    def start(self, connection: Connection, first_entry: Entry) -> int:
        """Begin the log of a new workspace with `first_entry`; returns 0. Raises Tampered if there is a log."""
        if read_head(connection) is not None:
            raise errors.Tampered(what=LOG, detail="it was begun before.")
        begin(connection, incarnation=0, last_ts="")
        return self.append(connection, first_entry)

    def head(self, connection: Connection) -> Tree:
        """Return the log's present tree, as its head says; raises Tampered where there is none."""
        return require_head(connection).tree

    def require_extends(self, connection: Connection, pin: Tree | None) -> None:
        """Return if the log is `pin`'s tree or that tree with more entries; costs one hash per newer entry.

        The stored bytes of the entries since the pin are hashed and folded upon the pinned tree, whose right edge
        the checkpoint of that size keeps (checked against the pinned root; without it every entry is hashed).
        Raises Tampered for a log of another incarnation, a shorter one, one with another root at the pinned
        size, and where entries since the pin and the head disagree."""
        head = require_head(connection)
        incarnation, frontier = head.incarnation, head.frontier
        if pin is None:
            return
        if incarnation != pin.incarnation:
            raise _other_incarnation(incarnation, pin)
        if frontier.size < pin.size:
            raise errors.Tampered(
                what=LOG, detail=f"it has {frontier.size} entries where {pin.size} were known here."
            )
        known = _pinned_frontier(connection, pin)
        if beyond(connection, incarnation, frontier.size):
            raise errors.Tampered(what=LOG, detail="it has entries beyond its head.")
        if hashed(connection, incarnation, known, frontier.size) != frontier:
            raise errors.Tampered(what=LOG, detail=f"its entries from {pin.size} on are not those of its head.")

    def intents(self, connection: Connection, fingerprint: str, since: Since = BEGINNING) -> tuple[Intent, ...]:
        """Return the intents for `fingerprint`, oldest first; to be asked after `require_extends`, in the same
        transaction.

        The rows are not looked up by the `fingerprint` column: whoever writes the database could empty it, or take
        the row out, and so hide that a delivery was sent. Instead every leaf from `since` on is hashed and folded
        up to the head, which `require_extends` has tied to the pin, and searched by its bytes; the columns are
        only held against what they say. `since` is no hint of the database's: a delivery carries it under its
        submitter's signature. What stays hidden is what happened after the pin and was cut off together with the
        head (pin before a request leaves), and what an accepted gap lost.

        Raises Tampered if the leaves do not make the tree, or a row's columns do not say what its leaf says."""
        return self._search(connection, fingerprint, since).intents()

    def course(self, connection: Connection, fingerprint: str, since: Since = BEGINNING) -> tuple[Said, ...]:
        """Return what every entry that names `fingerprint` says, oldest first; found, proven and refused as
        `intents` does, but each leaf is read once in a process."""
        head = require_head(connection)
        rows = _BY_FINGERPRINT.all(connection, inc=head.incarnation, fp=fingerprint)
        incarnation, size = since
        words = None
        if incarnation == head.incarnation:
            words = self._courses.words(connection, head, fingerprint, size)
        if words is None:
            return self._search(connection, fingerprint, since).course()
        _require_same(rows, {columns for columns, _ in words})
        return tuple(said for _, said in words)

    def _search(self, connection: Connection, fingerprint: str, since: Since) -> Search:
        head = require_head(connection)
        incarnation, frontier = head.incarnation, head.frontier
        rows = _BY_FINGERPRINT.all(connection, inc=incarnation, fp=fingerprint)
        search = Search(fingerprint, since)
        start = merkle.Frontier()
        if since[0] == incarnation:
            start = frontier_below(connection, incarnation, since[1])
        else:
            look_through_older(connection, incarnation, search)
        search.incarnation = incarnation
        if hashed(connection, incarnation, start, frontier.size, search.look) != frontier:
            raise errors.Tampered(what=LOG, detail="its entries are not those of its head.")
        _require_same(rows, search.named(incarnation))
        return search


def _require_same(rows: Sequence[Any], named: set[leaves.Columns]) -> None:
    if {leaves.Columns(*row) for row in rows} != named:
        raise errors.Tampered(what=LOG, detail="the columns of an entry do not say what its signed bytes say.")


def begin(connection: Connection, *, incarnation: int, last_ts: str) -> None:
    """Write the head of an empty tree, in place of any other."""
    empty = {"size": 0, "frontier": merkle.Frontier().to_bytes(), "last_ts": last_ts, "incarnation": incarnation}
    if connection.execute(update(audit_head).where(audit_head.c.id == 1).values(**empty)).rowcount == 0:
        connection.execute(insert(audit_head).values(id=1, **empty))


def _stamp(now: datetime, last: str) -> tuple[str, str | None]:
    """Return the entry's `ts`, and what the clock showed if that is before the last entry."""
    shown = jcs.timestamp(now)
    return (last, shown) if shown < last else (shown, None)


def _other_incarnation(incarnation: int, pin: Tree) -> errors.Tampered:
    if incarnation < pin.incarnation:
        return errors.Tampered(what=LOG, detail="it is the log from before an incident that was accepted.")
    return errors.Tampered(
        what=LOG,
        detail="it was begun again, and this machine was not told.",
        remedy="If you know why, run: socialguard workspace adopt --reason …",
    )


def _pinned_frontier(connection: Connection, pin: Tree) -> merkle.Frontier:
    known = stored(connection, pin.incarnation, pin.size)
    if known is None or known.root() != pin.root:
        known = hashed(connection, pin.incarnation, merkle.Frontier(), pin.size)
    if known.size != pin.size or known.root() != pin.root:
        raise errors.Tampered(what=LOG, detail=f"its first {pin.size} entries are not those that were known here.")
    return known
