"""Checkpoints: signed statements of the log's size and root (C2SP signed notes), and the change of the key.

A checkpoint is only made of a log that extends the tree that was pinned last, so that a log which was rolled
back is never signed anew. The key is a workspace log key; which key may sign from which size on is in the signed
manifest.
"""

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select

from socialguard import clock, errors
from socialguard.audit.interface import Actor, Entry, LogKey, Signer, Tree, TreePin
from socialguard.audit.log import AuditLog
from socialguard.audit.tree import require_head
from socialguard.canon import envelope, jcs, note
from socialguard.store.database import Database
from socialguard.store.prepared import Prepared
from socialguard.store.tables import anchor_queue, checkpoint

ROTATE: Final = "log_key.rotate"
ROTATION_TYPE: Final = "log-key-rotation"
"""The envelope type of the statement that both keys sign."""

Finds = Callable[[Connection], Signer]
"""Finds the key that signs the log as of a transaction: it may be changed until one begins."""

_KNOWN: Final = Prepared(
    select(checkpoint.c.size).where(
        checkpoint.c.incarnation == bindparam("inc"), checkpoint.c.size == bindparam("at")
    )
)
_KEEP: Final = Prepared(insert(checkpoint))
_QUEUE: Final = Prepared(insert(anchor_queue))


def origin(org: str, incarnation: int) -> str:
    """Return the origin of the log's checkpoints, which is also the name of their key."""
    return f"socialguard/{org}/{incarnation}"


def make(database: Database, org: str, signer: Finds, pins: TreePin, anchors: Sequence[str] = ()) -> Tree:
    """Sign the log as it stands, store the checkpoint, queue it for the anchors named, pin it; returns its tree.

    Nothing is signed where the pinned tree is the present one. Raises Tampered if the log does not extend the
    pinned tree."""
    log = AuditLog(org)
    pinned = pins.pinned_tree()
    with database.read() as connection:
        tree = log.head(connection)
    if tree == pinned:
        return tree
    with database.write() as connection:
        log.require_extends(connection, pinned)
        tree = store(connection, org, signer(connection), anchors)
    pin(pins, tree)
    return tree


def pin_head(database: Database, org: str, pins: TreePin) -> Tree:
    """Pin the log as it stands, where no key that signs it is at hand; returns its tree. Raises as `make`."""
    log = AuditLog(org)
    with database.read() as connection:
        log.require_extends(connection, pins.pinned_tree())
        tree = log.head(connection)
    pin(pins, tree)
    return tree


def store(connection: Connection, org: str, signer: Signer, anchors: Sequence[str] = ()) -> Tree:
    """Sign and store a checkpoint of the present head in the caller's write transaction; returns its tree.

    The caller has made sure that this log may be signed, and pins the tree after the commit."""
    head = require_head(connection)
    tree = head.tree
    if _KNOWN.first(connection, inc=tree.incarnation, at=tree.size) is not None:
        return tree
    _KEEP.run(
        connection,
        incarnation=tree.incarnation,
        size=tree.size,
        note=signed(org, tree, signer),
        frontier=head.frontier.to_bytes(),
        made_at=jcs.timestamp(clock.now()),
    )
    for name in anchors:
        _QUEUE.run(connection, anchor=name, incarnation=tree.incarnation, size=tree.size)
    return tree


def queue_newest(database: Database, anchors: Sequence[str]) -> None:
    """Queue the newest checkpoint for each anchor named that has nothing waiting: one that is new here, or to try
    a failed one again. An anchor takes the same checkpoint twice as once."""
    newest = (
        select(checkpoint.c.incarnation, checkpoint.c.size)
        .order_by(checkpoint.c.incarnation.desc(), checkpoint.c.size.desc())
        .limit(1)
    )
    with database.write() as connection:
        row = connection.execute(newest).first()
        waiting = set(connection.execute(select(anchor_queue.c.anchor)).scalars())
        missing = [name for name in anchors if name not in waiting]
        if row is not None and missing:
            queued = [{"anchor": name, "incarnation": row[0], "size": row[1]} for name in missing]
            connection.execute(insert(anchor_queue), queued)


