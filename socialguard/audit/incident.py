"""Accept an incident: begin the log again, with an owner's signed statement of what the old one is worth.

Nothing is deleted: the rows that were found stay, and their tree is named in the statement, so that no later
change of them passes unseen. From then on `verify` says `whole, gap n–m declared`."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from socialguard import errors
from socialguard.audit import checkpoint, declaration
from socialguard.audit.anchors.interface import Anchor
from socialguard.audit.declaration import Declaration, Gap
from socialguard.audit.interface import Actor, Entry, LogKey, Signer, Tree, TreePin
from socialguard.audit.log import AuditLog, begin
from socialguard.audit.readers import here as read_here
from socialguard.audit.scan import Scanned, Wanted, scan
from socialguard.audit.tree import Head, read_head
from socialguard.audit.witness import Witness, gather
from socialguard.canon import envelope, jcs, merkle, note
from socialguard.store.database import Database
from socialguard.store.tables import audit_entry
from socialguard.store.tables import checkpoint as checkpoint_table


@dataclass(frozen=True, slots=True)
class Keys:
    """Who signs: an owner (or the recovery key) the statement, the log key the first checkpoint."""

    owner: Signer
    log: checkpoint.Finds


def accept(
    database: Database,
    log: AuditLog,
    *,
    actor: Actor,
    reason: str,
    keys: Keys,
    log_keys: Sequence[LogKey],
    pins: TreePin,
    anchors: Sequence[Anchor] = (),
    beside: Callable[[Connection, Declaration], object] | None = None,
) -> Declaration:
    """Begin a new incarnation, checkpoint and pin it, and return what was declared of the old one.

    `beside` does in the same transaction, after entry 0, what must not be there without it. Nothing else writes
    meanwhile. Raises Unreadable where an anchor cannot be asked (take it out of the settings if it is lost for
    good), UsageError for a reason that cannot be kept."""
    witnesses, problems = gather(log.org, log_keys, pins, anchors)
    for problem in problems:
        if problem.kind == "unreachable":
            raise errors.Unreadable(path="An anchor", detail=problem.detail)
    with database.write() as connection:
        head = _head(connection)
        declared = _declare(database, connection, log.org, log_keys, witnesses, head)
        statement = declared.statement(log.org)
        message = envelope.signed_bytes(declaration.STATEMENT_TYPE, log.org, statement)
        signed_by = Actor(actor.id, actor.kind, actor.via, proof=hashlib.sha256(message).hexdigest())
        obj = {"statement": statement.decode("utf-8"), "signature": jcs.b64(keys.owner.sign(message))}
        begin(connection, incarnation=declared.incarnation, last_ts="")
        log.append(connection, Entry(declaration.ACTION, "done", signed_by, reason=reason, obj=obj))
        if beside is not None:
            beside(connection, declared)
        tree = checkpoint.store(connection, log.org, keys.log(connection), [anchor.name for anchor in anchors])
    checkpoint.pin(pins, tree)
    return declared


def _head(connection: Connection) -> Head | None:
    try:
        return read_head(connection, lock=True)
    except errors.Tampered:
        return None  # a damaged head is part of what is accepted


def _declare(
    database: Database,
    connection: Connection,
    org: str,
    log_keys: Sequence[LogKey],
    witnesses: list[Witness],
    head: Head | None,
) -> Declaration:
    """Return what the stored rows are worth, measured against everything that was ever signed."""
    stored = connection.execute(select(func.max(audit_entry.c.incarnation))).scalar()
    latest = int(stored) if stored is not None else 0
    known = [w.tree for w in witnesses] + _checkpointed(connection, org, log_keys)
    here = [tree for tree in known if tree.incarnation == latest]
    sizes = frozenset(tree.size for tree in here)
    wanted = Wanted(org, sizes, frozenset(), _nothing)
    result = scan(database, latest, 2**62, wanted, lambda every: read_here(database, every))
    intact = _intact(result, here, head)
    claimed = head.tree.size if head is not None and head.incarnation == latest else 0
    end = max([claimed, result.frontier.size, *sizes])
    gaps = [Gap(latest, intact, end - 1)] if intact < end else []
    beyond = {tree.incarnation for tree in known if tree.incarnation > latest}
    for incarnation in sorted(beyond):
        last = max(tree.size for tree in known if tree.incarnation == incarnation) - 1
        gaps.append(Gap(incarnation, 0, last))
    held = [w.tree for w in witnesses if w.anchor]
    return Declaration(
        incarnation=max([latest, *beyond]) + 1,
        old=Tree(latest, result.frontier.size, result.frontier.root()),
        intact=intact,
        gaps=tuple(gaps),
        anchored=max(held, key=lambda tree: (tree.incarnation, tree.size), default=None),
    )


def _checkpointed(connection: Connection, org: str, log_keys: Sequence[LogKey]) -> list[Tree]:
    """Return the trees that stored checkpoints state, where their signature is good."""
    found = []
    for (data,) in connection.execute(select(checkpoint_table.c.note)):
        try:
            found.append(checkpoint.opened(bytes(data), org, log_keys))
        except note.BadNote:
            continue
    return found


def _intact(result: Scanned, known: list[Tree], head: Head | None) -> int:
    """Return how many entries, from the first, are proved: all, where nothing speaks against the log; else those
    below the largest tree that is known from a signature or elsewhere and that the rows still make. The head
    alone proves nothing: whoever cut the log off wrote it, too."""
    agreeing = [tree.size for tree in known if result.roots.get(tree.size) == tree.root]
    as_found = Tree(result.incarnation, result.frontier.size, result.frontier.root())
    if len(agreeing) == len(known) and not result.problems and head is not None and head.tree == as_found:
        return result.frontier.size
    first_bad = min((p.entry for p in result.problems if p.entry is not None), default=result.frontier.size)
    # A tree that was signed and that the rows no longer make speaks against everything from its size on.
    disputed = min(
        (tree.size for tree in known if result.roots.get(tree.size) != tree.root), default=first_bad + 1
    )
    return max((size for size in agreeing if size <= first_bad and size < disputed), default=0)


def _nothing(result: Scanned, stored: object, kept: object, edge: merkle.Edge) -> None:
    """Stored checkpoints are judged by their signatures here, not one by one on the way."""
