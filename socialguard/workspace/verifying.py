"""Verifying a workspace's log with what its owners signed and this machine knows."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from socialguard import errors
from socialguard.model.text import marked
from socialguard.registry import founding
from socialguard.registry.signed import Role
from socialguard.workspace.opened import Workspace

if TYPE_CHECKING:
    from socialguard.audit.verify import Report

MISNAMED: Final = marked("member {member} has another name than the one that an owner signed.")


def verify(
    workspace: Workspace,
    *,
    deep: bool = False,
    told: Callable[[int, int], None] | None = None,
    require_anchor: bool = False,
) -> "Report":
    """Return what is found in the whole log, and in the rows of deliveries, alerts and members held against it and
    what owners signed; `told` is called with the entries done and all of them."""
    from socialguard.alerts import logged
    from socialguard.audit import verify as verifying
    from socialguard.audit.pages import Problem
    from socialguard.ledger import agreement
    from socialguard.workspace.signed import log_keys_of

    with workspace.database.read() as connection:
        manifest = workspace.signed.books(connection).manifest
    # Also those who left: what they declared then stands in the log for ever.
    owners = [member.ed25519 for member in manifest.members if member.role is Role.OWNER]
    report = verifying.verify(
        workspace.database,
        workspace.org,
        log_keys_of(manifest),
        workspace.pins,
        workspace.anchors,
        deep,
        told,
        owners=[*owners, *(key.ed25519 for key in manifest.recovery)],
        require_anchor=require_anchor,
        stale_after=timedelta(hours=workspace.settings.stale_after_hours),
    )
    with workspace.database.read() as connection:
        named = [
            Problem("member", MISNAMED.format(member=one), errors.Tampered.exit_code)
            for one in founding.misnamed(connection, workspace.signed.books(connection).manifest)
        ]
    more = [
        *named,
        *agreement.disagreements(workspace.database, deep=deep),
        *logged.disagreements(workspace.database),
    ]
    return report.also(more)
