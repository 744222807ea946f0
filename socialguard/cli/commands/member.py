"""`socialguard member …`, `offboard`: who belongs to the organisation, in which role, with which keys."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from socialguard import errors, settings
from socialguard.canon import jcs
from socialguard.cli.face import Face
from socialguard.cli.key_source import chosen_kek, key_source
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command, reason
from socialguard.cli.words import _, later

if TYPE_CHECKING:
    from socialguard.registry.signed import Member
    from socialguard.workspace.membership import Changed
    from socialguard.workspace.opened import Workspace

ROLES: Final = ("owner", "publisher", "author", "approver", "auditor", "worker")
_WORDS: Final = (
    later("publisher"),
    later("author"),
    later("approver"),
    later("auditor"),
    later("worker"),
    later("active"),
    later("suspended"),
    later("removed"),
)
_REACH: Final = {
    "keys": later(
        "The worker {id} was set up or used on their machine and opens all that it sends with: set up another one "
        "elsewhere, then: socialguard member remove {id} --reason …"
    ),
    "machine": later(
        "The worker {id} works on a machine that they used, as another user of it. If they administer that "
        "machine, set up another worker elsewhere, then: socialguard member remove {id} --reason …"
    ),
    "unknown": later(
        "The worker {id} never said anything, so nobody knows on which machine its keys lie. If on theirs: "
        "socialguard member remove {id} --reason …"
    ),
}
MAX_FILE: Final = 64 * 1024
_role = click.Choice(ROLES)
_contractor = click.option("--contractor", is_flag=True, help="What this member submits always needs an approval.")


@command("invite")
@click.argument("name")
@click.option("--role", type=_role, required=True, help="What the member is for.")
@_contractor
def invite(face: Face, name: str, role: str, contractor: bool) -> None:
    """Invite somebody: prints a file to carry to them, by any way but this database."""
    from socialguard.registry.signed import Role
    from socialguard.workspace import membership

    with open_workspace(face) as workspace:
        invitation, file = membership.invite(workspace, name, Role(role), contractor)
    document = {
        "invitation": file.strip(),
        "id": invitation.id,
        "name": invitation.name,
        "role": invitation.role.value,
        "contractor": invitation.contractor,
        "expires": jcs.timestamp(invitation.expires),
    }

    def people() -> None:
        face.printer.lines(file.splitlines())
        face.printer.note(
            "Until {until}. There: socialguard member join FILE",
            until=f"{invitation.expires:%Y-%m-%d %H:%M} UTC",
        )

    face.printer.answer(document, people)


@command("join")
@click.argument("invitation", metavar="FILE")
@key_source
def join(
    face: Face, invitation: str, key_file: Path | None, systemd_credential: str | None, passphrase: bool
) -> None:
    """Make keys on this machine for an invitation, and print the request for the owner and its code."""
    from socialguard.workspace import joining

    source = read_file(invitation)
    base = settings.identity_base()
    request, file = joining.join(base, source, lambda: chosen_kek(face, key_file, systemd_credential, passphrase))
    document = {
        "request": file.strip(),
        "code": request.code,
        "member": request.member.id,
        "org": request.invitation.org,
    }

    def people() -> None:
        face.printer.lines(file.splitlines())
        face.printer.note(
            "Send this file to the owner, and read this code to them yourself: {code}", code=request.code
        )

    face.printer.answer(document, people)


@command("accept")
@click.argument("request", metavar="FILE")
@click.option("--code", required=True, help="The code that the person read to you.")
@click.option(
    "--checked", required=True, metavar="TEXT", help="How you made sure who it was; it stands in the log."
)
def accept(face: Face, request: str, code: str, checked: str) -> None:
    """Take in whoever sent a request, after hearing its code from the person."""
    from socialguard.registry import members
    from socialguard.workspace import membership

    source = read_file(request)
    with open_workspace(face) as workspace:
        found, changed = membership.accept(workspace, source, code, checked)
        document = changed_document(workspace, changed)

    def people() -> None:
        face.printer.say(
            "{name} is a member ({role}), by manifest {epoch}.",
            name=found.invitation.name,
            role=_(found.member.role.value),
            epoch=changed.rekeyed.manifest.epoch,
        )
        if changed.member.role in members.USUAL:
            face.printer.note("Next: socialguard grant {id} SELECTOR", id=found.member.id)

    face.printer.answer({"member": document}, people)


@command("list")
@click.option("--all", "everything", is_flag=True, help="Removed ones, too.")
def list_(face: Face, everything: bool) -> None:
    """List the members, their roles, and since when and by whose act."""
    with open_workspace(face) as workspace:
        documents = _documents(workspace, everything)

    def people() -> None:
        face.printer.table(
            [
                _("id"),
                _("name"),
                _("role"),
                _("since"),
                _("by"),
                _("accounts"),
                _("identity checked"),
            ],
            [
                (
                    one["id"],
                    one["name"],
                    _role_told(one),
                    str(one["since"])[:10],
                    one["by"],
                    one["accounts"],
                    one["identity_checked"] or "",
                )
                for one in documents
            ],
        )

    face.printer.answer({"members": documents}, people)


@command("role")
@click.argument("member")
@click.argument("role", type=_role)
@_contractor
@reason()
def role(face: Face, member: str, role: str, contractor: bool, reason: str) -> None:
    """Give a member another role; grants that the new role cannot have are dropped."""
    from socialguard.registry.signed import Role
    from socialguard.workspace import membership

    with open_workspace(face) as workspace:
        changed = membership.set_role(workspace, member, Role(role), contractor, reason)
        _tell(face, workspace, changed)


@command("suspend")
@click.argument("member")
@click.option("--lift", is_flag=True, help="Take the member back.")
@reason()
def suspend(face: Face, member: str, lift: bool, reason: str) -> None:
    """Let a member's keys count for nothing until that is lifted; what they open is sealed anew without them."""
    from socialguard.registry.signed import Status
    from socialguard.workspace import membership

    with open_workspace(face) as workspace:
        status = Status.ACTIVE if lift else Status.SUSPENDED
        _tell(face, workspace, membership.set_status(workspace, member, status, reason))


