"""Changing what opens and what signs: another passphrase for the keys of this machine, another key for the log."""

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from socialguard import clock, errors, settings
from socialguard.audit.interface import Entry
from socialguard.canon import envelope, jcs
from socialguard.registry.signed import Member, Role, Status
from socialguard.store import lease
from socialguard.vault import rekeying
from socialguard.vault.identity import WORKER, open_identity
from socialguard.vault.kek import Kind, create_kek
from socialguard.vault.keys import LogKey
from socialguard.workspace import mail
from socialguard.workspace.opened import Workspace

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from socialguard.registry.interface import OwnerSigner
    from socialguard.registry.manifest import Manifest
    from socialguard.store.database import Database

PASSPHRASE: Final = "vault.passphrase"  # noqa: S105 - the name of an act
LOG_KEY: Final = "vault.log_key"
OFFERED: Final = "vault.log_key.offer"
OFFER: Final = "log-key-offer"
"""The kind of the file, and the envelope type, by which a worker offers a key for the log."""


def change_passphrase(home: Path, daemon: str, ask: Callable[[], str] | None, ask_new: Callable[[], str]) -> None:
    """Seal the keys of this machine under a new passphrase, after the old one was given; the vault is locked then.

    Raises UsageError where the keys open with something else, Locked for a wrong passphrase, Busy while the
    process that holds the lease `daemon` works: it keeps the old key in memory."""
    corr = secrets.token_hex(8)
    with Workspace(home, ask=ask) as workspace:
        identity = workspace.identity
        sources = [one for one in (identity.member_source, identity.worker_source) if one.kind is Kind.PASSPHRASE]
        if not sources:
            raise errors.UsageError(
                detail=f"There is no passphrase to change: the keys open with {identity.member_source}."
            )
        identity.lock()  # an open terminal must not be enough
        old = identity.kek(sources[0], ask)
        with workspace.database.read() as connection:
            holder = lease.holder(connection, daemon)
        if holder is not None and holder.is_alive:
            raise errors.Busy(what="The vault", remedy="Stop the daemon first: systemctl stop socialguard")
        new = create_kek(Kind.PASSPHRASE, "", ask_new)
        with workspace.database.write() as connection:
            workspace.log.append(connection, Entry(PASSPHRASE, "intent", workspace.person, corr=corr))
    identity = open_identity(settings.identity_base(), identity.org, (old,))
    with identity.pins(None).alone():
        rekeying.change(identity.place, identity.org, old, new)
    with Workspace(home) as workspace:
        workspace.identity = open_identity(settings.identity_base(), identity.org, (new,))
        with workspace.database.write() as connection:
            workspace.log.append(connection, Entry(PASSPHRASE, "ok", workspace.person, corr=corr))


def rotate_log_key(workspace: Workspace, ask: Callable[[], str] | None, reason: str) -> LogKey:
    """Sign the log with a new key from now on, listed in the manifest, and return it. Old and new key sign the
    change."""
    from socialguard.audit import checkpoint
    from socialguard.registry import manifest as manifests
    from socialguard.registry import signed

    identity, new = workspace.identity, LogKey.generate()

    def act(connection: "Connection", owner: "OwnerSigner", manifest: "Manifest") -> "Manifest":
        old = identity.log_key(manifest.log_keys[-1].key, ask)
        key = checkpoint.rotate_key(connection, workspace.log, old, new, workspace.person, reason)
        listed = signed.LogKey(key.public, key.from_size, key.incarnation)
        after = manifests.append(connection, manifest.with_log_key(listed), [owner])
        identity.replace_log_key(new, ask)
        return after

    try:
        workspace.custody.amend(LOG_KEY, None, act, reason=reason, obj={"key": new.key_id})
    finally:
        settle_log_key(workspace, workspace.database)
    return new


