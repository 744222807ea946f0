"""The first epoch of a workspace, and its members."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from socialguard import clock, errors
from socialguard.canon import jcs
from socialguard.registry import manifest as manifests
from socialguard.registry.interface import OwnerSigner
from socialguard.registry.manifest import Manifest
from socialguard.registry.signed import Member, Role, name_digest

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a member beside what an owner signed: a name to show and how to reach them."""

    id: str
    name: str
    contact: str | None


def found(
    connection: "Connection", owner: OwnerSigner, first: Manifest, member_names: Mapping[str, str]
) -> Manifest:
    """Store epoch 1, signed by its own owner, and the names of its members by id; returns it."""
    for member in first.members:
        _insert(connection, member, member_names.get(member.id, member.id))
    return manifests.append(connection, first, [owner])


def enlist(
    connection: "Connection", owner: OwnerSigner, manifest: Manifest, member: Member, name: str
) -> Manifest:
    """Add a member and return the next epoch; raises UsageError where the id is taken."""
    if manifest.member(member.id) is not None:
        raise errors.UsageError(detail=f"There is a member {member.id} already.")
    _insert(connection, member, name)
    signed = replace(member, name_sha256=name_digest(member.id, name))
    return manifests.append(connection, manifest.with_member(signed), [owner])


def recover(
    connection: "Connection", kit: OwnerSigner, manifest: Manifest, following: Manifest, names: Mapping[str, str]
) -> Manifest:
    """Store the epoch that a recovery kit signs, and the names of its new members by id; returns it."""
    for member in following.members:
        if manifest.member(member.id) is None:
            _insert(connection, member, names[member.id])
    return manifests.append(connection, following, [kit])


def profiles(connection: "Connection", manifest: Manifest) -> dict[str, Profile]:
    """Return what is known of each member of the manifest, by id; a lost row, or one with another name than an
    owner signed, leaves the id as the name."""
    rows = _rows(connection)
    known = {one.id: (one, rows.get(one.id)) for one in manifest.members}
    return {
        key: Profile(
            key, row.name if row and one.is_called(row.name) else key, None if row is None else row.contact
        )
        for key, (one, row) in known.items()
    }


def misnamed(connection: "Connection", manifest: Manifest) -> tuple[str, ...]:
    """Return the ids of members whose row has another name than an owner signed."""
    rows = _rows(connection)
    return tuple(one.id for one in manifest.members if one.id in rows and not one.is_called(rows[one.id].name))


def set_member_contact(connection: "Connection", member_id: str, contact: str | None) -> None:
    """Store how a member is reached; raises NotFound for a member without a row."""
    from sqlalchemy import update

    from socialguard.store.tables import member as table

    done = connection.execute(update(table).where(table.c.id == member_id).values(contact=contact))
    if done.rowcount != 1:
        raise errors.NotFound(kind="member", name=member_id, hint="Run: socialguard whoami")


def _rows(connection: "Connection") -> "dict[str, Row[Any, Any, Any]]":
    from sqlalchemy import select

    from socialguard.store.tables import member as table

    return {row.id: row for row in connection.execute(select(table.c.id, table.c.name, table.c.contact))}


def _insert(connection: "Connection", member: Member, name: str) -> None:
    from sqlalchemy import insert

    from socialguard.store.tables import member as table

    connection.execute(
        insert(table).values(
            id=member.id,
            name=name,
            role=member.role.value,
            kind="worker" if member.role is Role.WORKER else "person",
            status=member.status.value,
            created_at=jcs.timestamp(clock.now()),
        )
    )
