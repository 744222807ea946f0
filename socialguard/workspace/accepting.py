"""Accepting an incident: the log begins again with the gap declared, and nothing that was queued goes by itself.

What the log does not prove any more may be public: a delivery that stands as queued, or as waiting for approval,
may have been sent, moved or cancelled in what is lost. So it is held in the same transaction, and what was being
sent is unknown."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from socialguard import errors
from socialguard.ledger import reader, writer
from socialguard.model.delivery import State
from socialguard.publishing import approval
from socialguard.publishing.claim import hold
from socialguard.publishing.course import append
from socialguard.workspace.owner import OwnerSigner
from socialguard.workspace.signed import log_keys_of
from socialguard.workspace.verifying import verify

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from socialguard.audit.checkpoint import Finds
    from socialguard.audit.declaration import Declaration
    from socialguard.audit.interface import TreePin
    from socialguard.registry.manifest import Manifest
    from socialguard.workspace.opened import Workspace

_REASON: Final = "the log was begun again"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was declared, and the deliveries that are held, or whose outcome nobody knows."""

    declared: "Declaration"
    held: tuple[str, ...]
    unknown: tuple[str, ...]


def accept(workspace: "Workspace", reason: str) -> Accepted:
    """Begin the log again, as an owner; raises UsageError where nothing is wrong with it, else as
    `audit.incident.accept`."""
    with workspace.database.read() as connection:
        manifest = workspace.signed.books(connection).manifest
    if verify(workspace, deep=True).exit_code in (0, errors.Stale.exit_code, errors.NotAnchored.exit_code):
        # An owner's signature is not for a slip.
        raise errors.UsageError(detail="The log is whole: there is no incident to accept.")
    put: list[tuple[tuple[str, ...], tuple[str, ...]]] = []

    def beside(connection: "Connection", _: "Declaration") -> None:
        put.append(hold_queue(connection, workspace, errors.HeldByIncident, _REASON))

    declared = begin_again(workspace, manifest, reason, beside=beside)
    return Accepted(declared, *put[0])


def begin_again(
    workspace: "Workspace",
    manifest: "Manifest",
    reason: str,
    *,
    pins: "TreePin | None" = None,
    signer: "Finds | None" = None,
    beside: "Callable[[Connection, Declaration], object] | None" = None,
) -> "Declaration":
    """Begin the log again with what is lost declared, signed by the owner here; `pins` are what is known
    of the log before (default: the workspace's), `signer` what finds the key of the new one (default: that
    of the manifest). Raises, and does `beside`, as `audit.incident.accept`."""
    from socialguard.audit import incident

    return incident.accept(
        workspace.database,
        workspace.log,
        actor=workspace.person,
        reason=reason,
        keys=incident.Keys(
            OwnerSigner(workspace.keys.member()), signer or (lambda _: workspace.log_key(manifest))
        ),
        log_keys=log_keys_of(manifest),
        pins=workspace.pins if pins is None else pins,
        anchors=workspace.anchors,
        beside=beside,
    )


def hold_queue(
    connection: "Connection", workspace: "Workspace", why: type[errors.Held], said: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Hold all that is queued or waits for approval, with an alert of the kind `why`, and mark what was being sent
    as unknown; return the ids of both.

    What is due later is held, too: it may have been cancelled meanwhile, or moved earlier and sent."""
    desk, held, unknown = workspace.desk, [], []
    for value in reader.in_states(connection, State.SENDING):
        writer.settle(connection, value, State.UNKNOWN, reason=said)
        append(connection, desk, value, "unknown", reason=said)
        unknown.append(value.id)
    for value in reader.in_states(connection, State.QUEUED, State.AWAITING):
        account = workspace.trust.account(connection, value.account_id)
        approval.close(connection, desk.alerts, value.id)
        hold(connection, desk, value, account, why(delivery=value.id, account=account))
        held.append(value.id)
    return tuple(held), tuple(unknown)
