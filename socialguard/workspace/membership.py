"""Members and their rights, as commands change them: each act an epoch that an owner signs, its entries, and every
credential that other keys may open from now on sealed anew, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, select

from socialguard import errors
from socialguard.ledger import reader as ledger
from socialguard.model.account import Account
from socialguard.model.delivery import State
from socialguard.model.text import marked
from socialguard.registry import members
from socialguard.registry.signed import Member, Right, Role, Status
from socialguard.store.tables import audit_entry
from socialguard.vault import resealing
from socialguard.vault.resealing import Rekeyed
from socialguard.workspace import acknowledging, joining

if TYPE_CHECKING:
    from socialguard.registry.interface import OwnerSigner
    from socialguard.registry.manifest import Manifest
    from socialguard.workspace.joining import Invitation, Request
    from socialguard.workspace.opened import Workspace

ADD: Final = "member.add"
GRANT: Final = "grant"
REVOKE: Final = "revoke"


@dataclass(frozen=True, slots=True)
class Changed:
    """What an act on one member left. `rekeyed` names the accounts whose credentials were sealed anew and those
    whose token must be replaced at the network; `waiting_for` the workers that have not acknowledged it yet."""

    member: Member
    rekeyed: Rekeyed
    waiting_for: tuple[str, ...]

    @property
    def in_force(self) -> bool:
        """Whether every worker acknowledged the epoch."""
        return not self.waiting_for


def corr_of(member_id: str) -> str:
    """Return how entries about a member are found in the log."""
    return f"member.{member_id}"


def invite(workspace: "Workspace", name: str, role: Role, contractor: bool) -> "tuple[Invitation, str]":
    """Invite somebody and return the invitation and its file, to be carried outside the database."""
    if not name.strip() or len(name) > 100:
        raise errors.UsageError(detail="A member's name is one line of 1 to 100 characters.")
    with workspace.database.read() as connection:
        manifest = workspace.signed.books(connection).manifest
    owner = workspace.keys.member()
    if not manifest.is_owner(workspace.identity.member_id):
        raise errors.NotAllowed(who=marked("You"), what="invite a member", detail="only an owner signs a manifest")
    invitation, file = joining.invite(manifest, owner, name.strip(), role, contractor)
    entry = workspace.custody.entry(
        "member.invite", "ok", None, corr=_invite_corr(invitation.id), obj={"role": role.value}
    )
    with workspace.database.write() as connection:
        workspace.log.append(connection, entry)
    return invitation, file


def accept(workspace: "Workspace", source: str, code: str, checked: str) -> "tuple[Request, Changed]":
    """Take whoever sent a request in, `checked` saying how the owner made sure whose code it is."""
    request = joining.read_request(source)
    invitation = request.invitation

    def act(connection: Connection, owner: "OwnerSigner", manifest: "Manifest") -> "Manifest":
        joining.require_invited(request, source, manifest, code)
        used = select(audit_entry.c.seq).where(
            audit_entry.c.corr == _invite_corr(invitation.id), audit_entry.c.action == "member.accept"
        )
        if connection.execute(used.limit(1)).first() is not None:
            raise errors.UsageError(detail="This invitation was used already.", remedy="Invite the member anew.")
        after = members.admit(connection, owner, manifest, request.member, invitation.name)
        said = workspace.custody.entry("member.accept", "ok", None, corr=_invite_corr(invitation.id))
        workspace.log.append(connection, said)
        return after

    obj = {"role": invitation.role.value, "contractor": invitation.contractor}
    return request, _member_act(workspace, ADD, act, request.member.id, obj, reason=checked)


def set_role(workspace: "Workspace", name: str, role: Role, contractor: bool, reason: str) -> Changed:
    """Give a member another role."""
    member = find(workspace, name)

    def act(connection: Connection, owner: "OwnerSigner", manifest: "Manifest") -> "Manifest":
        return members.set_role(connection, owner, manifest, member.id, role, contractor)

    obj = {"role": role.value, "contractor": contractor}
    return _member_act(workspace, "member.role", act, member.id, obj, reason=reason)


def set_status(workspace: "Workspace", name: str, status: Status, reason: str) -> Changed:
    """Suspend a member, take it back, or remove it; what it could open is sealed anew without it."""
    member = find(workspace, name)
    if member.id == workspace.identity.member_id:
        raise errors.UsageError(detail="Nobody suspends or removes themselves: another owner does it.")

    def act(connection: Connection, owner: "OwnerSigner", manifest: "Manifest") -> "Manifest":
        if manifest.is_owner(member.id):
            sign_thaws_again(workspace, connection, member.id)
        return members.set_status(connection, owner, manifest, member.id, status)

    action = {Status.ACTIVE: "member.resume", Status.SUSPENDED: "member.suspend", Status.REMOVED: "member.remove"}
    return _member_act(workspace, action[status], act, member.id, {}, reason=reason)


def grant(
    workspace: "Workspace",
    name: str,
    right: Right | None,
    selectors: Sequence[str],
    until: datetime | None,
    reason: str | None,
) -> tuple[Changed, Right, tuple[Account, ...]]:
    """Grant a right, the usual one of the member's role where none is named, on the accounts that selectors name
    now: labels are not signed, so a grant never follows them."""
    member = find(workspace, name)
    wanted = right or members.USUAL.get(member.role)
    if wanted is None:
        raise errors.UsageError(detail=f"A member of role {member.role.value} needs no grant, or can have none.")
    accounts = _resolved(workspace, selectors)
    ids = [one.id for one in accounts]

    def act(connection: Connection, owner: "OwnerSigner", manifest: "Manifest") -> "Manifest":
        return members.grant(connection, owner, manifest, member.id, wanted, ids, until)

    obj = {"member": member.id, "right": wanted.value}
    rekeyed = resealing.amend(
        workspace.custody,
        GRANT,
        act,
        lambda _: [(one, obj) for one in ids],
        reason=reason,
        corr=corr_of(member.id),
    )
    return _changed(workspace, member.id, rekeyed), wanted, accounts


def revoke(
    workspace: "Workspace", name: str, right: Right | None, selectors: Sequence[str], reason: str | None
) -> tuple[Changed, tuple[Account, ...]]:
    """Take a right back, every right where none is named."""
    member = find(workspace, name)
    rights = tuple(Right) if right is None else (right,)
    accounts = _resolved(workspace, selectors)
    ids = [one.id for one in accounts]

    def act(connection: Connection, owner: "OwnerSigner", manifest: "Manifest") -> "Manifest":
        return members.revoke(connection, owner, manifest, member.id, rights, ids)

    obj = {"member": member.id, "rights": [one.value for one in rights]}
    rekeyed = resealing.amend(
        workspace.custody,
        REVOKE,
        act,
        lambda _: [(one, obj) for one in ids],
        reason=reason,
        corr=corr_of(member.id),
    )
    return _changed(workspace, member.id, rekeyed), accounts


def find(workspace: "Workspace", name: str) -> Member:
    """Return a member by id or name; NotFound, AmbiguousName."""
    with workspace.database.read() as connection:
        return members.find(connection, workspace.signed.books(connection).manifest, name)


def waiting_deliveries(connection: Connection, member_id: str) -> tuple[str, ...]:
    """Return the ids of what a member submitted and is not public yet: it is held when it is due."""
    found = ledger.in_states(connection, State.QUEUED, State.AWAITING)
    return tuple(one.id for one in found if one.submitter == member_id)


def _member_act(
    workspace: "Workspace",
    action: str,
    act: resealing.Act,
    member_id: str,
    obj: Mapping[str, object],
    *,
    reason: str,
) -> Changed:
    said = {"member": member_id, **obj}
    rekeyed = resealing.amend(
        workspace.custody, action, act, lambda _: [(None, said)], reason=reason, corr=corr_of(member_id)
    )
    return _changed(workspace, member_id, rekeyed)


def _changed(workspace: "Workspace", member_id: str, rekeyed: Rekeyed) -> Changed:
    acknowledging.acknowledge(workspace)
    member = rekeyed.manifest.member(member_id)
    assert member is not None
    with workspace.database.read() as connection:
        waiting = acknowledging.waiting_for(connection, rekeyed.manifest, rekeyed.manifest.epoch)
    return Changed(member, rekeyed, waiting)


def _resolved(workspace: "Workspace", selectors: Sequence[str]) -> tuple[Account, ...]:
    with workspace.database.read() as connection:
        return workspace.signed.books(connection).registry.resolve(connection, selectors)


def sign_thaws_again(workspace: "Workspace", connection: Connection, member_id: str) -> None:
    """Sign what an owner thawed who is about to be one no more: the sender believes present owners only."""
    from socialguard.ledger import stops
    from socialguard.publishing.freeze import THAW

    for stop, signature in stops.lifted_by(connection, member_id):
        said = workspace.trust.require_lifted(connection, stop, member_id, signature)
        signer, signature = workspace.trust.sign(THAW, said)
        stops.sign_again(connection, stop.id, actor=signer, signature=signature)


def _invite_corr(invite: str) -> str:
    return f"invite.{invite}"
