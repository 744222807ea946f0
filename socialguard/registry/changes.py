"""Changing accounts: what an owner signed moves to the manifest's next epoch, what lies beside it is just stored.

Each act works in the caller's write transaction; those that return a manifest signed its next epoch, which the
caller pins after the commit.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from socialguard import errors
from socialguard.canon import jcs
from socialguard.model.account import AccountName, AccountState
from socialguard.model.mfa import Mfa
from socialguard.registry import manifest as manifests
from socialguard.registry import names, policy
from socialguard.registry.enrolment import ensure_client, require_zone
from socialguard.registry.interface import OwnerSigner
from socialguard.registry.manifest import Manifest
from socialguard.registry.signed import Grant, SignedAccount

if TYPE_CHECKING:
    from sqlalchemy import Connection


def rename(
    connection: "Connection", owner: OwnerSigner, manifest: Manifest, account_id: str, short_name: str
) -> Manifest:
    """Give an account another short name; raises UsageError where it is not far enough from the others."""
    others = [one.short_name for one in manifest.accounts if one.id != account_id]
    names.require_short_name(short_name, others)
    return _resign(connection, owner, manifest, replace(_signed(manifest, account_id), short_name=short_name))


def set_handle(
    connection: "Connection", owner: OwnerSigner, manifest: Manifest, account_id: str, handle: str
) -> Manifest:
    """Follow a new handle that the network gave to an account; its user id stays.

    Raises UsageError where the name is taken, or where the applied policy has rules under the old name: they
    would cease to protect it."""
    signed = _signed(manifest, account_id)
    name = AccountName.parse(f"{signed.network}:@{handle}")
    for one in manifest.accounts:
        if one.id != account_id and (one.network, names.folded(one.handle)) == (
            name.network,
            names.folded(name.handle),
        ):
            raise errors.UsageError(detail=f"There is an account {name} already.")
    old = str(AccountName(signed.network, signed.handle))
    if old in policy.load_applied(connection, manifest).accounts:
        raise errors.UsageError(
            detail=f'The applied policy has a section [account."{old}"] that would cease to protect it.',
            remedy="Take it out, run: socialguard policy apply; put it back after the change, under the new name.",
        )
    return _resign(connection, owner, manifest, replace(signed, handle=name.handle))


def set_client(
    connection: "Connection", owner: OwnerSigner, manifest: Manifest, account_id: str, client: str
) -> Manifest:
    """Move an account to a client, which is created where it is new."""
    names.require_name("client", client)
    ensure_client(connection, client)
    return _resign(connection, owner, manifest, replace(_signed(manifest, account_id), client=client))


def set_mfa(
    connection: "Connection", owner: OwnerSigner, manifest: Manifest, account_id: str, mfa: Mfa
) -> Manifest:
    """Sign which second factor somebody saw at the network."""
    return _resign(connection, owner, manifest, replace(_signed(manifest, account_id), mfa=mfa))


def set_grants(
    connection: "Connection", owner: OwnerSigner, manifest: Manifest, account_id: str, grants: Sequence[Grant]
) -> Manifest:
    """Replace the grants on an account; the credential must then be sealed anew (`vault.credentials.rewrap`)."""
    signed = replace(_signed(manifest, account_id), grants=tuple(sorted(set(grants))))
    return _resign(connection, owner, manifest, signed)


def relabel(
    connection: "Connection",
    owner: OwnerSigner,
    manifest: Manifest,
    account_id: str,
    *,
    add: Sequence[str] = (),
    drop: Sequence[str] = (),
) -> Manifest:
    """Add and drop labels of an account. A new epoch is signed, and another than `manifest` returned, only
    where the applied policy has rules for one of these labels."""
    from sqlalchemy import delete, insert, select

    from socialguard.store.tables import label

    _signed(manifest, account_id)
    for name in add:
        names.require_name("label", name)
    before = set(connection.execute(select(label.c.name).where(label.c.account_id == account_id)).scalars())
    gone, new = set(drop) & before, set(add) - before
    if gone:
        connection.execute(delete(label).where(label.c.account_id == account_id, label.c.name.in_(gone)))
    if new:
        connection.execute(insert(label), [{"account_id": account_id, "name": name} for name in sorted(new)])
    worn = sorted((before | new) - gone)
    following = policy.with_labels(connection, manifest, manifest.successor(), account_id, worn)
    if following.policy_sha256 == manifest.policy_sha256:
        return manifest
    return manifests.append(connection, following, [owner])


def set_zone(connection: "Connection", account_id: str, zone: str) -> None:
    """Store the time zone in which people schedule for an account."""
    _store(connection, account_id, zone=require_zone(zone))


def set_contact(connection: "Connection", account_id: str, contact: str | None) -> None:
    """Store whom to call about an account."""
    _store(connection, account_id, contact=contact)


def set_state(connection: "Connection", account_id: str, state: AccountState) -> None:
    """Store where an account stands in its life; removing it is `enrolment.remove`."""
    if state is AccountState.REMOVED:
        raise ValueError("an account is removed by signing a manifest without it")
    _store(connection, account_id, state=state.value)


def record_identity(
    connection: "Connection", account_id: str, *, display_name: str, followers: int | None, gen: int, at: datetime
) -> None:
    """Store what the network said about whose credential generation `gen` is, and when."""
    _store(
        connection,
        account_id,
        display_name=display_name,
        followers=followers,
        identity_checked_gen=gen,
        identity_checked_at=jcs.timestamp(at),
    )


def record_inspection(connection: "Connection", account_id: str, inspection: str) -> None:
    """Store the JSON document of what the network tells about a credential."""
    _store(connection, account_id, inspection=inspection)


def _signed(manifest: Manifest, account_id: str) -> SignedAccount:
    signed = manifest.account(account_id)
    if signed is None:
        raise errors.UnknownAccount(name=account_id)
    return signed


def _resign(connection: "Connection", owner: OwnerSigner, manifest: Manifest, signed: SignedAccount) -> Manifest:
    _store(
        connection,
        signed.id,
        handle=signed.handle,
        client=signed.client,
        short_name=signed.short_name,
        attended=signed.attended,
    )
    return manifests.append(connection, manifest.with_account(signed), [owner])


def _store(connection: "Connection", account_id: str, **values: object) -> None:
    from sqlalchemy import update

    from socialguard.store.tables import account as table

    done = connection.execute(update(table).where(table.c.id == account_id).values(**values))
    if done.rowcount != 1:
        raise errors.UnknownAccount(name=account_id)
