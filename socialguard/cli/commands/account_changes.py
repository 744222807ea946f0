"""`socialguard account rename|label|client|zone`: what an owner changes about an account, signed or logged."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import click

from socialguard.cli.accounts import one_account_id, read_again, tell
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import account_argument, command
from socialguard.cli.words import later

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from socialguard.registry.interface import OwnerSigner
    from socialguard.registry.manifest import Manifest

    Change = Callable[[Connection, OwnerSigner, Manifest, str], Manifest]


@command("rename")
@account_argument()
@click.argument("short_name")
def rename(face: Face, account: str, short_name: str) -> None:
    """Give an account another short name."""
    from socialguard.registry import changes

    _change(
        face,
        account,
        "account.rename",
        lambda connection, owner, manifest, found: changes.rename(connection, owner, manifest, found, short_name),
        {"short_name": short_name},
        later("{account} is now {short}."),
    )


@command("label")
@account_argument()
@click.argument("labels", nargs=-1, required=True, metavar="+LABEL|-LABEL…")
def label(face: Face, account: str, labels: tuple[str, ...]) -> None:
    """Put labels on an account (+fr) or take them off (-- -fr)."""
    from socialguard.registry import changes

    add = [name.removeprefix("+") for name in labels if not name.startswith("-")]
    drop = [name[1:] for name in labels if name.startswith("-")]
    _change(
        face,
        account,
        "account.label",
        lambda connection, owner, manifest, found: changes.relabel(
            connection, owner, manifest, found, add=add, drop=drop
        ),
        {"add": add, "drop": drop},
        later("{account}: {labels}"),
    )


@command("client")
@account_argument()
@click.argument("client")
def client(face: Face, account: str, client: str) -> None:
    """Move an account to a client (a brand or customer)."""
    from socialguard.registry import changes

    _change(
        face,
        account,
        "account.client",
        lambda connection, owner, manifest, found: changes.set_client(connection, owner, manifest, found, client),
        {"client": client},
        later("{account} belongs to {client}."),
    )


@command("zone")
@account_argument()
@click.argument("zone")
def zone(face: Face, account: str, zone: str) -> None:
    """Say in which time zone people schedule for an account; what is scheduled keeps its instant."""
    from socialguard.registry import changes

    def change(connection: "Connection", _owner: "OwnerSigner", manifest: "Manifest", found: str) -> "Manifest":
        changes.set_zone(connection, found, zone)
        return manifest

    _change(face, account, "account.zone", change, {"zone": zone}, later("{account} schedules in {zone}."))


def _change(
    face: Face, account: str, action: str, change: "Change", obj: Mapping[str, object], sentence: str
) -> None:
    """Do one change of the one account that is named, with its entry in the log, and tell how it is then."""
    with open_workspace(face) as workspace:
        found = one_account_id(workspace, account)
        workspace.custody.amend(
            action,
            found,
            lambda connection, owner, manifest: change(connection, owner, manifest, found),
            obj=obj,
        )
        after = read_again(workspace, found)
    tell(face, after, sentence)