def offer_log_key(workspace: Workspace, ask: Callable[[], str] | None) -> tuple[str, LogKey]:
    """Make a key on this machine that signs the log once an owner takes it in (`accept_log_key`), and return the
    file of it, signed by the worker here. One that was offered before and not taken in is forgotten.

    Raises UsageError on a machine without a worker."""
    if not workspace.identity.has(WORKER):
        raise errors.UsageError(
            detail="No worker is on this machine, and the one that sends should sign the log.",
            remedy="Make the offer there; a new one: socialguard member invite NAME --role worker",
        )
    worker = workspace.keys.worker()
    with workspace.database.write() as connection:
        workspace.identity.settle_log_key(_listed(workspace, connection))  # or a key just taken in would be lost
        new = workspace.identity.offer_log_key(ask)
        entry = Entry(OFFERED, "ok", workspace.worker, obj={"key": new.key_id})
        workspace.log.append(connection, entry)
    body = {"v": 1, "key": jcs.b64(new.public), "worker": workspace.worker.id, "at": jcs.timestamp(clock.now())}
    signature = worker.sign(OFFER, workspace.org, body)
    return mail.written(OFFER, {"org": workspace.org, "offer": body, "signature": jcs.b64(signature)}), new


def accept_log_key(workspace: Workspace, source: str, reason: str) -> tuple[str, Member]:
    """List the key of an offer as the one that signs the log from now on, as an owner, and return its id and the
    worker that has it. The key before need not be at hand.

    Raises UsageError for a file that is no offer, or of a key that was listed before; Tampered where no worker of
    this workspace signed it."""
    from socialguard.audit import checkpoint
    from socialguard.registry import manifest as manifests
    from socialguard.registry import signed

    value, found = mail.read(OFFER, source), list[Member]()
    told: dict[str, str] = {}

    def act(connection: "Connection", owner: "OwnerSigner", manifest: "Manifest") -> "Manifest":
        new, worker = _offered(value, manifest)
        if new in [one.key for one in manifest.log_keys]:
            raise errors.UsageError(detail="This key was taken in before.")
        old = manifest.log_keys[-1].key
        key = checkpoint.list_key(connection, workspace.log, old, new, workspace.person, reason)
        told.update(key=envelope.key_id("ed25519", new), worker=worker.id)
        found.append(worker)
        listed = signed.LogKey(key.public, key.from_size, key.incarnation)
        return manifests.append(connection, manifest.with_log_key(listed), [owner])

    workspace.custody.amend(LOG_KEY, None, act, reason=reason, obj=told)
    return told["key"], found[0]


def _offered(value: Mapping[str, object], manifest: "Manifest") -> tuple[bytes, Member]:
    """Return key and worker of an offer that a worker signed who is active."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        body = value["offer"]
        if not isinstance(body, dict) or value["org"] != manifest.org:
            raise ValueError
        worker = manifest.member(str(body["worker"]))
        if worker is None or worker.role is not Role.WORKER or worker.status is not Status.ACTIVE:
            raise ValueError
        signature, key = jcs.unb64(str(value["signature"])), jcs.unb64(str(body["key"]))
        envelope.verify(worker.ed25519, signature, OFFER, manifest.org, jcs.encode(body))
        Ed25519PublicKey.from_public_bytes(key)  # ValueError for what is none
        return key, worker
    except (KeyError, TypeError, ValueError):
        raise errors.Tampered(what="The offer", detail="no worker of this workspace signed it.") from None


def settle_log_key(workspace: Workspace, database: "Database") -> None:
    """End a change of the log key that was begun: the key that the manifest lists is the one that stays. One that
    was offered here and is not listed yet is left to wait."""

    with database.read() as connection:
        if workspace.identity.is_log_key_settled(_listed(workspace, connection)):
            return
    with database.write() as connection:
        workspace.identity.settle_log_key(_listed(workspace, connection))


def _listed(workspace: Workspace, connection: "Connection") -> bytes:
    return workspace.signed.log_keys(connection)[-1].public
