"""Changing what opens and what signs: another passphrase for the keys of this machine, another key for the log."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from socialguard import errors, settings
from socialguard.audit.interface import Entry
from socialguard.store import lease
from socialguard.vault import rekeying
from socialguard.vault.identity import open_identity
from socialguard.vault.kek import Kind, create_kek
from socialguard.vault.keys import LogKey
from socialguard.workspace.opened import Workspace

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from socialguard.registry.interface import OwnerSigner
    from socialguard.registry.manifest import Manifest
    from socialguard.store.database import Database

PASSPHRASE: Final = "vault.passphrase"  # noqa: S105 - the name of an act
LOG_KEY: Final = "vault.log_key"


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
        old = identity.log_key(ask)
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


def settle_log_key(workspace: Workspace, database: "Database") -> None:
    """End a change of the log key that was begun: the key that the manifest lists is the one that stays."""
    with database.write() as connection:
        listed = workspace.signed.books(connection).manifest.log_keys[-1].key
        workspace.identity.settle_log_key(listed)