@command("remove")
@click.argument("member")
@reason()
def remove(face: Face, member: str, reason: str) -> None:
    """Remove a member for good: no key of theirs opens what is written from now on."""
    from socialguard.registry.signed import Status
    from socialguard.workspace import membership

    with open_workspace(face) as workspace:
        _tell(face, workspace, membership.set_status(workspace, member, Status.REMOVED, reason))


@command("offboard")
@click.argument("member")
@reason()
def offboard(face: Face, member: str, reason: str) -> int:
    """Remove a member and say what is left for a person to do: tokens at each network, log-ins, deliveries."""
    from socialguard.workspace import offboarding

    with open_workspace(face) as workspace:
        left = offboarding.offboard(workspace, member, reason)
        document = {**changed_document(workspace, left.changed), **offboarding.document(left)}
        name = name_of(workspace, left.changed)

    def people() -> None:
        _tell_changed(face, document, name)
        face.printer.say("Could read until now: {accounts}", accounts=", ".join(left.could_open) or "-")
        for one in left.to_rotate:
            face.printer.say(
                "{account}: replace its token there, then: socialguard account rotate {account} --credential -",
                account=one,
            )
        for one, page in left.pages:
            face.printer.say("{account}: look who can log in there by hand, and take them out: {page}",
                             account=one, page=page)  # fmt: skip
        for worker in left.workers:
            face.printer.say(_REACH[worker.reach.value], id=worker.id)
        for one in left.deliveries:
            face.printer.say("Delivery {id} of theirs is held when it is due.", id=one)
        if left.group is not None:
            face.printer.say("The group {group} writes the files here: take them out of it.", group=left.group)

    face.printer.answer({"offboarded": document}, people)
    return errors.PartlyDone.exit_code if left.changed.waiting_for else 0


