"""The keys of what other people wrote: one for each account and month, so that a month can be destroyed apart.

A shelf key is random. It is kept sealed under one **root**, which is sealed (HPKE) to every worker, owner and
recovery key and signed by whoever made it. Where members change, the root becomes another one and seals all shelf
keys anew; what is kept after that gets new shelf keys, too, so that who left has no key to anything newer. To
destroy a shelf is to delete its rows: no other copy of the key is written by this program.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from socialguard import errors
from socialguard.canon import envelope, jcs
from socialguard.registry.manifest import Manifest
from socialguard.store import dialect
from socialguard.store.tables import shelf_key, shelf_root
from socialguard.vault.keys import KeyPair, seal_to

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from socialguard.vault.custody import Custody

WRITE: Final = "archive.root"
"""The action of the entry that each new root leaves in the log."""
PIN: Final = "archive"
"""What this machine pins the root's generation as, among those of credentials."""
ENVELOPE: Final = "archive.root"
_ROOT: Final = "socialguard/archive-root/v1"
_KEY: Final = "socialguard/archive-key/v1"
_BYTES: Final = 32
_NONCE: Final = 12
_RESEALED: Final = update(shelf_key).where(shelf_key.c.id == bindparam("key_id")).values(sealed=bindparam("box"))


@dataclass(frozen=True)
class _Root:
    """The key that seals shelf keys."""

    gen: int
    key: bytes = field(repr=False)

    @cached_property
    def cipher(self) -> "AESGCM":
        """What seals with it: thousands of shelf keys at once."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self.key)


class ShelfKeys:
    """Fulfils `archive.interface.ShelfKeys` for one workspace. Keys of this machine are opened when they are first
    needed."""

    def __init__(self, custody: "Callable[[], Custody]") -> None:
        self._custody = custody
        self._root: _Root | None = None

    def present(self, shelf: str) -> tuple[str, bytes]:
        """Return id and key for what is added to a shelf now; made, and durable, where there is none yet.

        Raises NotFound where nothing is sealed to this machine's keys, Tampered for rows that are not as signed
        and pinned."""
        custody = self._custody()
        with custody.database.read() as connection:
            manifest = custody.manifest(connection)
            root = self._opened(connection, manifest)
            found = None if root is None else _newest(connection, root, shelf)
        if root is not None and found is not None:
            return str(found.id), _unsealed(custody.log.org, root, found)
        with custody.database.write() as connection:
            custody.log.require_extends(connection, custody.pins.pinned_tree())
            manifest = custody.manifest(connection)
            root = self._opened(connection, manifest) or self._founded(connection, manifest)
            found = _newest(connection, root, shelf)
            if found is None:
                made, key = secrets.token_hex(16), secrets.token_bytes(_BYTES)
                row = {"id": made, "shelf": shelf, "made_in": root.gen}
                sealed = _sealed(custody.log.org, root, row, key)
                connection.execute(insert(shelf_key).values(**row, sealed=sealed))
            else:
                made, key = str(found.id), _unsealed(custody.log.org, root, found)
        custody.pins.pin_generation(PIN, root.gen)
        return made, key

    def of(self, shelf: str, key_id: str) -> bytes | None:
        """Return a shelf's key of that id, None where there is none any more; raises as `present`."""
        custody = self._custody()
        with custody.database.read() as connection:
            query = select(shelf_key).where(shelf_key.c.id == key_id, shelf_key.c.shelf == shelf)
            found = connection.execute(query).one_or_none()
            if found is None:
                return None
            root = self._opened(connection, custody.manifest(connection))
        if root is None:
            raise _tampered("it is gone.")
        return _unsealed(custody.log.org, root, found)

    def destroy(self, shelf: str) -> int:
        """Delete all keys of a shelf, durably and with what they left in the file; return how many there were."""
        database = self._custody().database
        with database.write() as connection:
            dialect.overwrite_deleted(connection)
            gone = connection.execute(delete(shelf_key).where(shelf_key.c.shelf == shelf)).rowcount
        dialect.forget_journal(database.engine)
        return gone

    def _opened(self, connection: Connection, manifest: Manifest) -> _Root | None:
        """The root, verified; None before the first."""
        row = _row(connection, manifest, self._custody().pins.generation(PIN))
        if row is None:
            return None
        if self._root is None or self._root.gen != row.gen:
            self._root = _open(manifest, row, self._reader(manifest))
        return self._root

    def _founded(self, connection: Connection, manifest: Manifest) -> _Root:
        custody = self._custody()
        self._root = _write(connection, custody, manifest, self._reader(manifest))
        return self._root

    def _reader(self, manifest: Manifest) -> KeyPair:
        custody = self._custody()
        return custody.worker() if custody.worker_id in manifest.workers else custody.owner()


def reseal(
    connection: Connection,
    custody: "Custody",
    before: Manifest,
    after: Manifest,
    *,
    opener: KeyPair | None = None,
) -> int | None:
    """Replace the root where it is sealed to others than it would be under `after`, as an owner, and seal all
    shelf keys under the new one; return its generation, to be pinned after the commit, None where nothing
    changed. `opener` opens the one that is stored where the owner cannot."""
    row = _row(connection, before, custody.pins.generation(PIN))
    if row is None or _sealed_to(row) == set(_recipients(after)):
        return None
    keys, org = custody.owner(), custody.log.org
    old = _open(before, row, opener or keys)
    held = [(one, _unsealed(org, old, one)) for one in connection.execute(select(shelf_key))]
    dialect.overwrite_deleted(connection)
    new = _write(connection, custody, after, keys, above=old.gen)
    boxes = []
    for one, key in held:
        values = {"id": one.id, "shelf": one.shelf, "made_in": one.made_in}
        boxes.append({"key_id": one.id, "box": _sealed(org, new, values, key)})
    if boxes:
        connection.execute(_RESEALED, boxes)
    return new.gen


