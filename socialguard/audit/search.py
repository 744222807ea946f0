"""Find the intents for a fingerprint in leaves that are seen one by one, oldest first; the caller proves them."""

from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from socialguard import errors
from socialguard.audit import declaration
from socialguard.audit import leaf as leaves
from socialguard.audit.courses import Pruned
from socialguard.audit.interface import Intent, Said, Tree
from socialguard.audit.tree import LOG, all_hashed, as_stored
from socialguard.store.tables import audit_entry


@dataclass(slots=True)
class Search:
    """Collects what names the fingerprint, and what later shares the `corr` of an intent for it. Nothing that
    does is older than `since`, an incarnation and a size of it."""

    fingerprint: str
    since: tuple[int, int] = (0, 0)
    incarnation: int = 0
    _found: list[tuple[int, leaves.Columns]] = field(default_factory=list)
    _course: list[Said] = field(default_factory=list)
    _corrs: set[bytes] = field(default_factory=set)
    _wanted: bytes = b""

    def __post_init__(self) -> None:
        self._wanted = self.fingerprint.encode("ascii")

    def look(self, seq: int, leaf: bytes) -> None:
        """Take in one leaf; raises Tampered if it names the fingerprint and is no leaf, Pruned where nothing but
        its hash was kept of an entry that could name it."""
        if not leaf:
            if (self.incarnation, seq) >= self.since:
                raise Pruned(first=self.since[1], start=seq + 1)
            return
        if self._wanted not in leaf and not any(corr in leaf for corr in self._corrs):
            return
        try:
            fields = leaves.decode(leaf)
            said = leaves.columns(fields)
        except leaves.BadLeaf as problem:
            raise errors.Tampered(what=LOG, detail=f"an entry is {problem}.") from None
        self._found.append((self.incarnation, said))
        if said.fingerprint == self.fingerprint:
            obj = fields["obj"]
            self._course.append(leaves.said(said, obj))
        if self._is_intent(said) and said.corr is not None:
            self._corrs.add(said.corr.encode("utf-8"))

    def named(self, incarnation: int) -> set[leaves.Columns]:
        """Return what the columns of the rows that name the fingerprint must say."""
        return {said for at, said in self._found if at == incarnation and said.fingerprint == self.fingerprint}

    def intents(self) -> tuple[Intent, ...]:
        """Return the intents, oldest first, each with the newest outcome of its `corr` after it."""
        made = []
        for position, (incarnation, intent) in enumerate(self._found):
            if not self._is_intent(intent):
                continue
            later = [
                said.outcome
                for _, said in self._found[position + 1 :]
                if said.corr == intent.corr and said.outcome != leaves.INTENT
            ]
            outcome = later[-1] if later and intent.corr is not None else None
            made.append(Intent(intent.seq, intent.corr, intent.action, outcome, incarnation))
        return tuple(made)

    def course(self) -> tuple[Said, ...]:
        """Return what the entries that name the fingerprint say, oldest first."""
        return tuple(self._course)

    def _is_intent(self, said: leaves.Columns) -> bool:
        return said.outcome == leaves.INTENT and said.fingerprint == self.fingerprint


def look_through_older(connection: Connection, incarnation: int, search: Search) -> None:
    """Show `search` every leaf of the incarnations before this one, oldest first.

    Each must have the root that entry 0 of the next one names, and the caller proves the present one from its
    entry 0 on: so none of their rows can have been changed since the incident was accepted. Raises Tampered."""
    older: list[Tree] = []
    while incarnation > 0:
        first = select(as_stored(audit_entry.c.leaf)).where(
            audit_entry.c.incarnation == incarnation, audit_entry.c.seq == 0
        )
        try:
            older.append(declaration.old_tree(connection.execute(first).scalar()))
        except leaves.BadLeaf as problem:
            detail = f"incarnation {incarnation} begins with {problem}."
            raise errors.Tampered(what=LOG, detail=detail) from None
        if older[-1].incarnation >= incarnation:
            raise errors.Tampered(what=LOG, detail="its incarnations are not in order.")
        incarnation = older[-1].incarnation
    for tree in reversed(older):
        search.incarnation = tree.incarnation
        frontier = all_hashed(connection, tree.incarnation, search.look)
        if (frontier.size, frontier.root()) != (tree.size, tree.root):
            detail = f"the entries of incarnation {tree.incarnation} are not those that were declared."
            raise errors.Tampered(what=LOG, detail=detail)
