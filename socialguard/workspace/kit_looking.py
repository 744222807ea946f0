"""What a recovery kit would take over on this machine, before anything is changed: no key is needed for it."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from socialguard import errors, settings
from socialguard.registry import founding, members
from socialguard.registry import manifest as manifests
from socialguard.registry.signed import Member
from socialguard.vault import identity as identities
from socialguard.vault import recovery
from socialguard.workspace.layout import Layout

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from socialguard.registry.manifest import Manifest
    from socialguard.store.database import Database
    from socialguard.vault.recovery import Kit

_BESIDE: Final = ".recovering"


@dataclass(frozen=True, slots=True)
class Found:
    """What a kit would take over, before anything is changed: the manifest's epoch, who the kit makes an owner
    anew (`name`, and the member who is replaced), the workers that are replaced, owners who stay, and how many
    accounts there are."""

    epoch: int
    name: str
    replaced: str
    workers: tuple[str, ...]
    others: tuple[str, ...]
    accounts: int


def look(home: Path, kit: "Kit", owner: str | None, backup: Path | None) -> Found:
    """Return what the kit would take over, changing nothing.

    `owner` names the person who comes back, None where there is but one owner. Raises UsageError for the kit of
    another organisation, an owner who is none, or a machine that has keys already; Stale for a kit that was
    replaced; Tampered where manifest and kit do not agree."""
    layout = Layout(home if backup is None else backup)
    if not is_begun(kit.org):
        _require_no_keys(kit.org)
    if layout.read_org() != kit.org:
        raise errors.UsageError(detail="This kit belongs to another organisation.")
    with _opened(home, layout) as database, database.read() as connection:
        manifest = manifest_of(connection, kit)
        back = who_comes_back(connection, manifest, owner)
        names = founding.profiles(connection, manifest)
    return Found(
        epoch=manifest.epoch,
        name=names[back.id].name,
        replaced=back.id,
        workers=manifest.workers,
        others=tuple(names[one].name for one in manifest.owners if one != back.id),
        accounts=len(manifest.accounts),
    )


def manifest_of(connection: "Connection", kit: "Kit") -> "Manifest":
    """The manifest, verified from its founding as the kit names it, and one that the kit is in force under."""
    manifest = manifests.verify_chain(connection, kit.org)
    recovery.check(kit, kit.org, manifest.recovery)
    known = (manifests.at_epoch(connection, epoch).sha256 for epoch in range(manifest.epoch, 0, -1))
    if kit.manifest_sha256 not in known:
        raise errors.Tampered(
            what="The manifest", detail="it does not hold the epoch under which the kit was made (rolled back)."
        )
    return manifest


def who_comes_back(connection: "Connection", manifest: "Manifest", owner: str | None) -> Member:
    """Return the owner whom a kit brings back; UsageError where several could be meant, or who is none."""
    if owner is None and len(manifest.owners) > 1:
        names = founding.profiles(connection, manifest)
        listed = ", ".join(names[one].name for one in manifest.owners)
        raise errors.UsageError(
            detail=f"There are several owners: {listed}.",
            remedy="Another owner who has keys can invite you: socialguard member invite. Else give --owner NAME.",
        )
    found = members.find(connection, manifest, owner or manifest.owners[0])
    if not manifest.is_owner(found.id):
        raise errors.UsageError(detail=f"{owner} is no owner.", remedy="An owner can invite any other member.")
    return found


def _require_no_keys(org: str) -> None:
    place = identities.directory(settings.identity_base(), org)
    if place.exists():
        raise errors.UsageError(
            detail=f"This machine has keys for this organisation already, in {place}.",
            remedy="They are the way back: socialguard workspace adopt or workspace restore. "
            "Where they no longer open, move the directory away and keep it.",
        )


def beside() -> Path:
    """Return where the new keys lie until all is done."""
    return settings.identity_base() / _BESIDE


def is_begun(org: str) -> bool:
    return identities.directory(beside(), org).exists()


def is_in_force(layout: Layout, kit: "Kit") -> bool:
    """Return whether a call that was broken off had made its keys the manifest's."""
    if not is_begun(kit.org) or not layout.org.exists():
        return False
    begun = identities.open_identity(beside(), kit.org)
    with _opened(layout.home, layout) as database, database.read() as connection:
        return manifests.verify_chain(connection, kit.org).is_owner(begun.member_id)


@contextlib.contextmanager
def _opened(home: Path, layout: Layout) -> "Iterator[Database]":
    """The database as it is: nothing is migrated, no key is needed."""
    from socialguard.store.database import connect, require_file

    layout.read_org()
    url = layout.database_url(settings.load(Layout(home).settings).database)
    require_file(url)
    database = connect(url)
    try:
        yield database
    finally:
        database.close()
