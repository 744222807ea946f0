"""Adding and removing accounts: what is refused is refused before anything is signed or stored.

Each act works in the caller's write transaction, signs the manifest's next epoch and returns it; the caller
appends the audit entry beside it and pins the epoch after the commit.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from socialguard import clock, errors
from socialguard.canon import jcs
from socialguard.model.account import AccountName, AccountState, typed_client
from socialguard.model.codes import WINTERS
from socialguard.registry import manifest as manifests
from socialguard.registry import names, origin, policy
from socialguard.registry.interface import OwnerSigner
from socialguard.registry.manifest import Manifest
from socialguard.registry.signed import Grant, SignedAccount

if TYPE_CHECKING:
    from sqlalchemy import Connection


def new_id() -> str:
    """Return a new account id: opaque, never used again."""
    return "a-" + secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to add, `user_id` and what follows from it as the network told. `client` None means one
    named like the handle, `short_name` None the handle or handle-network. `grants` names the workers that
    will hold the credential."""

    name: AccountName
    user_id: str
    origin: str
    client: str | None = None
    short_name: str | None = None
    labels: Sequence[str] = ()
    attended: bool = False
    grants: Sequence[Grant] = ()
    display_name: str = ""
    followers: int | None = None
    zone: str = "UTC"
    contact: str | None = None
    id: str = field(default_factory=new_id)


def planned(manifest: Manifest, new: NewAccount) -> SignedAccount:
    """Return what an owner would sign for `new`.

    Raises UsageError for a name, user id, short name, client, label or origin that cannot be used beside the
    accounts of the manifest."""
    _require_free(manifest, new)
    others = [one.short_name for one in manifest.accounts]
    if new.short_name is None:
        short_name = names.default_short_name(new.name, others)
    else:
        short_name = names.require_short_name(new.short_name, others)
    for label in new.labels:
        names.require_name("label", label)
    for grant in new.grants:
        member = manifest.member(grant.member)
        if member is None or not member.active:
            raise errors.NotFound(kind="member", name=grant.member, hint="Run: socialguard whoami")
    return SignedAccount(
        id=new.id,
        network=new.name.network,
        user_id=new.user_id,
        handle=new.name.handle,
        origin=origin.normalise(new.origin),
        client=names.require_name("client", new.client if new.client is not None else new.name.handle),
        short_name=short_name,
        attended=new.attended,
        grants=tuple(sorted(set(new.grants))),
    )


def add(connection: "Connection", owner: OwnerSigner, manifest: Manifest, new: NewAccount) -> Manifest:
    """Add an account, its client where that is new, and its labels; raises as `planned`."""
    return add_all(connection, owner, manifest, [new])


def add_all(
    connection: "Connection", owner: OwnerSigner, manifest: Manifest, accounts: Sequence[NewAccount]
) -> Manifest:
    """Add several accounts under one epoch, as `add`; where one is refused none is added."""
    following = manifest.successor()
    for new in accounts:
        signed = planned(following, new)
        labels = _insert(connection, signed, new)
        known = (*following.accounts, signed)
        following = replace(following, accounts=tuple(sorted(known, key=lambda one: one.id)))
        following = policy.with_labels(connection, following, following, signed.id, labels)
    return manifests.append(connection, following, [owner])


def _insert(connection: "Connection", signed: SignedAccount, new: NewAccount) -> list[str]:
    """Write the rows of a new account and return its labels, sorted."""
    from sqlalchemy import insert

    from socialguard.store.tables import account as table
    from socialguard.store.tables import label

    require_zone(new.zone)
    ensure_client(connection, signed.client)
    connection.execute(
        insert(table).values(
            id=signed.id,
            network=signed.network,
            handle=signed.handle,
            user_id=signed.user_id,
            origin=signed.origin,
            client=signed.client,
            short_name=signed.short_name,
            attended=signed.attended,
            display_name=new.display_name,
            followers=new.followers,
            zone=new.zone,
            contact=new.contact,
            state=AccountState.ACTIVE.value,
            created_at=jcs.timestamp(clock.now()),
        )
    )
    labels = sorted(set(new.labels))
    if labels:
        connection.execute(insert(label), [{"account_id": signed.id, "name": name} for name in labels])
    return labels


def remove(connection: "Connection", owner: OwnerSigner, manifest: Manifest, account_id: str) -> Manifest:
    """Take an account out of the manifest; its row stays, marked as removed, for what refers to it."""
    from sqlalchemy import delete, update

    from socialguard.store.tables import account as table
    from socialguard.store.tables import label

    if manifest.account(account_id) is None:
        raise errors.UnknownAccount(name=account_id)
    connection.execute(delete(label).where(label.c.account_id == account_id))
    connection.execute(update(table).where(table.c.id == account_id).values(state=AccountState.REMOVED.value))
    following = policy.with_labels(connection, manifest, manifest.without_account(account_id), account_id, [])
    return manifests.append(connection, following, [owner])


def create_client(connection: "Connection", name: str) -> None:
    """Create a client that has no accounts yet; raises UsageError for a bad name or one that exists."""
    names.require_name("client", name)
    if not ensure_client(connection, name):
        raise errors.UsageError(detail=f"There is a client {name} already.")


def clients(connection: "Connection") -> tuple[str, ...]:
    """Return the names of all clients, sorted."""
    from sqlalchemy import select

    from socialguard.store.tables import client

    return tuple(connection.execute(select(client.c.name).order_by(client.c.name)).scalars())


def require_zone(zone: str) -> str:
    """Return `zone` if it is a time zone of the IANA database with its summers; raises UsageError."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        found = ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise errors.UsageError(detail=f"{zone} is not a time zone; write it as Europe/Paris.") from None
    if found in WINTERS:
        raise errors.UsageError(detail=f"{zone} has no summer time; write a place, such as America/New_York.")
    return found


def _require_free(manifest: Manifest, new: NewAccount) -> None:
    if not new.user_id:
        raise errors.UsageError(detail=f"The network gave no user id for {new.name}.")
    handle = names.folded(AccountName.parse(str(new.name)).handle)
    for one in manifest.accounts:
        if one.id == new.id:
            raise errors.UsageError(detail=f"There is an account {new.id} already.")
        if one.network != new.name.network:
            continue
        if names.folded(one.handle) == handle:
            raise errors.UsageError(
                detail=f"There is an account {new.name} already.",
                remedy=f"To replace its credential: socialguard account rotate {new.name} --credential -",
            )
        if one.user_id == new.user_id and one.origin == origin.normalise(new.origin):
            raise errors.UsageError(
                detail=f"{new.name} is the account that is registered as {one.network}:@{one.handle}."
            )


def ensure_client(connection: "Connection", name: str) -> bool:
    """Create a client where it is new and return whether it was; refuse one that only reads like another."""
    from sqlalchemy import insert

    from socialguard.store.tables import client

    known = clients(connection)
    if name in known:
        return False
    for other in known:
        if typed_client(other) == typed_client(name):
            raise errors.UsageError(detail=f"There is a client {other}; {name} would be another one.")
    connection.execute(insert(client).values(name=name, created_at=jcs.timestamp(clock.now())))
    return True