def read_file(place: str, limit: int = MAX_FILE) -> str:
    """Return the text of a signed file, or of stdin (`-`); NotFound, Unreadable, UsageError where it is too
    large."""
    try:
        data = sys.stdin.buffer.read(limit + 1) if place == "-" else Path(place).read_bytes()[: limit + 1]
        text = data.decode("utf-8")
    except FileNotFoundError:
        raise errors.NotFound(kind="file", name=place, hint="Name the file that was sent to you.") from None
    except (OSError, UnicodeDecodeError) as problem:
        detail = "it is not UTF-8." if isinstance(problem, UnicodeDecodeError) else str(problem.strerror)
        raise errors.Unreadable(path=place, detail=detail) from None
    if len(data) > limit:
        raise errors.UsageError(detail=f"{place} is larger than {limit >> 10} KiB: that is no such file.")
    return text


def changed_document(workspace: "Workspace", changed: "Changed") -> dict[str, object]:
    """Return what an act on a member left, as scripts read it."""
    names = {one.id: f"{one.network}:@{one.handle}" for one in changed.rekeyed.manifest.accounts}
    return {
        "id": changed.member.id,
        "role": changed.member.role.value,
        "status": changed.member.status.value,
        "contractor": changed.member.contractor,
        "epoch": changed.rekeyed.manifest.epoch,
        "sealed_anew": sorted(names[one] for one in changed.rekeyed.generations),
        "rotation_due": sorted(names[one] for one in changed.rekeyed.rotation_due),
        "in_force": changed.in_force,
        "waiting_for": list(changed.waiting_for),
    }


def _role_told(one: dict[str, object]) -> str:
    """A role, and in brackets what is not the rule of a member."""
    status = str(one["status"])
    beside = ([_("contractor")] if one["contractor"] else []) + ([_(status)] if status != "active" else [])
    return _(str(one["role"])) + (f" ({', '.join(beside)})" if beside else "")


def name_of(workspace: "Workspace", changed: "Changed") -> str:
    """Return the name of the member that an act was about."""
    with workspace.database.read() as connection:
        return workspace.trust.named(connection, changed.member.id)


def _tell(face: Face, workspace: "Workspace", changed: "Changed") -> None:
    document, name = changed_document(workspace, changed), name_of(workspace, changed)
    face.printer.answer({"member": document}, lambda: _tell_changed(face, document, name))


def _tell_changed(face: Face, document: dict[str, object], name: str) -> None:
    face.printer.say(
        "{id}: {role}, {status}, by manifest {epoch}.",
        id=name,
        role=_(str(document["role"])),
        status=_(str(document["status"])),
        epoch=document["epoch"],
    )
    sealed, due, waiting = (_listed(document[name]) for name in ("sealed_anew", "rotation_due", "waiting_for"))
    if sealed:
        face.printer.say("Sealed anew: {accounts}", accounts=", ".join(sealed))
    if due:
        face.printer.say("The tokens themselves are the old ones until they are replaced: {accounts}",
                         accounts=", ".join(due))  # fmt: skip
    if waiting:
        face.printer.note(
            "Signed, not yet in force: {workers} has not acknowledged it. "
            "Its daemon does, or its next queue run or watch run.",
            workers=", ".join(waiting),
        )


def _listed(value: object) -> Sequence[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _documents(workspace: "Workspace", everything: bool) -> list[dict[str, object]]:
    from socialguard.registry import founding
    from socialguard.registry.signed import Status
    from socialguard.workspace import access

    with workspace.database.read() as connection:
        manifest = workspace.signed.books(connection).manifest
        known = founding.profiles(connection, manifest)
        documents: list[dict[str, object]] = []
        for one in manifest.members:
            if one.status is Status.REMOVED and not everything:
                continue
            since = access.member_since(connection, one.id)
            documents.append(
                {
                    "id": one.id,
                    "name": known[one.id].name,
                    "role": one.role.value,
                    "status": one.status.value,
                    "contractor": one.contractor,
                    "contact": known[one.id].contact,
                    "since": since.at,
                    "by": known[since.by].name if since.by in known else since.by,
                    "identity_checked": access.identity_checked(connection, one.id),
                    "accounts": _count(manifest.accounts, one),
                }
            )
    return documents


def _count(accounts: Sequence[object], member: "Member") -> int:
    from socialguard.registry.signed import Role, SignedAccount

    if member.role is Role.OWNER:
        return len(accounts)
    signed = [one for one in accounts if isinstance(one, SignedAccount)]
    return sum(any(grant.member == member.id for grant in one.grants) for one in signed)
