"""Destroying what other people wrote to an account in a month: an owner's act, logged before and after.

What is said here of copies is honest: this program destroys the key that it holds; a copy of the workspace that
somebody made still has it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from socialguard import errors
from socialguard.archive import lines, shredding
from socialguard.audit.interface import Entry

if TYPE_CHECKING:
    from socialguard.archive.interface import Resealed
    from socialguard.model.account import Account
    from socialguard.workspace.opened import Workspace

ACTION: Final = "archive.shred"
SEAL: Final = "archive.seal"


class OwnersDestroy(errors.NotAllowed):
    """Only an owner may destroy what is kept. Nothing was destroyed."""


@dataclass(frozen=True, slots=True)
class Shredded:
    """What was destroyed: items that went, and copies of the database in this workspace that still hold the
    key."""

    items: int
    copies: tuple[Path, ...]


def require_owner(workspace: "Workspace") -> None:
    """Refuse whoever is no owner; raises OwnersDestroy."""
    with workspace.database.read() as connection:
        manifest = workspace.signed.books(connection).manifest
    if not manifest.is_owner(workspace.identity.member_id):
        raise OwnersDestroy


def count(workspace: "Workspace", account: "Account", month: str) -> int | None:
    """Return how many items of others are kept of a month; None where no index can be made."""
    try:
        archive = workspace.archive
    except errors.ArchiveDamaged:
        return None
    with archive.database.read() as connection:
        return shredding.count(connection, account.id, month)


def shred(workspace: "Workspace", account: "Account", month: str, reason: str) -> Shredded:
    """Destroy a month of others' items of an account; raises as `Archive.shred`, OwnersDestroy."""
    require_owner(workspace)
    custody = workspace.custody
    custody.owner()  # the log says which member did this: whoever did has that member's keys
    with workspace.database.write() as connection:
        workspace.log.require_extends(connection, workspace.pins.pinned_tree())
        said = custody.entry(ACTION, "intent", account.id, reason=reason, obj={"month": month})
        workspace.log.append(connection, said)
    try:
        archive = workspace.archive
    except errors.ArchiveDamaged:
        # Its key may be what is lost: then an index can be made once that is said.
        files = workspace.archive_files
        shredding.declare(files, files.manifest(), lines.shelf_of_others(account.id, month))
        archive = workspace.archive
    items = archive.shred(account.id, month)
    with workspace.database.write() as connection:
        said = custody.entry(ACTION, "ok", account.id, reason=reason, obj={"month": month, "items": items})
        workspace.log.append(connection, said)
    return Shredded(items, copies(workspace))


def seal_plain(workspace: "Workspace") -> "Resealed | None":
    """Seal what an older version kept of others in the clear, and log the heads of both manifests; raises as
    `Archive.seal_plain`."""
    done = workspace.archive.seal_plain()
    if done is not None:
        obj = {"segments": done.segments, "before": done.before, "after": done.after}
        with workspace.database.write() as connection:
            workspace.log.append(connection, Entry(SEAL, "ok", workspace.actor, obj=obj))
    return done


def copies(workspace: "Workspace") -> tuple[Path, ...]:
    """Return the copies of database and archive that this program made in the workspace: before a migration,
    before a restore."""
    home = workspace.layout.home
    found = [*home.glob(f"{workspace.layout.database.name}.before-*"), *home.glob("before-restore-*")]
    return tuple(sorted(found))
