"""The day on which somebody leaves: the removal, and what only a person can do at the networks themselves."""

import grp
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socialguard.registry.accounts import Registry
from socialguard.registry.signed import Status
from socialguard.vault import credential_row
from socialguard.workspace import membership, whereabouts
from socialguard.workspace.whereabouts import Worker

if TYPE_CHECKING:
    from pathlib import Path

    from socialguard.workspace.membership import Changed
    from socialguard.workspace.opened import Workspace


@dataclass(frozen=True, slots=True)
class Left:
    """What is left after a removal, by account name: what the member could open until now, what must be replaced
    at the network, the pages on which a person looks who else can log in, and deliveries that will be held."""

    changed: "Changed"
    could_open: tuple[str, ...]
    to_rotate: tuple[str, ...]
    pages: tuple[tuple[str, str], ...]
    deliveries: tuple[str, ...]
    workers: tuple[Worker, ...]
    """Workers that still work and whose keys may be within the member's reach."""
    group: str | None
    """The Unix group that writes the workspace's files; None where none does."""


def offboard(workspace: "Workspace", name: str, reason: str) -> Left:
    """Remove a member and return what is left to do; raises as `membership.set_status`."""
    member = membership.find(workspace, name)
    with workspace.database.read() as connection:
        manifest = workspace.signed.books(connection).manifest
        everyone = Registry(manifest).all(connection)
    signed = {one.id: one for one in manifest.accounts}
    opened = [one for one in everyone if member.sealing_id in credential_row.recipients(manifest, signed[one.id])]
    touched = [
        one
        for one in everyone
        if one in opened or any(grant.member == member.id for grant in signed[one.id].grants)
    ]
    changed = membership.set_status(workspace, name, Status.REMOVED, reason)
    with workspace.database.read() as connection:
        waiting = membership.waiting_deliveries(connection, member.id)
        workers = whereabouts.workers_near(connection, changed.rekeyed.manifest, member.id)
    due = set(changed.rekeyed.rotation_due)
    pages = ((str(one), workspace.network(one.network).profile_url(one.handle, one.user_id)) for one in touched)
    return Left(
        changed=changed,
        could_open=tuple(str(one) for one in opened),
        to_rotate=tuple(str(one) for one in everyone if one.id in due),
        pages=tuple(pages),
        deliveries=waiting,
        workers=workers,
        group=_group(workspace.layout.home),
    )


def _group(home: "Path") -> str | None:
    found = home.stat()
    if not found.st_mode & stat.S_IWGRP:
        return None
    try:
        return grp.getgrgid(found.st_gid).gr_name
    except KeyError:
        return str(found.st_gid)


def document(left: Left) -> dict[str, object]:
    """Return what is left as scripts read it."""
    return {
        "could_open": list(left.could_open),
        "to_rotate": list(left.to_rotate),
        "pages": [{"account": account, "page": page} for account, page in left.pages],
        "deliveries": list(left.deliveries),
        "workers": [{"id": one.id, "reach": one.reach.value} for one in left.workers],
        "group": left.group,
    }
