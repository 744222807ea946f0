"""Changing who the members are and what they may do, each act one epoch that an owner signs.

Every act works in the caller's write transaction and returns the next manifest, which the caller pins after the
commit. Whether credentials must be sealed anew follows from the two manifests (`vault.resealing`).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from socialguard import errors
from socialguard.canon import jcs
from socialguard.model.text import marked
from socialguard.registry import founding
from socialguard.registry import manifest as manifests
from socialguard.registry.interface import OwnerSigner
from socialguard.registry.manifest import Manifest
from socialguard.registry.signed import ALLOWED, Grant, Member, Right, Role, Status

if TYPE_CHECKING:
    from sqlalchemy import Connection

USUAL = {Role.PUBLISHER: Right.PUBLISH, Role.AUTHOR: Right.AUTHOR, Role.APPROVER: Right.APPROVE}
USUAL[Role.WORKER] = Right.SEND
"""What a grant to a member of a role means where no right is named."""


def find(connection: "Connection", manifest: Manifest, name: str) -> Member:
    """Return a member by id, or by name where that is one member's; removed ones by id only.

    Raises NotFound, AmbiguousName, and Tampered where somebody wears another name than an owner signed: it could
    be anybody's that is asked for."""
    by_id = manifest.member(name)
    if by_id is not None:
        return by_id
    other = founding.misnamed(connection, manifest)
    if other:
        raise errors.Tampered(
            what=marked("The name of a member"),
            detail=f"{', '.join(other)} joined under another one.",
            remedy="Name the member by id: socialguard member list",
        )
    known = founding.profiles(connection, manifest)
    found = [one for one in manifest.members if one.status is not Status.REMOVED and known[one.id].name == name]
    if len(found) > 1:
        ids = ", ".join(one.id for one in found)
        raise errors.AmbiguousName(
            name=name, candidates=ids, example=found[0].id, remedy="Name the member by id, for example {example}."
        )
    if not found:
        raise errors.NotFound(kind="member", name=name, hint="Run: socialguard member list")
    return found[0]


def admit(connection: "Connection", owner: OwnerSigner, manifest: Manifest, member: Member, name: str) -> Manifest:
    """Add a member; raises UsageError where the id, the name or a key is taken."""
    known = founding.profiles(connection, manifest)
    for one in manifest.members:
        if one.ed25519 == member.ed25519 or one.x25519 == member.x25519:
            raise errors.UsageError(detail=f"There is a member {one.id} with these keys already.")
        if one.status is not Status.REMOVED and known[one.id].name == name:
            raise errors.UsageError(detail=f"There is a member called {name} already.")
    return founding.enlist(connection, owner, manifest, member, name)


def set_role(
    connection: "Connection", owner: OwnerSigner, manifest: Manifest, member_id: str, role: Role, contractor: bool
) -> Manifest:
    """Give a person another role, or make one a contractor; grants that the role does not allow are dropped."""
    member = _changeable(manifest, member_id)
    if Role.WORKER in (role, member.role) and role is not member.role:
        raise errors.UsageError(detail="A worker is no person: it never changes its role.")
    if member.role is Role.OWNER and role is not Role.OWNER:
        raise errors.UsageError(
            detail="An owner's keys open every credential; a smaller role would not change that.",
            remedy="Remove the owner, and invite the person anew, with new keys.",
        )
    if contractor and role in (Role.OWNER, Role.WORKER):
        raise errors.UsageError(detail=f"A member of role {role.value} cannot be a contractor.")
    changed = replace(member, role=role, contractor=contractor)
    return _resign(connection, owner, manifest, changed, keep=ALLOWED[role])


def set_status(
    connection: "Connection", owner: OwnerSigner, manifest: Manifest, member_id: str, status: Status
) -> Manifest:
    """Suspend a member, take it back, or remove it for good with all its grants."""
    member = _changeable(manifest, member_id)
    if member.status is status:
        raise errors.UsageError(detail=f"Member {member_id} is {status.value} already.")
    keep = frozenset[Right]() if status is Status.REMOVED else ALLOWED[member.role]
    return _resign(connection, owner, manifest, replace(member, status=status), keep=keep)


