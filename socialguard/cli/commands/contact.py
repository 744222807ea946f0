"""`socialguard contact`: whom to call about an account, and how to reach a member."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import click

from socialguard import errors
from socialguard.cli.accounts import one_account_id
from socialguard.cli.completion import AccountType
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command
from socialguard.model.text import has_hidden
from socialguard.workspace.opened import Workspace

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from socialguard.registry.interface import OwnerSigner
    from socialguard.registry.manifest import Manifest

MAX_CONTACT: Final = 200


@command("contact")
@click.argument("account", required=False, type=AccountType(), metavar="[ACCOUNT]")
@click.argument("text", required=False)
@click.option("--me", is_flag=True, help="How to reach you, instead of an account's contact.")
@click.option("--clear", is_flag=True, help="Forget it.")
def contact(face: Face, account: str | None, text: str | None, me: bool, clear: bool) -> None:
    """Show or set whom to call about an account (or, with --me, how to reach you)."""
    if me:
        if text is not None:
            raise errors.UsageError(detail="--me takes a text and no account.")
        account, text = None, account
    elif account is None:
        raise errors.UsageError(detail="Name an account, or give --me.")
    wanted = "" if clear and text is None else text
    if clear and text is not None:
        raise errors.UsageError(detail="Give a text or --clear, not both.")
    if wanted is not None:
        _require_fit(wanted)
    with open_workspace(face) as workspace:
        document = _member(workspace, wanted) if account is None else _account(workspace, account, wanted)

    def people() -> None:
        who = document["account"] or document["member"]
        if document["contact"] is None:
            face.printer.say("{who}: no contact is known.", who=who)
        else:
            face.printer.say("{who}: {contact}", who=who, contact=document["contact"])

    face.printer.answer({"contact": document}, people)


def _account(workspace: Workspace, selector: str, wanted: str | None) -> dict[str, str | None]:
    """Show an account's contact, after setting it where `wanted` is a text (empty: none)."""
    from socialguard.registry import changes

    found = one_account_id(workspace, selector)
    if wanted is not None:
        _amend(workspace, "account.contact", found, lambda c: changes.set_contact(c, found, wanted or None))
    with workspace.database.read() as connection:
        registry = workspace.signed.books(connection).registry
        name = str(registry.account(connection, found))
        return {"account": name, "member": None, "contact": registry.facts(connection, found).contact}


def _member(workspace: Workspace, wanted: str | None) -> dict[str, str | None]:
    from socialguard.registry import founding

    me = workspace.identity.member_id
    if wanted is not None:
        _amend(workspace, "member.contact", None, lambda c: founding.set_member_contact(c, me, wanted or None))
    with workspace.database.read() as connection:
        profile = founding.profiles(connection, workspace.signed.books(connection).manifest)[me]
    return {"account": None, "member": profile.name, "contact": profile.contact}


def _amend(
    workspace: Workspace, action: str, account_id: str | None, store: "Callable[[Connection], None]"
) -> None:
    """Store a contact with its entry, which says that it changed, not what it is: it may be somebody's number."""

    def act(connection: "Connection", owner: "OwnerSigner", manifest: "Manifest") -> "Manifest":
        store(connection)
        return manifest

    workspace.custody.amend(action, account_id, act)


def _require_fit(text: str) -> None:
    if len(text) > MAX_CONTACT or has_hidden(text):
        raise errors.UsageError(detail=f"A contact is one line of at most {MAX_CONTACT} visible characters.")