def pin(pins: TreePin, tree: Tree) -> None:
    """Pin `tree` unless a newer one was pinned meanwhile by another process."""
    try:
        if not _is_newer(pins.pinned_tree(), tree):
            pins.pin_tree(tree)
    except errors.Tampered:
        if not _is_newer(pins.pinned_tree(), tree):
            raise
        # between the look and the pin another process was faster


def _is_newer(pinned: Tree | None, tree: Tree) -> bool:
    return pinned is not None and (pinned.incarnation, pinned.size) >= (tree.incarnation, tree.size)


def signed(org: str, tree: Tree, signer: Signer) -> bytes:
    """Return the checkpoint of `tree` as a signed note."""
    name = origin(org, tree.incarnation)
    text = note.Checkpoint(name, tree.size, tree.root).text()
    signature = note.Signature(
        name, note.VerifierKey(name, signer.public).key_id, signer.sign(text.encode("utf-8"))
    )
    return note.Note(text, (signature,)).to_bytes()


def opened(data: bytes, org: str, log_keys: Sequence[LogKey]) -> Tree:
    """Return the tree that a checkpoint states, if the key whose range it falls in signed it.

    Raises note.BadNote for any other note, also for one by a key that was replaced before that size."""
    stated = note.Checkpoint.from_text(note.parse(data).text)
    prefix = origin(org, 0)[:-1]
    number = stated.origin.removeprefix(prefix)
    if not stated.origin.startswith(prefix) or not number.isascii() or not number.isdigit():
        raise note.BadNote("this is a checkpoint of another log")
    incarnation = int(number)
    key = key_for(log_keys, incarnation, stated.size)
    if key is None:
        raise note.BadNote("no log key is listed for a checkpoint of this size")
    checked = note.verify_checkpoint(data, origin(org, incarnation), [key.public])
    return Tree(incarnation, checked.size, checked.root)


def key_for(log_keys: Sequence[LogKey], incarnation: int, size: int) -> LogKey | None:
    """Return the key that signs a tree of this size: the last whose range has begun."""
    begun = [key for key in log_keys if (key.incarnation, key.from_size) <= (incarnation, size)]
    return max(begun, key=lambda key: (key.incarnation, key.from_size), default=None)


def rotate_key(
    connection: Connection, log: AuditLog, old: Signer, new: Signer, actor: Actor, reason: str | None = None
) -> LogKey:
    """Append the entry by which `old` hands over to `new`, signed by both, and return the new key with its range.

    The range begins with the tree that holds this entry. The caller lists the key in the manifest in the same
    transaction, and signs the next checkpoint with it."""
    key, statement = _handed_over(connection, log, old.public, new.public)
    message = envelope.signed_bytes(ROTATION_TYPE, log.org, statement)
    obj = {
        "statement": statement.decode("utf-8"),
        "old_signature": jcs.b64(old.sign(message)),
        "new_signature": jcs.b64(new.sign(message)),
    }
    log.append(connection, Entry(ROTATE, "done", actor, reason=reason, obj=obj))
    return key


def list_key(
    connection: Connection, log: AuditLog, old: bytes, new: bytes, actor: Actor, reason: str | None = None
) -> LogKey:
    """Append the entry by which an owner gives the log the key `new`, with `old` not at hand, and return it with
    its range: as `rotate_key`, but the manifest alone proves it."""
    key, statement = _handed_over(connection, log, old, new)
    log.append(
        connection, Entry(ROTATE, "done", actor, reason=reason, obj={"statement": statement.decode("utf-8")})
    )
    return key


def _handed_over(connection: Connection, log: AuditLog, old: bytes, new: bytes) -> tuple[LogKey, bytes]:
    tree = log.head(connection)
    key = LogKey(new, tree.size + 1, tree.incarnation)
    body = {
        "v": 1,
        "org": log.org,
        "incarnation": key.incarnation,
        "from_size": key.from_size,
        "old": jcs.b64(old),
        "new": jcs.b64(new),
    }
    return key, jcs.encode(body)