def grant(
    connection: "Connection",
    owner: OwnerSigner,
    manifest: Manifest,
    member_id: str,
    right: Right,
    account_ids: Sequence[str],
    until: datetime | None = None,
) -> Manifest:
    """Grant a right on accounts, until an instant where one is given; a grant that is there gets the new end.

    Raises UsageError for a right that the member's role does not allow, and for an end of a worker's."""
    member = _changeable(manifest, member_id)
    if member.role is Role.OWNER:
        raise errors.UsageError(detail="An owner has every right on every account; there is nothing to grant.")
    if right not in ALLOWED[member.role]:
        allowed = ", ".join(sorted(one.value for one in ALLOWED[member.role])) or marked("nothing")
        raise errors.UsageError(
            detail=f"A member of role {member.role.value} may be granted {allowed}, not {right.value}."
        )
    if until is not None and right is Right.SEND:
        raise errors.UsageError(
            detail="A worker holds the credential itself, which no date takes back.",
            remedy="Grant it without --until, and revoke it when it is time: the credential is sealed anew then.",
        )
    given = Grant(member_id, right, "" if until is None else jcs.timestamp(until))
    grants = {
        account_id: (*_others(manifest, account_id, member_id, {right}), given) for account_id in account_ids
    }
    return manifests.append(connection, manifest.with_grants(grants), [owner])


def revoke(
    connection: "Connection",
    owner: OwnerSigner,
    manifest: Manifest,
    member_id: str,
    rights: Sequence[Right],
    account_ids: Sequence[str],
) -> Manifest:
    """Take rights on accounts back; raises UsageError where none of them was granted."""
    if manifest.member(member_id) is None:
        raise errors.NotFound(kind="member", name=member_id, hint="Run: socialguard member list")
    grants = {one: _others(manifest, one, member_id, set(rights)) for one in account_ids}
    changed = {one: kept for one, kept in grants.items() if len(kept) < len(_grants(manifest, one))}
    if not changed:
        raise errors.UsageError(detail=f"Member {member_id} has no such grant there.")
    return manifests.append(connection, manifest.with_grants(changed), [owner])


def _grants(manifest: Manifest, account_id: str) -> tuple[Grant, ...]:
    signed = manifest.account(account_id)
    if signed is None:
        raise errors.UnknownAccount(name=account_id)
    return signed.grants


def _others(manifest: Manifest, account_id: str, member_id: str, rights: set[Right]) -> tuple[Grant, ...]:
    """Return an account's grants but those of a member for some rights."""
    grants = _grants(manifest, account_id)
    return tuple(one for one in grants if one.member != member_id or one.right not in rights)


def _changeable(manifest: Manifest, member_id: str) -> Member:
    member = manifest.member(member_id)
    if member is None:
        raise errors.NotFound(kind="member", name=member_id, hint="Run: socialguard member list")
    if member.status is Status.REMOVED:
        raise errors.UsageError(
            detail=f"Member {member_id} was removed, and stays so.",
            remedy="Whoever comes back is invited anew, with new keys.",
        )
    return member


def _resign(
    connection: "Connection", owner: OwnerSigner, manifest: Manifest, member: Member, *, keep: frozenset[Right]
) -> Manifest:
    """Sign the next epoch with a member as it is from now on, and only those of its grants in `keep`."""
    from sqlalchemy import update

    from socialguard.store.tables import member as table

    if manifest.owners == (member.id,) and not (member.active and member.role is Role.OWNER):
        raise errors.UsageError(
            detail="This is the only owner; without one nothing could be signed any more.",
            remedy="Make another member an owner first.",
        )
    drop = set(Right) - keep
    grants = {one.id: _others(manifest, one.id, member.id, drop) for one in manifest.accounts}
    accounts = tuple(replace(one, grants=grants[one.id]) for one in manifest.accounts)
    following = replace(manifest.with_member(member), accounts=accounts)
    row = update(table).where(table.c.id == member.id)
    connection.execute(row.values(role=member.role.value, status=member.status.value))
    return manifests.append(connection, following, [owner])