def _recipients(manifest: Manifest) -> dict[str, bytes]:
    """The X25519 keys, by key id, of all workers, owners and recovery keys."""
    able = {*manifest.workers, *manifest.owners}
    keys = {one.sealing_id: one.x25519 for one in manifest.members if one.id in able}
    return keys | {one.sealing_id: one.x25519 for one in manifest.recovery}


def _write(
    connection: Connection, custody: "Custody", manifest: Manifest, writer: KeyPair, *, above: int = 0
) -> _Root:
    """Make a root in place of the one before, signed and logged."""
    org = manifest.org
    if not _may_write(manifest, writer.signing_id):
        raise errors.UsageError(detail="Only an owner or a worker may make the key of the archive.")
    root = _Root(max(above, custody.pins.generation(PIN)) + 1, secrets.token_bytes(_BYTES))
    bound: dict[str, object] = {"ctx": _ROOT, "org": org, "gen": root.gen}
    wraps = [
        {"to": to, "sealed": jcs.b64(seal_to(public, root.key, jcs.encode(bound | {"to": to})))}
        for to, public in sorted(_recipients(manifest).items())
    ]
    statement = bound | {"wraps": wraps}
    stored = jcs.encode(statement)
    connection.execute(delete(shelf_root))
    connection.execute(
        insert(shelf_root).values(
            gen=root.gen,
            statement=stored,
            signer=writer.signing_id,
            signature=writer.sign(ENVELOPE, org, statement),
        )
    )
    proof = hashlib.sha256(stored).hexdigest()
    said = {"gen": root.gen, "recipients": sorted(_recipients(manifest))}
    custody.log.append(connection, custody.entry(WRITE, "ok", None, obj=said, proof=proof))
    return root


def _row(connection: Connection, manifest: Manifest, floor: int) -> Any:  # Any: a row of `shelf_root`
    """The newest root as it is stored, its generation not below the floor; None before the first."""
    row = connection.execute(select(shelf_root).order_by(shelf_root.c.gen.desc()).limit(1)).one_or_none()
    if row is None and floor:
        raise _tampered("it is gone.")
    if row is not None and row.gen < floor:
        raise _tampered("an older one was put back (rolled back).")
    return row


def _open(manifest: Manifest, row: Any, reader: KeyPair) -> _Root:  # Any: a row of `shelf_root`
    signer = manifest.member_of_key(row.signer)
    if signer is None or not _may_write(manifest, row.signer):
        raise _tampered("no owner or worker signed it.")
    try:
        statement = envelope.opened(signer.ed25519, row.signature, ENVELOPE, manifest.org, row.statement)
        bound: dict[str, object] = {"ctx": _ROOT, "org": manifest.org, "gen": row.gen}
        if {name: statement.get(name) for name in bound} != bound:
            raise ValueError("another place")
        sealed = _wrap_of(statement, reader.sealing_id)
    except ValueError:
        raise _tampered("its signature is not over what is stored.") from None
    if sealed is None:
        raise errors.NotFound(
            kind="key of the archive for", name="this machine", hint="Ask an owner or a worker to do it."
        )
    return _Root(row.gen, reader.open(sealed, jcs.encode(bound | {"to": reader.sealing_id})))


def _sealed_to(row: Any) -> set[str]:  # Any: a row of `shelf_root`
    """The key ids that a root says that it is sealed to; not verified."""
    try:
        return {str(one["to"]) for one in json.loads(row.statement)["wraps"]}
    except (ValueError, TypeError, KeyError):
        return set()


def _wrap_of(statement: Mapping[str, object], to: str) -> bytes | None:
    wraps = statement.get("wraps")
    if not isinstance(wraps, list):
        raise ValueError("no wraps")
    return next((jcs.unb64(one["sealed"]) for one in wraps if one["to"] == to), None)


def _may_write(manifest: Manifest, signing_id: str) -> bool:
    member = manifest.member_of_key(signing_id)
    return member is not None and (member.id in manifest.owners or member.id in manifest.workers)


def _newest(connection: Connection, root: _Root, shelf: str) -> Any:  # Any: a row of `shelf_key`
    """The key of a shelf that was made since the members last changed, None where there is none."""
    query = select(shelf_key).where(shelf_key.c.shelf == shelf, shelf_key.c.made_in == root.gen)
    return connection.execute(query.order_by(shelf_key.c.id).limit(1)).one_or_none()


def _bound(org: str, row: Mapping[str, object], gen: int) -> bytes:
    return jcs.encode(
        {"ctx": _KEY, "org": org, "gen": gen, "id": row["id"], "shelf": row["shelf"], "made_in": row["made_in"]}
    )


def _sealed(org: str, root: _Root, row: Mapping[str, object], key: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + root.cipher.encrypt(nonce, key, _bound(org, row, root.gen))


def _unsealed(org: str, root: _Root, row: Any) -> bytes:  # Any: a row of `shelf_key`
    from cryptography.exceptions import InvalidTag

    values = {"id": row.id, "shelf": row.shelf, "made_in": row.made_in}
    box = bytes(row.sealed)
    try:
        return root.cipher.decrypt(box[:_NONCE], box[_NONCE:], _bound(org, values, root.gen))
    except (InvalidTag, ValueError):
        raise _tampered(f"that of {row.shelf} does not open.") from None


def _tampered(detail: str) -> errors.Tampered:
    return errors.Tampered(what="The key of the archive", detail=detail)
