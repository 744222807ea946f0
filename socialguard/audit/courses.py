"""What the log says of deliveries that are not finished, in memory: a process reads and proves each leaf once.

Without it each claim would hash all that was logged since its delivery was queued, weeks perhaps. What is here was
folded leaf by leaf up to a head that its caller has tied to the pinned tree; later only newer leaves are folded.
Whatever does not fit is forgotten and read again: this only ever saves work."""

import re
import threading
from typing import Final

from sqlalchemy import Connection

from socialguard import errors
from socialguard.audit import leaf as leaves
from socialguard.audit.interface import Said
from socialguard.audit.tree import LOG, Head, frontier_below, hashed
from socialguard.canon import merkle

FINISHED: Final = frozenset({("delivery.send", "sent"), ("delivery.send", "failed"), ("delivery.cancel", "ok")})
"""After these words of the log nobody asks for the fingerprint again; who does is answered by a search."""
MOST: Final = 20_000
"""Fingerprints that are remembered, finished ones too; beyond it the memory begins anew."""
_NAMED: Final = re.compile(rb'"fingerprint":"([0-9a-f]{64})"')


class Pruned(errors.Tampered):
    """Entries of the audit log since {first} are hashes only: nothing that was queued before {start} goes out."""

    remedy = "Queue it anew; audit verify says whether an owner let the content of those entries go."


Words = list[tuple[leaves.Columns, Said]]


class Courses:
    """The words on each fingerprint, oldest first, from the entry `start` on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frontier = merkle.Frontier()
        self._forget(-1, self._frontier)

    def words(self, connection: Connection, head: Head, fingerprint: str, first: int) -> Words | None:
        """Return what the leaves from `first` up to `head` say of a fingerprint; None where that is not known
        here. Raises Tampered where the leaves are not those of the head."""
        with self._lock:
            is_here = head.incarnation == self._incarnation and self._start <= first and len(self._words) < MOST
            if not is_here or not self._grow(connection, head):
                self._begin(connection, head, first)
            if self._start > first:
                raise Pruned(first=first, start=self._start)
            return self._words.get(fingerprint)

    def _begin(self, connection: Connection, head: Head, first: int) -> None:
        """Read anew, from twice as far back as is asked for, so that many older ones do not each begin anew."""
        size = head.frontier.size
        start = frontier_below(connection, head.incarnation, min(first, max(0, 2 * first - size)))
        self._forget(head.incarnation, start)
        if not self._grow(connection, head):
            raise errors.Tampered(what=LOG, detail="its entries are not those of its head.")

    def _grow(self, connection: Connection, head: Head) -> bool:
        """Take in what was logged since; False, with all forgotten, where it does not lead to `head`."""
        if self._frontier.size > head.frontier.size:
            return False
        try:
            grown = self._frontier
            if grown.size < head.frontier.size:
                grown = hashed(connection, head.incarnation, grown, head.frontier.size, self._look)
            if grown == head.frontier:
                self._frontier = grown
                return True
        except errors.SocialGuardError:
            self._forget(-1, merkle.Frontier())
            raise
        self._forget(-1, merkle.Frontier())
        return False

    def _look(self, seq: int, leaf: bytes) -> None:
        if not leaf:  # only its hash was kept: from here on alone all is known
            self._start = seq + 1
            self._words.clear()
            return
        if not (named := _NAMED.findall(leaf)):
            return
        try:
            fields = leaves.decode(leaf)
            columns = leaves.columns(fields)
        except leaves.BadLeaf as problem:
            raise errors.Tampered(what=LOG, detail=f"an entry is {problem}.") from None
        fingerprint = columns.fingerprint
        if fingerprint is None or fingerprint.encode() not in named:
            return
        # What is finished stays known as that: later words on it must not pass for all of them.
        is_finished = (columns.action, columns.outcome) in FINISHED
        words = None if is_finished else self._words.setdefault(fingerprint, [])
        if words is None:
            self._words[fingerprint] = None
            return
        obj = fields["obj"]
        words.append((columns, leaves.said(columns, obj)))

    def _forget(self, incarnation: int, start: merkle.Frontier) -> None:
        self._incarnation = incarnation
        self._start = start.size
        self._frontier = start
        self._words: dict[str, Words | None] = {}
