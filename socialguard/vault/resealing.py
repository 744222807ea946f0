"""Sealing credentials anew where members change: whoever may open one no longer has no key that still opens it.

`amend` does an act of the registry and, in the same transaction, seals every credential anew whose recipients
are others under the new manifest: a new owner or worker can open it then, a removed one cannot. What someone could
open until now is `rotation_due`: only the network can make that token worthless, and it has not been asked.
"""

import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from socialguard import errors
from socialguard.model.account import AccountState
from socialguard.model.credential import Credential
from socialguard.registry import changes
from socialguard.registry.accounts import Registry
from socialguard.registry.interface import OwnerSigner
from socialguard.registry.manifest import Manifest
from socialguard.vault import credential_row, shelf_keys
from socialguard.vault.custody import Custody
from socialguard.vault.keys import KeyPair

DUE: Final = "credential.rotation_due"
Act = Callable[[Connection, OwnerSigner, Manifest], Manifest]
Said = Callable[[Manifest], Sequence[tuple[str | None, Mapping[str, object]]]]
"""The entries of an act: the account of each, if any, and what the log keeps of it."""


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """What an act left: the manifest in force, the new generation of each credential that was sealed anew, and
    the accounts whose token must be replaced at the network, both by account id."""

    manifest: Manifest
    generations: Mapping[str, int]
    rotation_due: tuple[str, ...]


def amend(
    custody: Custody,
    action: str,
    act: Act,
    said: Said,
    *,
    reason: str | None = None,
    corr: str | None = None,
    beside: Callable[[Connection], None] | None = None,
) -> Rekeyed:
    """Do an act that changes members or grants, as an owner, with its entries and all credentials that it touches,
    in one transaction; then pin the epoch and the generations.

    `beside` changes what other rooms keep, in the same transaction. Raises Tampered where log, manifest or a
    credential is not as signed and pinned, and what the act raises."""
    signer = custody.owner()
    with custody.database.write() as connection:
        custody.log.require_extends(connection, custody.pins.pinned_tree())
        before = custody.manifest(connection)
        after = act(connection, signer, before)
        for account_id, obj in said(after):
            told = {"epoch": after.epoch, **obj}
            entry = custody.entry(action, "ok", account_id, corr=corr, reason=reason, obj=told, proof=after.sha256)
            custody.log.append(connection, entry)
        generations, due = rekey(connection, custody, before, after)
        root = shelf_keys.reseal(connection, custody, before, after)
        if beside is not None:
            beside(connection)
    custody.pins.pin_manifest(after.epoch, after.sha256)
    pinned = generations if root is None else {**generations, shelf_keys.PIN: root}
    if pinned:
        custody.pins.pin_generations(pinned)
    return Rekeyed(after, generations, due)


def rekey(
    connection: Connection, custody: Custody, before: Manifest, after: Manifest, *, opener: KeyPair | None = None
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Seal anew, as an owner of `after`, every credential whose recipients are others than under `before`, in the
    caller's transaction; return the new generations, and the accounts whose token somebody could open until now.

    `opener` opens what is stored where the owner cannot: the recovery kit."""
    vault, keys = custody.vault(before), custody.owner()
    generations: dict[str, int] = {}
    due: list[str] = []
    for account in after.accounts:
        old = before.account(account.id)
        if old is None:
            continue
        could, can = credential_row.recipients(before, old), credential_row.recipients(after, account)
        if could == can:
            continue
        try:
            generations[account.id] = vault.rewrap(
                connection, account.id, keys, custody.actor, under=after, opener=opener
            )
        except errors.NotFound:
            continue  # there never was a credential
        if set(could) - set(can):
            _mark_due(connection, custody, after, account.id)
            due.append(account.id)
    return generations, tuple(due)


def _mark_due(connection: Connection, custody: Custody, manifest: Manifest, account_id: str) -> None:
    """Mark an account's token as one to replace; one that is being revoked stays so, which is more."""
    if not Registry(manifest).account(connection, account_id).is_usable:
        return
    changes.set_state(connection, account_id, AccountState.ROTATION_DUE)
    custody.log.append(connection, custody.entry(DUE, "due", account_id, obj={"epoch": manifest.epoch}))


def settled(
    connection: Connection, custody: Custody, manifest: Manifest, account_id: str, new: Credential, keys: KeyPair
) -> AccountState:
    """Return where an account stands with the credential that is about to be stored, `keys` being whoever opens
    the one before: `rotation_due` stays until the network's token is another; ask before storing."""
    account = Registry(manifest).account(connection, account_id)
    if account.state is not AccountState.ROTATION_DUE:
        return AccountState.ACTIVE
    try:
        old = custody.vault(manifest).present(connection, account, keys)
    except (errors.Tampered, errors.NotFound):
        return AccountState.ROTATION_DUE  # nothing proves that the token is another
    return AccountState.ACTIVE if is_replaced(old, new) else AccountState.ROTATION_DUE


def is_replaced(old: Credential, new: Credential) -> bool:
    """Whether no token of the old credential is one of the new: their hashes differ under a key that nobody
    keeps. Names of apps and their keys may stay."""
    key = secrets.token_bytes(32)

    def hashes(credential: Credential) -> set[bytes]:
        document = credential.document()
        tokens = {name: value for name, value in document.items() if "token" in name} or document
        return {hmac.digest(key, value.encode(), "sha256") for value in tokens.values()}

    return hashes(old).isdisjoint(hashes(new))
