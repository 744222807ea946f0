"""`socialguard grant`, `revoke`, `access`: who may do what on which account."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

import click

from socialguard import errors
from socialguard.canon import jcs
from socialguard.cli.commands.member import changed_document
from socialguard.cli.completion import AccountType
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command, reason, selector_arguments
from socialguard.cli.words import _, later

if TYPE_CHECKING:
    from socialguard.registry.signed import Right
    from socialguard.workspace.access import Access

RIGHTS: Final = ("publish", "author", "approve", "send")
_WORDS: Final = (
    later("publish"),
    later("author"),
    later("approve"),
    later("send"),
    later("grant"),
    later("owner"),
)
_right = click.option("--right", type=click.Choice(RIGHTS), help="Which; else the usual one of the member's role.")


@command("grant")
@click.argument("member")
@selector_arguments()
@_right
@click.option("--until", metavar="WHEN", help="When it ends: 2026-12-31T18:00, 'friday 18h'.")
@reason(required=False)
def grant(
    face: Face, member: str, selectors: tuple[str, ...], right: str | None, until: str | None, reason: str | None
) -> None:
    """Grant a member a right on accounts; a label or client means the accounts that are in it now."""
    from socialguard.workspace import membership

    with open_workspace(face) as workspace:
        ends = None if until is None else _instant(until, workspace.zone)
        changed, given, accounts = membership.grant(workspace, member, _wanted(right), selectors, ends, reason)
        document = {
            **changed_document(workspace, changed),
            "right": given.value,
            "accounts": [str(one) for one in accounts],
            "until": until if ends is None else jcs.timestamp(ends),
        }

    def people() -> None:
        face.printer.say(
            "{member} may {right} on: {accounts}",
            member=member,
            right=_(given.value),
            accounts=", ".join(str(one) for one in accounts),
        )
        if ends is not None:
            face.printer.say("Until {until}.", until=ends)

    face.printer.answer({"grant": document}, people)


@command("revoke")
@click.argument("member")
@selector_arguments()
@click.option("--right", type=click.Choice(RIGHTS), help="Which; else every right.")
@reason(required=False)
def revoke(face: Face, member: str, selectors: tuple[str, ...], right: str | None, reason: str | None) -> None:
    """Take back what a member may do on accounts; `account revoke` is for a credential at its network."""
    from socialguard.workspace import membership

    with open_workspace(face) as workspace:
        changed, accounts = membership.revoke(workspace, member, _wanted(right), selectors, reason)
        document = {**changed_document(workspace, changed), "accounts": [str(one) for one in accounts]}

    def people() -> None:
        face.printer.say(
            "Taken back from {member}: {accounts}",
            member=member,
            accounts=", ".join(str(one) for one in accounts),
        )

    face.printer.answer({"revoked": document}, people)


@command("access")
@click.argument("account", required=False, type=AccountType(), metavar="[ACCOUNT]")
@click.option("--member", metavar="MEMBER", help="What this member may do, on every account.")
@click.option("--all", "everything", is_flag=True, help="Every account.")
def access(face: Face, account: str | None, member: str | None, everything: bool) -> None:
    """Show who can do what on an account, since when and by whose act."""
    from socialguard.workspace import access as rights
    from socialguard.workspace import membership

    if sum((account is not None, member is not None, everything)) != 1:
        raise errors.UsageError(detail="Name an account, or give --member MEMBER, or --all.")
    with open_workspace(face) as workspace:
        found: Sequence[Access]
        if member is not None:
            wanted = membership.find(workspace, member).id
            with workspace.database.read() as connection:
                found = rights.of_member(workspace, connection, wanted)
        else:
            with workspace.database.read() as connection:
                registry = workspace.signed.books(connection).registry
                accounts = (
                    registry.resolve(connection, [account]) if account is not None else registry.all(connection)
                )
                found = [one for each in accounts for one in rights.of_account(workspace, connection, each)]

    def people() -> None:
        face.printer.table(
            [_("account"), _("member"), _("role"), _("right"), _("through"), _("until"), _("since"), _("by")],
            [
                (
                    one.account,
                    one.name,
                    _(one.member.role.value),
                    _(one.right.value) if one.counts else f"({_(one.right.value)})",
                    _(one.through),
                    one.until[:16].replace("T", " "),
                    one.since.at[:16].replace("T", " "),
                    one.by_name,
                )
                for one in found
            ],
        )
        if not all(one.counts for one in found):
            face.printer.note("In brackets: it ended, or its member is suspended; it counts for nothing now.")

    face.printer.answer({"access": [_document(one) for one in found]}, people)


def _document(one: "Access") -> dict[str, object]:
    return {
        "account": str(one.account),
        "client": one.account.client,
        "member": one.member.id,
        "name": one.name,
        "role": one.member.role.value,
        "contractor": one.member.contractor,
        "right": one.right.value,
        "through": one.through,
        "until": one.until or None,
        "counts": one.counts,
        "since": one.since.at or None,
        "by": one.by_name or None,
    }


def _wanted(right: str | None) -> "Right | None":
    from socialguard.registry.signed import Right

    return None if right is None else Right(right)


def _instant(text: str, zone: str) -> datetime:
    from socialguard import clock
    from socialguard.publishing.times import parse_when

    return parse_when(text, zone, clock.now()).instant
